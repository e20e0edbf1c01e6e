"""A page responds 405 to any method that it doesn't support, and a form survives a missing slash."""

import re

import pytest
from django.urls import URLResolver, get_resolver

from heroes.models import Hero
from heroesite.api.models import ApiToken
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser

pytestmark = pytest.mark.django_db

UNSUPPORTED = ["PUT", "PATCH", "DELETE", "TRACE", "BREW"]
READ_ONLY = re.compile(
    "home|search|language|list|detail|deleted|choices|saved_view|swagger|redoc|redoc_script|schema|"
    "account_email_verification_sent|account_inactive|.*_done|"  # allauth
    "index|app_list|jsi18n|autocomplete|view_on_site|.*_history"  # admin
)
"""Names of pages without a form. Redirects have no name."""
ARGUMENT = re.compile(r"<(?:\w+:)?(\w+)>|\(\?P<(\w+)>[^)]*\)")
FORM = "application/x-www-form-urlencoded"


def routes(patterns, prefix="/"):
    """The routes of all pages, with the names of their views."""
    for pattern in patterns:
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, route)
        elif not route.startswith("/api/v1") and ".*" not in route:  # the admin's, for unknown addresses
            yield route.removesuffix("$"), pattern.name or ""


@pytest.fixture
def pages(administrator):
    """The addresses of all pages, of records that exist, with the names of their views."""
    team = TeamFactory()
    token, _text = ApiToken.objects.issue(administrator)
    of_type = {"heroes": HeroFactory(team=team).pk, "teams": team.pk, "auth": administrator.pk}
    arguments = {"token_key": token.token_key, "app_label": "heroes", "uidb36": "1", "key": "x-y"}

    def address(route):
        app = re.search("/(heroes|teams|auth)/", route)
        default = of_type[app[1]] if app else 1
        return ARGUMENT.sub(lambda match: str(arguments.get(match[1] or match[2], default)), route)

    first_wins = reversed([*routes(get_resolver().url_patterns)])
    return {address(route): name for route, name in first_wins}


@pytest.mark.parametrize("who", ["visitor", "administrator"])
def test_no_page_supports_put_patch_delete_or_an_unknown_method(who, pages, administrator):
    assert len(pages) > 100
    client = browser(administrator if who == "administrator" else None)
    for address in pages:
        for method in UNSUPPORTED:
            response = client.generic(method, address, "", FORM)
            assert response.status_code == 405, f"{method} {address}"
            assert method not in response["Allow"], address


def test_only_pages_with_a_form_support_post(pages, administrator):
    for address, name in pages.items():
        if address.startswith("/admin/r/"):
            continue  # not found
        response = browser(administrator).post(address)
        read_only = not name or READ_ONLY.fullmatch(name)
        is_record_history = name == "history"  # it shows restricted values
        assert (response.status_code == 405) == bool(read_only and not is_record_history), address
        if response.status_code == 405:
            assert "POST" not in response["Allow"], address


def test_an_error_page_names_the_methods_that_are_supported(visitor_browser):
    response = visitor_browser.put("/language/set/")
    assert read(response).one("h1").text == "Method not allowed"
    assert "This page doesn't support PUT." in read(response).text
    response = visitor_browser.get("/language/set/")
    assert (response.status_code, response["Allow"]) == (405, "POST")


@pytest.mark.parametrize("debug", [False, True])
@pytest.mark.parametrize("address", ["/heroes/new", "/admin/heroes/hero/add"])
def test_a_form_that_is_sent_without_the_slash_is_not_lost(address, debug, editor_browser, settings):
    settings.DEBUG = debug
    team = TeamFactory()
    form = {"name": "Slash", "secret_name": "Nobody", "team": team.pk}
    response = editor_browser.post(f"{address}?next=1", form)
    assert (response.status_code, response["Location"]) == (308, f"{address}/?next=1")
    response = editor_browser.post(f"{address}/", form, follow=True)
    assert Hero.objects.get().name == "Slash"


def test_a_page_that_is_opened_without_the_slash_is_a_301(editor_browser):
    assert editor_browser.get("/heroes").status_code == 301
    assert editor_browser.get("/admin/heroes/hero").status_code == 301
