"""A search ignores case, spaces and punctuation, in the same way on both databases and at every interface."""

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.text import FORBIDDEN, fold, is_visible, normalize, search_key
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program
from tests.searching import compared, is_found

pytestmark = pytest.mark.django_db
thorough = settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
SIMILAR = ["Spider-Man", "Spider Man", "Spiderman", "SPIDER—MAN II", "“Spider”, Man", "The Spiderman Twins"]


def as_line(text):
    return normalize(FORBIDDEN.sub("", text))


def fits(name):
    return is_visible(name) and 0 < len(name) <= 100 and 0 < len(fold(name)) <= 400


CHARACTERS = st.one_of(
    st.characters(exclude_categories=["Cc", "Cs"]),
    st.characters(categories=["P", "Zs", "Cf", "Mn", "Sk", "Sm"]),
    st.sampled_from("aAbBß éÉ-'%_\\\"*().!$¨İﷺ漢😀\u00a0\u00ad\u0600\u0301\u200d"),
)
NAMES = st.text(CHARACTERS, min_size=1, max_size=12).map(as_line).filter(fits)


def unique(names):
    return list({fold(name): name for name in names}.values())


@st.composite
def searches(draw, names):
    """Return up to three terms: parts of one of the names, or any text."""
    name = draw(st.sampled_from(names))
    part = st.slices(len(name)).map(lambda found: name[found])
    term = st.one_of(part, part.map(str.swapcase), part.map("-".join), st.text(CHARACTERS, max_size=3))
    return draw(st.lists(term.map(as_line).filter(fold), min_size=1, max_size=3))


@thorough
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=12).map(unique))
def test_a_search_finds_what_its_definition_says(data, names):
    Hero.objects.unrecorded().delete()
    Hero.objects.create_all([Hero(name=name, secret_name="x") for name in names])
    for _search in range(5):
        terms = data.draw(searches(names))
        found = set(Hero.objects.search(terms).values_list("name", flat=True))
        assert found == {name for name in names if is_found(terms, name)}


@thorough
@given(data=st.data(), names=st.lists(NAMES, min_size=1, max_size=12).map(unique))
def test_a_filter_by_a_part_of_the_name_includes_spaces_and_punctuation(data, names):
    Hero.objects.unrecorded().delete()
    Hero.objects.create_all([Hero(name=name, secret_name="x") for name in names])
    for _search in range(5):
        part = " ".join(fold(term) for term in data.draw(searches(names)))
        found = set(Hero.objects.filter(name_key__contains=part).values_list("name", flat=True))
        assert found == {name for name in names if part in fold(name)}


@given(name=NAMES)
@example("Cloak & Dagger")
@example("- - -")
@example("O'Brien-Ó Briain")
def test_a_key_has_the_whole_name_and_the_start_of_each_word(name):
    words = [word for word in map(compared, fold(name).split(" ")) if word] or fold(name).split(" ")
    whole, *others = search_key(name).removeprefix("  ").split("  ")
    assert (whole, others) == ("".join(words), [word[:2] for word in words[1:]])


FOUND = {
    "spiderman": SIMILAR,
    "spider-man": SIMILAR,
    "spider man": SIMILAR,
    "Spider’Man": SIMILAR,
    "(spider)": SIMILAR,
    "man spider -": SIMILAR,
    "derm": SIMILAR,
    "sp": SIMILAR,
    "ma": ["Spider Man", "“Spider”, Man"],
    "-m-a-": ["Spider Man", "“Spider”, Man"],
    "obrien": ["O'Brien"],
    "o brien": ["O'Brien"],
    "o’b": ["O'Brien"],
    "br": [],
    "cloak dagger": ["Cloak & Dagger"],
    "cloak & dagger": ["Cloak & Dagger"],
    "shield": ["S.H.I.E.L.D."],
    "!": ["!!!"],
    "!!!": ["!!!"],
    "! !": ["!!!"],
    "?": [],
    "& !": [],
    "$": ["$ Bill"],
}
"""The names that each of these searches finds."""


def test_spaces_and_punctuation_are_ignored_at_every_interface(editor):
    for name in [*SIMILAR, "O'Brien", "Cloak & Dagger", "S.H.I.E.L.D.", "!!!", "$ Bill", "Pider"]:
        HeroFactory(name=name, team=None)
    visitor, api, staff = browser(), program(), browser(editor)
    with Cases() as case:
        for search, names in FOUND.items():
            with case(search):
                page = read(visitor.get("/heroes/", {"search": search}))
                assert sorted(cell.text for cell in page.all("th", scope="row")) == sorted(names)
                rows = api.get("/api/v1/heroes/", {"search": search}).json()["results"]
                assert sorted(row["name"] for row in rows) == sorted(names)
                changelist = read(staff.get("/admin/heroes/hero/", {"q": search}))
                cells = changelist.all("th", class_="field-name")
                assert sorted(cell.text for cell in cells) == sorted(names)
                links = read(visitor.get("/search/", {"search": search})).one("main").all("bdi")
                assert sorted(link.text for link in links) == sorted(names)
                choices = staff.get("/heroes/choices/", {"search": search}).json()["results"]
                assert sorted(choice["name"] for choice in choices) == sorted(names)


def test_the_choices_begin_with_names_that_start_with_the_text(editor):
    for name in ["A Night Owl", "Night-Owl", "Nightowls"]:
        TeamFactory(name=name)
    choices = browser(editor).get("/teams/choices/", {"search": "night owl"}).json()["results"]
    assert [choice["name"] for choice in choices] == ["Night-Owl", "Nightowls", "A Night Owl"]


def assert_keys_are_current():
    for name, key in Hero.objects.values_list("name", "search_key"):
        assert key == search_key(name)


def test_each_way_of_writing_a_name_updates_its_key():
    hero = HeroFactory(name="Spider-Man")
    hero.name = "Night Owl"
    hero.save()
    assert_keys_are_current()
    assert Hero.objects.search(["nightowl"]).get() == hero
    Hero.objects.create_all([Hero(name="Bat-Man", secret_name="x"), Hero(name="Ant Man", secret_name="x")])
    assert_keys_are_current()
    heroes = Hero.objects.locked()
    for number, each in enumerate(heroes):
        each.name = f"Changed-{number} Name"
    Hero.objects.change_all(heroes, ["name"])
    assert_keys_are_current()
    Hero.objects.filter(pk=hero.pk).update(name="Updated Once-More")
    assert_keys_are_current()
    assert Hero.objects.search(["oncemore"]).get() == hero


def test_a_write_of_another_field_does_not_write_the_key():
    hero = HeroFactory(name="Spider-Man", age=1)
    Hero.objects.unrecorded().update(search_key="  unchanged")
    hero.age = 2
    hero.save()
    assert Hero.objects.values_list("search_key", flat=True).get() == "  unchanged"


def test_a_name_that_folding_makes_much_longer_has_a_key():
    name = "ﷺ" * 20 + "﷼"
    assert (len(name), len(fold(name))) == (21, 364)
    hero = HeroFactory(name=name)
    assert len(hero.search_key) > 400
    assert Hero.objects.search([fold("﷼")]).get() == hero


def test_no_search_finds_a_secret_name():
    HeroFactory(name="Spider-Man", secret_name="Peter-Parker")
    assert not Hero.objects.search(["peterparker"])
    assert not Hero.objects.search(["pe"])
