"""Secret names don't leak to users without the permission: by non-interference.

Two registers differ in their secret names and in nothing else. Whatever a visitor or an editor asks of
them, the responses have the same status, headers and body.
"""

import itertools
import os
import re
from collections.abc import Iterable
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.messages.storage.cookie import CookieStorage
from django.core.management.color import no_style
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver

from heroes.models import Hero
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program

pytestmark = pytest.mark.django_db

HEROES = 12
ONE, OTHER = "Qxarvo", "Zzumbel"
"""Markers in the secret names of the first and of the second register, and nowhere else."""
GUESSES = [f"{ONE} 0", f"{OTHER} 0", ONE, OTHER, ONE[:1], OTHER[:3], ONE.upper(), "Hero 1", "", "0"]
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"

Request = tuple[str, str, str, str, str]
"""Interface, method, address, content type, body."""


@pytest.fixture
def register() -> list[Hero]:
    team = TeamFactory(name="Team")
    heroes = [HeroFactory(name=f"Hero {n}", age=20 + n, team=team if n % 2 else None) for n in range(HEROES)]
    for version in (2, 3):
        for hero in heroes[:3]:
            hero.secret_name = f"Person {version}"
            hero.save()
    HeroFactory(name="Gone", secret_name="Person").delete()
    HeroFactory(name="gone", secret_name="Person")  # so that the other cannot come back as it was
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with connection.cursor() as cursor:
        for model in (Hero, Team):
            cursor.execute(
                f"UPDATE {model._meta.db_table} SET created_at = %s, updated_at = %s", [long_ago] * 2
            )
    return heroes


def keep_secrets(marker: str, heroes: list[Hero]) -> None:
    """Turn the register into the one with ``marker``: nothing but the column changes. The order of the
    secret names is the opposite in the two."""
    with connection.cursor() as cursor:
        for number, hero in enumerate(heroes):
            rank = number if marker == ONE else HEROES - 1 - number
            secret = f"{marker} {rank}"
            cursor.execute("UPDATE heroes_hero SET secret_name = %s WHERE id = %s", [secret, hero.pk])
            cursor.execute(
                "UPDATE heroes_historicalhero SET secret_name = %s WHERE id = %s AND version <> 2",
                [secret, hero.pk],
            )
            cursor.execute(
                "UPDATE heroes_historicalhero SET secret_name = %s WHERE id = %s AND version = 2",
                [f"{secret} before", hero.pk],
            )
        gone = [f"{marker} gone", "Gone"]
        cursor.execute("UPDATE heroes_historicalhero SET secret_name = %s WHERE name = %s", gone)
        for statement in connection.ops.sequence_reset_sql(no_style(), [Hero, Team, LogEntry, Disclosure]):
            cursor.execute(statement)


def addresses(resolver: Any = None, prefix: str = "") -> list[str]:
    """Every address of the site, with 1 for each argument."""
    found: list[str] = []
    for pattern in (resolver or get_resolver()).url_patterns:
        route = re.sub(r"<[^>]+>|\(\?P<\w+>.*?\)(?=[/$.\\]|$)", "1", str(pattern.pattern))
        path = prefix + re.sub(r"[\^$?\\]", "", route).replace("Z", "")
        if isinstance(pattern, URLResolver):
            found += addresses(pattern, path)
        elif isinstance(pattern, URLPattern):
            found.append("/" + path.lstrip("/"))
    return found


def all_requests(hero: Hero, team: Team) -> list[Request]:
    """Return all requests that might reveal something: every address, filter, ordering and guess."""
    requests: list[Request] = []
    for address in addresses():
        address = address.replace("/1/", f"/{hero.pk if 'team' not in address else team.pk}/")
        requests += [("page", method, address, "", "") for method in ("GET", "HEAD", "OPTIONS")]
        requests.append(("page", "GET", f"{address}?fields=secret_name&expand=secret_name", "", ""))
    parameters = [
        "search", "q", "ordering", "o", "secret_name", "secret_name__startswith", "secret_name__icontains",
        "secret_name__exact", "heroes__secret_name__contains", "team__heroes__secret_name", "fields", "name",
        "name__icontains", "term", "format", "limit",
    ]  # fmt: skip
    lists = ["/heroes/", "/teams/", "/api/v1/heroes/", "/api/v1/teams/", f"/api/v1/heroes/{hero.pk}"]
    lists += ["/admin/heroes/hero/", "/admin/teams/team/", "/admin/records/disclosure/"]
    lists += ["/history/", "/api/v1/changesets/", f"/heroes/{hero.pk}/history/", "/heroes/deleted/"]
    lists += [f"/api/v1/heroes/{hero.pk}/history/"]
    orders = ["secret_name", "-secret_name", "heroes__secret_name", "2", "-2"]
    for address, parameter in itertools.product(lists, parameters):
        values = orders if parameter in ("ordering", "o") else GUESSES
        requests += [
            ("page", "GET", f"{address}?{urlencode({parameter: value})}", "", "") for value in values
        ]
    for query in ("cursor=*&limit=5", "cursor=*&ordering=secret_name", "expand=team", "omit=secret_name"):
        requests += [
            ("page", "GET", f"/api/v1/{path}/?{query}", "", "") for path in ("heroes", "teams", "changes")
        ]
    for instant in ("2100-01-01T00:00:00Z", "2000-01-01T00:00:00Z", ONE):
        requests += [
            ("page", "GET", f"{address}?as_of={instant}", "", "")
            for address in (f"/heroes/{hero.pk}/", f"/api/v1/heroes/{hero.pk}")
        ]
    requests += [("page", "GET", f"{start}{change_set.pk}/", "", "") for start, change_set in past()]
    requests.append(("page", "POST", f"/heroes/{hero.pk}/history/", FORM, ""))
    gone = Hero.history.get(history_type="-")
    requests.append(("page", "POST", f"/heroes/{gone.id}/restore/", FORM, ""))
    for guess in ("", f"{ONE} gone", f"{OTHER} gone"):
        back = {"name": "Back", "age": 20, "team": "", "secret_name": guess, "restore_version": gone.version}
        requests.append(("page", "POST", f"/heroes/{gone.id}/edit/", FORM, urlencode(back)))
    autocomplete = "/admin/autocomplete/?app_label=heroes&model_name=hero&field_name="
    requests += [
        ("page", "GET", f"{autocomplete}{field}&term={ONE}", "", "") for field in ("team", "secret_name")
    ]
    return requests + writes(hero)


def past() -> Iterable[tuple[str, ChangeSet]]:
    return itertools.product(["/history/", "/api/v1/changesets/"], ChangeSet.objects.all())


def writes(hero: Hero) -> list[Request]:
    """Attempts to learn by writing whether a guess is right."""
    requests: list[Request] = []
    for guess in [*GUESSES, f"{ONE}\\u0000", "x" * 101]:
        body = f'{{"secret_name": "{guess}"}}'
        whole = f'{{"name": "Hero 0", "age": 20, "team_id": null, "secret_name": "{guess}"}}'
        version = f'{{"secret_name": "{guess}", "version": 2}}'
        form = urlencode({"name": "Hero 0", "age": 20, "team": "", "secret_name": guess})
        new = urlencode({"name": "New", "age": 20, "team": "", "secret_name": guess})
        requests += [("api", "PATCH", f"/api/v1/heroes/{hero.pk}", JSON, text) for text in (body, version)]
        requests += [
            ("api", "PUT", f"/api/v1/heroes/{hero.pk}", JSON, whole),
            ("api", "POST", "/api/v1/heroes/", JSON, whole.replace("Hero 0", "New")),
            ("page", "POST", f"/heroes/{hero.pk}/edit/", FORM, form),
            ("page", "POST", f"/heroes/{hero.pk}/edit/?check=secret_name", FORM, form),
            ("page", "POST", "/heroes/views/", FORM, urlencode({"name": "V", "query": f"search={guess}"})),
            ("page", "POST", f"/heroes/{hero.pk}/reveal/", FORM, ""),
            ("page", "POST", "/heroes/new/", FORM, new),
            ("page", "POST", f"/admin/heroes/hero/{hero.pk}/change/", FORM, form),
            ("page", "POST", f"/admin/heroes/hero/{hero.pk}/reveal/", FORM, ""),
            ("page", "POST", "/admin/heroes/hero/add/", FORM, new),
            ("page", "POST", f"/heroes/{hero.pk}/delete/", FORM, ""),
            ("api", "DELETE", f"/api/v1/heroes/{hero.pk}", "", ""),
            ("api", "PATCH", f"/api/v1/heroes/{hero.pk}?dry_run=true", JSON, body),
            ("api", "PUT", f"/api/v1/heroes/{hero.pk}?dry_run=true", JSON, whole),
            ("api", "POST", f"/api/v1/heroes/{hero.pk}/history/1/revert?dry_run=true", JSON, ""),
            ("api", "POST", f"/api/v1/heroes/{hero.pk}/history/2/revert", JSON, ""),
        ]
        item = f'[{{"id": {hero.pk}, "secret_name": "{guess}"}}]'
        requests += [
            ("api", "PATCH", f"/api/v1/heroes/bulk/{query}", JSON, item) for query in ("", "?dry_run=true")
        ]
    return requests


SHARES = 6
"""The number of tests that share the requests, so that no transaction is long."""


def thirds(role: str) -> set[int]:
    """Return the thirds of the requests to send on this database: two on SQLite, the other on PostgreSQL.

    A reader, who is a visitor with a session, sends only one, on SQLite. With ``make fuzz`` all are sent.
    """
    if "FUZZ_EXAMPLES" in os.environ:
        return {0, 1, 2}
    if connection.vendor == "postgresql":
        return set() if role == "reader" else {0}
    return {1} if role == "reader" else {1, 2}


ASKED = [
    (role, share)
    for role in ("visitor", "reader", "editor")
    for share in range(SHARES)
    if share % 3 in thirds(role)
]
VOLATILE = re.compile(
    r'name="(csrfmiddlewaretoken|submission)" value="[\w-]+"|csrftoken=\w+|sessionid=\w+|expires=[^;]+'
    r'|"updated_at":"[^"]+"|"created_at":"[^"]+"|data-utc-offset="\d+"|r=\d+;t=\d+|:[\w-]{6}:[\w-]{43}'
)


def cookies(response: Any) -> list[Any]:
    """The cookies that are set; messages are read, without the number of the change set that they undo."""
    told = []
    for name, cookie in response.cookies.items():
        if name == "messages":
            messages = CookieStorage(response.wsgi_request)._decode(cookie.value) or []
            told += [message.message for message in messages]
        else:
            told.append(VOLATILE.sub("", cookie.OutputString()))
    return told


def responses(clients: dict[str, Any], requests: list[Request]) -> list[tuple[Any, ...]]:
    """What each question was answered, and what state it left the hero in; each is then undone."""
    said = []
    for interface, method, address, content_type, body in requests:
        jar = deepcopy(clients[interface].cookies)
        with transaction.atomic():
            response = clients[interface].generic(
                method, address, body, content_type or JSON, headers={"X-Request-Id": "fixed"}
            )
            text = b"".join(response.streaming_content) if response.streaming else response.content
            versions = list(Hero.objects.order_by("pk").values_list("pk", "name", "version"))
            versions += list(Hero.history.order_by("pk").values_list("id", "name", "version", "blind_fields"))
            headers = {name: VOLATILE.sub("", value) for name, value in response.headers.items()}
            headers.pop("Expires", None)
            if method != "GET" and "ETag" in headers:  # the time of the write is part of the digest
                headers["ETag"] = headers["ETag"].partition("-")[0]
            content = VOLATILE.sub("", text.decode("utf-8", "replace"))
            said.append((response.status_code, headers, cookies(response), content, versions))
            transaction.set_rollback(True)
        clients[interface].cookies = jar
    return said


@pytest.mark.parametrize(("role", "share"), ASKED)
def test_responses_do_not_depend_on_secret_names(
    role: str, share: int, register: list[Hero], request: Any
) -> None:
    user = None if role == "visitor" else request.getfixturevalue(role)
    clients = {"page": browser(user), "api": program(user)}
    requests = all_requests(register[0], Team.objects.get())
    assert len(requests) > 1000
    requests = requests[share::SHARES]

    keep_secrets(ONE, register)
    first = responses(clients, requests)
    keep_secrets(OTHER, register)
    second = responses(clients, requests)

    for question, one, other in zip(requests, first, second, strict=True):
        assert one[0] < 500, question
        for part, another in zip(one, other, strict=True):
            assert part == another, question
        guessed = question[2] + question[4]
        for marker in (ONE, OTHER):
            assert marker in guessed or marker not in str(one), question


def test_a_keeper_does_see_them(register: list[Hero], keeper: Any) -> None:
    """The test above would find a leak: the responses to a keeper differ."""
    clients = {"page": browser(keeper), "api": program(keeper)}
    requests: list[Request] = [("api", "GET", f"/api/v1/heroes/{register[0].pk}", "", "")]
    keep_secrets(ONE, register)
    first = responses(clients, requests)
    keep_secrets(OTHER, register)
    assert first != responses(clients, requests)
