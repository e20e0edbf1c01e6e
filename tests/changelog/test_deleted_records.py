"""Deleted records are listed and can be restored with a button."""

import pytest

from heroes.models import Hero
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def heroes(keeper_browser):
    """Three heroes: one deleted twice, one restored, and one deleted once."""
    heroes = [HeroFactory(name=name) for name in ("Kestrel", "Owl", "Wren")]
    for name in ("Kestrel", "Owl", "Wren"):
        Hero.objects.named([name]).delete()
    for hero in heroes[:2]:
        Hero.from_deleted_entry(Hero.deletion_entry(hero.pk or hero.id)).save()
    Hero.objects.named(["Kestrel"]).delete()
    return heroes


def names(response):
    return [cell.text for cell in read(response).one("main").all("th", scope="row")]


def test_deleted_records_are_listed_newest_first(heroes, visitor_browser):
    response = visitor_browser.get("/heroes/deleted/")
    assert names(response) == ["Kestrel", "Wren"]
    assert not read(response).one("main").all("form"), "visitors cannot restore records"
    assert names(visitor_browser.get("/heroes/deleted/?limit=1&offset=1")) == ["Wren"]
    assert read(visitor_browser.get("/heroes/")).all("a", href="/heroes/deleted/")


def test_signed_in_users_see_who_deleted_a_record(visitor_browser, administrator_browser):
    team = TeamFactory(name="Night Watch")
    administrator_browser.post(f"/teams/{team.pk}/delete/")
    assert "administrator" not in read(visitor_browser.get("/teams/deleted/")).one("tbody").text
    assert "administrator" in read(administrator_browser.get("/teams/deleted/")).one("tbody").text


def test_a_button_restores_a_record(heroes, editor_browser):
    page = read(editor_browser.get("/heroes/deleted/"))
    form = page.one("tbody").all("form")[1]
    assert editor_browser.post(form["action"], form.values()).status_code == 302
    assert names(editor_browser.get("/heroes/deleted/")) == ["Kestrel"]
    assert Hero.objects.named(["Wren"]).exists()


@pytest.mark.parametrize("query", ["limit=0", "page=2", "offset=-1"])
def test_an_invalid_query_is_rejected(query, heroes, visitor_browser):
    response = visitor_browser.get(f"/heroes/deleted/?{query}")
    assert (response.status_code, names(response)) == (400, [])


def test_a_record_is_restored_under_another_name_without_showing_its_secret(editor_browser):
    hero = HeroFactory(name="Owl", secret_name="Edith Wren")
    address = f"/heroes/{hero.pk}/restore/"
    hero.delete()
    HeroFactory(name="OWL")

    response = editor_browser.post(address)

    page = read(response)
    assert response.status_code == 409
    assert "Edith Wren" not in response.content.decode()
    form = form_with(page, "name")
    button = page.one("button", name="restore_version")
    sent = form.values() | {"name": "Night Owl", "restore_version": button["value"]}
    assert editor_browser.post(form["action"], sent).status_code == 302
    assert Hero.objects.get(name="Night Owl").secret_name == "Edith Wren"
