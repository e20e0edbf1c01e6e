"""Saved views: the query of a list is saved with a name, opened with its link, and deleted."""

import pytest

from heroesite.records.models.saved_views import SavedView
from tests.factories import HeroFactory, TeamFactory
from tests.markup import fill_in, read
from tests.people import browser, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader_browser(reader):
    return browser(reader)


def save_view(client, query, name):
    return fill_in(client, f"/heroes/?{query}", name=name)


def link_of(name):
    return f"/heroes/views/{SavedView.objects.get(name=name).key}/"


def test_a_signed_in_user_can_save_a_view_without_its_empty_parameters(reader_browser):
    response = save_view(reader_browser, "search=&age__gte=7&team=&ordering=-age&offset=0", "Old ones")
    assert (response.status_code, response["Location"]) == (302, "/heroes/?age__gte=7&ordering=-age")
    page = read(reader_browser.get("/heroes/?ordering=-age&age__gte=7"))
    [chip] = page.one(id="views").all("a", class_="chip")
    assert (chip.text, chip["aria-current"]) == ("Old ones", "page")


def test_anyone_with_the_link_can_open_a_view(reader_browser, visitor_browser):
    HeroFactory(name="Owl", age=8)
    save_view(reader_browser, "age__gte=7", "Old ones")
    response = visitor_browser.get(link_of("Old ones"), follow=True)
    assert response.redirect_chain == [("/heroes/?age__gte=7", 302)]
    assert "Owl" in read(response).one("tbody").text


def test_other_users_cannot_list_or_delete_a_view(reader_browser, editor_browser):
    save_view(reader_browser, "age__gte=7", "Old ones")
    assert "Old ones" not in read(editor_browser.get("/heroes/")).text
    assert "Old ones" not in read(editor_browser.get("/heroes/views/")).text
    assert editor_browser.post(f"{link_of('Old ones')}delete/").status_code == 404
    assert SavedView.objects.exists()


def test_its_owner_can_delete_it(reader_browser, visitor_browser):
    save_view(reader_browser, "age__gte=7", "Old ones")
    link = link_of("Old ones")
    assert fill_in(reader_browser, "/heroes/views/").status_code == 302
    assert visitor_browser.get(link).status_code == 404


def test_a_view_is_deleted_with_its_owner(reader, reader_browser):
    save_view(reader_browser, "age__gte=7", "Old ones")
    reader.delete()
    assert not SavedView.objects.exists()


def test_view_names_are_unique_per_user_ignoring_case(reader_browser, editor_browser):
    save_view(reader_browser, "age__gte=7", "Old ones")
    response = save_view(reader_browser, "age__gte=8", "OLD ONES")
    assert response.status_code == 422
    errors = read(response).one(role="alert").text
    assert "You already have a view with this name. Choose another name." in errors
    assert save_view(editor_browser, "age__gte=8", "old ones").status_code == 302


def test_views_belong_to_one_record_type(reader_browser):
    reader_browser.get(save_view(reader_browser, "age__gte=7", "Old ones")["Location"])
    assert "Old ones" not in read(reader_browser.get("/teams/views/")).text
    assert reader_browser.get(f"/teams/views/{SavedView.objects.get().key}/").status_code == 404


def test_an_outdated_view_shows_the_error_and_no_records(reader_browser, visitor_browser):
    save_view(reader_browser, "age=41&ordering=-age", "Watch")
    SavedView.objects.update(query="motto=Vigil&ordering=-age")  # as if that field had been removed
    response = visitor_browser.get(link_of("Watch"))
    page = read(response)
    assert response.status_code == 400
    assert page.one("h1").text == "The view Watch no longer works"
    assert "motto" in page.one(role="alert").text
    links = [link.attributes["href"] for link in page.one(id="content").all("a") if "href" in link.attributes]
    assert "/heroes/?ordering=-age" in links
    assert not page.one(id="content").all("form")
    assert fill_in(reader_browser, link_of("Watch")).status_code == 302
    assert not SavedView.objects.exists()


def test_a_view_of_a_deleted_team_opens_an_empty_list(reader_browser, visitor_browser):
    team = TeamFactory(name="Night Watch")
    save_view(reader_browser, f"team={team.pk}&ordering=-age", "Watch")
    team.delete()
    response = visitor_browser.get(link_of("Watch"), follow=True)
    assert response.status_code == 200
    assert "Night Watch (deleted)" in read(response).one("select", name="team").text


def test_a_user_can_save_at_most_100_views(reader, reader_browser):
    SavedView.objects.bulk_create(
        SavedView(user=reader, kind="heroes.hero", name=f"View {n}", name_key=f"view {n}", query=f"age={n}")
        for n in range(100)
    )
    response = save_view(reader_browser, "age__gte=7", "One more")
    assert response.status_code == 422
    assert "You already have 100 views. Delete one first." in read(response).one(role="alert").text


def test_a_closed_register_shows_views_to_the_signed_in_only(settings, reader_browser, visitor_browser):
    save_view(reader_browser, "age__gte=7", "Old ones")
    settings.PUBLIC_READ = False
    assert visitor_browser.get(link_of("Old ones")).status_code == 302
    assert "/account/login/" in visitor_browser.get(link_of("Old ones"))["Location"]
    assert browser(person("other")).get(link_of("Old ones"))["Location"] == "/heroes/?age__gte=7"
