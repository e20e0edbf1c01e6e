"""A page that visitors request again is sent again without computing it, as long as nothing is committed."""

from datetime import timedelta

import pytest
from django.db import connection, connections, transaction
from django.http import HttpResponse
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from heroes.models import Hero
from heroesite import stored_pages
from heroesite.database.sqlite3.kept_connections import kept_connections
from heroesite.logs import context_of
from heroesite.records.views.list import RecordListView
from heroesite.stored_pages import StoredPageMiddleware
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, person

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups", "serving")]
PAGES = ["/", "/heroes/", "/heroes/?search=owl", "/heroes/1/", "/teams/", "/history/", "/search/?search=owl"]


@pytest.fixture
def serving():
    """Let this thread process requests as a server does, which observes commits to an SQLite database."""
    connections.close_all()
    kept_connections.start_request()
    yield
    kept_connections.finish_request()
    kept_connections.close()


@pytest.fixture
def register():
    HeroFactory(pk=1, name="Owl", team=TeamFactory(name="Night Watch"))


@pytest.fixture
def visitor(register):
    return browser()


def is_stored(response):
    return hasattr(response.wsgi_request, "is_stored")


def get_stored(visitor, path, **headers):
    """Request a page until a stored page is the response.

    On PostgreSQL, tests that run at the same time commit to other databases of the server, which discards the
    stored pages too.
    """
    for _time in range(1000):
        response = visitor.get(path, headers=headers)
        if is_stored(response):
            return response
    raise AssertionError("The page isn't stored.")


@pytest.mark.parametrize("path", PAGES)
def test_the_stored_page_is_the_same(path, visitor):
    computed = visitor.get(path)
    stored = get_stored(visitor, path)
    assert stored.content == computed.content
    assert stored["X-Request-Id"] != computed["X-Request-Id"]
    stored["X-Request-Id"] = computed["X-Request-Id"]
    assert dict(stored.items()) == dict(computed.items())


def test_a_stored_page_needs_only_the_token(visitor):
    for _time in range(1000):
        with CaptureQueriesContext(connection) as queries:
            response = visitor.get("/heroes/")
        if is_stored(response):
            break
    assert is_stored(response)
    assert len(queries) == (connection.vendor == "postgresql")


def test_a_commit_discards_the_stored_pages(visitor):
    writes = [
        lambda: HeroFactory(pk=2, name="Heron"),
        lambda: Hero.objects.get(name="Heron").delete(),
        lambda: person("Rose", "Editors"),
        lambda: execute("UPDATE heroes_hero SET name = 'Lark' WHERE id = 1"),
    ]
    for write in writes:
        get_stored(visitor, "/heroes/")
        write()
        response = visitor.get("/heroes/")
        assert not is_stored(response)
        assert response.content == browser().get("/heroes/").content


def execute(sql):
    with connection.cursor() as cursor:
        cursor.execute(sql)


def test_pages_within_a_transaction_are_not_stored(visitor):
    get_stored(visitor, "/heroes/")
    with transaction.atomic():
        HeroFactory(pk=2, name="Heron")
        assert b"Heron" in visitor.get("/heroes/").content
        assert b"Heron" in visitor.get("/heroes/").content
        transaction.set_rollback(True)
    assert b"Heron" not in visitor.get("/heroes/").content


def test_a_page_computed_before_a_commit_is_not_sent_after_it(visitor, monkeypatch):
    """The token is read before the page, so a commit in between makes the page newer than its token."""
    visitor.get("/heroes/")
    render, commits = RecordListView.render_to_response, [lambda: HeroFactory(pk=2, name="Heron")]

    def commit_first(view, context, **kwargs):
        response = render(view, context, **kwargs).render()
        if commits:
            commits.pop()()
        return response

    monkeypatch.setattr(RecordListView, "render_to_response", commit_first)
    assert b"Heron" not in visitor.get("/heroes/").content
    assert not commits
    for _time in range(2):
        assert b"Heron" in visitor.get("/heroes/").content


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/heroes/", {"Cookie": "language=de"}),
        ("/heroes/", {"Authorization": "Bearer x"}),
        ("/heroes/", {"HX-Request": "true"}),
        ("/heroes/", {"If-None-Match": "*"}),
        ("/heroes/", {"Range": "bytes=0-9"}),
        ("/heroes/", {"X-Unknown": "x"}),
        ("/heroes/?search=" + "x" * 1000, {}),
        ("/heroes/?age__gte=x", {}),
        ("/heroes/99/", {}),
        ("/account/login/", {}),
        ("/api/v1/heroes/", {}),
        ("/static/site.css", {}),
    ],
)
def test_other_responses_are_not_stored(path, headers, visitor):
    for _time in range(4):
        assert not is_stored(visitor.get(path, headers=headers))


def test_other_methods_are_not_stored(visitor):
    get_stored(visitor, "/heroes/")
    for send in (visitor.head, visitor.post, visitor.options):
        assert not is_stored(send("/heroes/"))


def test_users_get_their_own_pages(register):
    visitor, editor = browser(), browser(person("Rose", "Editors"))
    get_stored(visitor, "/heroes/")
    for _time in range(3):
        response = editor.get("/heroes/")
        assert not is_stored(response)
        assert b"Rose" in response.content
    assert b"Rose" not in visitor.get("/heroes/").content


def test_each_language_and_encoding_has_its_own_page(visitor):
    english = get_stored(visitor, "/heroes/", **{"Accept-Language": "en"})
    german = get_stored(visitor, "/heroes/", **{"Accept-Language": "de", "Accept-Encoding": "gzip"})
    assert (english["Content-Language"], german["Content-Language"]) == ("en", "de")
    assert "Content-Encoding" not in english
    assert german["Content-Encoding"] == "gzip"


def test_pages_are_computed_again_on_another_day(visitor, monkeypatch):
    get_stored(visitor, "/")
    tomorrow = timezone.now() + timedelta(days=1)
    monkeypatch.setattr(timezone, "now", lambda: tomorrow)
    assert not is_stored(visitor.get("/"))


def test_pages_show_no_time_of_the_request(visitor, monkeypatch):
    """Otherwise, a stored page would be wrong a minute later."""
    later = timezone.now().replace(hour=23, minute=59, second=59)
    before = {path: visitor.get(path).content for path in PAGES}
    monkeypatch.setattr(timezone, "now", lambda: later)
    assert {path: visitor.get(path).content for path in PAGES} == before


def test_the_log_of_a_stored_page_hides_secrets(visitor):
    response = get_stored(visitor, "/account/password/reset/key/1-secret/")
    assert " path=/account/password/reset/key/***-***/ " in context_of(response.wsgi_request)


def test_without_public_read_nothing_is_stored(settings, register):
    settings.PUBLIC_READ = False
    visitor = browser()
    for _time in range(4):
        assert not is_stored(visitor.get("/heroes/"))


def test_the_setting_turns_stored_pages_off(settings, register):
    settings.FAST_READS = False
    visitor = browser()
    for _time in range(4):
        assert not is_stored(visitor.get("/heroes/"))


def test_few_pages_are_stored(rf, monkeypatch, db):
    monkeypatch.setattr(stored_pages, "MAX_KEYS", 2)
    monkeypatch.setattr(stored_pages, "MAX_BYTES", 40_000)
    headers = {"Cache-Control": "public, s-maxage=1"}
    middleware = StoredPageMiddleware(lambda _request: HttpResponse(b"x" * 15_000, headers=headers))
    stored = set()
    for number in range(10):
        for _time in range(3):
            middleware(rf.get(f"/heroes/?search={number}"))
        assert len(middleware.keys) <= 2
        assert len(middleware.pages) <= 2
        stored.update(middleware.pages)
    assert stored
