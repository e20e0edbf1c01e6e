"""Headers that keep answers safe, and pages that hold to them."""

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
    """What stands in the addresses, of records that there are."""
    team = TeamFactory()
    ApiToken.objects.issue(administrator, name="Nightly job")
    return {"hero": HeroFactory(team=team).pk, "team": team.pk, "user": administrator.pk}


@pytest.fixture(params=["visitor", "keeper", "administrator"])
def who(request):
    """Answers as one of three people would get them."""
    return None if request.param == "visitor" else request.getfixturevalue(request.param)


def policy_of(answer):
    directives = (directive.split() for directive in answer["Content-Security-Policy"].split(";"))
    return {name: set(sources) for name, *sources in directives}


def is_html(answer):
    return answer.headers.get("Content-Type", "").startswith("text/html")


def inline(page):
    """Whatever on the page a strict policy would not let run or apply."""
    for element in page:
        if element.tag == "script" and not element.attributes.get("src"):
            if element.attributes.get("type", "").lower() not in ("application/json", "text/template"):
                yield f"<script>{element.text[:60]}"
        elif element.tag == "style":
            yield f"<style>{element.text[:60]}"
        for name, value in element.attributes.items():
            if name == "style" or name.startswith("on") or value.strip().lower().startswith("javascript:"):
                yield f"<{element.tag} {name}={value[:60]!r}>"


def hosts(page):
    """Other sites that the page would load something from."""
    for element in page:
        for name in ("src", "href", "srcset", "action", "poster", "data"):
            address = element.attributes.get(name, "")
            if address.startswith(("http:", "https:", "//")) and element.tag != "a":
                yield address


def guarded(answer):
    """That an answer carries what every answer carries."""
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Frame-Options"] == "DENY"
    assert answer["Cross-Origin-Opener-Policy"] == "same-origin"
    assert answer["Cross-Origin-Resource-Policy"] == "same-origin"
    assert {"camera=()", "geolocation=()", "microphone=()"} <= set(answer["Permissions-Policy"].split(", "))
    assert {"Cookie", "Authorization"} <= {name.strip() for name in answer["Vary"].split(",")}


@pytest.mark.parametrize("address", [*PUBLIC, *ACCOUNT, *SIGNED_IN, *ADMIN, *API])
def test_every_answer_has_the_strict_policy_and_is_guarded(address, who, ids):
    answer = browser(who).get(address.format(**ids))
    assert answer.status_code < 500
    assert policy_of(answer) == POLICY
    guarded(answer)


@pytest.mark.parametrize("address", [*PUBLIC, *ACCOUNT, *SIGNED_IN, *ADMIN, *DOCS])
def test_no_page_has_anything_that_the_policy_forbids(address, who, ids):
    answer = browser(who).get(address.format(**ids), follow=True)
    assert is_html(answer)
    page = read(answer)
    assert list(inline(page)) == []
    assert list(hosts(page)) == []


def test_a_page_with_faults_and_one_that_reveals_hold_to_it_too(ids, keeper_browser, editor_browser):
    hero = f"heroes/hero/{ids['hero']}"
    selection = {"action": "delete_selected", "_selected_action": [ids["hero"]]}
    answers = [
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
    for answer in answers:
        assert is_html(answer)
        assert policy_of(answer) == POLICY
        guarded(answer)
        assert list(inline(read(answer))) == []


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
def test_a_request_that_is_refused_at_the_interface_is_answered_as_guarded(method, address, headers, status):
    answer = browser().generic(method.upper(), address, **headers)
    assert answer.status_code == status
    assert policy_of(answer) == POLICY
    guarded(answer)
    if is_html(answer):
        assert list(inline(read(answer))) == []


def test_a_forged_form_is_refused_on_a_page_that_holds_to_it(editor):
    client = browser(editor)
    client.handler.enforce_csrf_checks = True
    answer = client.post("/heroes/new/", {"name": "x"})
    assert answer.status_code == 403
    assert policy_of(answer) == POLICY
    assert list(inline(read(answer))) == []


# The documents of the API -----------------------------------------------------------------


def test_swagger_may_draw_its_icons_and_no_more(visitor_browser):
    answer = visitor_browser.get("/api/docs/")
    assert policy_of(answer) == POLICY | {"img-src": {"'self'", "data:"}}
    guarded(answer)


def test_the_reference_may_write_its_two_styles_and_no_more(visitor_browser):
    answer = visitor_browser.get("/api/redoc/")
    policy = policy_of(answer)
    styles = policy.pop("style-src")
    assert policy == POLICY | {"img-src": {"'self'", "data:"}, "worker-src": {"blob:"}}
    assert "'self'" in styles
    assert len(styles) == 3
    assert all(source.startswith("'sha256-") for source in styles - {"'self'"})
    guarded(answer)


@pytest.mark.parametrize("address", [*DOCS, "/", "/heroes/", "/admin/", "/account/login/", "/api/v1/"])
def test_no_policy_allows_anything_unsafe(address, administrator):
    answer = browser(administrator).get(address)
    assert "unsafe" not in answer["Content-Security-Policy"]
    assert "*" not in answer["Content-Security-Policy"]


# Caches -----------------------------------------------------------------------------------


@pytest.mark.parametrize("address", [*SIGNED_IN, *PUBLIC])
def test_what_the_signed_in_see_stays_in_their_own_browser(address, ids, keeper):
    answer = browser(keeper).get(address.format(**ids))
    control = answer["Cache-Control"]
    assert "private" in control
    assert "no-cache" in control
    assert "public" not in control


@pytest.mark.parametrize("address", ["/account/nowhere/", "/heroes/{hero}/edit/nowhere/"])
def test_an_error_page_that_names_its_reader_stays_in_their_own_browser(address, ids, keeper):
    answer = browser(keeper).get(address.format(**ids))
    assert answer.status_code == 404
    assert "keeper" in read(answer).text
    assert "private" in answer.headers.get("Cache-Control", "")
    guarded(answer)


@pytest.mark.parametrize("address", ["/api/v1/heroes/", "/api/v1/heroes/{hero}", "/api/v1/teams/"])
@pytest.mark.parametrize("how", [browser, program])
def test_what_a_program_is_answered_stays_with_it(how, address, ids, editor):
    answer = how(editor).get(address.format(**ids))
    assert answer["Cache-Control"] == "private, no-cache"


def test_a_wrong_token_is_not_remembered_by_any_cache_either():
    answer = browser().get("/api/v1/heroes/", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 401
    assert "private" in answer["Cache-Control"]


@pytest.mark.parametrize("address", [*PUBLIC, *DOCS, *API])
def test_what_visitors_see_a_cache_may_hold(address, ids, visitor_browser):
    answer = visitor_browser.get(address.format(**ids))
    assert "private" not in answer.headers.get("Cache-Control", "")
    assert "no-store" not in answer.headers.get("Cache-Control", "")


@pytest.mark.parametrize("address", ["/account/login/", "/account/password/reset/"])
def test_a_form_with_a_token_in_it_is_held_by_no_cache(address, visitor_browser):
    answer = visitor_browser.get(address)
    assert answer.cookies
    assert {"private", "no-cache"} <= {part.strip() for part in answer["Cache-Control"].split(",")}
