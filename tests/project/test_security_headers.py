"""Every response has the security headers, and no page violates its content security policy."""

import pytest

from heroesite.api.models import ApiToken
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser, program

pytestmark = pytest.mark.django_db

POLICY = {
    "default-src": {"'self'"},
    "base-uri": {"'none'"},
    "form-action": {"'self'"},
    "frame-ancestors": {"'none'"},
    "object-src": {"'none'"},
}
PUBLIC = ["/", "/heroes/", "/heroes/?x=1", "/heroes/{hero}/", "/teams/", "/teams/{team}/", "/nowhere"]
DOCS = ["/api/docs/", "/api/redoc/"]
ACCOUNT = [
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/account/password/reset/done/",
    "/account/password/reset/key/1-x-y/",
    "/account/inactive/",
]
SIGNED_IN = [
    "/",
    "/heroes/",
    "/heroes/new/",
    "/heroes/{hero}/",
    "/heroes/{hero}/edit/",
    "/heroes/{hero}/delete/",
    "/teams/{team}/",
    "/teams/{team}/delete/",
    "/account/tokens/",
    "/account/logout/",
    "/account/password/change/",
    "/account/email/",
]
ADMIN = [
    "/admin/",
    "/admin/heroes/",
    "/admin/heroes/hero/",
    "/admin/heroes/hero/?age__gte=x",
    "/admin/heroes/hero/add/",
    "/admin/heroes/hero/{hero}/change/",
    "/admin/heroes/hero/{hero}/delete/",
    "/admin/heroes/hero/{hero}/history/",
    "/admin/teams/team/{team}/change/",
    "/admin/auth/user/",
    "/admin/auth/user/add/",
    "/admin/auth/user/{user}/change/",
    "/admin/auth/user/{user}/password/",
    "/admin/auth/group/add/",
    "/admin/records/disclosure/",
    "/admin/api/apitoken/",
    "/admin/account/emailaddress/",
    "/admin/password_change/",
    "/admin/nowhere/",
]
API = ["/api/v1/", "/api/v1/heroes/", "/api/v1/heroes/{hero}", "/api/v1/teams/999999", "/api/schema/"]


@pytest.fixture
def ids(administrator):
    """Ids of existing records, to fill in addresses."""
    team = TeamFactory()
    ApiToken.objects.issue(administrator, name="Nightly job")
    return {"hero": HeroFactory(team=team).pk, "team": team.pk, "user": administrator.pk}


@pytest.fixture(params=["visitor", "keeper", "administrator"])
def who(request):
    """The user who opens the pages, or none for a visitor."""
    return None if request.param == "visitor" else request.getfixturevalue(request.param)


def policy_of(response):
    directives = (directive.split() for directive in response["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in directives}


def is_html(response):
    return response.headers.get("Content-Type", "").startswith("text/html")


def inline_code(page):
    """Yield the inline scripts and styles of a page, which the policy forbids."""
    for element in page:
        if element.tag == "script" and not element.attributes.get("src"):
            if element.attributes.get("type", "").lower() not in ("application/json", "text/template"):
                yield f"<script>{element.text[:60]}"
        elif element.tag == "style":
            yield f"<style>{element.text[:60]}"
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                yield f"<{element.tag} {name}={value[:60]!r}>"


def external_urls(page):
    """Yield the addresses of other sites that a page loads something from."""
    for element in page:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            address = element.attributes.get(name, "")
            if address.startswith(("http:", "https:", "//")) and element.tag != "a":
                yield address


def check_headers(response):
    """Check the headers that every response has."""
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Referrer-Policy"] == "same-origin"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(response["Permissions-Policy"].split(", "))
    assert {"Cookie", "Authorization"} <= {name.strip() for name in response["Vary"].split(",")}


@pytest.mark.parametrize("address", [*PUBLIC, *ACCOUNT, *SIGNED_IN, *ADMIN, *API])
def test_every_response_has_the_policy_and_the_security_headers(address, who, ids):
    response = browser(who).get(address.format(**ids))
    assert response.status_code < 500
    assert policy_of(response) == POLICY
    check_headers(response)


@pytest.mark.parametrize("address", [*PUBLIC, *ACCOUNT, *SIGNED_IN, *ADMIN, *DOCS])
def test_no_page_contains_anything_that_the_policy_forbids(address, who, ids):
    response = browser(who).get(address.format(**ids), follow=True)
    assert is_html(response)
    page = read(response)
    assert list(inline_code(page)) == []
    assert list(external_urls(page)) == []


def test_pages_with_errors_or_secrets_comply_too(ids, keeper_browser, editor_browser):
    hero = f"heroes/hero/{ids['hero']}"
    selection = {"action": "delete_selected", "_selected_action": [ids["hero"]]}
    responses = [
        editor_browser.post("/heroes/new/", {"name": ""}),
        editor_browser.post("/account/tokens/", {"name": ""}),
        editor_browser.post("/account/tokens/", {"name": "Job", "days": "7"}),
        editor_browser.post(f"/admin/{hero}/change/", {"name": ""}),
        editor_browser.post("/admin/heroes/hero/", selection),
        editor_browser.post("/account/password/change/", {}),
        browser().post("/account/login/", {}),
        keeper_browser.post(f"/heroes/{ids['hero']}/reveal/"),
        keeper_browser.post(f"/admin/{hero}/reveal/"),
        editor_browser.put("/heroes/"),
        browser().post("/"),
    ]
    for response in responses:
        assert is_html(response)
        assert policy_of(response) == POLICY
        check_headers(response)
        assert list(inline_code(read(response))) == []


@pytest.mark.parametrize(
    ("method", "address", "headers", "status"),
    [
        ("get", "/heroes/?search=%FF", {}, 400),
        ("get", "/heroes/?search=%00", {}, 400),
        ("post", "/heroes/new/", {"CONTENT_TYPE": "application/json"}, 415),
        ("post", "/account/login/", {"CONTENT_TYPE": "text/plain; charset=utf-16"}, 415),
        ("post", "/account/login/", {"CONTENT_LENGTH": "3000000"}, 413),
        ("post", "/api/v1/heroes/", {"CONTENT_LENGTH": "3000000"}, 413),
    ],
)
def test_the_response_to_an_invalid_request_has_the_security_headers(method, address, headers, status):
    response = browser().generic(method.upper(), address, **headers)
    assert response.status_code == status
    assert policy_of(response) == POLICY
    check_headers(response)
    if is_html(response):
        assert list(inline_code(read(response))) == []


def test_the_response_to_a_forged_form_complies(editor):
    client = browser(editor)
    client.handler.enforce_csrf_checks = True
    response = client.post("/heroes/new/", {"name": "x"})
    assert response.status_code == 403
    assert policy_of(response) == POLICY
    assert list(inline_code(read(response))) == []


# Documentation of the API ------------------------------------------------------------------


def test_swagger_can_only_load_its_icons_in_addition(visitor_browser):
    response = visitor_browser.get("/api/docs/")
    assert policy_of(response) == POLICY | {"img-src": {"'self'", "data:"}}
    check_headers(response)


def test_redoc_can_only_add_its_icons_worker_and_two_styles_in_addition(visitor_browser):
    response = visitor_browser.get("/api/redoc/")
    policy = policy_of(response)
    styles = policy.pop("style-src")
    assert policy == POLICY | {"img-src": {"'self'", "data:"}, "worker-src": {"blob:"}}
    assert "'self'" in styles
    assert len(styles) == 3
    assert all(source.startswith("'sha256-") for source in styles - {"'self'"})
    check_headers(response)


@pytest.mark.parametrize("address", [*DOCS, "/", "/heroes/", "/admin/", "/account/login/", "/api/v1/"])
def test_no_policy_allows_anything_unsafe(address, administrator):
    response = browser(administrator).get(address)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "*" not in response["Content-Security-Policy"]


# Caches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*SIGNED_IN, *PUBLIC])
def test_pages_for_signed_in_users_are_private(address, ids, keeper):
    response = browser(keeper).get(address.format(**ids))
    control = response["Cache-Control"]
    assert "private" in control
    assert "no-cache" in control
    assert "public" not in control


@pytest.mark.parametrize("address", ["/account/nowhere/", "/heroes/{hero}/edit/nowhere/"])
def test_an_error_page_that_names_the_user_is_private(address, ids, keeper):
    response = browser(keeper).get(address.format(**ids))
    assert response.status_code == 404
    assert "keeper" in read(response).text
    assert "private" in response.headers.get("Cache-Control", "")
    check_headers(response)


@pytest.mark.parametrize("address", ["/api/v1/heroes/", "/api/v1/heroes/{hero}", "/api/v1/teams/"])
@pytest.mark.parametrize("get_client", [browser, program])
def test_api_responses_to_users_are_private(get_client, address, ids, editor):
    response = get_client(editor).get(address.format(**ids))
    assert response["Cache-Control"] == "private, no-cache"


def test_the_response_to_an_invalid_token_is_private():
    response = browser().get("/api/v1/heroes/", headers={"Authorization": "Bearer x"})
    assert response.status_code == 401
    assert "private" in response["Cache-Control"]


@pytest.mark.parametrize("address", [*PUBLIC, *DOCS, *API])
def test_shared_caches_can_store_responses_to_visitors_for_a_second(address, ids, visitor_browser):
    for _time in range(3):  # the last one may be from a plan
        response = visitor_browser.get(address.format(**ids))
        expected = "public, max-age=0, s-maxage=1" if response.status_code == 200 else None
        assert response.headers.get("Cache-Control") == expected
        assert {"Authorization", "Cookie"} <= set(response["Vary"].split(", "))
        assert len(response["Vary"].split(", ")) <= 4
        assert not response.cookies
        assert b"csrf" not in response.content.lower() or "/api/" in address, "the docs describe X-CSRFToken"


@pytest.mark.parametrize("address", ["/", "/heroes/", "/api/v1/heroes/"])
def test_shared_caches_store_no_errors_personal_responses_or_private_registers(
    address, visitor_browser, settings
):
    if address != "/":  # the home page has no parameters
        assert "s-maxage" not in visitor_browser.get(f"{address}?unknown=1").get("Cache-Control", "")
    settings.PUBLIC_READ = False
    assert "s-maxage" not in browser().get(address).get("Cache-Control", "")
    settings.PUBLIC_READ = True
    client = browser()
    client.cookies["django_language"] = "de"
    assert "s-maxage" not in client.get(address).get("Cache-Control", "")


@pytest.mark.parametrize("address", ["/account/login/", "/account/password/reset/"])
def test_a_form_with_a_csrf_token_is_private(address, visitor_browser):
    response = visitor_browser.get(address)
    assert response.cookies
    assert {"private", "no-cache"} <= {part.strip() for part in response["Cache-Control"].split(",")}
