"""A record as it was at an instant."""

from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest

from heroes.models import Hero
from heroesite.records.audit.disclosures import Disclosure
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 1, 31, 12, tzinfo=UTC)


@pytest.fixture
def hero():
    """Made at noon, changed at one, deleted at two and brought back at three."""
    team = TeamFactory(name="Night Watch")
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=team)
    hero_id = hero.pk
    hero.name, hero.secret_name, hero.age, hero.team = "Lamp Lighter", "Nora Vane", 42, None
    hero.save()
    hero.delete()
    Hero.from_deleted_entry(Hero.deletion_entry(hero_id)).save()
    for version in range(1, 5):
        Hero.history.filter(version=version).update(history_date=NOON + timedelta(hours=version - 1))
    return Hero.objects.get()


@pytest.mark.parametrize(
    "instant",
    [
        "2026-01-31T12:30:00Z",
        "2026-01-31T12:30",
        "2026-01-31 12:30:00.5",
        "2026-01-31T12:00:00Z",
        "2026-01-31T14:30:00%2B02:00",
        "2026-01-31T14:30:00+02:00",
        "2026-01-31T14:30+0200",
        "2026-01-31T10:30:00-02:00",
        "2026-01-31t12:30:00z",
    ],
)
def test_an_instant_is_understood_however_it_is_written(instant, hero, visitor_program, visitor_browser):
    told = visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of={instant}").json()
    assert (told["version"], told["name"], told["age"]) == (1, "Lamplighter", 41)
    assert "secret_name" not in told
    assert "team" not in told
    page = visitor_browser.get(f"/heroes/{hero.pk}/?as_of={instant}")
    assert page.status_code == 200
    text = read(page).one("main").text
    assert "Values as of" in text
    assert "Night Watch" in text
    assert "Edith Wren" not in text


@pytest.mark.parametrize(("hour", "version"), [(12, 1), (13, 2), (15, 4), (23, 4)])
def test_each_version_holds_until_the_next(hour, version, hero, visitor_program):
    told = visitor_program.get(f"/api/v1/heroes/{hero.pk}/?as_of=2026-01-31T{hour}:59:00Z").json()
    assert told["version"] == version


@pytest.mark.parametrize(
    ("instant", "at_api", "on_page"),
    [
        ("11:59", "No hero had the id", "did not exist yet"),
        ("14:30", "had already been deleted", "had already been deleted"),
    ],
)
def test_before_its_creation_and_while_deleted_there_is_none(
    instant, at_api, on_page, hero, visitor_program, visitor_browser
):
    for answer, message in (
        (visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of=2026-01-31T{instant}"), at_api),
        (visitor_browser.get(f"/heroes/{hero.pk}/?as_of=2026-01-31T{instant}"), on_page),
    ):
        assert answer.status_code == 404
        assert message in answer.content.decode()


def test_what_is_deleted_now_is_shown_as_it_was(hero, visitor_browser, visitor_program):
    hero_id = hero.pk
    hero.delete()
    assert visitor_browser.get(f"/heroes/{hero_id}/?as_of=2026-01-31T13:30").status_code == 200
    assert visitor_program.get(f"/api/v1/heroes/{hero_id}?as_of=2026-01-31T13:30").json()["age"] == 42


@pytest.mark.parametrize(
    "instant",
    [
        "",
        "yesterday",
        "2026-01-31",
        "2026-02-30T12:00:00Z",
        "12:00",
        "2026-01-31T12:00:00+99:00",
        "9" * 400,
        "0001-01-01T00:00:00%2B23:00",
        "9999-12-31T23:59:59-23:00",
        quote("٢٠٢٦-01-31T12:00:00Z"),
        "1769860800",
    ],
)
def test_what_is_no_instant_is_refused(instant, hero, visitor_browser, visitor_program):
    answer = visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of={instant}")
    assert (answer.status_code, answer.json()["errors"][0]["parameter"]) == (400, "as_of")
    answer = visitor_browser.get(f"/heroes/{hero.pk}/?as_of={instant}")
    assert answer.status_code == 400
    words = "Enter a date and time" if instant.strip() else "Give this parameter a value"
    assert f"as_of: {words}" in read(answer).text


def test_an_instant_is_given_once(hero, visitor_browser, visitor_program):
    query = "?as_of=2026-01-31T12:30&as_of=2026-01-31T13:30"
    assert visitor_program.get(f"/api/v1/heroes/{hero.pk}{query}").status_code == 400
    assert visitor_browser.get(f"/heroes/{hero.pk}/{query}").status_code == 400


def test_a_misspelt_parameter_is_told(hero, visitor_program):
    answer = visitor_program.get(f"/api/v1/heroes/{hero.pk}?asof=2026-01-31T12:30")
    assert "Did you mean “as_of”?" in answer.json()["errors"][0]["message"]


def test_the_page_offers_nothing_to_write_and_masks_secrets(hero, administrator_browser):
    answer = administrator_browser.get(f"/heroes/{hero.pk}/?as_of=2026-01-31T12:30")
    main = read(answer).one("main")
    assert not main.all("form")
    assert not main.all("a", class_="button")
    assert "Secret name ••••••••" in main.text
    assert "Edith Wren" not in answer.content.decode()
    assert not Disclosure.objects.exists()


def test_a_keepers_program_is_shown_the_secret_of_then_and_it_is_noted(hero, keeper_program, editor_program):
    address = f"/api/v1/heroes/{hero.pk}?as_of=2026-01-31T12:30"
    answer = keeper_program.get(address)
    assert answer.json()["secret_name"] == "Edith Wren"
    assert "no-store" in answer["Cache-Control"]
    assert Disclosure.objects.get().ids == [hero.pk]
    assert "secret_name" not in editor_program.get(address).json()


def test_an_erased_value_is_none(hero, keeper_program, keeper_browser):
    Hero.history.filter(version=1).update(erased=["secret_name"])
    address = f"heroes/{hero.pk}/?as_of=2026-01-31T12:30"
    assert keeper_program.get(f"/api/v1/{address}").json()["secret_name"] is None
    assert "Secret name erased" in read(keeper_browser.get(f"/{address}")).text
