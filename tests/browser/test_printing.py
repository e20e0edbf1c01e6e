"""Printed pages contain only the record or the list."""

import pytest
from playwright.sync_api import expect


@pytest.mark.parametrize(("address", "content"), [("/heroes/1/", "Last changed"), ("/heroes/", "Batman")])
def test_a_page_is_printed_without_navigation_and_controls(address, content, visit):
    page = visit("editor")
    page.goto(address)
    page.emulate_media(media="print")
    expect(page.get_by_text(content).first).to_be_visible()
    for selector in ("header.site", "footer", ".filters", "main button", ".select-cell"):
        for element in page.locator(selector).all():
            expect(element).to_be_hidden()
