"""Lists: search, filters, sorting and pages, the same at every interface."""

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
from tests.searching import is_found

pytestmark = pytest.mark.django_db

NAMES = ["Owl", "owlet", "ÉCLAIR", "éclair au café", "Straße", "STRASSE 9", "ﬁre", "Fire 2", "Ωmega"]
NAMES += ["Zed", "zebra", "Émile", "emile 2", "50% off_", "100 %", "The Night Owl", "İstanbul", "𝔸lpha"]
WORDS = [
    "owl",
    "OWL",
    "é",
    "e",
    "n",
    "o",
    "owle",
    "ile",
    "STRASSE",
    "ss",
    "FI",
    "fire",
    "%",
    "_",
    "the night",
    "nightowl",
    "- o-wl",
    "owl the",
    "ω",
    "",
]
MODELS = {"heroes": "hero", "teams": "team"}
COLUMNS = ["id", "name", "age", "team", "version", "created_at", "updated_at"]


# Results at each interface ---------------------------------------------------------------------


def names_on_page(client, query, path="heroes"):
    response = client.get(f"/{path}/?{urlencode(query)}")
    assert response.status_code == 200, read(response).text
    return [cell.text for cell in read(response).all("th", scope="row")]


def names_at_api(client, query, path="heroes"):
    """Leave out empty values: the form of a page sends them for blank fields, and the API rejects them."""
    query = {name: value for name, value in query.items() if value != ""}
    response = client.get(f"/api/v1/{path}/?{urlencode(query)}")
    assert response.status_code == 200, response.content
    return [row["name"] for row in response.json()["results"]]


def names_in_admin(client, query, path="heroes"):
    """Rename the search, which is ``q`` in the admin. Filters have the same names everywhere."""
    query = {"q" if name == "search" else name: value for name, value in query.items()}
    response = client.get(f"/admin/{path}/{MODELS[path]}/?{urlencode(query)}")
    assert response.status_code == 200
    return [cell.text for cell in read(response).all("th", class_="field-name")]


def expected(query):
    """Return the names that ``query`` finds according to the documentation, computed in Python."""
    rows = list(Hero.objects.select_related("team"))
    rows = [hero for hero in rows if is_found(query.get("search", "").split(), hero.name)]
    if team := query.get("team"):
        rows = [hero for hero in rows if hero.team_id == (None if team == "null" else team)]
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
    """Sort by ``order``, then by id in the same direction, with missing values last in both directions."""
    column, backwards = order.removeprefix("-"), order.startswith("-")

    def value(hero):
        text = getattr(hero, column)
        return fold(str(text)) if column in ("name", "team") and text is not None else text

    rows = sorted(rows, key=lambda hero: hero.pk, reverse=backwards)
    known = sorted((hero for hero in rows if value(hero) is not None), key=value, reverse=backwards)
    return known + [hero for hero in rows if value(hero) is None]


@pytest.fixture
def register(db):
    """Create sixty heroes with few ages and teams, so that many are equal or have none. Returns the teams."""
    dice = random.Random(20)
    teams = [TeamFactory(name=name) for name in ("zeta", "Émigrés", "Alpha", "emus")]
    for number in range(60):
        name = NAMES[number] if number < len(NAMES) else f"{dice.choice(NAMES)} {number}"
        HeroFactory(name=name, age=dice.choice([None, 0, 7, 41, 41, 900]), team=dice.choice([None, *teams]))
    return teams


@pytest.fixture
def interfaces(editor):
    return {"page": browser(), "api": program(), "admin": browser(editor)}


# Search and filters --------------------------------------------------------------------

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
                "team": st.sampled_from([*(team.pk for team in register), "null"]),
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
    names = expected(query)
    assert names_on_page(interfaces["page"], query) == names
    assert names_at_api(interfaces["api"], query) == names
    assert names_in_admin(interfaces["admin"], query) == names


@thorough
@given(
    order=st.sampled_from([sign + column for column in COLUMNS for sign in ("", "-")]),
    limit=st.integers(1, 100),
    offset=st.integers(0, 70),
    search=st.sampled_from(WORDS),
)
def test_a_query_returns_the_same_part_on_the_page_and_at_the_api(
    order, limit, offset, search, register, interfaces
):
    query = {"ordering": order, "limit": limit, "offset": offset, "search": search}
    names = expected({"ordering": order, "search": search})[offset : offset + limit]
    assert names_on_page(interfaces["page"], query) == names
    assert names_at_api(interfaces["api"], query) == names


@pytest.mark.parametrize("backwards", ["", "-"])
@pytest.mark.parametrize("column", COLUMNS)
def test_every_column_can_be_sorted_in_both_directions(column, backwards, register, interfaces):
    order = backwards + column
    names = expected({"ordering": order})
    assert names_on_page(interfaces["page"], {"ordering": order}) == names
    assert names_at_api(interfaces["api"], {"ordering": order}) == names


@pytest.mark.parametrize("order", ["age", "-age"])
def test_a_missing_age_is_last_in_both_directions(order, interfaces):
    for name, age in [("A", None), ("B", 0), ("C", 1_000_000), ("D", None)]:
        HeroFactory(name=name, age=age)
    names = ["B", "C", "A", "D"] if order == "age" else ["C", "B", "D", "A"]
    assert names_at_api(interfaces["api"], {"ordering": order}) == names
    assert names_on_page(interfaces["page"], {"ordering": order}) == names


@pytest.mark.parametrize("order", ["age", "-age", "team", "-team"])
def test_the_id_breaks_ties_in_the_direction_of_the_order(order, interfaces):
    names = [HeroFactory(name=name, age=41, team=None).name for name in "DBCA"]
    if order.startswith("-"):
        names.reverse()
    assert names_at_api(interfaces["api"], {"ordering": order}) == names
    assert names_on_page(interfaces["page"], {"ordering": order}) == names


def test_names_are_in_the_order_of_their_folded_form(interfaces):
    for name in ["Zed", "éclair", "Eclair", "zebra", "10", "9", "ÉMILE", "Straße", "STRASSF", "ﬁre", "fig"]:
        HeroFactory(name=name)
    names = ["10", "9", "Eclair", "fig", "ﬁre", "Straße", "STRASSF", "zebra", "Zed", "éclair", "ÉMILE"]
    assert names_on_page(interfaces["page"], {}) == names
    assert names_at_api(interfaces["api"], {}) == names
    assert names_in_admin(interfaces["admin"], {}) == names


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
        ("50% off_", ["50%", "5", "50% O", "OFF_"]),
        (r"back\slash", ["b", r"CK\S"]),
        ('O\'Hara "Red"', ["o'h", '"red"']),
    ],
)
def test_a_search_ignores_case(name, searches, interfaces):
    HeroFactory(name=name)
    HeroFactory(name="Somebody else")
    TeamFactory(name=name)
    for search in searches:
        for path in ("heroes", "teams"):
            assert names_on_page(interfaces["page"], {"search": search}, path) == [name]
            assert names_at_api(interfaces["api"], {"search": search}, path) == [name]
            assert names_in_admin(interfaces["admin"], {"search": search}, path) == [name]


@pytest.mark.parametrize(
    ("query", "names"),
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
def test_a_filter_ignores_case(query, names, interfaces):
    HeroFactory(name="éclair", age=41)
    HeroFactory(name="Straße", age=0)
    HeroFactory(name="No age", age=None)
    assert names_on_page(interfaces["page"], query) == names
    assert names_at_api(interfaces["api"], query) == names
    assert names_in_admin(interfaces["admin"], query) == names


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"headquarters": "im HÄUSCHEN"}, ["Owls"]),
        ({"headquarters": "Häuschen"}, []),
        ({"headquarters__icontains": "HÄUS"}, ["Owls"]),
        ({"headquarters__icontains": "strasse"}, ["Wrens"]),
        ({"search": "häuschen"}, []),
    ],
)
def test_teams_are_found_by_their_headquarters(query, names, interfaces):
    TeamFactory(name="Owls", headquarters="Im Häuschen")
    TeamFactory(name="Wrens", headquarters="9 Lange Straße")
    assert names_on_page(interfaces["page"], query, "teams") == names
    assert names_at_api(interfaces["api"], query, "teams") == names
    assert names_in_admin(interfaces["admin"], query, "teams") == names


@pytest.mark.parametrize(("order", "names"), [("headquarters", "BCA"), ("-headquarters", "ACB")])
def test_teams_are_ordered_by_their_headquarters(order, names, interfaces):
    for name, place in [("A", "über"), ("B", "Alley"), ("C", "alley 2")]:
        TeamFactory(name=name, headquarters=place)
    assert names_on_page(interfaces["page"], {"ordering": order}, "teams") == list(names)
    assert names_at_api(interfaces["api"], {"ordering": order}, "teams") == list(names)


# Paging -----------------------------------------------------------------------------------


@pytest.mark.parametrize("order", ["", "-age", "team", "updated_at"])
@pytest.mark.parametrize("limit", [1, 7, 20, 59, 60, 100])
def test_all_pages_together_have_every_record_once(limit, order, register, interfaces):
    all_names = expected({"ordering": order} if order else {})
    names, address = [], f"/heroes/?{urlencode({'limit': limit, 'ordering': order})}"
    while address:
        page = read(interfaces["page"].get(address))
        names += [cell.text for cell in page.all("th", scope="row")]
        links = page.all("a", rel="next")
        address = f"/heroes/{links[0]['href']}" if links else ""
    assert names == all_names
    query = {"limit": limit, **({"ordering": order} if order else {})}
    names, address = [], f"/api/v1/heroes/?{urlencode(query)}"
    while address:
        response = interfaces["api"].get(address).json()
        assert response["count"] == 60
        names += [row["name"] for row in response["results"]]
        address = response["next"]
    assert names == all_names


def test_previous_pages_lead_back_to_the_first(register, interfaces):
    address, firsts = "/heroes/?limit=25&offset=50", []
    while address:
        page = read(interfaces["page"].get(address))
        firsts.append(page.all("th", scope="row")[0].text)
        links = page.all("a", rel="prev")
        address = f"/heroes/{links[0]['href']}" if links else ""
    all_names = expected({})
    assert firsts == [all_names[50], all_names[25], all_names[0]]
    response = interfaces["api"].get("/api/v1/heroes/?limit=25&offset=50").json()
    assert response["next"] is None
    response = interfaces["api"].get(response["previous"]).json()
    assert response["results"][0]["name"] == all_names[25]
    response = interfaces["api"].get(response["previous"]).json()
    assert (response["results"][0]["name"], response["previous"]) == (all_names[0], None)


def test_a_page_has_100_rows_by_default(interfaces):
    Hero.objects.create_all(
        [Hero(name=f"Hero {n:03}", secret_name="x", name_key=f"hero {n:03}") for n in range(101)]
    )
    assert len(names_on_page(interfaces["page"], {})) == 100
    assert len(names_at_api(interfaces["api"], {})) == 100
    assert "1–100 of 101" in read(interfaces["page"].get("/heroes/")).text
    assert "101–101 of 101" in read(interfaces["page"].get("/heroes/?offset=100")).text


def test_a_single_page_has_no_links_to_others(interfaces):
    HeroFactory()
    page = read(interfaces["page"].get("/heroes/"))
    assert not page.all("a", rel="next") + page.all("a", rel="prev")
    response = interfaces["api"].get("/api/v1/heroes/").json()
    assert (response["next"], response["previous"]) == (None, None)


# Empty lists ---------------------------------------------------------------------


@pytest.mark.parametrize("path", ["heroes", "teams"])
def test_an_empty_list_has_a_link_to_add_the_first_record_for_editors(path, interfaces):
    page = read(interfaces["page"].get(f"/{path}/"))
    assert f"There are no {path} yet." in page.text
    assert "Add the first one" not in page.text
    page = read(interfaces["admin"].get(f"/{path}/"))
    assert f"/{path}/new/" in [link["href"] for link in page.all("a") if link.text == "Add the first one"]
    empty = {"count": 0, "count_is_exact": True, "next": None, "previous": None, "results": []}
    assert interfaces["api"].get(f"/api/v1/{path}/").json() == empty


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("heroes", "search=nobody"),
        ("heroes", "age__gte=999"),
        ("heroes", "name=x"),
        ("teams", "headquarters=x"),
    ],
)
def test_a_query_without_results_has_a_message_and_a_link_to_all(path, query, interfaces):
    HeroFactory()
    TeamFactory()
    page = read(interfaces["page"].get(f"/{path}/?{query}"))
    assert f"No {path} match" in page.text
    assert page.one("div", class_="empty").one("a")["href"] == f"/{path}/"
    assert interfaces["api"].get(f"/api/v1/{path}/?{query}").json()["count"] == 0


def test_a_page_after_the_last_has_a_message_and_a_link_to_the_first(register, interfaces):
    page = read(interfaces["page"].get("/heroes/?offset=60&ordering=-age&search=owl"))
    link = page.one("div", class_="empty").one("a")
    assert "There is no page" in page.text
    assert query_of(link["href"]) == {"ordering": "-age", "search": "owl"}
    names = expected({"ordering": "-age", "search": "owl"})
    assert names_on_page(interfaces["page"], query_of(link["href"])) == names
    response = interfaces["api"].get("/api/v1/heroes/?offset=60").json()
    assert (response["count"], response["results"], response["next"]) == (60, [], None)


# Links ------------------------------------------------------------------------

QUERY = {"search": "owl", "age__gte": "0", "ordering": "-age", "limit": "3", "offset": "3"}


def test_sorting_by_a_column_preserves_the_filters_and_starts_at_the_first_page(register, interfaces):
    page = read(interfaces["page"].get(f"/heroes/?{urlencode(QUERY)}"))
    links = {link.text: query_of(link["href"]) for link in page.one("thead").all("a")}
    filters = {name: value for name, value in QUERY.items() if name not in ("offset", "ordering")}
    assert links == {
        "Name": filters | {"ordering": "name"},
        "Age": filters | {"ordering": "age"},
        "Team": filters | {"ordering": "team"},
        "Last changed": filters | {"ordering": "updated_at"},
    }


def test_sorting_by_the_same_column_again_reverses_the_order(interfaces):
    HeroFactory()
    page = read(interfaces["page"].get("/heroes/"))
    for _click, (direction, following) in enumerate([("ascending", "-age"), ("descending", "age")]):
        link = next(link for link in page.one("thead").all("a") if link.text == "Age")
        page = read(interfaces["page"].get(f"/heroes/{link['href']}"))
        (head,) = [cell for cell in page.all("th", scope="col") if "aria-sort" in cell.attributes]
        assert (head.text, head["aria-sort"]) == ("Age", direction)
        assert query_of(head.one("a")["href"])["ordering"] == following


def test_the_next_page_has_the_same_query(register, interfaces):
    page = read(interfaces["page"].get(f"/heroes/?{urlencode(QUERY)}"))
    assert query_of(page.one("a", rel="next")["href"]) == QUERY | {"offset": "6"}
    assert query_of(page.one("a", rel="prev")["href"]) == QUERY | {"offset": "0"}
    response = interfaces["api"].get(f"/api/v1/heroes/?{urlencode(QUERY)}").json()
    assert query_of(response["next"]) == QUERY | {"offset": "6"}


def test_the_form_of_a_list_contains_the_query_and_its_order(register, interfaces):
    team = register[0]
    query = QUERY | {"team": str(team.pk), "team__isnull": "false", "name__icontains": "e", "age": "41"}
    form = read(interfaces["page"].get(f"/heroes/?{urlencode(query)}")).one("form", class_="filters")
    values = {name: value for name, value in form.values().items() if value}
    assert values == {name: value for name, value in query.items() if name != "offset"}


def test_the_admins_forms_for_filters_and_search_preserve_the_query(register, interfaces):
    query = {"team": str(register[0].pk), "age__gte": "7", "q": "e", "o": "-1"}
    page = read(interfaces["admin"].get(f"/admin/heroes/hero/?{urlencode(query)}"))
    for form in (page.one("details").one("form"), page.one("form", id="changelist-search")):
        assert {name: value for name, value in form.values().items() if value} == query


def test_a_list_can_be_filtered_by_every_team_and_by_no_team_in_one_control(register, interfaces):
    form = read(interfaces["page"].get("/heroes/")).one("form", class_="filters")
    options = [option.text for option in form.one("select", name="team").all("option")]
    assert options == ["Any", "No team", "Alpha", "emus", "zeta", "Émigrés"]
    assert form.all("select") == [form.one("select", name="team")]


def test_the_chart_links_to_the_heroes_without_a_team(register, interfaces):
    [link] = [link for link in read(interfaces["page"].get("/")).all("a") if link.text == "no team"]
    page = read(interfaces["page"].get(link["href"]))
    assert page.one("select", name="team").one("option", selected="").text == "No team"
    assert names_on_page(interfaces["page"], query_of(link["href"])) == expected({"team": "null"})


INVALID = [
    ("serach=x", "serach"),
    ("limit=0", "limit"),
    ("team=none", "Team"),
    ("age__gte=old", "Min. age"),
    ("ordering=secret_name", "ordering"),
]


@pytest.mark.parametrize(("query", "label"), INVALID)
def test_an_invalid_query_finds_no_heroes_and_remains_in_the_form(query, label, interfaces):
    HeroFactory(name="Somebody")
    response = interfaces["page"].get(f"/heroes/?{query}&search=body")
    page = read(response)
    assert response.status_code == 400
    assert "Somebody" not in page.text
    summary = page.one("div", role="alert")
    assert label in summary.text
    for link in summary.all("a"):
        assert page.one(id=link["href"][1:])["aria-invalid"] == "true", "the link leads to the invalid field"
    assert page.one("form", class_="filters").values()["search"] == "body"
    assert interfaces["api"].get(f"/api/v1/heroes/?{query}&search=body").status_code == 400
