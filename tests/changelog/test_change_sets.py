"""Change sets, each of one request, import or command, are listed, filtered and shown with their entries."""

import pytest

from heroesite.records.audit.change_sets import ChangeSet, Source, atomic_change_set, new_change_set
from heroesite.records.audit.disclosures import Disclosure
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def imported():
    """The change set of an import that creates two heroes and a team, and deletes one of the heroes."""
    with new_change_set(Source.IMPORT, note="load_sample_roster") as created, atomic_change_set():
        team = TeamFactory(name="Night Watch")
        HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=team)
        HeroFactory(name="Owl", secret_name="Ada Pell", age=None).delete()
    return ChangeSet.objects.get(pk=created.change_set_id)


@pytest.fixture
def edited(imported, editor_program):
    hero = Team.objects.get().heroes.get()
    editor_program.patch(f"/api/v1/heroes/{hero.pk}", {"age": 42, "secret_name": "Nora Vane"})
    return ChangeSet.objects.first()


def rows(response):
    return [[cell.text for cell in row.all("td")] for row in read(response).one("tbody").all("tr")]


def list_ids(client, query=""):
    return [row["id"] for row in client.get(f"/api/v1/changesets/{query}").json()["results"]]


def test_the_page_lists_change_sets_with_counts(edited, visitor_browser, reader):
    response = visitor_browser.get("/history/")
    assert rows(response) == [
        ["API", "1 hero changed", ""],
        ["import", "1 team created, 2 heroes created, 1 hero deleted", "load_sample_roster"],
    ]
    assert "editor" not in read(response).one("main").text
    visitor_browser.force_login(reader)
    assert rows(visitor_browser.get("/history/"))[0][0].startswith("editor · ")


def test_the_api_lists_change_sets_with_counts(imported, edited, visitor_program, editor_program):
    [last, first] = visitor_program.get("/api/v1/changesets/").json()["results"]
    assert last | {"at": ""} == {
        "id": edited.pk, "at": "", "source": "api", "user": None, "token": None, "note": "", "undoes": None,
        "undone_by": [], "counts": [{"kind": "hero", "action": "changed", "count": 1}],
    }  # fmt: skip
    assert sorted((tally["kind"], tally["action"], tally["count"]) for tally in first["counts"]) == [
        ("hero", "created", 2),
        ("hero", "deleted", 1),
        ("team", "created", 1),
    ]
    assert editor_program.get("/api/v1/changesets").json()["results"][0]["user"] == "editor"


def test_a_change_set_and_its_undo_link_to_each_other(imported, visitor_program, visitor_browser):
    undo = ChangeSet.objects.create(source=Source.WEBSITE, undoes=imported)
    [last, first] = visitor_program.get("/api/v1/changesets/").json()["results"]
    assert (last["undoes"], first["undone_by"]) == (imported.pk, [undo.pk])
    page = read(visitor_browser.get(f"/history/{imported.pk}/")).one("main")
    assert page.all("a", href=f"/history/{undo.pk}/")


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?source=api", ["edited"]),
        ("?kind=team", ["imported"]),
        ("?kind=hero", ["edited", "imported"]),
        ("?at__gte=2000-01-01T00:00:00Z", ["edited", "imported"]),
        ("?at__lte=2000-01-01T00:00:00Z", []),
        ("?limit=1", ["edited"]),
        ("?limit=1&offset=1", ["imported"]),
    ],
)
def test_page_and_api_filter_alike(query, found, imported, edited, visitor_program, visitor_browser):
    wanted = [{"edited": edited, "imported": imported}[name].pk for name in found]
    assert list_ids(visitor_program, query) == wanted
    page = read(visitor_browser.get(f"/history/{query}")).one("main")
    links = [cell.one("a")["href"] for cell in page.all("th", scope="row")]
    assert links == [f"/history/{pk}/" for pk in wanted]


def test_an_empty_filter_is_ignored_by_the_page_and_rejected_by_the_api(
    imported, edited, visitor_program, visitor_browser
):
    page = read(visitor_browser.get("/history/?source=&kind=")).one("main")
    assert len(page.all("th", scope="row")) == 2
    assert visitor_program.get("/api/v1/changesets/?source=&kind=").status_code == 400


def test_only_signed_in_users_filter_by_user(edited, visitor_browser, editor_program, editor_browser):
    assert list_ids(editor_program, "?user=editor") == [edited.pk]
    assert list_ids(editor_program, "?user=nobody") == []
    assert editor_browser.get("/history/?user=editor").status_code == 200
    for address in ("/history/", "/api/v1/changesets/"):
        response = visitor_browser.get(f"{address}?user=editor")
        assert response.status_code == 400
        assert "Unknown parameter" in response.content.decode()


@pytest.mark.parametrize(
    "query",
    ["sourc=api", "source=window", "kind=user", "at__gte=noon", "limit=0", "source=api&source=website"],
)
def test_an_invalid_query_is_rejected(query, edited, visitor_browser, visitor_program):
    assert visitor_program.get(f"/api/v1/changesets/?{query}").status_code == 400
    response = visitor_browser.get(f"/history/?{query}")
    assert response.status_code == 400
    page = read(response)
    assert page.all(role="alert")
    assert not page.all("tbody")


def test_the_page_of_a_change_set_shows_each_change(imported, edited, visitor_browser):
    response = visitor_browser.get(f"/history/{imported.pk}/")
    assert [row[1:] for row in rows(response)] == [
        ["created", "Name: Night Watch Headquarters: " + Team.objects.get().headquarters],
        ["created", "Name: Lamplighter Secret name: changed Age: 41 Team: Night Watch"],
        ["created", "Name: Owl Secret name: changed Age: – Team: –"],
        ["deleted", ""],
    ]
    assert rows(visitor_browser.get(f"/history/{edited.pk}/"))[0][2] == "Secret name: changed Age: 41 → 42"


def test_entries_are_paged_across_models(imported, visitor_program, visitor_browser):
    all_entries = visitor_program.get(f"/api/v1/changesets/{imported.pk}").json()["entries"]
    assert [entry["name"] for entry in all_entries["results"]] == ["Night Watch", "Lamplighter", "Owl", "Owl"]
    for offset in range(4):
        part = visitor_program.get(f"/api/v1/changesets/{imported.pk}/?limit=2&offset={offset}").json()[
            "entries"
        ]
        assert part["results"] == all_entries["results"][offset : offset + 2]
        assert part["count"] == 4
    page = visitor_browser.get(f"/history/{imported.pk}/?limit=3")
    assert len(rows(page)) == 3
    assert read(page).one("a", rel="next")["href"] == "?limit=3&offset=3"


def test_keepers_read_secrets_and_the_access_is_logged(edited, editor_program, keeper_program):
    [entry] = editor_program.get(f"/api/v1/changesets/{edited.pk}").json()["entries"]["results"]
    assert entry["changes"] == {"secret_name": {"changed": True}, "age": {"before": 41, "after": 42}}
    assert not Disclosure.objects.exists()
    response = keeper_program.get(f"/api/v1/changesets/{edited.pk}")
    [entry] = response.json()["entries"]["results"]
    assert entry["changes"]["secret_name"] == {"before": "Edith Wren", "after": "Nora Vane"}
    assert "no-store" in response["Cache-Control"]
    assert Disclosure.objects.get().ids == [entry["id"]]


@pytest.mark.parametrize("key", ["0", "999999", "abc", "9" * 30])
def test_an_unknown_change_set_is_not_found(key, visitor_browser, visitor_program):
    assert visitor_browser.get(f"/history/{key}/").status_code == 404
    assert visitor_program.get(f"/api/v1/changesets/{key}/").status_code == 404


def test_change_sets_cannot_be_written(edited, administrator_browser, editor_program):
    for method in ("post", "put", "delete"):
        assert getattr(administrator_browser, method)("/history/").status_code == 405
        assert getattr(editor_program, method)("/api/v1/changesets/").status_code == 405
