"""All interfaces accept the same values and reject the others with the same messages."""

import unicodedata
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.text import BLANKS
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory

from .interfaces import all_interfaces

pytestmark = pytest.mark.django_db

# A form travels as UTF-8, which has no lone surrogates; the corpus of bad input sends those as JSON.
CHARACTERS = st.characters(exclude_categories=["Cs"])
ODD = st.sampled_from(
    [
        "",
        "e\u0301",
        "<b>",
        "&amp;",
        *" \t\n\0\x07é\u200b\u200d\u202e\ufeff\uffff\ufffd\u3164\u00a0\u2028\U0001fffeﬁßİﷺ𝔸🦸'\"%\\",
    ]
)
WORDS = st.sampled_from(["Batman", "batman", "BATMAN ", "Straße", "STRASSE", "The  Owl", "the owl", "Taken"])
LINES = st.one_of(
    WORDS,
    st.text(CHARACTERS, max_size=12),
    st.lists(st.one_of(ODD, WORDS), max_size=5).map("".join),
    st.builds(
        lambda letter, count: letter * count, st.sampled_from("aé🦸ﷺ "), st.sampled_from([99, 100, 101, 201])
    ),
)
AGES = st.one_of(
    st.none(),
    st.integers(-2, 2),
    st.integers(999_999, 1_000_001),
    st.integers(-(10**30), 10**30),
    st.sampled_from([2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63) - 1]),
)
TEAMS = st.sampled_from([None, "taken", "unknown", 0, 2**31, 2**63 - 1, 2**63, 10**30])

HEROES = st.fixed_dictionaries({"name": LINES, "secret_name": LINES, "age": AGES, "team": TEAMS})
TEAM_VALUES = st.fixed_dictionaries({"name": LINES, "headquarters": LINES})


@contextmanager
def undone() -> Any:
    """Roll back what the block writes, so that each interface starts with the same records."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def row_of(model: Any, pk: int | None) -> dict[str, Any] | None:
    """The row that a interface wrote, without what differs from write to write."""
    row = (
        model.objects.filter(pk=pk).values().first() if pk else model.objects.order_by("-pk").values().first()
    )
    return {name: value for name, value in row.items() if name not in ("id", "created_at", "updated_at")}


def send_to_all(
    interfaces: dict[str, Any], model: Any, values: dict[str, Any], pk: int | None = None
) -> None:
    verdicts, rows = {}, {}
    for name, interface in interfaces.items():
        with undone():
            before = model.objects.count()
            verdicts[name] = interface.send(values, pk)
            rows[name] = row_of(model, pk) if verdicts[name].accepted else model.objects.count() - before
    assert verdicts["page"] == verdicts["admin"] == verdicts["api"]
    assert rows["page"] == rows["admin"] == rows["api"]


many = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture
def taken() -> Team:
    HeroFactory(name="Taken")
    return TeamFactory(name="Taken")


@pytest.fixture
def hero_interfaces(keeper: Any) -> dict[str, Any]:
    return all_interfaces(keeper, Hero)


@pytest.fixture
def team_interfaces(editor: Any) -> dict[str, Any]:
    return all_interfaces(editor, Team)


def resolve(values: dict[str, Any], taken: Team) -> dict[str, Any]:
    """Values whose team, if given, is a number."""
    return {
        **values,
        "team": {"taken": taken.pk, "unknown": taken.pk + 1000}.get(values["team"], values["team"]),
    }


@many
@given(values=HEROES)
@example(values={"name": "Owl", "secret_name": "O", "age": 7, "team": "taken"})
@example(values={"name": "tAKEN", "secret_name": "", "age": -1, "team": "unknown"})
def test_the_interfaces_agree_about_a_new_hero(values: Any, hero_interfaces: Any, taken: Team) -> None:
    send_to_all(hero_interfaces, Hero, resolve(values, taken))


@many
@given(
    values=HEROES.filter(
        lambda values: BLANKS.sub(" ", unicodedata.normalize("NFC", values["secret_name"])).strip()
    )
)
def test_the_interfaces_agree_about_a_changed_hero(values: Any, hero_interfaces: Any, taken: Team) -> None:
    """A blank secret name in a form means "unchanged", for which JSON omits it: see the next test."""
    send_to_all(
        hero_interfaces, Hero, resolve(values, taken), HeroFactory(name=f"Old {Hero.objects.count()}").pk
    )


def test_an_editor_cannot_clear_the_secret_name_at_any_interface(editor: Any) -> None:
    for number, (name, interface) in enumerate(all_interfaces(editor, Hero).items()):
        hero = HeroFactory(secret_name="Kept")
        values = {"name": f"New {number}", "age": 7, "team": None}
        if name != "api":
            values["secret_name"] = ""
        assert interface.send(values, hero.pk).accepted
        hero.refresh_from_db()
        assert (hero.name, hero.secret_name, hero.version) == (f"New {number}", "Kept", 2)


@many
@given(values=TEAM_VALUES)
def test_the_interfaces_agree_about_a_new_team(values: Any, team_interfaces: Any, taken: Team) -> None:
    send_to_all(team_interfaces, Team, values)


@many
@given(values=TEAM_VALUES)
def test_the_interfaces_agree_about_a_changed_team(values: Any, team_interfaces: Any, taken: Team) -> None:
    send_to_all(team_interfaces, Team, values, TeamFactory(name=f"Old {Team.objects.count()}").pk)
