"""Light and dark: as the system has it, or as one chose it."""

import pytest
from playwright.sync_api import expect

BACKGROUND = "getComputedStyle(document.body).backgroundColor"


@pytest.fixture
def grounds(visit):
    """The backgrounds of a light and of a dark page."""
    found = []
    for scheme in ("light", "dark"):
        page = visit(color_scheme=scheme)
        page.goto("/")
        found.append(page.evaluate(BACKGROUND))
    return found


def test_the_system_decides_until_one_chooses_and_the_choice_stays(visit, grounds):
    light, dark = grounds
    assert light != dark
    page = visit(color_scheme="light")
    page.goto("/")
    page.get_by_label("Colours").select_option(label="dark")
    assert page.evaluate(BACKGROUND) == dark
    page.goto("/heroes/")
    assert page.evaluate(BACKGROUND) == dark
    expect(page.get_by_label("Colours")).to_have_value("dark")
    page.get_by_label("Colours").select_option(label="as the system has them")
    assert page.evaluate(BACKGROUND) == light


def test_what_is_printed_is_the_record_or_the_list_and_nothing_around_it(visit):
    page = visit("editor")
    for address, shown in (("/heroes/1/", "Last changed"), ("/heroes/", "Batman")):
        page.goto(address)
        page.emulate_media(media="print")
        expect(page.get_by_text(shown).first).to_be_visible()
        for part in ("header.site", "footer", ".filters", "main button", ".choose"):
            for place in page.locator(part).all():
                expect(place).to_be_hidden()
