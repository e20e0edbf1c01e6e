"""Lists: finding, filtering, ordering and paging, the same at every interface."""

import operator
import random
from datetime import datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.text import fold
from tests.factories import HeroFactory, TeamFactory
from tests.markup import query_of, read
from tests.people import browser, program

pytestmark = pytest.mark.django_db

NAMES = ["Owl", "owlet", "ÉCLAIR", "éclair au café", "Straße", "STRASSE 9", "ﬁre", "Fire 2", "Ωmega"]
NAMES += ["Zed", "zebra", "Émile", "emile 2", "50% off_", "100 %", "The Night Owl", "İstanbul", "𝔸lpha"]
WORDS = ["owl", "OWL", "é", "e", "STRASSE", "ss", "FI", "fire", "%", "_", "the night", "owl the", "ω", ""]
KINDS = {"heroes": "hero", "teams": "team"}
COLUMNS = ["id", "name", "age", "team", "version", "created_at", "updated_at"]


# What each interface shows ---------------------------------------------------------------------


def names_on_page(client, query, kind="heroes"):
    answer = client.get(f"/{kind}/?{urlencode(query)}")
    assert answer.status_code == 200, read(answer).text
    return [cell.text for cell in read(answer).all("th", scope="row")]


def names_at_api(client, query, kind="heroes"):
    """The API rejects the empty values that a page's form sends for blank fields."""
    query = {name: value for name, value in query.items() if value != ""}
    answer = client.get(f"/api/v1/{kind}/?{urlencode(query)}")
    assert answer.status_code == 200, answer.content
    return [row["name"] for row in answer.json()["results"]]


def names_in_admin(client, query, kind="heroes"):
    """The admin's list calls its search ``q``; the filters have the names that they have elsewhere."""
    query = {"q" if name == "search" else name: value for name, value in query.items()}
    answer = client.get(f"/admin/{kind}/{KINDS[kind]}/?{urlencode(query)}")
    assert answer.status_code == 200
    return [cell.text for cell in read(answer).all("th", class_="field-name")]


def expected(query):
    """What the documentation promises for ``query``, worked out row by row."""
    rows = list(Hero.objects.select_related("team"))
    words = [fold(word) for word in query.get("search", "").split()]
    rows = [hero for hero in rows if all(word in fold(hero.name) for word in words)]
    if team := query.get("team"):
        rows = [hero for hero in rows if hero.team_id == team]
    if alone := query.get("team__isnull"):
        rows = [hero for hero in rows if (hero.team is None) == (alone == "true")]
    if name := query.get("name"):
        rows = [hero for hero in rows if fold(hero.name) == fold(name)]
    if start := query.get("name__istartswith"):
        rows = [hero for hero in rows if fold(hero.name).startswith(fold(start))]
    if name := query.get("team__name"):
        rows = [hero for hero in rows if hero.team and fold(hero.team.name) == fold(name)]
    if ageless := query.get("age__isnull"):
        rows = [hero for hero in rows if (hero.age is None) == (ageless == "true")]
    if ids := query.get("id__in"):
        rows = [hero for hero in rows if str(hero.pk) in ids.split(",")]
    for name in ("created_at", "updated_at"):
        for lookup, holds in (("gte", operator.ge), ("lte", operator.le)):
            if instant := query.get(f"{name}__{lookup}"):
                rows = [hero for hero in rows if holds(getattr(hero, name), datetime.fromisoformat(instant))]
    if "age__gte" in query:
        rows = [hero for hero in rows if hero.age is not None and hero.age >= query["age__gte"]]
    if "age__lte" in query:
        rows = [hero for hero in rows if hero.age is not None and hero.age <= query["age__lte"]]
    return [hero.name for hero in in_order(rows, query.get("ordering", "name"))]


def in_order(rows, order):
    """By ``order``; who has no value comes last, whichever way, and the id breaks ties."""
    column, backwards = order.removeprefix("-"), order.startswith("-")

    def value(hero):
        found = getattr(hero, column)
        return fold(str(found)) if column in ("name", "team") and found is not None else found

    rows = sorted(rows, key=lambda hero: hero.pk)
    known = sorted((hero for hero in rows if value(hero) is not None), key=value, reverse=backwards)
    return known + [hero for hero in rows if value(hero) is None]


@pytest.fixture
def register(db):
    """Sixty heroes of few ages and teams, so that many tie and many lack a value."""
    dice = random.Random(20)
    teams = [TeamFactory(name=name) for name in ("zeta", "Émigrés", "Alpha", "emus")]
    for number in range(60):
        name = NAMES[number] if number < len(NAMES) else f"{dice.choice(NAMES)} {number}"
        HeroFactory(name=name, age=dice.choice([None, 0, 7, 41, 41, 900]), team=dice.choice([None, *teams]))
    return teams


@pytest.fixture
def interfaces(editor):
    return {"page": browser(), "api": program(), "admin": browser(editor)}


# Finding and filtering --------------------------------------------------------------------

thorough = settings(
    max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@thorough
@given(data=st.data())
def test_a_query_finds_the_same_heroes_in_the_same_order_at_every_interface(data, register, interfaces):
    ids = list(Hero.objects.order_by("pk").values_list("pk", flat=True))
    instants = [hero.updated_at.isoformat() for hero in Hero.objects.order_by("pk")[::20]]
    query: dict[str, Any] = data.draw(
        st.fixed_dictionaries(
            {},
            optional={
                "search": st.sampled_from(WORDS),
                "team": st.sampled_from([team.pk for team in register]),
                "team__isnull": st.sampled_from(["true", "false"]),
                "age__gte": st.sampled_from([0, 1, 7, 41, 42, 1_000_000]),
                "age__lte": st.sampled_from([0, 6, 41, 900]),
                "age__isnull": st.sampled_from(["true", "false"]),
                "name": st.sampled_from(["OWL", "éclair", "nobody"]),
                "name__istartswith": st.sampled_from(["o", "É", "stras", "%", "_"]),
                "team__name": st.sampled_from(["ALPHA", "émigrés", "nobody's"]),
                "id__in": st.sampled_from([",".join(map(str, ids[::step])) for step in (1, 2, 7, 60)]),
                "created_at__gte": st.sampled_from(instants),
                "created_at__lte": st.sampled_from(instants),
                "updated_at__gte": st.sampled_from(instants),
                "updated_at__lte": st.sampled_from(instants),
            },
        )
    )
    promised = expected(query)
    assert names_on_page(interfaces["page"], query) == promised
    assert names_at_api(interfaces["api"], query) == promised
    assert names_in_admin(interfaces["admin"], query) == promised


@thorough
@given(
    order=st.sampled_from([sign + column for column in COLUMNS for sign in ("", "-")]),
    limit=st.integers(1, 100),
    offset=st.integers(0, 70),
    search=st.sampled_from(WORDS),
)
def test_a_query_shows_the_same_part_at_page_and_api(order, limit, offset, search, register, interfaces):
    query = {"ordering": order, "limit": limit, "offset": offset, "search": search}
    promised = expected({"ordering": order, "search": search})[offset : offset + limit]
    assert names_on_page(interfaces["page"], query) == promised
    assert names_at_api(interfaces["api"], query) == promised


@pytest.mark.parametrize("backwards", ["", "-"])
@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_orders_both_ways(column, backwards, register, interfaces):
    order = backwards + column
    promised = expected({"ordering": order})
    assert names_on_page(interfaces["page"], {"ordering": order}) == promised
    assert names_at_api(interfaces["api"], {"ordering": order}) == promised


@pytest.mark.parametrize("order", ["age", "-age"])
def test_an_unknown_age_is_last_whichever_way(order, interfaces):
    for name, age in [("A", None), ("B", 0), ("C", 1_000_000), ("D", None)]:
        HeroFactory(name=name, age=age)
    last = ["B", "C"] if order == "age" else ["C", "B"]
    assert names_at_api(interfaces["api"], {"ordering": order}) == [*last, "A", "D"]
    assert names_on_page(interfaces["page"], {"ordering": order}) == [*last, "A", "D"]


@pytest.mark.parametrize("order", ["age", "-age", "team", "-team"])
def test_the_id_breaks_ties(order, interfaces):
    made = [HeroFactory(name=name, age=41, team=None).name for name in "DBCA"]
    assert names_at_api(interfaces["api"], {"ordering": order}) == made
    assert names_on_page(interfaces["page"], {"ordering": order}) == made


def test_names_are_in_the_order_of_their_folded_form(interfaces):
    for name in ["Zed", "éclair", "Eclair", "zebra", "10", "9", "ÉMILE", "Straße", "STRASSF", "ﬁre", "fig"]:
        HeroFactory(name=name)
    promised = ["10", "9", "Eclair", "fig", "ﬁre", "Straße", "STRASSF", "zebra", "Zed", "éclair", "ÉMILE"]
    assert names_on_page(interfaces["page"], {}) == promised
    assert names_at_api(interfaces["api"], {}) == promised
    assert names_in_admin(interfaces["admin"], {}) == promised


@pytest.mark.parametrize(
    ("name", "searches"),
    [
        ("ÉCLAIR", ["éclair", "ÉCLAIR", "e\u0301clair", "Éc", "lair"]),
        ("éclair", ["ÉCLAIR", "E\u0301CLAIR"]),
        ("Straße", ["STRASSE", "strasse", "straße", "aß", "ASS"]),
        ("STRASSE", ["straße", "STRAẞE"]),
        ("ﬁre", ["FIRE", "fi", "ﬁ"]),
        ("FIRE", ["ﬁre", "ﬁ"]),
        ("ΣΊΣΥΦΟΣ", ["σίσυφος", "Σίσυφοσ"]),
        ("Ⅷ", ["viii", "VIII"]),
        ("The Night Owl", ["owl the", "  OWL   night ", "night\u00a0owl"]),
        ("50% off_", ["%", "_", "0% O"]),
        (r"back\slash", ["\\", r"K\S"]),
        ('O\'Hara "Red"', ["o'h", '"red"']),
    ],
)
def test_a_search_knows_no_case(name, searches, interfaces):
    HeroFactory(name=name)
    HeroFactory(name="Somebody else")
    TeamFactory(name=name)
    for search in searches:
        for kind in ("heroes", "teams"):
            assert names_on_page(interfaces["page"], {"search": search}, kind) == [name]
            assert names_at_api(interfaces["api"], {"search": search}, kind) == [name]
            assert names_in_admin(interfaces["admin"], {"search": search}, kind) == [name]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"name": "ÉCLAIR"}, ["éclair"]),
        ({"name": "écl"}, []),
        ({"name__icontains": "STRASSE"}, ["Straße"]),
        ({"name__icontains": "%"}, []),
        ({"age": "41"}, ["éclair"]),
        ({"age": "0"}, ["Straße"]),
        ({"age__gte": "0", "age__lte": "0"}, ["Straße"]),
        ({"age__gte": "42"}, []),
        ({"search": "", "age__gte": "", "team": ""}, ["No age", "Straße", "éclair"]),
    ],
)
def test_a_field_is_compared_whatever_the_case(query, found, interfaces):
    HeroFactory(name="éclair", age=41)
    HeroFactory(name="Straße", age=0)
    HeroFactory(name="No age", age=None)
    assert names_on_page(interfaces["page"], query) == found
    assert names_at_api(interfaces["api"], query) == found
    assert names_in_admin(interfaces["admin"], query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"headquarters": "im HÄUSCHEN"}, ["Owls"]),
        ({"headquarters": "Häuschen"}, []),
        ({"headquarters__icontains": "HÄUS"}, ["Owls"]),
        ({"headquarters__icontains": "strasse"}, ["Wrens"]),
        ({"search": "häuschen"}, []),
    ],
)
def test_teams_are_found_by_their_headquarters(query, found, interfaces):
    TeamFactory(name="Owls", headquarters="Im Häuschen")
    TeamFactory(name="Wrens", headquarters="9 Lange Straße")
    assert names_on_page(interfaces["page"], query, "teams") == found
    assert names_at_api(interfaces["api"], query, "teams") == found
    assert names_in_admin(interfaces["admin"], query, "teams") == found


@pytest.mark.parametrize(("order", "names"), [("headquarters", "BCA"), ("-headquarters", "ACB")])
def test_teams_are_ordered_by_their_headquarters(order, names, interfaces):
    for name, place in [("A", "über"), ("B", "Alley"), ("C", "alley 2")]:
        TeamFactory(name=name, headquarters=place)
    assert names_on_page(interfaces["page"], {"ordering": order}, "teams") == list(names)
    assert names_at_api(interfaces["api"], {"ordering": order}, "teams") == list(names)


# Paging -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["", "-age", "team", "updated_at"])
@pytest.mark.parametrize("limit", [1, 7, 20, 59, 60, 100])
def test_pages_followed_to_the_end_add_up_to_the_whole(limit, order, register, interfaces):
    every = expected({"ordering": order} if order else {})
    followed, address = [], f"/heroes/?{urlencode({'limit': limit, 'ordering': order})}"
    while address:
        page = read(interfaces["page"].get(address))
        followed += [cell.text for cell in page.all("th", scope="row")]
        links = page.all("a", rel="next")
        address = f"/heroes/{links[0]['href']}" if links else ""
    assert followed == every
    query = {"limit": limit, **({"ordering": order} if order else {})}
    followed, address = [], f"/api/v1/heroes/?{urlencode(query)}"
    while address:
        answer = interfaces["api"].get(address).json()
        assert answer["count"] == 60
        followed += [row["name"] for row in answer["results"]]
        address = answer["next"]
    assert followed == every


def test_pages_are_followed_back_to_the_first(register, interfaces):
    address, firsts = "/heroes/?limit=25&offset=50", []
    while address:
        page = read(interfaces["page"].get(address))
        firsts.append(page.all("th", scope="row")[0].text)
        links = page.all("a", rel="prev")
        address = f"/heroes/{links[0]['href']}" if links else ""
    every = expected({})
    assert firsts == [every[50], every[25], every[0]]
    answer = interfaces["api"].get("/api/v1/heroes/?limit=25&offset=50").json()
    assert answer["next"] is None
    answer = interfaces["api"].get(answer["previous"]).json()
    assert answer["results"][0]["name"] == every[25]
    answer = interfaces["api"].get(answer["previous"]).json()
    assert (answer["results"][0]["name"], answer["previous"]) == (every[0], None)


def test_a_page_holds_a_hundred_unless_less_is_asked_for(interfaces):
    Hero.objects.create_all(
        [Hero(name=f"Hero {n:03}", secret_name="x", name_key=f"hero {n:03}") for n in range(101)]
    )
    assert len(names_on_page(interfaces["page"], {})) == 100
    assert len(names_at_api(interfaces["api"], {})) == 100
    assert "1–100 of 101" in read(interfaces["page"].get("/heroes/")).text
    assert "101–101 of 101" in read(interfaces["page"].get("/heroes/?offset=100")).text


def test_one_page_needs_no_way_to_the_next(interfaces):
    HeroFactory()
    page = read(interfaces["page"].get("/heroes/"))
    assert not page.all("a", rel="next") + page.all("a", rel="prev")
    answer = interfaces["api"].get("/api/v1/heroes/").json()
    assert (answer["next"], answer["previous"]) == (None, None)


# With nothing to show ---------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["heroes", "teams"])
def test_an_empty_register_says_so_and_offers_an_editor_to_begin(kind, interfaces):
    page = read(interfaces["page"].get(f"/{kind}/"))
    assert f"There are no {kind} yet." in page.text
    assert "Add the first one" not in page.text
    page = read(interfaces["admin"].get(f"/{kind}/"))
    assert f"/{kind}/new/" in [link["href"] for link in page.all("a") if link.text == "Add the first one"]
    empty = {"count": 0, "next": None, "previous": None, "results": []}
    assert interfaces["api"].get(f"/api/v1/{kind}/").json() == empty


@pytest.mark.parametrize(
    ("kind", "query"),
    [
        ("heroes", "search=nobody"),
        ("heroes", "age__gte=999"),
        ("heroes", "name=x"),
        ("teams", "headquarters=x"),
    ],
)
def test_a_query_that_none_match_says_so_and_leads_to_all(kind, query, interfaces):
    HeroFactory()
    TeamFactory()
    page = read(interfaces["page"].get(f"/{kind}/?{query}"))
    assert f"No {kind} match" in page.text
    assert page.one("div", class_="empty").one("a")["href"] == f"/{kind}/"
    assert interfaces["api"].get(f"/api/v1/{kind}/?{query}").json()["count"] == 0


def test_a_page_past_the_last_says_so_and_leads_to_the_first(register, interfaces):
    page = read(interfaces["page"].get("/heroes/?offset=60&ordering=-age&search=e"))
    link = page.one("div", class_="empty").one("a")
    assert "There is no page" in page.text
    assert query_of(link["href"]) == {"ordering": "-age", "search": "e"}
    promised = expected({"ordering": "-age", "search": "e"})
    assert names_on_page(interfaces["page"], query_of(link["href"])) == promised
    answer = interfaces["api"].get("/api/v1/heroes/?offset=60").json()
    assert (answer["count"], answer["results"], answer["next"]) == (60, [], None)


# Addresses to keep ------------------------------------------------------------------------

QUERY = {"search": "e", "age__gte": "0", "ordering": "-age", "limit": "3", "offset": "3"}


def test_a_click_on_a_column_keeps_the_query_and_begins_at_the_first_page(register, interfaces):
    page = read(interfaces["page"].get(f"/heroes/?{urlencode(QUERY)}"))
    links = {link.text: query_of(link["href"]) for link in page.one("thead").all("a")}
    kept = {name: value for name, value in QUERY.items() if name not in ("offset", "ordering")}
    assert links == {
        "Name": kept | {"ordering": "name"},
        "Age": kept | {"ordering": "age"},
        "Team": kept | {"ordering": "team"},
        "Last changed": kept | {"ordering": "updated_at"},
    }


def test_a_second_click_on_a_column_turns_its_order_round(interfaces):
    HeroFactory()
    page = read(interfaces["page"].get("/heroes/"))
    for _click, (direction, following) in enumerate([("ascending", "-age"), ("descending", "age")]):
        link = next(link for link in page.one("thead").all("a") if link.text == "Age")
        page = read(interfaces["page"].get(f"/heroes/{link['href']}"))
        (head,) = [cell for cell in page.all("th", scope="col") if "aria-sort" in cell.attributes]
        assert (head.text, head["aria-sort"]) == ("Age", direction)
        assert query_of(head.one("a")["href"])["ordering"] == following


def test_the_next_page_keeps_the_query(register, interfaces):
    page = read(interfaces["page"].get(f"/heroes/?{urlencode(QUERY)}"))
    assert query_of(page.one("a", rel="next")["href"]) == QUERY | {"offset": "6"}
    assert query_of(page.one("a", rel="prev")["href"]) == QUERY | {"offset": "0"}
    answer = interfaces["api"].get(f"/api/v1/heroes/?{urlencode(QUERY)}").json()
    assert query_of(answer["next"]) == QUERY | {"offset": "6"}


def test_the_form_of_a_list_shows_the_query_and_keeps_its_order(register, interfaces):
    team = register[0]
    query = QUERY | {"team": str(team.pk), "team__isnull": "false", "name__icontains": "e", "age": "41"}
    form = read(interfaces["page"].get(f"/heroes/?{urlencode(query)}")).one("form", class_="filters")
    sent = {name: value for name, value in form.values().items() if value}
    assert sent == {name: value for name, value in query.items() if name != "offset"}


def test_the_admins_forms_for_filters_and_search_keep_the_query(register, interfaces):
    query = {"team": str(register[0].pk), "age__gte": "7", "q": "e", "o": "-1"}
    page = read(interfaces["admin"].get(f"/admin/heroes/hero/?{urlencode(query)}"))
    for form in (page.one("details").one("form"), page.one("form", id="changelist-search")):
        assert {name: value for name, value in form.values().items() if value} == query


def test_a_list_offers_every_team_to_choose_from(register, interfaces):
    form = read(interfaces["page"].get("/heroes/")).one("form", class_="filters")
    offered = [option.text for option in form.one("select", name="team").all("option")]
    assert offered == ["Any", "Alpha", "emus", "zeta", "Émigrés"]


FAULTS = [
    ("serach=x", "serach"),
    ("limit=0", "limit"),
    ("team=none", "Team"),
    ("age__gte=old", "Min. age"),
    ("ordering=secret_name", "ordering"),
]


@pytest.mark.parametrize(("fault", "called"), FAULTS)
def test_a_query_with_a_fault_shows_no_heroes_and_keeps_what_was_asked(fault, called, interfaces):
    HeroFactory(name="Somebody")
    answer = interfaces["page"].get(f"/heroes/?{fault}&search=body")
    page = read(answer)
    assert answer.status_code == 400
    assert "Somebody" not in page.text
    summary = page.one("div", role="alert")
    assert called in summary.text
    for link in summary.all("a"):
        assert page.one(id=link["href"][1:])["aria-invalid"] == "true", "the link leads to the faulty field"
    assert page.one("form", class_="filters").values()["search"] == "body"
    assert interfaces["api"].get(f"/api/v1/heroes/?{fault}&search=body").status_code == 400
