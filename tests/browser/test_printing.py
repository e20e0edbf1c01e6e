"""What is printed: the record or the list, and nothing around it."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(("address", "content"), [("/heroes/1/", "Last changed"), ("/heroes/", "Batman")])
def test_a_page_is_printed_without_what_is_around_the_content(address, content, visit):
    page = visit("editor")
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.get_by_text(content).first).to_be_visible()
    for part in ("header.site", "footer", ".filters", "main button", ".choose"):
        for place in page.locator(part).all():
            expect(place).to_be_hidden()
