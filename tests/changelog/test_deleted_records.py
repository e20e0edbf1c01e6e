"""What was deleted is listed, and comes back at a press."""

import pytest

from heroes.models import Hero
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read

pytestmark = pytest.mark.django_db


@pytest.fixture
def gone(keeper_browser):
    """Two heroes that were deleted, one of them twice, and one that came back."""
    heroes = [HeroFactory(name=name) for name in ("Kestrel", "Owl", "Wren")]
    for name in ("Kestrel", "Owl", "Wren"):
        Hero.objects.named([name]).delete()
    for hero in heroes[:2]:
        Hero.from_deleted_entry(Hero.deletion_entry(hero.pk or hero.id)).save()
    Hero.objects.named(["Kestrel"]).delete()
    return heroes


def names(answer):
    return [cell.text for cell in read(answer).one("main").all("th", scope="row")]


def test_they_are_listed_while_they_are_gone_newest_first(gone, visitor_browser):
    answer = visitor_browser.get("/heroes/deleted/")
    assert names(answer) == ["Kestrel", "Wren"]
    assert not read(answer).one("main").all("form"), "a visitor restores nothing"
    assert names(visitor_browser.get("/heroes/deleted/?limit=1&offset=1")) == ["Wren"]
    assert read(visitor_browser.get("/heroes/")).all("a", href="/heroes/deleted/")


def test_by_whom_is_told_to_the_signed_in(visitor_browser, administrator_browser):
    team = TeamFactory(name="Night Watch")
    administrator_browser.post(f"/teams/{team.pk}/delete/")
    assert "administrator" not in read(visitor_browser.get("/teams/deleted/")).one("tbody").text
    assert "administrator" in read(administrator_browser.get("/teams/deleted/")).one("tbody").text


def test_one_comes_back_at_a_press(gone, editor_browser):
    page = read(editor_browser.get("/heroes/deleted/"))
    form = page.one("tbody").all("form")[1]
    assert editor_browser.post(form["action"], form.values()).status_code == 302
    assert names(editor_browser.get("/heroes/deleted/")) == ["Kestrel"]
    assert Hero.objects.named(["Wren"]).exists()


@pytest.mark.parametrize("query", ["limit=0", "page=2", "offset=-1"])
def test_a_query_that_does_not_hold_is_told(query, gone, visitor_browser):
    answer = visitor_browser.get(f"/heroes/deleted/?{query}")
    assert (answer.status_code, names(answer)) == (400, [])


def test_one_whose_name_is_taken_now_comes_back_under_another_with_its_secret_unseen(editor_browser):
    hero = HeroFactory(name="Owl", secret_name="Edith Wren")
    address = f"/heroes/{hero.pk}/restore/"
    hero.delete()
    HeroFactory(name="OWL")

    answer = editor_browser.post(address)

    page = read(answer)
    assert answer.status_code == 409
    assert "Edith Wren" not in answer.content.decode()
    form = form_with(page, "name")
    button = page.one("button", name="bring_back")
    sent = form.values() | {"name": "Night Owl", "bring_back": button["value"]}
    assert editor_browser.post(form["action"], sent).status_code == 302
    assert Hero.objects.get(name="Night Owl").secret_name == "Edith Wren"
