"""Each input of the corpus gets the right response on every database, and none gets a 500."""

import copy
import hashlib
import json
import os
import re
from collections.abc import Callable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from heroes.models import Hero
from heroesite.api.models import ApiToken
from teams.models import Team
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, person, program

from .corpus import CORPUS, HERO, OWL, TEAM, Input

pytestmark = pytest.mark.django_db

SECRET = "Edith Wren"
CAN_VIEW_SECRETS = {"keeper", "administrator"}
MESSAGE_CLASSES = {"errornote", "errorlist", "field-error", "messages", "messagelist"}
TIME = re.compile(r"\w+\.? \d+, \d{4}, [\d:]+ [ap]\.m\.|\w+\.? \d+, \d{4}, (noon|midnight)")
PROBLEM = {"type", "title", "status", "detail", "errors", "request_id"}

Placeholders = dict[str, str]
ClientFor = Callable[[Input], Client]


@pytest.fixture
def placeholders(db) -> Placeholders:
    """Create the records that the inputs are about. Returns the values of the corpus's placeholders."""
    team = TeamFactory(pk=TEAM, name="Night Watch")
    HeroFactory(pk=HERO, name="Straße", secret_name=SECRET, age=41, team=team)
    HeroFactory(pk=OWL, name="Owl", secret_name=SECRET, age=None)
    somebody = person("somebody", "Editors")
    token, _text = ApiToken.objects.issue(somebody, name="another's")
    return {
        "{token}": token.token_key,
        "{digest}": token.digest,
        "{hero_type}": str(ContentType.objects.get_for_model(Hero).pk),
        "{somebody}": str(somebody.pk),
    }


@pytest.fixture
def client_for(request) -> ClientFor:
    """Return a function that returns a new client for an input. Users are signed in only once."""
    clients: dict[tuple[str, bool, bool], Client] = {}

    def client_for(entry: Input) -> Client:
        sends_token = entry.interface == "API" and not entry.csrf
        key = (entry.who, sends_token, entry.csrf)
        if key not in clients:
            user = None if entry.who == "visitor" else request.getfixturevalue(entry.who)
            client = program(user) if sends_token else browser(user)
            client.handler.enforce_csrf_checks = entry.csrf
            clients[key] = client
        client = copy.copy(clients[key])
        client.cookies = copy.deepcopy(client.cookies)
        return client

    return client_for


@pytest.mark.parametrize("group", CORPUS)
def test_each_input_gets_the_right_response_and_changes_only_what_it_should(
    group, placeholders, client_for, verdicts
):
    rows_before = rows()
    clients = [client_for(entry) for entry in CORPUS[group]]
    with Cases() as case:
        for entry, client in zip(CORPUS[group], clients, strict=True):
            with case(entry.name):
                check(entry, client, placeholders, rows_before, verdicts)


def check(
    entry: Input,
    client: Client,
    placeholders: Placeholders,
    rows_before: list[list[dict[str, Any]]],
    verdicts: dict[str, list[Any]],
) -> None:
    """Send an input and check the response, the pages that it redirects to, and what it changed."""
    body = fill(entry.body.decode("latin-1"), placeholders).encode("latin-1")
    headers = {name: fill(text, placeholders) for name, text in entry.headers.items()}
    content_type = headers.get("CONTENT_TYPE", "")
    response = client.generic(entry.method, fill(entry.address, placeholders), body, content_type, **headers)
    responses = [response, *(redirects(client, response) if entry.method in ("GET", "POST") else [])]
    messages = list(chain.from_iterable(map(error_messages, responses)))
    statuses = [response.status_code for response in responses]
    names = list(chain.from_iterable(map(names_in_list, responses)))
    verdicts[entry.name] = [statuses[0], *messages, *names]

    assert max(statuses) < 500, messages
    assert statuses[-1 if entry.follow else 0] == entry.status, (statuses, messages)
    assert entry.message in " ".join(messages), messages
    assert (rows() != rows_before) == entry.changes
    if response.status_code >= 400 and entry.method != "HEAD":
        check_error(entry, response)
    if entry.finds_nothing:
        assert messages
        assert not names
    if entry.who not in CAN_VIEW_SECRETS:
        for response in responses:
            assert SECRET not in response.getvalue().decode(errors="replace")
            assert SECRET not in str(response.headers)


def fill(text: str, placeholders: Placeholders) -> str:
    """Replace the placeholders in ``text`` with their values."""
    for name, value in placeholders.items():
        text = text.replace(name, value)
    return text


def rows() -> list[list[dict[str, Any]]]:
    """Return all heroes and teams."""
    return [list(model.objects.order_by("pk").values()) for model in (Hero, Team)]


def redirects(client: Client, response: Any) -> Iterator[Any]:
    """Follow redirects, and check that they stay on the site. Yields each response."""
    for _step in range(5):
        if response.status_code not in (301, 302):
            return
        address = urlsplit(response["Location"])
        assert address.netloc in ("", "testserver"), response["Location"]
        response = client.get(address._replace(scheme="", netloc="").geturl())
        yield response
    raise AssertionError("More than five redirects.")


# What a response contains -----------------------------------------------------------------


def is_page(response: Any) -> bool:
    return response.get("Content-Type", "").startswith("text/html") and not response.streaming


def is_json(response: Any) -> bool:
    return "json" in response.get("Content-Type", "") and bool(response.content)


def error_messages(response: Any) -> list[str]:
    """Return the error messages, without what differs each time."""
    if is_json(response):
        content = response.json()
        if response.status_code < 400 or not isinstance(content, dict):
            return []
        errors = [" ".join(map(str, error.values())) for error in content.get("errors", [])]
        return [content.get("detail", ""), *sorted(errors)]
    if not is_page(response) or not response.content:
        return []
    page = read(response)
    messages = [
        element.text
        for element in page
        if element.attributes.get("role") == "alert" or MESSAGE_CLASSES & set(element.classes)
    ]
    if not messages and response.status_code >= 400:
        messages = [element.text for element in page.all("p") if not element.classes]
    return [re.sub(r"\s+", " ", message) for message in messages if message]


def names_in_list(response: Any) -> list[str]:
    """Return the names of the records in a list, in its order."""
    if is_json(response):
        return [row["name"] for row in response.json().get("results", []) if "name" in row]
    if not is_page(response) or not response.content:
        return []
    return [
        TIME.sub("a time", cell.text)
        for main in read(response).all("main")
        for cell in main.all("th")
        if cell.attributes.get("scope") == "row" or "field-name" in cell.classes
    ]


def check_error(entry: Input, response: Any) -> None:
    """Check that a response with an error describes it, in the format of its interface."""
    if urlsplit(entry.address).path.startswith("/api/"):
        assert response["Content-Type"] == "application/problem+json"
        problem = response.json()
        assert PROBLEM <= set(problem) <= PROBLEM | {"version", "skipped"}
        assert problem["status"] == response.status_code
        assert " " in problem["detail"]
    elif entry.address.startswith("/static/") and response.status_code == 416:
        assert response["Content-Range"]
    else:
        assert is_page(response), response.get("Content-Type")
        assert any(" " in message for message in error_messages(response)), response.content[:500]


# The verdicts that are compared between the databases ---------------------------------------


@pytest.fixture
def verdicts(request) -> Iterator[dict[str, list[Any]]]:
    """Responses by the name of the input. They are saved for the comparison of the databases."""
    verdicts: dict[str, list[Any]] = {}
    yield verdicts
    if folder := os.environ.get("VERDICTS"):
        name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
        (Path(folder) / f"{name}.json").write_text(json.dumps(verdicts))


def test_no_two_inputs_have_the_same_name() -> None:
    names = [entry.name for entries in CORPUS.values() for entry in entries]
    assert sorted(set(names)) == sorted(names)
