"""Take screenshots of the main pages.

    python -m tests.browser.screens

writes them to var/screens.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

from tests.__main__ import ROOT
from tests.processes.processes import serving

from .chromium import CHROMIUM, LAUNCH, MISSING

PASSWORD = "correct horse battery staple"
SCREENS = ROOT / "var" / "screens"
TALL = {"list", "selected", "shortcuts"}
"""Pages of which only what fits on the screen is taken."""
SIZES = {"desktop": {"width": 1280, "height": 860}, "phone": {"width": 390, "height": 844}}


def select_rows(page: Page) -> None:
    for index in (1, 3, 4):
        page.locator("[name=record]").nth(index).check()


def make_errors(page: Page) -> None:
    page.get_by_label("Name", exact=True).fill("Batman")
    page.get_by_label("Age").fill("ten")
    page.get_by_label("Age").press("Tab")
    page.locator("#id_age_error .field-error").wait_for()
    page.locator("#id_name_error .field-error").wait_for()


PAGES = {
    "home": ("/", None),
    "list": ("/heroes/", None),
    "selected": ("/heroes/?age__gte=30", select_rows),
    "columns": ("/heroes/?search=man&ordering=-age", lambda page: page.get_by_text("Columns").click()),
    "selection": ("/heroes/selected/team/?record=1-1&record=2-1&record=5-1&team=3", None),
    "detail": ("/heroes/5/", None),
    "team": ("/teams/3/", None),
    "form": ("/heroes/5/edit/", None),
    "errors": ("/heroes/new/", make_errors),
    "search": ("/search/?search=man", None),
    "history": ("/history/", None),
    "invalid-filters": ("/heroes/?age__gte=old&nmae=Owl", None),
    "shortcuts": ("/heroes/", lambda page: page.keyboard.press("?")),
    "sign-in": ("/account/login/", None),
}


def take_screenshots(browser: Browser, site: str) -> None:
    for size, viewport in SIZES.items():
        for scheme in ("light", "dark"):
            context = browser.new_context(
                base_url=site, viewport=viewport, color_scheme=scheme, locale="en-GB", reduced_motion="reduce"
            )
            page = context.new_page()
            for name, (address, prepare) in sorted(PAGES.items(), key=lambda item: item[0] != "sign-in"):
                page.goto(address)
                if prepare:
                    prepare(page)
                page.screenshot(path=SCREENS / f"{name}-{size}-{scheme}.png", full_page=name not in TALL)
                if name == "sign-in":
                    page.get_by_label("Username").fill("admin")
                    page.get_by_label("Password").fill(PASSWORD)
                    page.get_by_role("main").get_by_role("button", name="Sign in").click()
                    page.wait_for_url("/")
            context.close()


def main() -> None:
    if CHROMIUM is None:
        sys.exit(MISSING)
    shutil.rmtree(SCREENS, ignore_errors=True)
    SCREENS.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        browser = playwright.chromium.launch(**LAUNCH)
        settings = {"DJANGO_SUPERUSER_USERNAME": "admin", "DJANGO_SUPERUSER_PASSWORD": PASSWORD}
        with serving(Path(folder), **settings) as (site, _printed):
            take_screenshots(browser, site)
        browser.close()
    print(f"{len(list(SCREENS.iterdir()))} screenshots in {SCREENS.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
