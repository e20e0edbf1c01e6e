"""The values that a record had at a given time."""

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
    """A hero that was created at noon, changed at one, deleted at two and restored at three."""
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
    "time",
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
def test_a_time_is_accepted_in_any_iso_8601_format(time, hero, visitor_program, visitor_browser):
    record = visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of={time}").json()
    assert (record["version"], record["name"], record["age"]) == (1, "Lamplighter", 41)
    assert "secret_name" not in record
    assert "team" not in record
    page = visitor_browser.get(f"/heroes/{hero.pk}/?as_of={time}")
    assert page.status_code == 200
    text = read(page).one("main").text
    assert "Values as of" in text
    assert "Night Watch" in text
    assert "Edith Wren" not in text


@pytest.mark.parametrize(("hour", "version"), [(12, 1), (13, 2), (15, 4), (23, 4)])
def test_a_version_is_current_until_the_next(hour, version, hero, visitor_program):
    record = visitor_program.get(f"/api/v1/heroes/{hero.pk}/?as_of=2026-01-31T{hour}:59:00Z").json()
    assert record["version"] == version


@pytest.mark.parametrize(
    ("time", "at_api", "on_page"),
    [
        ("11:59", "No hero had the id", "did not exist yet"),
        ("14:30", "had already been deleted", "had already been deleted"),
    ],
)
def test_a_record_is_not_found_before_its_creation_or_while_deleted(
    time, at_api, on_page, hero, visitor_program, visitor_browser
):
    for response, message in (
        (visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of=2026-01-31T{time}"), at_api),
        (visitor_browser.get(f"/heroes/{hero.pk}/?as_of=2026-01-31T{time}"), on_page),
    ):
        assert response.status_code == 404
        assert message in response.content.decode()


def test_a_record_that_is_deleted_now_is_shown_as_of_an_earlier_time(hero, visitor_browser, visitor_program):
    hero_id = hero.pk
    hero.delete()
    assert visitor_browser.get(f"/heroes/{hero_id}/?as_of=2026-01-31T13:30").status_code == 200
    assert visitor_program.get(f"/api/v1/heroes/{hero_id}?as_of=2026-01-31T13:30").json()["age"] == 42


@pytest.mark.parametrize(
    "time",
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
def test_an_invalid_time_is_rejected(time, hero, visitor_browser, visitor_program):
    response = visitor_program.get(f"/api/v1/heroes/{hero.pk}?as_of={time}")
    assert (response.status_code, response.json()["errors"][0]["parameter"]) == (400, "as_of")
    response = visitor_browser.get(f"/heroes/{hero.pk}/?as_of={time}")
    assert response.status_code == 400
    message = "Enter a date and time" if time.strip() else "Give this parameter a value"
    assert f"as_of: {message}" in read(response).text


def test_a_repeated_time_is_rejected(hero, visitor_browser, visitor_program):
    query = "?as_of=2026-01-31T12:30&as_of=2026-01-31T13:30"
    assert visitor_program.get(f"/api/v1/heroes/{hero.pk}{query}").status_code == 400
    assert visitor_browser.get(f"/heroes/{hero.pk}/{query}").status_code == 400


def test_a_misspelled_parameter_is_rejected_with_a_suggestion(hero, visitor_program):
    response = visitor_program.get(f"/api/v1/heroes/{hero.pk}?asof=2026-01-31T12:30")
    assert "Did you mean “as_of”?" in response.json()["errors"][0]["message"]


def test_the_page_has_no_buttons_and_masks_secrets(hero, administrator_browser):
    response = administrator_browser.get(f"/heroes/{hero.pk}/?as_of=2026-01-31T12:30")
    main = read(response).one("main")
    assert not main.all("form")
    assert not main.all("a", class_="button")
    assert "Secret name ••••••••" in main.text
    assert "Edith Wren" not in response.content.decode()
    assert not Disclosure.objects.exists()


def test_a_keeper_reads_the_secret_and_the_access_is_logged(hero, keeper_program, editor_program):
    address = f"/api/v1/heroes/{hero.pk}?as_of=2026-01-31T12:30"
    response = keeper_program.get(address)
    assert response.json()["secret_name"] == "Edith Wren"
    assert "no-store" in response["Cache-Control"]
    assert Disclosure.objects.get().ids == [hero.pk]
    assert "secret_name" not in editor_program.get(address).json()


def test_an_erased_value_is_null(hero, keeper_program, keeper_browser):
    Hero.history.filter(version=1).update(erased=["secret_name"])
    address = f"heroes/{hero.pk}/?as_of=2026-01-31T12:30"
    assert keeper_program.get(f"/api/v1/{address}").json()["secret_name"] is None
    assert "Secret name erased" in read(keeper_browser.get(f"/{address}")).text
