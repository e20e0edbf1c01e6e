"""Scripts update a list while the user types, and its address with it."""

import re

from playwright.sync_api import expect

TRANSFER_SIZES = """
["navigation", "resource"]
  .flatMap((type) => performance.getEntriesByType(type))
  .map((entry) => entry.transferSize)
"""
"""The bytes of the page and of each file that it loaded, with their headers."""
CLICK_WHEN_THE_LIST_CHANGES = """
window.sameDocument = true;
new MutationObserver((_changes, observer) => {
  observer.disconnect();
  document.querySelector("#order-age").click();
}).observe(document.querySelector("#tally"), { childList: true });
"""


def test_a_list_and_its_address_are_updated_while_the_user_types(visit):
    page = visit()
    page.goto("/heroes/")
    page.evaluate("window.sameDocument = true")
    page.get_by_role("main").get_by_label("Search").press_sequentially("bat")
    expect(page.locator("#tally")).to_have_text("1–1 of 1")
    expect(page).to_have_url(re.compile(r"/heroes/\?search=bat$"))
    assert page.evaluate("window.sameDocument")
    expect(page.get_by_role("main").get_by_label("Search")).to_be_focused()


def test_the_back_button_restores_the_previous_filters(visit):
    page = visit()
    page.goto("/heroes/?search=man")
    page.get_by_role("columnheader", name="Age").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"ordering=age"))
    page.get_by_role("main").get_by_label("Search").fill("bat")
    expect(page).to_have_url(re.compile(r"search=bat&ordering=age"))
    for search, ordering in (("man", "ordering=age"), ("man", "man$")):
        page.go_back()
        expect(page).to_have_url(re.compile(ordering))
        expect(page.get_by_role("main").get_by_label("Search")).to_have_value(search)
        expect(page.locator("#tally")).to_have_text("1–12 of 12")
    page.go_forward()
    expect(page.get_by_role("columnheader", name="Age")).to_have_attribute("aria-sort", "ascending")


def test_the_column_header_keeps_the_focus(visit):
    page = visit()
    page.goto("/heroes/")
    link = page.get_by_role("columnheader", name="Age").get_by_role("link")
    link.press("Enter")
    expect(page.get_by_role("columnheader", name="Age")).to_have_attribute("aria-sort", "ascending")
    expect(link).to_be_focused()


def test_a_list_is_not_stored_in_the_browser(visit):
    page = visit("editor")
    page.goto("/heroes/?search=man")
    page.get_by_role("columnheader", name="Age").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"ordering=age"))
    stored = page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}])")
    assert "Batman" not in stored
    assert "<" not in stored


def test_a_list_is_that_of_a_visitor_after_signing_out_in_another_tab(visit):
    page = visit("editor")
    page.goto("/heroes/views/")
    page.goto("/heroes/")
    page.context.clear_cookies()
    page.get_by_role("main").get_by_label("Search").fill("bat")
    expect(page.locator("#tally")).to_have_text("1–1 of 1")
    expect(page.get_by_role("checkbox")).to_have_count(0)


def test_a_first_visit_to_a_list_transfers_at_most_60_kb(visit):
    page = visit()
    page.goto("/heroes/")
    sizes = page.evaluate(TRANSFER_SIZES)
    assert len([size for size in sizes if size]) >= 6
    assert sum(sizes) <= 60_000


def test_a_list_shows_that_it_is_loading(visit):
    page = visit()
    page.goto("/heroes/")
    busy = page.locator("#busy")
    expect(busy).to_have_class("busy")
    responses = []

    def respond_once_visible(route) -> None:
        expect(busy).to_have_class("busy htmx-request")
        responses.append(route)
        route.continue_()

    page.route("**/heroes/?search=bat", respond_once_visible)
    page.get_by_role("main").get_by_label("Search").fill("bat")
    expect(page.locator("#tally")).to_have_text("1–1 of 1")
    expect(busy).to_have_class("busy")
    assert responses


def test_a_list_without_a_response_is_loaded_as_a_page(visit):
    page = visit(expected=("htmx:",))
    page.goto("/heroes/")
    requests = []
    page.route(
        "**/heroes/?search=bat",
        lambda route: route.abort() if not requests and not requests.append(1) else route.continue_(),
    )
    page.get_by_role("main").get_by_label("Search").fill("bat")
    expect(page.locator("#tally")).to_have_text("1–1 of 1")
    expect(page).to_have_url(re.compile(r"search=bat$"))


def test_a_link_works_as_soon_as_the_list_is_updated(visit):
    page = visit()
    page.goto("/heroes/")
    page.evaluate(CLICK_WHEN_THE_LIST_CHANGES)
    page.get_by_role("main").get_by_label("Search").fill("man")
    expect(page).to_have_url(re.compile(r"search=man&ordering=age$"))
    expect(page.get_by_role("columnheader", name="Age")).to_have_attribute("aria-sort", "ascending")
    assert page.evaluate("window.sameDocument")


def test_back_and_forward_in_quick_succession_show_the_list_of_the_address(visit):
    page = visit()
    page.goto("/heroes/?search=man")
    page.get_by_role("columnheader", name="Age").get_by_role("link").click()
    expect(page).to_have_url(re.compile(r"ordering=age"))
    delayed = []
    page.route("**/htmx*.js", lambda route: route.continue_() if delayed else delayed.append(route))
    with page.expect_request("**/htmx*.js"):
        page.go_back()
    page.go_forward(wait_until="commit")
    delayed[0].continue_()
    expect(page).to_have_url(re.compile(r"ordering=age"))
    expect(page.get_by_role("columnheader", name="Age")).to_have_attribute("aria-sort", "ascending")
