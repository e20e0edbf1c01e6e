"""Views: a query of a list is kept under a name, opened by its link, and dropped."""

import pytest

from heroesite.records.models.saved_views import SavedView
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, read
from tests.people import browser, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader_browser(reader):
    return browser(reader)


def keep(client, query, name):
    return fill_in(client, f"/heroes/?{query}", name=name)


def link_of(name):
    return f"/heroes/views/{SavedView.objects.get(name=name).key}/"


def test_who_is_signed_in_keeps_a_query_without_what_says_nothing(reader_browser):
    answer = keep(reader_browser, "search=&age__gte=7&team=&ordering=-age&offset=0", "Old ones")
    assert (answer.status_code, answer["Location"]) == (302, "/heroes/?age__gte=7&ordering=-age")
    page = read(reader_browser.get("/heroes/?ordering=-age&age__gte=7"))
    [chip] = page.one(id="views").all("a", class_="chip")
    assert (chip.text, chip["aria-current"]) == ("Old ones", "page")


def test_the_link_opens_the_list_for_everybody_who_has_it(reader_browser, visitor_browser):
    HeroFactory(name="Owl", age=8)
    keep(reader_browser, "age__gte=7", "Old ones")
    answer = visitor_browser.get(link_of("Old ones"), follow=True)
    assert answer.redirect_chain == [("/heroes/?age__gte=7", 302)]
    assert "Owl" in read(answer).one("tbody").text


def test_it_is_nobody_elses(reader_browser, editor_browser):
    keep(reader_browser, "age__gte=7", "Old ones")
    assert "Old ones" not in read(editor_browser.get("/heroes/")).text
    assert "Old ones" not in read(editor_browser.get("/heroes/views/")).text
    assert editor_browser.post(f"{link_of('Old ones')}drop/").status_code == 404
    assert SavedView.objects.exists()


def test_its_owner_drops_it(reader_browser, visitor_browser):
    keep(reader_browser, "age__gte=7", "Old ones")
    link = link_of("Old ones")
    assert fill_in(reader_browser, "/heroes/views/").status_code == 302
    assert visitor_browser.get(link).status_code == 404


def test_it_goes_with_its_owner(reader, reader_browser):
    keep(reader_browser, "age__gte=7", "Old ones")
    reader.delete()
    assert not SavedView.objects.exists()


def test_a_name_is_taken_once_whatever_its_case_and_by_oneself_only(reader_browser, editor_browser):
    keep(reader_browser, "age__gte=7", "Old ones")
    answer = keep(reader_browser, "age__gte=8", "OLD ONES")
    assert answer.status_code == 422
    errors = read(answer).one(role="alert").text
    assert "You already have a view with this name. Choose another name." in errors
    assert keep(editor_browser, "age__gte=8", "old ones").status_code == 302


def test_heroes_and_teams_have_views_of_their_own(reader_browser):
    reader_browser.get(keep(reader_browser, "age__gte=7", "Old ones")["Location"])
    assert "Old ones" not in read(reader_browser.get("/teams/views/")).text
    assert reader_browser.get(f"/teams/views/{SavedView.objects.get().key}/").status_code == 404


def test_a_view_that_no_longer_holds_says_why_and_shows_nothing_else(reader_browser, visitor_browser):
    keep(reader_browser, "age=41&ordering=-age", "Watch")
    SavedView.objects.update(query="motto=Vigil&ordering=-age")  # as if that field had been removed
    answer = visitor_browser.get(link_of("Watch"))
    page = read(answer)
    assert answer.status_code == 400
    assert page.one("h1").text == "The view Watch no longer works"
    assert "motto" in page.one(role="alert").text
    links = [link.attributes["href"] for link in page.one(id="content").all("a") if "href" in link.attributes]
    assert "/heroes/?ordering=-age" in links
    assert not page.one(id="content").all("form")
    assert fill_in(reader_browser, link_of("Watch")).status_code == 302
    assert not SavedView.objects.exists()


def test_a_view_of_a_deleted_team_opens_an_empty_list(reader_browser, visitor_browser):
    team = TeamFactory(name="Night Watch")
    keep(reader_browser, f"team={team.pk}&ordering=-age", "Watch")
    team.delete()
    response = visitor_browser.get(link_of("Watch"), follow=True)
    assert response.status_code == 200
    assert "Night Watch (deleted)" in read(response).one("select", name="team").text


def test_a_hundred_are_enough(reader, reader_browser):
    SavedView.objects.bulk_create(
        SavedView(user=reader, kind="heroes.hero", name=f"View {n}", name_key=f"view {n}", query=f"age={n}")
        for n in range(100)
    )
    answer = keep(reader_browser, "age__gte=7", "One more")
    assert answer.status_code == 422
    assert "You already have 100 views. Delete one first." in read(answer).one(role="alert").text


def test_a_closed_register_shows_views_to_the_signed_in_only(settings, reader_browser, visitor_browser):
    keep(reader_browser, "age__gte=7", "Old ones")
    settings.PUBLIC_READ = False
    assert visitor_browser.get(link_of("Old ones")).status_code == 302
    assert "/account/login/" in visitor_browser.get(link_of("Old ones"))["Location"]
    assert browser(person("other")).get(link_of("Old ones"))["Location"] == "/heroes/?age__gte=7"
