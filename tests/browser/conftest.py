"""Fixtures for tests in Chromium at the running site."""

from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.people import PASSWORD
from tests.processes.processes import manage, serving

from .chromium import CHROMIUM, LAUNCH, MISSING

expect.set_options(timeout=30_000)  # since the machine can be busy
PEOPLE = """
from tests.people import person
person("editor", "Editors")
person("keeper", "Keepers", staff=True)
person("administrator", staff=True, superuser=True)
"""


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args):
    if CHROMIUM is None:
        pytest.skip(MISSING)
    return {**browser_type_launch_args, **LAUNCH}


@pytest.fixture(scope="session")
def folder(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("site")


@pytest.fixture(scope="session")
def site(folder) -> Iterator[str]:
    """Serve the site with the sample roster and a user of each role. Yields its address."""
    with serving(folder, DJANGO_SUPERUSER_PASSWORD=PASSWORD) as (address, _printed):
        ran = manage(folder, "shell", "--no-imports", "-c", PEOPLE)
        assert ran.returncode == 0, ran.stderr
        yield address


@pytest.fixture(scope="session")
def base_url(site) -> str:
    return site


class Watch:
    """Records what no page should cause: errors and warnings, among them violations of the content security
    policy, and requests to other sites.

    Args:
        context: the browser to watch.
        site: the address of the site.
        expected: the beginnings of messages that the test itself causes.
    """

    def __init__(self, context: BrowserContext, site: str, expected: tuple[str, ...]) -> None:
        self.site, self.problems = urlsplit(site).netloc, []
        # The browser logs each response with an error status. htmx logs each request that is cancelled by a
        # newer one or by navigation. If a request fails, htmx logs htmx:sendError too.
        ended = ("htmx:sendAbort", "htmx:afterRequest")
        self.expected = ("Failed to load resource", *ended, *expected)
        context.on("console", self.console)
        context.on("weberror", lambda error: self.problems.append(str(error.error)))
        context.on("request", self.request)

    def console(self, message) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(self.expected):
            self.problems.append(f"{message.page.url if message.page else ''}: {message.text}")

    def request(self, request) -> None:
        address = urlsplit(request.url)
        if address.scheme in ("http", "https", "ws", "wss") and address.netloc != self.site:
            self.problems.append(f"a request to {request.url}")


@pytest.fixture(scope="session")
def cookies(browser: Browser, site: str) -> Callable[[str], list[dict]]:
    """Return a function that signs a user in and returns the cookies; a visitor has none."""
    cookies_by_user: dict[str, list[dict]] = {"visitor": []}

    def sign_in(username: str) -> list[dict]:
        if username not in cookies_by_user:
            context = browser.new_context(base_url=site)
            page = context.new_page()
            page.goto("/account/login/")
            page.get_by_label("Username").fill(username)
            page.get_by_label("Password").fill(PASSWORD)
            page.get_by_role("main").get_by_role("button", name="Sign in").click()
            page.wait_for_url("/")
            cookies_by_user[username] = context.cookies()
            context.close()
        return cookies_by_user[username]

    return sign_in


@pytest.fixture
def visit(browser: Browser, site: str, cookies) -> Iterator[Callable[..., Page]]:
    """Return a function that opens a browser for a user; at the end, fail if ``Watch`` recorded a problem.

    Its arguments are a username, ``expected`` of ``Watch``, and options of Playwright's ``new_context``.
    """
    contexts: list[tuple[BrowserContext, Watch]] = []

    def open_browser(username: str = "visitor", expected: tuple[str, ...] = (), **options) -> Page:
        context = browser.new_context(**{"base_url": site, "locale": "en-GB", **options})
        context.add_cookies(cookies(username))
        contexts.append((context, Watch(context, options.get("base_url", site), expected)))
        return context.new_page()

    yield open_browser
    for context, _watch in contexts:
        for page in context.pages:
            expect(page.locator(".htmx-request")).to_have_count(0)
    # Collect problems first: closing a browser cancels requests, and htmx prints an error for each.
    problems = [problem for _context, watch in contexts for problem in watch.problems]
    for context, _watch in contexts:
        context.close()
    assert problems == []
