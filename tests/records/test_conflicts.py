"""Two people edit one record: no change is lost, and nothing has to be typed twice."""

import re
from functools import partial
from itertools import product

import pytest

from heroes.models import Hero
from tests.cases import Cases
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read
from tests.people import browser, person, program

pytestmark = pytest.mark.django_db
FORMS = pytest.mark.parametrize("address", ["/heroes/{}/edit/", "/admin/heroes/hero/{}/change/"])


def open_form(client, address):
    """Return the values in a form when it is opened."""
    return form_with(read(client.get(address)), "name").values()


@pytest.fixture
def hero():
    return HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=None)


@FORMS
def test_edits_of_different_fields_are_merged_and_saved_again(address, hero, editor_browser, keeper):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    other_values = open_form(browser(keeper), address)
    team = TeamFactory(name="Night Watch")
    browser(keeper).post(address, {**other_values, "age": "42", "team": str(team.pk)})

    response = editor_browser.post(address, {**own_values, "name": "Lamp Lighter"})

    page = read(response)
    assert response.status_code == 409
    assert "Someone else changed this hero while you were editing." in page.text
    assert "keeper" in page.one("table", class_="merge").text
    assert not page.all("input", type="radio"), "there is nothing to select"
    merged = form_with(page, "name").values()
    assert (merged["name"], merged["age"], merged["team"]) == ("Lamp Lighter", "42", str(team.pk))
    hero.refresh_from_db()
    assert (hero.name, hero.version) == ("Lamplighter", 2)
    assert editor_browser.post(address, merged).status_code == 302
    hero.refresh_from_db()
    assert (hero.name, hero.age, hero.team, hero.version) == ("Lamp Lighter", 42, team, 3)


def test_two_equal_edits_leave_nothing_to_choose(hero, editor_browser):
    address = f"/heroes/{hero.pk}/edit/"
    own_values = open_form(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42, name="Lamp Lighter")

    page = read(editor_browser.post(address, {**own_values, "age": "42"}))

    assert "Their changes have been merged with yours." in page.one(role="alert").text
    rows = [row.text for row in page.one("table", class_="merge").all("tr") if row.all("td")]
    assert [("unchanged" in row) for row in rows] == [True, False], "the user changed only the age"


@FORMS
@pytest.mark.parametrize(("keep", "age"), [("yours", 50), ("theirs", 42)])
def test_of_two_edits_of_one_field_the_user_selects_one(address, keep, age, hero, editor_browser):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)

    response = editor_browser.post(address, {**own_values, "age": "50"})

    page = read(response)
    assert response.status_code == 409
    [row] = [row for row in page.one("table", class_="merge").all("tr") if row.all("td")]
    cells = [cell.text for cell in row.all("td")]
    assert (cells[0], cells[1].split()[0], cells[2]) == ("41", "42", "50")
    merged = form_with(page, "name").values()
    assert editor_browser.post(address, {**merged, "keep_age": keep}).status_code == 302
    hero.refresh_from_db()
    assert (hero.age, hero.version) == (age, 3 if keep == "yours" else 2)


@FORMS
def test_a_third_edit_is_a_conflict_too(address, hero, editor_browser):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)
    merged = form_with(read(editor_browser.post(address, {**own_values, "age": "50"})), "name").values()
    Hero.objects.filter(pk=hero.pk).update(age=43)
    again = editor_browser.post(address, {**merged, "keep_age": "theirs"})
    assert again.status_code == 409
    assert form_with(read(again), "name").values()["age"] == "43"


@FORMS
@pytest.mark.parametrize(("typed", "has_choice"), [("", False), ("Edith Wren", True), ("Nora Vane", True)])
def test_a_conflict_about_a_secret_shows_neither_secret(address, typed, has_choice, hero, editor_browser):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    other = Hero.objects.get(pk=hero.pk)
    other.secret_name = "Ada Pell"
    other.save()

    response = editor_browser.post(address, {**own_values, "secret_name": typed})

    page = read(response)
    assert response.status_code == 409
    assert "Ada Pell" not in page.text
    assert "Edith Wren" not in page.one("table", class_="merge").text
    assert bool(page.all("input", type="radio")) == has_choice
    merged = form_with(page, "name").values()
    assert merged["secret_name"] == typed, "the form keeps what was typed"
    assert "Ada Pell" not in response.content.decode()
    assert editor_browser.post(address, {**merged, "keep_secret_name": "theirs"}).status_code == 302
    hero.refresh_from_db()
    assert hero.secret_name == "Ada Pell"


@FORMS
def test_a_form_keeps_an_invalid_value(address, hero, editor_browser):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)
    response = editor_browser.post(address, {**own_values, "age": "5o"})
    assert response.status_code == 409
    form = form_with(read(response), "name")
    assert form.values()["age"] == "5o"
    assert form.all("input", name="keep_age", value="theirs")


@FORMS
def test_a_form_with_an_unknown_version_is_compared_with_the_current_values(address, hero, editor_browser):
    address = address.format(hero.pk)
    with Cases() as case:
        for version in ("", "0", "7", "abc", "-1", "9" * 30, "1.5", "\x00"):
            with case(repr(version)):
                Hero.objects.filter(pk=hero.pk).update(age=42)
                form = {**open_form(editor_browser, address), "age": "50", "seen_version": version}
                response = editor_browser.post(address, form)
                page = read(response)
                assert response.status_code == 409
                assert "doesn't say which version you edited" in page.text
                [row] = [row for row in page.one("table", class_="merge").all("tr") if row.all("td")]
                assert [cell.text for cell in row.all("td")][:3] == ["unknown", "42", "50"]
                hero.refresh_from_db()
                assert (hero.age, hero.version) == (42, 2)
                merged = form_with(page, "name").values()
                assert editor_browser.post(address, {**merged, "keep_age": "yours"}).status_code == 302
                hero.refresh_from_db()
                assert (hero.age, hero.secret_name, hero.version) == (50, "Edith Wren", 3)


@FORMS
def test_a_form_with_an_unknown_version_and_no_changes_is_no_conflict(address, hero, editor_browser):
    address = address.format(hero.pk)
    form = {**open_form(editor_browser, address), "seen_version": "7"}
    assert editor_browser.post(address, form).status_code == 302
    hero.refresh_from_db()
    assert hero.version == 1


@FORMS
def test_a_deleted_record_can_be_restored_with_the_values_in_the_form(address, hero, editor_browser):
    address = address.format(hero.pk)
    own_values = open_form(editor_browser, address)
    hero_id = hero.pk
    hero.delete()

    response = editor_browser.post(address, {**own_values, "age": "50"}, follow=True)

    page = read(response)
    assert response.status_code == 409
    assert "Lamplighter was deleted" in page.text
    form = form_with(page, "name")
    assert form.values()["age"] == "50"
    button = page.one("button", name="restore_version")
    assert not Hero.objects.exists()
    response = editor_browser.post(form["action"], {**form.values(), "restore_version": button["value"]})
    assert response.status_code == 302
    restored = Hero.objects.get()
    assert (restored.pk, restored.age, restored.secret_name, restored.version) == (
        hero_id,
        50,
        "Edith Wren",
        3,
    )


def test_restoring_from_a_form_requires_the_permission_to_add(hero):
    clerk = person("clerk")
    clerk.user_permissions.set(clerk.user_permissions.model.objects.filter(codename="change_hero"))
    client = browser(clerk)
    own_values = open_form(client, f"/heroes/{hero.pk}/edit/")
    hero.delete()
    assert client.post(f"/heroes/{hero.pk}/edit/", {**own_values, "restore_version": "2"}).status_code == 403
    assert not Hero.objects.exists()


def test_the_page_of_a_deleted_record_offers_to_restore_it(hero, editor, editor_browser):
    address = f"/heroes/{hero.pk}/"
    editor_browser.post(f"{address}delete/")
    visitor_page = read(browser().get(address))
    assert "Lamplighter was deleted" in visitor_page.text
    assert "editor" not in visitor_page.text
    assert not visitor_page.all("form", method="post")
    page = read(editor_browser.get(address))
    assert "editor" in page.one("main").text
    form = page.one("form", action=f"{address}restore/")
    assert editor_browser.post(form["action"]).status_code == 302
    restored = Hero.objects.get()
    assert (restored.pk, restored.name, restored.version) == (hero.pk, "Lamplighter", 3)
    assert browser().get(address).status_code == 200


def test_a_record_that_conflicts_with_another_can_be_restored_with_other_values(hero, editor_browser):
    hero.delete()
    HeroFactory(name="LAMPLIGHTER")
    response = editor_browser.post(f"/heroes/{hero.pk}/restore/")
    page = read(response)
    assert response.status_code == 409
    assert "There is already a hero named “LAMPLIGHTER”." in page.text
    form, button = form_with(page, "name"), page.one("button", name="restore_version")
    values = {**form.values(), "name": "Lamplighter the Elder", "restore_version": button["value"]}
    assert editor_browser.post(form["action"], values).status_code == 302
    assert Hero.objects.get(pk=hero.pk).name == "Lamplighter the Elder"


def test_restoring_requires_permission(hero, reader):
    hero.delete()
    assert browser(reader).post(f"/heroes/{hero.pk}/restore/").status_code == 403
    assert browser().post(f"/heroes/{hero.pk}/restore/").status_code == 302
    assert not Hero.objects.exists()


# Conditional requests ----------------------------------------------------------------------


@pytest.fixture
def address(hero):
    return f"/api/v1/heroes/{hero.pk}"


def test_a_response_that_the_client_has_is_not_sent_again(address, editor_program, keeper_program):
    first = editor_program.get(address)
    tag = first["ETag"]
    assert tag.startswith('"1-')
    for condition in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = editor_program.get(address, headers={"If-None-Match": condition})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert editor_program.get(address, headers={"If-None-Match": '"1-0"'}).status_code == 200
    assert keeper_program.get(address)["ETag"] != tag, "the tag depends on permissions"
    assert browser().head(address)["ETag"] == program().get(address)["ETag"]


def test_the_tag_changes_with_nested_records(hero, editor_program):
    team = TeamFactory()
    Hero.objects.filter(pk=hero.pk).update(team=team)
    before = editor_program.get(f"/api/v1/heroes/{hero.pk}")["ETag"]
    team.headquarters = "Elsewhere"
    team.save()
    after = editor_program.get(f"/api/v1/heroes/{hero.pk}")["ETag"]
    assert before != after
    assert before.partition("-")[0] == after.partition("-")[0], "the hero itself has not changed"


def test_a_write_to_another_version_is_rejected(address, editor_program):
    old = editor_program.get(address)["ETag"]
    current = editor_program.patch(address, {"age": 42})
    new = current["ETag"]
    digest = new.strip('"').partition("-")[2]
    conditions = [old, f"W/{new}", '"2"', "2", '"x"', f'"3-{digest}"', "", f'"2-{digest}x"']
    with Cases() as case:
        for method, condition in product(("put", "patch", "delete"), conditions):
            with case(method, condition):
                body = {**current.json(), "age": 50} if method != "delete" else None
                response = getattr(editor_program, method)(address, body, headers={"If-Match": condition})
                assert response.status_code == 412
                assert response.json()["version"] == 2
                assert response["Content-Type"] == "application/problem+json"
                assert Hero.objects.get().age == 42


def test_a_write_to_the_version_that_was_read_succeeds(address, editor_program):
    current = editor_program.get(address)
    tag = current["ETag"]
    with Cases() as case:
        conditions = [tag, f'"x", {tag}', "*", '"1-' + "0" * 32 + '"']
        for method, condition in product(("put", "patch", "delete"), conditions):
            with case(method, condition):
                body = {**current.json(), "age": 50} if method != "delete" else None
                response = getattr(editor_program, method)(address, body, headers={"If-Match": condition})
                assert response.status_code == (204 if method == "delete" else 200)
                if method != "delete":
                    assert response["ETag"].startswith('"2-')


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_write_is_rejected_if_if_none_match_matches(method, address, editor_program):
    tag = editor_program.get(address)["ETag"]
    for condition in ("*", tag, f'"x", W/{tag}'):
        headers = {"If-None-Match": condition}
        response = getattr(editor_program, method)(address, {"age": 50}, headers=headers)
        assert (response.status_code, response.json()["version"]) == (412, 1)
        assert "If-None-Match" in response.json()["detail"]
    assert (Hero.objects.get().age, Hero.objects.get().version) == (41, 1)
    body = {"name": "Lamplighter", "age": 50, "team_id": None} if method == "put" else {"age": 50}
    headers = {"If-None-Match": '"1-' + "0" * 32 + '"'}
    assert getattr(editor_program, method)(address, body, headers=headers).status_code in (200, 204)


def test_as_of_responses_have_an_etag(address, hero, editor_program):
    then = f"{address}?as_of=2100-01-01T00:00:00Z"
    tag = editor_program.get(then)["ETag"]
    assert tag.startswith('"1-')
    again = editor_program.get(then, headers={"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    Hero.objects.update(age=42)
    assert editor_program.get(then, headers={"If-None-Match": tag}).status_code == 200


def test_put_requires_if_match_and_a_setting_requires_it_of_all_writes(address, editor, settings):
    client = program(editor)
    body = {"name": "X", "age": 1, "team_id": None}
    bare = client.generic("PUT", address, "{}", "application/json")
    assert (bare.status_code, "If-Match" in bare.json()["detail"]) == (428, True)
    assert client.patch(address, {"age": 7}).status_code == 200
    settings.REQUIRE_IF_MATCH = True
    assert client.patch(address, {"age": 8}).status_code == 428
    assert client.delete(address).status_code == 428
    assert client.post(f"{address}/history/1/revert/").status_code == 428
    assert client.post(f"{address}/history/1/revert/", headers={"If-Match": "*"}).status_code == 200
    assert client.put(address, body).status_code == 200


@pytest.mark.parametrize("method", ["post", "patch", "delete"])
def test_if_match_is_rejected_in_bulk(method, hero, editor_program):
    members = {"name": "New", "secret_name": "x"} if method == "post" else {"id": hero.pk}
    send = partial(getattr(editor_program, method), "/api/v1/heroes/bulk/", [members])
    rejected = send(headers={"If-Match": '"1-0"'})
    assert (rejected.status_code, "a list has no version" in rejected.json()["detail"]) == (412, True)
    assert send(headers={"If-Match": "*"}).status_code < 300


def test_if_match_is_rejected_for_a_new_record(editor_program):
    members = {"name": "New", "secret_name": "x"}
    assert editor_program.post("/api/v1/heroes/", members, headers={"If-Match": '"1-0"'}).status_code == 412
    assert not Hero.objects.exists()


def test_a_404_says_when_the_record_was_deleted(hero, address, editor_program):
    hero.delete()
    detail = editor_program.get(address).json()["detail"]
    assert re.fullmatch(r"No hero has the id \d+\. It was deleted on 20\d\d-.* UTC\.", detail)
