"""The admin and Swagger UI don't violate the content security policy and send no requests to other sites.

The fixture ``visit`` fails a test in which that happens.
"""

from playwright.sync_api import expect


def test_the_admin_complies_with_the_policy(visit):
    page = visit("administrator")
    page.goto("/admin/")
    addresses = {link.get_attribute("href") for link in page.locator("#content-main a").all()}
    addresses_opened = set()
    for address in sorted(addresses):
        response = page.goto(address)
        assert response.status < 400, address
        addresses_opened.add(page.url)
        first = page.locator("#result_list tbody th a").first
        if first.count():
            page.goto(first.get_attribute("href"))
            addresses_opened.add(page.url)
    assert len(addresses_opened) > 15


def test_the_admin_searches_for_a_team_while_the_user_types(visit):
    page = visit("administrator")
    page.goto("/admin/heroes/hero/add/")
    page.locator(".select2-selection").click()
    page.locator(".select2-search__field").fill("aveng")
    page.locator(".select2-results__option", has_text="Avengers").click()
    expect(page.locator("#id_team option:checked")).to_have_text("Avengers")


def test_swagger_sends_requests(visit):
    page = visit("administrator")
    page.goto("/api/docs/")
    operation = page.locator("#operations-heroes-heroes_list")
    operation.get_by_role("button").first.click()
    operation.get_by_role("button", name="Try it out").click()
    operation.get_by_role("button", name="Execute").click()
    expect(operation.locator(".live-responses-table .response-col_status").nth(1)).to_contain_text("200")
