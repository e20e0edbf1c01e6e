"""A form lists the records to select from if there are few, and otherwise searches. It never guesses."""

from urllib.parse import urlencode

import pytest

from heroes.models import Hero
from heroesite.record_choices import MAX_LISTED, MAX_MATCHES
from heroesite.records.registry import record_types
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, form_with, query_of, read
from tests.people import browser
from tests.records.test_query_counts import cost

pytestmark = pytest.mark.django_db


def options(page, name="team", number=0):
    """Return the texts of a select's options by value."""
    return {option["value"]: option.text for option in page.all("select", name=name)[number].all("option")}


def selected(page, name="team"):
    [form] = [each for each in page.all("form") if each.all("select", name=name)][:1]
    return form.values()[name]


@pytest.fixture
def many_teams(db):
    """More teams than a select lists; two names contain “watch”."""
    for number in range(MAX_LISTED):
        TeamFactory(name=f"Guild {number:03}")
    return [TeamFactory(name="Night Watch"), TeamFactory(name="Watchers of the North")]


def test_a_few_teams_are_all_listed(editor_browser):
    teams = [TeamFactory(name=f"Guild {number:03}") for number in range(MAX_LISTED)]
    HeroFactory(team=None)
    page = read(editor_browser.get("/heroes/"))
    names = {str(team.pk): team.name for team in teams}
    assert options(page) == {"": "Any", "null": "No team"} | names
    assert options(page, number=1) == {"": "no team"} | names
    assert not page.all("input", name="team_text")


def test_only_the_selected_one_of_many_teams_is_listed(many_teams, editor_browser):
    hero = HeroFactory(team=many_teams[0])
    key = str(many_teams[0].pk)
    page = read(editor_browser.get(f"/heroes/?team={key}"))
    assert options(page) == {"": "Any", "null": "No team", key: "Night Watch"}
    assert options(page, number=1) == {"": "no team"}
    assert selected(page) == key
    page = read(editor_browser.get(f"/heroes/{hero.pk}/edit/"))
    assert options(page) == {"": "no team", key: "Night Watch"}
    assert selected(page) == key
    page = read(editor_browser.get("/heroes/new/"))
    assert options(page) == {"": "no team"}


def test_a_list_page_does_not_grow_with_the_number_of_teams(many_teams, editor_browser):
    hero = HeroFactory(team=None)

    def size():
        return len(editor_browser.get("/heroes/").content)

    before = size()
    for number in range(200):
        TeamFactory(name=f"Another {number}")
    assert abs(size() - before) < 50, "the CSRF token and the padding differ in each response"
    hero.delete()


def test_a_deleted_team_stays_selected_in_the_filter(many_teams, visitor_browser):
    key = many_teams[0].pk
    many_teams[0].delete()
    page = read(visitor_browser.get(f"/heroes/?team={key}"))
    assert options(page)[str(key)] == "Night Watch (deleted)"
    assert selected(page) == str(key)


def test_a_whole_name_selects_the_team_ignoring_case(many_teams, editor_browser):
    team = many_teams[0]
    response = editor_browser.get("/heroes/?search=&team=null&team_text=NIGHT++watch&age__gte=5")
    assert response.status_code == 302
    assert query_of(response["Location"]) == {"team": str(team.pk), "age__gte": "5"}
    response = fill_in(
        editor_browser, "/heroes/new/", name="Owl", secret_name="Nobody", team_text="night watch"
    )
    assert response.status_code == 302
    hero = Hero.objects.get(name="Owl")
    assert hero.team == team
    fill_in(editor_browser, f"/heroes/{hero.pk}/edit/", team_text="watchers of the north")
    hero.refresh_from_db()
    assert hero.team == many_teams[1]
    query = {"record": f"{hero.pk}-{hero.version}", "team": "", "team_text": "Night Watch"}
    page = read(editor_browser.get("/heroes/selected/team/", query))
    assert page.one("h1").text == "Move 1 hero?"
    assert page.one("form", id="confirm").values()["team"] == str(team.pk)


def test_a_part_of_a_name_lists_the_matches_and_selects_none(many_teams, editor_browser):
    matches = {str(many_teams[1].pk): "Watchers of the North", str(many_teams[0].pk): "Night Watch"}
    message = "Select one of the teams that match “watch”."
    hero = HeroFactory(team=None)

    response = editor_browser.get("/heroes/?team=&team_text=watch")
    page = read(response)
    assert response.status_code == 400
    assert message in page.one(role="alert").text
    assert options(page) == {"?watch": message, "": "Any", "null": "No team"} | matches
    assert list(options(page))[-2:] == list(matches), "names that start with the text are first"
    assert selected(page) == "?watch"

    sent = {"name": "Owl", "secret_name": "Nobody", "team_text": "watch"}
    response = fill_in(editor_browser, "/heroes/new/", **sent)
    page = read(response)
    assert response.status_code == 422
    assert message in page.one(role="alert").text
    assert selected(page) == "?watch"
    form = form_with(page, "secret_name").values()
    again = editor_browser.post("/heroes/new/", form)
    assert again.status_code == 422, "a form that is sent without a selection is rejected again"
    assert selected(read(again)) == "?watch"
    assert editor_browser.post("/heroes/new/", form | {"team": str(many_teams[0].pk)}).status_code == 302
    assert Hero.objects.get(name="Owl").team == many_teams[0]

    query = {"record": f"{hero.pk}-{hero.version}", "query": "search=o", "team": "", "team_text": "watch"}
    response = editor_browser.get("/heroes/selected/team/", query)
    page = read(response)
    assert response.status_code == 400
    assert not page.all("form", id="confirm")
    [form] = [each for each in page.all("form") if each.all("select", name="team")]
    chosen = form.values() | {"team": str(many_teams[0].pk)}
    page = read(editor_browser.get("/heroes/selected/team/", chosen))
    assert page.one("h1").text == "Move 1 hero?"
    assert page.one("form", id="confirm").values()["query"] == "search=o"


def test_a_text_without_matches_is_an_error_and_stays_in_the_form(many_teams, editor_browser):
    message = "No teams match “<b>nobody”."
    response = editor_browser.get("/heroes/", {"team_text": "<b>nobody"})
    page = read(response)
    assert response.status_code == 400
    assert message in page.one(role="alert").text
    assert page.one("form", class_="filters").one("input", name="team_text")["value"] == "<b>nobody"
    response = fill_in(editor_browser, "/heroes/new/", name="Owl", secret_name="x", team_text="<b>nobody")
    assert response.status_code == 422
    assert read(response).one("input", name="team_text")["value"] == "<b>nobody"
    assert not Hero.objects.exists()


@pytest.mark.parametrize("text", ["a " * 11, "x" * 201, "\u202ex", "\u3164"])
def test_an_invalid_name_is_an_error(text, many_teams, editor_browser):
    assert editor_browser.get("/heroes/", {"team_text": text}).status_code == 400
    response = fill_in(editor_browser, "/heroes/new/", name="Owl", secret_name="x", team_text=text)
    assert response.status_code == 422
    query = {"search": text}
    assert editor_browser.get("/teams/choices/", query).status_code == 400


def test_more_matches_than_are_listed_are_reported(many_teams, visitor_browser):
    page = read(visitor_browser.get("/heroes/", {"team_text": "guild"}))
    assert f"More than {MAX_MATCHES} teams match “guild”." in page.one(role="alert").text
    assert len(options(page)) == MAX_MATCHES + 3


def test_the_api_rejects_typed_names(many_teams, visitor_program):
    for query in ("team_text=night+watch", "team=%3Fnight+watch"):
        assert visitor_program.get(f"/api/v1/heroes/?{query}").status_code == 400


def test_a_name_sent_twice_is_an_error(many_teams, visitor_browser):
    assert visitor_browser.get("/heroes/?team_text=night+watch&team_text=x").status_code == 400


def test_the_search_lists_names_that_start_with_the_text_first(many_teams, visitor_browser):
    response = visitor_browser.get("/teams/choices/?search=WATCH")
    assert [row["name"] for row in response.json()["results"]] == ["Watchers of the North", "Night Watch"]
    assert response.json()["results"][1]["id"] == many_teams[0].pk
    assert response.json()["more"] is False
    everything = visitor_browser.get("/teams/choices/?search=").json()
    assert (len(everything["results"]), everything["more"]) == (MAX_MATCHES, True)


def test_the_search_rejects_unknown_parameters(visitor_browser):
    response = visitor_browser.get("/teams/choices/?name=x")
    assert (response.status_code, response.json()["results"]) == (400, [])


def test_the_search_requires_the_permission_to_view(settings, visitor_browser, reader):
    TeamFactory(name="Night Watch")
    settings.PUBLIC_READ = False
    for record_type in record_types():
        address = f"/{record_type.prefix}/choices/"
        assert visitor_browser.get(address).status_code == 302
        assert browser(reader).get(address).status_code == 200


def test_the_filter_of_the_admin_lists_all_teams(many_teams, administrator_browser):
    page = read(administrator_browser.get("/admin/heroes/hero/"))
    assert len(options(page)) == MAX_LISTED + 2 + 2
    assert not page.all("input", name="team_text")


@pytest.mark.parametrize(
    "repeated", ["team=1&team_text=guild+001&team_text=guild+002", "team=1&team=2&team_text=guild+001"]
)
def test_a_repeated_choice_or_name_is_an_error_everywhere(repeated, many_teams, editor_browser):
    hero = HeroFactory(team=many_teams[0])
    assert editor_browser.get(f"/heroes/?{repeated}").status_code == 400
    form = "application/x-www-form-urlencoded"
    values = form_with(read(editor_browser.get(f"/heroes/{hero.pk}/edit/")), "name").values()
    others = urlencode({name: value for name, value in values.items() if not name.startswith("team")})
    saved = editor_browser.post(f"/heroes/{hero.pk}/edit/", f"{others}&{repeated}", content_type=form)
    assert saved.status_code == 422
    assert "Use this parameter only once." in saved.content.decode()
    selection = f"record={hero.pk}-1&{repeated}"
    moved = editor_browser.post("/heroes/selected/team/", selection, content_type=form)
    assert moved.status_code in (400, 422)
    hero.refresh_from_db()
    assert (hero.team, hero.version) == (many_teams[0], 1)


@pytest.mark.parametrize("text", ["null", "%1f", "%1f%1e"])
def test_no_text_is_mistaken_for_a_choice_or_ignored(text, many_teams, visitor_browser):
    assert visitor_browser.get(f"/heroes/?team_text={text}").status_code == 400


def test_a_name_of_many_words_can_be_typed(many_teams, visitor_browser):
    team = TeamFactory(name="a b c d e f g h i j k l")
    response = visitor_browser.get("/heroes/?team_text=A+b+c+d+e+f+g+h+i+j+k+l")
    assert response["Location"] == f"/heroes/?team={team.pk}"


def test_a_typed_name_keeps_the_other_filters(many_teams, visitor_browser):
    query = "id__in=1&id__in=2&ordering=age&ordering=name&team=&team_text=night+watch"
    address = visitor_browser.get(f"/heroes/?{query}")["Location"]
    assert sorted(address.partition("?")[2].split("&")) == sorted(
        ["id__in=1", "id__in=2", "ordering=age", "ordering=name", f"team={many_teams[0].pk}"]
    )


def test_pages_cost_the_same_queries_with_ten_times_as_many_teams(many_teams, editor, administrator):
    hero = HeroFactory(team=many_teams[0])
    addresses = ["/heroes/", "/heroes/?team=null", f"/heroes/{hero.pk}/edit/", "/heroes/new/", "/history/"]
    clients = {"visitor": browser(), "editor": browser(editor), "administrator": browser(administrator)}
    requests = [
        *((clients["visitor"], address) for address in ("/heroes/", "/history/", "/teams/choices/?search=a")),
        *((clients["editor"], address) for address in addresses),
        (clients["administrator"], "/admin/heroes/hero/"),
    ]
    before = [cost(client, address) for client, address in requests]
    TeamFactory.create_batch(10 * MAX_LISTED)
    assert [cost(client, address) for client, address in requests] == before
