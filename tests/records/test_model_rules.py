"""The rules of heroes and teams, which the models check and the database enforces as well."""

import unicodedata

import pytest
from django.core.exceptions import ValidationError
from django.db import DataError, IntegrityError, connection, transaction
from django.test.utils import isolate_apps
from hypothesis import example, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.models.base import Record
from heroesite.records.models.fields import FoldedField, LineField
from heroesite.text import fold, is_visible, normalize
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory

pytestmark = pytest.mark.django_db

REQUIRED = "This field is required."
LONG = "Ensure this value has at most {} characters (it has {})."
FROM_TO = "Enter a whole number from 0 to 1,000,000."
INVISIBLE = "Enter at least one visible character."
NO_RECORD = "There is no such record. Choose one from the register."


def errors_of(record):
    """Return the errors that the model finds in ``record``, by field."""
    try:
        record.full_clean()
    except ValidationError as error:
        return error.message_dict
    return {}


def hero(**values):
    return Hero(**{"name": "Owl", "secret_name": "Edith Wren"} | values)


def team(**values):
    return Team(**{"name": "Owls", "headquarters": "The Old Lighthouse"} | values)


def character_error(character, name="", place=1):
    character_name = f"U+{ord(character):04X} {name}".strip()
    return f"Character {place} is {character_name}, which isn't allowed. Remove it."


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (hero(), {}),
        (hero(name="x" * 100, secret_name="y" * 100, age=0), {}),
        (hero(age=1_000_000), {}),
        (hero(name="🦸‍♀️ Σίσυφος — O'Hara"), {}),
        (team(name="x" * 100, headquarters="y" * 200), {}),
        (hero(name=""), {"name": [REQUIRED]}),
        (hero(name="  \t "), {"name": [REQUIRED]}),
        (hero(name=None), {"name": [REQUIRED]}),
        (hero(secret_name=""), {"secret_name": [REQUIRED]}),
        (team(headquarters=" "), {"headquarters": [REQUIRED]}),
        (Hero(), {"name": [REQUIRED], "secret_name": [REQUIRED]}),
        (Team(), {"name": [REQUIRED], "headquarters": [REQUIRED]}),
        (hero(name="x" * 101), {"name": [LONG.format(100, 101)]}),
        (hero(secret_name="x" * 101), {"secret_name": [LONG.format(100, 101)]}),
        (team(headquarters="x" * 201), {"headquarters": [LONG.format(200, 201)]}),
        (hero(age=-1), {"age": [FROM_TO]}),
        (hero(age=1_000_001), {"age": [FROM_TO]}),
        (hero(age=2**63), {"age": [FROM_TO]}),
        (hero(age="old"), {"age": ["Enter a whole number, such as 41."]}),
        (hero(team_id=999_999), {"team": [NO_RECORD]}),
        (hero(name="\u200d\u3164"), {"name": [INVISIBLE]}),
        (hero(name="\u2800"), {"name": [INVISIBLE]}),
        (hero(secret_name="\u00ad"), {"secret_name": [INVISIBLE]}),
        (hero(name="a\0b"), {"name": [character_error("\0", place=2)]}),
        (hero(name="a\nb"), {"name": [character_error("\n", place=2)]}),
        (hero(name="\u202eb"), {"name": [character_error("\u202e", "RIGHT-TO-LEFT OVERRIDE")]}),
        (hero(name="a\u200bb"), {"name": [character_error("\u200b", "ZERO WIDTH SPACE", place=2)]}),
        (hero(name="\ufeffb"), {"name": [character_error("\ufeff", "ZERO WIDTH NO-BREAK SPACE")]}),
        (hero(name="\uffff"), {"name": [character_error("\uffff")]}),
    ],
)
def test_a_model_reports_each_error_with_a_message(record, expected):
    assert errors_of(record) == expected


@pytest.mark.parametrize("name", ["owl", "OWL", " Owl ", "ｏｗｌ", "O\u00adwl"])
def test_a_name_is_taken_in_any_case(name):
    HeroFactory(name="Owl")
    TeamFactory(name="Owl")
    message = "There is already a {} named “Owl”. Choose another name."
    assert errors_of(hero(name=name)) == {"name": [message.format("hero")]}
    assert errors_of(team(name=name)) == {"name": [message.format("team")]}


@pytest.mark.parametrize(
    ("taken", "name"),
    [
        ("Straße", "STRASSE"),
        ("ﬁre", "FIRE"),
        ("É", "e\u0301"),
        ("Σίσυφος", "ΣΊΣΥΦΟΣ"),
        ("e\u00ad\u0301", "é"),
    ],
)
def test_a_name_is_taken_in_any_normal_form(taken, name):
    HeroFactory(name=taken)
    assert list(errors_of(hero(name=name))) == ["name"]


def test_a_records_own_name_is_not_taken():
    owl = HeroFactory(name="Owl")
    owl.name = "OWL"
    assert errors_of(owl) == {}
    owl.save()
    assert Hero.objects.get().name == "OWL"


def test_a_hero_and_a_team_can_have_the_same_name():
    HeroFactory(name="Owl")
    assert errors_of(team(name="Owl")) == {}


def test_a_name_with_too_many_ligatures_of_words_is_an_error():
    message = "Too many of these characters stand for whole words. Spell the words out."
    assert errors_of(hero(name="ﷺ" * 100)) == {"name": [message]}
    assert errors_of(hero(name="ﷺ" * 10)) == {}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("  Owl  ", "Owl"),
        ("Night   Owl", "Night Owl"),
        ("Night \t\u00a0\u2003 Owl", "Night Owl"),
        ("\u3000Owl\n", "Owl"),
        ("E\u0301clair", "Éclair"),
        ("\u212b", "Å"),
        ("ﬁre", "ﬁre"),
        ("Straße", "Straße"),
    ],
)
def test_text_is_normalised_when_saved(value, expected):
    record = hero(name=value, secret_name=value)
    record.full_clean()
    record.save()
    row = Hero.objects.get()
    assert (row.name, row.secret_name, row.name_key) == (expected, expected, fold(expected))


def test_the_length_is_that_of_the_normalised_text():
    assert errors_of(hero(name=" " + "e\u0301" * 100 + "  ")) == {}
    assert errors_of(hero(name="e\u0301" * 101)) == {"name": [LONG.format(100, 101)]}


def test_the_folded_name_follows_the_name():
    record = HeroFactory(name="Straße")
    assert record.name_key == "strasse"
    record.name = "ÉCLAIR"
    record.save()
    assert Hero.objects.get().name_key == "éclair"
    place = TeamFactory(headquarters="Lange Straße")
    assert Team.objects.get().headquarters_key == place.headquarters_key == "lange strasse"


# Characters that join, vanish or become several when they are normalised or folded.
JOINERS = "aeEßſﬁİıΣςΐ\u0301\u0307\u0308\u0345\u00ad\u200d\u034f\u115f\u3164 \t\u00a0\u3000ﷺ①Ⅷ𝔸가\u1100\u1161"
LINES = st.text(
    st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(JOINERS)),
    max_size=12,
)
thorough = settings(max_examples=1000, deadline=None)


@thorough
@given(LINES)
@example("e\u00ad\u0301")
@example("\u1100\u034f\u1161")
def test_folding_is_idempotent(text):
    assert fold(fold(text)) == fold(text)


@thorough
@given(LINES)
def test_normalising_is_idempotent(text):
    once = normalize(text)
    assert normalize(once) == once
    assert unicodedata.is_normalized("NFC", once)
    assert once == once.strip()
    assert "  " not in once


@thorough
@given(LINES)
def test_folding_ignores_case_and_normal_form(text):
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert fold(unicodedata.normalize(form, text)) == fold(text)
    assert fold(unicodedata.normalize("NFKC", text).casefold()) == fold(text)
    assert fold(normalize(text)) == fold(text)


@thorough
@given(LINES)
def test_visible_text_has_a_folded_form(text):
    if is_visible(text):
        assert fold(text)


def test_names_are_ordered_by_their_folded_form_on_every_database():
    names = [
        "zebra",
        "Zed",
        "éclair",
        "Eclair",
        "10",
        "9",
        "Ωmega",
        "a b",
        "a-b",
        "aB",
        "_",
        "~",
        "Straße",
        "漢",
    ]
    for name in names:
        HeroFactory(name=name)
    assert list(Hero.objects.values_list("name", flat=True)) == sorted(names, key=fold)


# Rules that the database enforces ------------------------------------------------------------------


def bypass(record, column, value):
    """Write ``value`` with SQL, which bypasses the rules of the model."""
    table = connection.ops.quote_name(record._meta.db_table)
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {column} = %s WHERE id = %s", [value, record.pk])


@pytest.mark.parametrize(
    ("factory", "column", "value"),
    [
        (HeroFactory, "age", -1),
        (HeroFactory, "age", 1_000_001),
        (HeroFactory, "version", 0),
        (HeroFactory, "version", -1),
        (HeroFactory, "version", None),
        (HeroFactory, "name", ""),
        (HeroFactory, "name", None),
        (HeroFactory, "name", "x" * 101),
        (HeroFactory, "secret_name", ""),
        (HeroFactory, "secret_name", None),
        (HeroFactory, "secret_name", "x" * 101),
        (HeroFactory, "name_key", None),
        (TeamFactory, "version", 0),
        (TeamFactory, "name", ""),
        (TeamFactory, "name", "x" * 101),
        (TeamFactory, "headquarters", ""),
        (TeamFactory, "headquarters", "x" * 201),
    ],
)
def test_the_database_rejects_what_the_model_rejects(factory, column, value):
    record = factory()
    # PostgreSQL raises DataError for a text that is too long, and IntegrityError for all else.
    with pytest.raises((IntegrityError, DataError) if value and value != -1 else IntegrityError):
        bypass(record, column, value)
    assert getattr(type(record).objects.get(), column) == getattr(record, column)


@pytest.mark.parametrize(("column", "value"), [("age", 0), ("age", 1_000_000), ("age", None), ("version", 9)])
def test_the_database_accepts_what_the_model_accepts(column, value):
    record = HeroFactory()
    bypass(record, column, value)
    assert getattr(Hero.objects.get(), column) == value


@pytest.mark.parametrize("model", [Hero, Team])
def test_the_database_rejects_a_second_record_with_the_same_name(model):
    factory = HeroFactory if model is Hero else TeamFactory
    factory(name="Straße")
    other = factory(name="Other")
    with pytest.raises(IntegrityError):
        bypass(other, "name_key", "strasse")
    with pytest.raises(IntegrityError), transaction.atomic():
        factory(name="STRASSE")
    with pytest.raises(IntegrityError):
        model.objects.create_all([factory.build(name="Third"), factory.build(name="STRASSE")])
    assert sorted(model.objects.values_list("name", flat=True)) == ["Other", "Straße"]


@pytest.mark.parametrize("values", [{"age": -1}, {"name": ""}, {"secret_name": ""}, {"version": 0}])
def test_the_database_rejects_all_rows_if_one_is_invalid(values):
    heroes = [HeroFactory.build(), HeroFactory.build(**values)]
    with pytest.raises(IntegrityError):
        Hero.objects.create_all(heroes)
    assert not Hero.objects.exists()


def test_the_database_rejects_an_unknown_team():
    """PostgreSQL checks it when the link is written, SQLite with ``check_constraints``."""

    @transaction.atomic
    def link_to_nothing() -> None:
        bypass(record, "team_id", 999_999)
        connection.check_constraints()

    record = HeroFactory()
    with pytest.raises(IntegrityError):
        link_to_nothing()
    record.refresh_from_db()
    assert record.team is None


@isolate_apps("teams")
def test_a_new_text_field_without_restrictions_gets_a_folded_copy():
    class Guild(Record):
        FIELDS = ("name", "motto", "password")
        RESTRICTED = {"password": "teams.view_password"}

        motto = LineField("motto", max_length=30)
        password = LineField("password", max_length=30)

        class Meta(Record.Meta):
            app_label = "teams"

    assert {field.name for field in Guild._meta.fields if isinstance(field, FoldedField)} == {
        "name_key",
        "search_key",
        "motto_key",
    }
    parameters = type("GuildFilterSet", (RecordFilterSet,), {"Meta": type("Meta", (), {"model": Guild})})
    assert {"motto", "motto__icontains", "name"} <= set(parameters.base_filters)
    assert not [name for name in parameters.base_filters if "password" in name]
