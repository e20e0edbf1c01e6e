"""Nothing anyone sends gives a 500: each input of the corpus is answered rightly, on every database alike."""

import hashlib
import json
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from heroes.models import Hero
from heroesite.api.models import ApiToken
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, person, program

from .corpus import CORPUS, HERO, OWL, TEAM, Input

pytestmark = pytest.mark.django_db

SECRET = "Edith Wren"
MAY_SEE = {"keeper", "administrator"}
HANDLERS: dict[Any, Any] = {}
SAYING = {"errornote", "errorlist", "field-error", "messages", "messagelist"}
TIME = re.compile(r"\w+\.? \d+, \d{4}, [\d:]+ [ap]\.m\.|\w+\.? \d+, \d{4}, (noon|midnight)")
PROBLEM = {"type", "title", "status", "detail", "errors", "request_id"}


@pytest.fixture
def register(db) -> dict[str, str]:
    """What the inputs meet; returns what stands in them for what has another name each time."""
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
def client_of(request) -> Any:
    def client_of(given: Input) -> Client:
        user = None if given.who == "visitor" else request.getfixturevalue(given.who)
        client = program(user) if given.source == "API" and not given.csrf else browser(user)
        client.handler.enforce_csrf_checks = given.csrf
        # Middleware takes long to load, since each load looks for all static files.
        client.handler = HANDLERS.setdefault((type(client), given.csrf), client.handler)
        return client

    return client_of


@pytest.mark.parametrize("given", CORPUS, ids=lambda given: given.name)
def test_an_input_gets_its_right_answer_and_changes_nothing_that_it_should_not(
    given, register, client_of, verdicts
):
    client, before = client_of(given), rows()
    body = filled(given.body.decode("latin-1"), register).encode("latin-1")
    headers = {name: filled(text, register) for name, text in given.headers.items()}
    kind = headers.get("CONTENT_TYPE", "")
    answer = client.generic(given.method, filled(given.address, register), body, kind, **headers)
    steps = [answer, *(destinations(client, answer) if given.method in ("GET", "POST") else [])]
    told = [line for step in steps for line in words(step)]
    statuses = [step.status_code for step in steps]
    names = [name for step in steps for name in found(step)]
    verdicts[given.name] = [statuses[0], *told, *names]

    assert max(statuses) < 500, told
    assert statuses[-1 if given.follow else 0] == given.status, (statuses, told)
    assert given.says in " ".join(told), told
    assert (rows() != before) == given.changes
    if answer.status_code >= 400 and given.method != "HEAD":
        assert_that_an_error_is_told(given, answer)
    if given.finds_nothing:
        assert told
        assert not names
    if given.who not in MAY_SEE:
        for step in steps:
            assert SECRET not in step.getvalue().decode(errors="replace")
            assert SECRET not in str(step.headers)


def filled(text: str, register: dict[str, str]) -> str:
    for name, value in register.items():
        text = text.replace(name, value)
    return text


def rows() -> list[list[dict[str, Any]]]:
    return [list(kind.objects.order_by("pk").values()) for kind in (Hero, Team)]


def destinations(client: Client, answer: Any) -> Iterator[Any]:
    """The pages of the site that the answer leads to."""
    for _step in range(5):
        if answer.status_code not in (301, 302):
            return
        address = urlsplit(answer["Location"])
        assert address.netloc in ("", "testserver"), answer["Location"]
        answer = client.get(address._replace(scheme="", netloc="").geturl())
        yield answer
    raise AssertionError("It leads from page to page without an end.")


# What an answer says ----------------------------------------------------------------------


def is_page(answer: Any) -> bool:
    return answer.get("Content-Type", "").startswith("text/html") and not answer.streaming


def is_json(answer: Any) -> bool:
    return "json" in answer.get("Content-Type", "") and bool(answer.content)


def words(answer: Any) -> list[str]:
    """The sentences about faults, without what differs from time to time."""
    if is_json(answer):
        content = answer.json()
        if answer.status_code < 400 or not isinstance(content, dict):
            return []
        faults = [" ".join(map(str, fault.values())) for fault in content.get("errors", [])]
        return [content.get("detail", ""), *sorted(faults)]
    if not is_page(answer) or not answer.content:
        return []
    page = read(answer)
    told = [
        line.text for line in page if line.attributes.get("role") == "alert" or SAYING & set(line.classes)
    ]
    if not told and answer.status_code >= 400:
        told = [line.text for line in page.all("p") if not line.classes]
    return [re.sub(r"\s+", " ", line) for line in told if line]


def found(answer: Any) -> list[str]:
    """The names that a list shows, in its order."""
    if is_json(answer):
        content = answer.json()
        return [row["name"] for row in content.get("results", []) if "name" in row]
    if not is_page(answer) or not answer.content:
        return []
    return [
        TIME.sub("a time", cell.text)
        for main in read(answer).all("main")
        for cell in main.all("th")
        if cell.attributes.get("scope") == "row" or "field-name" in cell.classes
    ]


def assert_that_an_error_is_told(given: Input, answer: Any) -> None:
    if urlsplit(given.address).path.startswith("/api/"):
        assert answer["Content-Type"] == "application/problem+json"
        problem = answer.json()
        assert PROBLEM <= set(problem) <= PROBLEM | {"version", "skipped"}
        assert problem["status"] == answer.status_code
        assert " " in problem["detail"]
    elif given.address.startswith("/static/") and answer.status_code == 416:
        assert answer["Content-Range"]
    else:
        assert is_page(answer), answer.get("Content-Type")
        assert any(" " in line for line in words(answer)), answer.content[:500]


# What is kept, to be compared between the databases -----------------------------------------


@pytest.fixture
def verdicts(request) -> Iterator[dict[str, list[Any]]]:
    kept: dict[str, list[Any]] = {}
    yield kept
    if folder := os.environ.get("VERDICTS"):
        name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:20]
        (Path(folder) / f"{name}.json").write_text(json.dumps(kept))


def test_every_input_has_a_name_of_its_own() -> None:
    names = [given.name for given in CORPUS]
    assert sorted(set(names)) == sorted(names)
