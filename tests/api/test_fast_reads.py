"""Reads with plans produce the same responses and have the same effects as reads without plans."""

import logging
from typing import Any
from urllib.parse import urlencode

import pytest
from django.contrib.auth.models import Permission
from django.db import transaction
from django.test import Client
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.api.models import ApiToken
from heroesite.records.api import plans
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.permissions import restricting_permissions
from teams.models import Team
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.people import person

ROLES = ["visitor", "reader", "editor", "permitted", "keeper", "administrator"]
HEROES = {
    "limit": ["1", "3", "100"],
    "offset": ["0", "1", "3", "2", "7", "40", "007"],
    "ordering": ["name", "-age", "team,-name", "-updated_at", "version"],
    "count": ["exact", "exact", "estimate"],
    "search": ["owl", "é", "o", "987654321"],
    "age__gte": ["41"],
    "age__isnull": ["true", "false"],
    "team": ["null", "1", "900"],
    "team__name": ["alpha"],
    "fields": ["name", "id,team_id,version", "age,created_at", "secret_name"],
    "omit": ["id", "age,updated_at", "secret_name"],
    "expand": ["team"],
    "cursor": ["*", "junk"],
    "as_of": ["2026-01-01T00:00:00Z"],
    "serach": ["x"],
}
TEAMS = {
    "limit": ["2"],
    "offset": ["1", "2"],
    "count": ["exact"],
    "ordering": ["-heroes__count", "headquarters"],
    "heroes__count__gte": ["1"],
    "fields": ["headquarters"],
    "omit": ["name"],
}
HEADERS: list[dict[str, str]] = [
    {},
    {"Accept": "application/json; indent=2"},
    {"Accept": "text/html"},
    {"Accept-Language": "de", "Accept-Encoding": "gzip", "User-Agent": "curl"},
    {"Host": "localhost"},
    {"Host": "nowhere.example.org"},
    {"Origin": "https://a.example.org"},
    {"If-None-Match": "*"},
    {"If-Match": '"1-x"'},
    {"Cookie": "csrftoken=x"},
    {"Content-Type": "text/plain; charset=latin-1"},
    {"X-Forwarded-Proto": "https"},
]


def queries(parameters: dict[str, list[str]]) -> st.SearchStrategy[dict[str, str]]:
    values = {name: st.sampled_from(texts) for name, texts in parameters.items()}
    return st.lists(st.sampled_from(sorted(values)), max_size=3, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: values[name] for name in names})
    )


numbers = st.sampled_from(["1", "2", "3", "02", "9", "900", "x", "9" * 30])
reads = st.one_of(
    st.tuples(st.just("heroes/"), queries(HEROES)),
    st.tuples(st.just("teams/"), queries(TEAMS)),
    st.tuples(numbers.map("heroes/{}".format), queries(HEROES)),
    st.tuples(numbers.map("teams/{}/".format), queries(TEAMS)),
)
writes = st.sampled_from(["create", "change", "move", "rename the team", "delete", "delete the team"])
steps = st.lists(
    st.one_of(st.tuples(reads, st.sampled_from(ROLES), st.sampled_from(HEADERS)), writes), max_size=8
)


@pytest.fixture
def register(db):
    """Return the ids of three heroes and two teams, called 1, 2 and 3 in the tests, and each role's token."""
    teams = [TeamFactory(name="Alpha"), TeamFactory(name="Émigrés")]
    heroes = [
        HeroFactory(name="Éclair", secret_name="Ann", age=None, team=None),
        HeroFactory(name="Owl\u00a0“One”", secret_name="Bo", age=41, team=teams[0]),
        HeroFactory(name="Zorn & <b>", secret_name="Cy", age=7, team=teams[1]),
    ]
    users = {
        "reader": person("reader"),
        "editor": person("editor", "Editors"),
        "permitted": person("permitted"),
        "keeper": person("keeper", "Keepers"),
        "administrator": person("administrator", superuser=True),
    }
    users["permitted"].user_permissions.add(Permission.objects.get(codename="view_secret_name"))
    tokens = {name: ApiToken.objects.issue(user)[1] for name, user in users.items()}
    return {"heroes": [hero.pk for hero in heroes], "teams": [team.pk for team in teams]}, tokens


@pytest.fixture
def few_counted(monkeypatch):
    """Count only one row of a filtered list, unless the exact count is requested."""
    monkeypatch.setattr("heroesite.records.counts.MOST", 1)


def address(path: str, query: dict[str, str], ids: dict[str, list[int]]) -> str:
    """Return an address, with the numbers 1, 2 and 3 replaced by the ids of the register."""
    kind, _, number = path.partition("/")
    known = dict(zip(["1", "2", "3"], ids[kind], strict=False))
    if number.strip("/") in known:
        path = path.replace(number.strip("/"), str(known[number.strip("/")]))
    if query.get("team") == "1":
        query = query | {"team": str(ids["teams"][0])}
    return f"/api/v1/{path}?{urlencode(query)}"


def send(client: Client, where: str, role: str, headers: dict[str, str], tokens: dict[str, str]) -> Any:
    """Return the response, and all of its effects and properties that plans must not change."""
    headers = headers | {"X-Request-Id": "the-same"}
    if role in tokens:
        headers["Authorization"] = f"Bearer {tokens[role]}"
    disclosures = Disclosure.objects.count()
    response = client.get(where, headers=headers)
    client.cookies.clear()
    disclosure_count = Disclosure.objects.count() - disclosures
    stable_headers = {name: text for name, text in response.headers.items() if name != "Expires"}  # the time
    return response, (response.status_code, stable_headers, response.content, disclosure_count)


def write(name: str, ids: dict[str, list[int]]) -> None:
    hero = Hero.objects.filter(pk=ids["heroes"][1]).first()
    team = Team.objects.filter(pk=ids["teams"][1]).first()
    if name == "create":
        count = Hero.history.count()
        HeroFactory(name=f"Owl {count}", age=count, team=team)
    elif name == "delete" and hero:
        hero.delete()
    elif name == "delete the team" and team:
        team.delete()
    elif name == "rename the team" and team:
        team.name += "!"
        team.save()
    elif hero and name == "change":
        hero.age, hero.secret_name = (hero.age or 0) + 1, "Changed"
        hero.save()
    elif hero and name == "move":
        hero.team = None if hero.team else team
        hero.save()


FILTERED = ("heroes/", {"age__isnull": "false", "limit": "1"})
EXACT = ("heroes/", {"age__isnull": "false", "limit": "1", "count": "exact"})
LIST, ONE = ("heroes/", {"ordering": "-age", "limit": "1", "offset": "1"}), ("heroes/2", {})


@settings(
    max_examples=150,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(script=steps)
@example(script=[(ONE, "visitor", {}), "change", (ONE, "reader", {}), (ONE, "keeper", {}), "delete"])
@example(script=[(FILTERED, "visitor", {}), (EXACT, "visitor", {}), "create"])
@example(script=[(LIST, "editor", {}), "create", (LIST, "permitted", {}), "move", (LIST, "visitor", {})])
def test_responses_and_effects_are_the_same_as_without_plans(
    script, few_counted, register, unlimited, fast, ordinary
):
    ids, tokens = register
    with transaction.atomic():
        for step in [*script, *(step for step in script if not isinstance(step, str))]:
            if isinstance(step, str):
                write(step, ids)
                continue
            (path, query), role, headers = step
            where = address(path, query, ids)
            expected = send(ordinary, where, role, headers, tokens)[1]
            for _time in range(3):
                assert send(fast, where, role, headers, tokens)[1] == expected, (where, role, headers)
        transaction.set_rollback(True)


PLANNED = [
    ("/api/v1/heroes/{hero}", "visitor", 1),
    ("/api/v1/heroes/{hero}/?omit=age", "reader", 2),
    ("/api/v1/teams/?fields=id,name", "administrator", 3),
    ("/api/v1/heroes/", "visitor", 2),
    ("/api/v1/heroes/?ordering=-age&limit=2&offset=1&expand=team", "editor", 3),
    ("/api/v1/teams/?search=alpha", "keeper", 2),
    ("/api/v1/heroes/?team={team}&age__gte=7", "visitor", 2),
    ("/api/v1/heroes/?team=null", "visitor", 1),
    ("/api/v1/heroes/?age__gte=7&limit=1", "visitor", 2),
    ("/api/v1/heroes/?age__gte=7&limit=1&count=exact", "visitor", 2),
    ("/api/v1/heroes/?cursor=*&ordering=-age&limit=1", "visitor", 1),
    ("/api/v1/teams/?cursor=*&ordering=-heroes__count,headquarters", "administrator", 2),
]


@pytest.mark.parametrize(("where", "role", "query_count"), PLANNED)
def test_a_plan_responds_in_few_queries(
    where, role, query_count, register, unlimited, fast, django_assert_num_queries
):
    ids, tokens = register
    where = where.format(hero=ids["heroes"][1], team=ids["teams"][0])
    for _time in range(2):
        response, _found = send(fast, where, role, {}, tokens)
        assert not hasattr(response.wsgi_request, "is_planned")
    headers = {"Authorization": f"Bearer {tokens[role]}"} if role in tokens else {}
    with django_assert_num_queries(query_count):
        response = fast.get(where, headers=headers)
    assert response.wsgi_request.is_planned


def test_one_plan_responds_for_all_ids_and_all_offsets(register, unlimited, fast):
    ids, tokens = register
    for number in ids["heroes"]:
        response, _found = send(fast, f"/api/v1/heroes/{number}", "visitor", {}, tokens)
    assert response.wsgi_request.is_planned
    for offset in (0, 1, 2):
        response, _found = send(fast, f"/api/v1/heroes/?limit=1&offset={offset}", "reader", {}, tokens)
    assert response.wsgi_request.is_planned


@pytest.mark.parametrize(
    "query",
    [
        *("ordering=name", "ordering=-age", "ordering=team,-name", "ordering=version", "ordering=-id"),
        "ordering=-updated_at,age",
        "ordering=created_at&created_at__lte=9999-12-31T23:59:59.987Z",
        "ordering=age&age__lte=2147483600",
        "ordering=-age&age__lte=2147483600",
    ],
)
def test_paging_by_cursor_is_the_same_as_without_plans(query, register, unlimited, fast, ordinary):
    _ids, tokens = register
    HeroFactory.create_batch(4, age=41)
    HeroFactory.create_batch(4, age=3 if "age__lte" in query else None)
    addresses = [f"/api/v1/heroes/?limit=2&cursor=*&{query}"]
    for link in ["next"] * 4 + ["previous"] * 4:
        for _time in range(2):
            response, found = send(fast, addresses[-1], "visitor", {}, tokens)
            assert found == send(ordinary, addresses[-1], "visitor", {}, tokens)[1]
        addresses.append(response.json()[link])
    filters_by_placeholder = "__lte" in query
    assert hasattr(response.wsgi_request, "is_planned") != filters_by_placeholder


ODD_QUERIES = [
    "heroes/?age__gte=99999999999999999999",
    "heroes/?age=3000000000",
    "teams/?heroes__count__gte=99999999999",
    "heroes/?omit=id,name,age,team_id,version,created_at,updated_at",
    "heroes/?name=zzz9&omit=id,name,age,team_id,version,created_at,updated_at",
    "heroes/?%6Fffset=0",
    "heroes/?%6Fffset=0&offset=1",
    "heroes/?offset=1&%6Fffset=0",
    "heroes/?offset=&limit=2",
    "heroes/?offset=1&offset=1",
    "heroes/?cursor=*&offset=1",
    "heroes/?cursor=%2A&limit=1",
    "heroes/?&limit=1&&offset=1&",
    "heroes/?limit=%31&offset=1",
    "heroes/?search=%C3%A9&limit=1",
    "heroes/?limit=1&limit=1",
]


def test_odd_queries_get_the_same_responses_as_without_plans(register, unlimited, fast, ordinary):
    _ids, tokens = register
    for times in (5, 1):
        with Cases() as case:
            for query in ODD_QUERIES:
                with case(query):
                    expected = send(ordinary, f"/api/v1/{query}", "visitor", {}, tokens)[1]
                    for _time in range(times):
                        assert send(fast, f"/api/v1/{query}", "visitor", {}, tokens)[1] == expected
        HeroFactory(name=f"zzz{4 + times}", secret_name="Never")  # found by a plan that was compiled before


def test_a_plan_never_reads_restricted_fields_of_linked_records(
    register, unlimited, fast, ordinary, monkeypatch
):
    ids, tokens = register
    monkeypatch.setattr(Hero, "RESTRICTED", {})
    monkeypatch.setattr(Team, "RESTRICTED", {"headquarters": "heroes.view_secret_name"})
    restricting_permissions.cache_clear()
    try:
        for where in (
            f"/api/v1/heroes/{ids['heroes'][1]}?fields=id,team",
            "/api/v1/heroes/?fields=team&expand=team",
        ):
            for role in ["keeper"] * 3 + ["reader"] * 3 + ["keeper", "visitor", "administrator"]:
                assert send(fast, where, role, {}, tokens)[1] == send(ordinary, where, role, {}, tokens)[1]
    finally:
        restricting_permissions.cache_clear()


def test_a_failing_plan_is_discarded_and_the_view_responds(register, unlimited, fast, monkeypatch, caplog):
    _ids, tokens = register
    where = "/api/v1/heroes/?limit=1"
    responses = [send(fast, where, "visitor", {}, tokens) for _time in range(3)]
    assert responses[2][0].wsgi_request.is_planned
    with monkeypatch.context() as context:
        context.setattr(plans.OffsetPlan, "respond", lambda *_arguments: 1 / 0)
        responses.append(send(fast, where, "visitor", {}, tokens))
    assert "A plan for /api/v1/heroes/ failed." in caplog.text
    assert not hasattr(responses[3][0].wsgi_request, "is_planned")
    assert [found for _response, found in responses] == [responses[0][1]] * 4


def test_a_plan_never_reads_secret_names(register, unlimited, fast):
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][1]}"
    for role in [*ROLES * 2, "keeper", "permitted", "administrator"]:
        response, (_status, _headers, content, disclosures) = send(fast, where, role, {}, tokens)
        can_see = role in {"permitted", "keeper", "administrator"}
        assert (b'"secret_name":"Bo"' in content, disclosures) == (can_see, int(can_see))
        assert not (can_see and hasattr(response.wsgi_request, "is_planned"))


@pytest.mark.parametrize("reason", ["revoked", "expired", "inactive"])
def test_an_invalidated_token_is_rejected_by_the_next_request(reason, register, unlimited, fast):
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][0]}"
    statuses = [send(fast, where, "reader", {}, tokens)[0].status_code for _time in range(3)]
    token = ApiToken.objects.get(user__username="reader")
    if reason == "revoked":
        token.delete()
    elif reason == "expired":
        ApiToken.objects.filter(pk=token.pk).update(expiry=token.created)
    else:
        token.user.is_active = False
        token.user.save()
    response, _found = send(fast, where, "reader", {}, tokens)
    assert [*statuses, response.status_code] == [200, 200, 200, 401]


def test_a_permission_that_is_granted_or_withdrawn_applies_to_the_next_request(register, unlimited, fast):
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][1]}"
    user = ApiToken.objects.get(user__username="reader").user
    permission = Permission.objects.get(codename="view_secret_name")
    for permissions in ([], [permission], []):
        user.user_permissions.set(permissions)
        for _time in range(3):
            _response, (_status, _headers, content, _disclosures) = send(fast, where, "reader", {}, tokens)
            assert (b"secret_name" in content) == bool(permissions)


def test_requests_are_counted_once_and_rejected_beyond_the_limit(register, settings, fast):
    settings.LIMITS = {"user": 6, "token": 8, "address": 4}
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][1]}"
    for role, limit, policy in (
        ("visitor", 4, '"address";q=4;w=60'),
        ("reader", 6, '"token";q=8;w=60, "user";q=6;w=60'),
    ):
        statuses, left = [], []
        for _time in range(limit + 2):
            response, _found = send(fast, where, role, {}, tokens)
            assert response["RateLimit-Policy"].startswith(policy.partition(",")[0])
            statuses.append(response.status_code)
            left.append(response["RateLimit"].rpartition("r=")[2].partition(";")[0])
        assert statuses == [200] * limit + [429] * 2
        assert left[:limit] == [str(number) for number in reversed(range(limit))]
    missing, _found = send(fast, "/api/v1/heroes/999999", "editor", {}, tokens)
    assert (missing.status_code, missing["RateLimit"].partition(";t=")[0]) == (404, '"token";r=7')


def test_each_request_is_logged_in_one_line_with_its_user(register, unlimited, fast, caplog):
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][1]}"
    contexts = []
    with caplog.at_level(logging.INFO, "heroesite.access"):
        for _time in range(3):
            caplog.clear()
            response = fast.get(
                where, headers={"Authorization": f"Bearer {tokens['reader']}", "X-Request-Id": "mine"}
            )
            [line] = caplog.records
            contexts.append((line.levelname, getattr(line, "context", "")))
    assert response.wsgi_request.is_planned
    assert response["X-Request-Id"] == "mine"
    assert contexts[2] == contexts[0]


def test_a_private_register_requires_a_token(register, unlimited, settings, fast):
    ids, tokens = register
    where = f"/api/v1/heroes/{ids['heroes'][1]}"
    for _time in range(3):
        assert send(fast, where, "visitor", {}, tokens)[0].status_code == 200
    settings.PUBLIC_READ = False
    assert send(fast, where, "visitor", {}, tokens)[0].status_code == 401
    assert send(fast, where, "reader", {}, tokens)[0].status_code == 200
