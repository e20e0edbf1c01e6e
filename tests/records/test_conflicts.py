"""Two people at one record: nobody's work is lost, and nothing is typed twice."""

import re
from functools import partial

import pytest

from heroes.models import Hero
from tests.factories import HeroFactory, TeamFactory
from tests.markup import form_with, read
from tests.people import browser, person, program

pytestmark = pytest.mark.django_db
FORMS = pytest.mark.parametrize("address", ["/heroes/{}/edit/", "/admin/heroes/hero/{}/change/"])


def opened(client, address):
    """What a form holds when it is opened."""
    return form_with(read(client.get(address)), "name").values()


@pytest.fixture
def hero():
    return HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=41, team=None)


@FORMS
def test_edits_of_different_fields_are_merged_and_need_one_more_save(address, hero, editor_browser, keeper):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    opened_by_another = opened(browser(keeper), address)
    team = TeamFactory(name="Night Watch")
    browser(keeper).post(address, {**opened_by_another, "age": "42", "team": str(team.pk)})

    answer = editor_browser.post(address, {**mine, "name": "Lamp Lighter"})

    page = read(answer)
    assert answer.status_code == 409
    assert "Someone else changed this hero while you were editing." in page.text
    assert "keeper" in page.one("table", class_="merge").text
    assert not page.all("input", type="radio"), "there is nothing to choose"
    merged = form_with(page, "name").values()
    assert (merged["name"], merged["age"], merged["team"]) == ("Lamp Lighter", "42", str(team.pk))
    hero.refresh_from_db()
    assert (hero.name, hero.version) == ("Lamplighter", 2)
    assert editor_browser.post(address, merged).status_code == 302
    hero.refresh_from_db()
    assert (hero.name, hero.age, hero.team, hero.version) == ("Lamp Lighter", 42, team, 3)


@FORMS
@pytest.mark.parametrize(("keep", "age"), [("yours", 50), ("theirs", 42)])
def test_of_two_edits_of_one_field_somebody_chooses(address, keep, age, hero, editor_browser):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)

    answer = editor_browser.post(address, {**mine, "age": "50"})

    page = read(answer)
    assert answer.status_code == 409
    [row] = [row for row in page.one("table", class_="merge").all("tr") if row.all("td")]
    cells = [cell.text for cell in row.all("td")]
    assert (cells[0], cells[1].split()[0], cells[2]) == ("41", "42", "50")
    merged = form_with(page, "name").values()
    assert editor_browser.post(address, {**merged, "keep_age": keep}).status_code == 302
    hero.refresh_from_db()
    assert (hero.age, hero.version) == (age, 3 if keep == "yours" else 2)


@FORMS
def test_a_third_edit_in_between_is_told_as_well(address, hero, editor_browser):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)
    merged = form_with(read(editor_browser.post(address, {**mine, "age": "50"})), "name").values()
    Hero.objects.filter(pk=hero.pk).update(age=43)
    again = editor_browser.post(address, {**merged, "keep_age": "theirs"})
    assert again.status_code == 409
    assert form_with(read(again), "name").values()["age"] == "43"


@FORMS
@pytest.mark.parametrize(("typed", "asked"), [("", False), ("Edith Wren", True), ("Nora Vane", True)])
def test_a_conflict_about_a_secret_shows_neither_secret(address, typed, asked, hero, editor_browser):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    other = Hero.objects.get(pk=hero.pk)
    other.secret_name = "Ada Pell"
    other.save()

    answer = editor_browser.post(address, {**mine, "secret_name": typed})

    page = read(answer)
    assert answer.status_code == 409
    assert "Ada Pell" not in page.text
    assert "Edith Wren" not in page.one("table", class_="merge").text
    assert bool(page.all("input", type="radio")) == asked
    merged = form_with(page, "name").values()
    assert merged["secret_name"] == typed, "what was typed is kept"
    assert "Ada Pell" not in answer.content.decode()
    assert editor_browser.post(address, {**merged, "keep_secret_name": "theirs"}).status_code == 302
    hero.refresh_from_db()
    assert hero.secret_name == "Ada Pell"


@FORMS
def test_what_was_typed_wrong_is_kept_too(address, hero, editor_browser):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    Hero.objects.filter(pk=hero.pk).update(age=42)
    answer = editor_browser.post(address, {**mine, "age": "5o"})
    assert answer.status_code == 409
    form = form_with(read(answer), "name")
    assert form.values()["age"] == "5o"
    assert form.all("input", name="keep_age", value="theirs")


@FORMS
@pytest.mark.parametrize("version", ["", "0", "7", "abc", "-1", "9" * 30, "1.5", "\x00"])
def test_a_form_of_no_known_version_is_compared_with_what_is_stored(address, version, hero, editor_browser):
    address = address.format(hero.pk)
    Hero.objects.filter(pk=hero.pk).update(age=42)
    form = {**opened(editor_browser, address), "age": "50", "seen_version": version}
    answer = editor_browser.post(address, form)
    page = read(answer)
    assert answer.status_code == 409
    assert "doesn't say which version you edited" in page.text
    [row] = [row for row in page.one("table", class_="merge").all("tr") if row.all("td")]
    assert [cell.text for cell in row.all("td")][:3] == ["not known", "42", "50"]
    hero.refresh_from_db()
    assert (hero.age, hero.version) == (42, 2)
    merged = form_with(page, "name").values()
    assert editor_browser.post(address, {**merged, "keep_age": "yours"}).status_code == 302
    hero.refresh_from_db()
    assert (hero.age, hero.secret_name, hero.version) == (50, "Edith Wren", 3)


@FORMS
def test_a_form_of_no_known_version_that_changes_nothing_is_no_conflict(address, hero, editor_browser):
    address = address.format(hero.pk)
    form = {**opened(editor_browser, address), "seen_version": "7"}
    assert editor_browser.post(address, form).status_code == 302
    hero.refresh_from_db()
    assert hero.version == 1


@FORMS
def test_a_record_deleted_meanwhile_can_be_brought_back_with_what_was_typed(address, hero, editor_browser):
    address = address.format(hero.pk)
    mine = opened(editor_browser, address)
    hero_id = hero.pk
    hero.delete()

    answer = editor_browser.post(address, {**mine, "age": "50"}, follow=True)

    page = read(answer)
    assert answer.status_code == 409
    assert "Lamplighter was deleted" in page.text
    form = form_with(page, "name")
    assert form.values()["age"] == "50"
    button = page.one("button", name="bring_back")
    assert not Hero.objects.exists()
    answer = editor_browser.post(form["action"], {**form.values(), "bring_back": button["value"]})
    assert answer.status_code == 302
    back = Hero.objects.get()
    assert (back.pk, back.age, back.secret_name, back.version) == (hero_id, 50, "Edith Wren", 3)


def test_bringing_back_wants_the_permission_to_add(hero):
    clerk = person("clerk")
    clerk.user_permissions.set(clerk.user_permissions.model.objects.filter(codename="change_hero"))
    client = browser(clerk)
    mine = opened(client, f"/heroes/{hero.pk}/edit/")
    hero.delete()
    assert client.post(f"/heroes/{hero.pk}/edit/", {**mine, "bring_back": "2"}).status_code == 403
    assert not Hero.objects.exists()


def test_the_address_of_a_deleted_record_says_so_and_offers_it_back(hero, editor, editor_browser):
    address = f"/heroes/{hero.pk}/"
    editor_browser.post(f"{address}delete/")
    seen_by_all = read(browser().get(address))
    assert "Lamplighter was deleted" in seen_by_all.text
    assert "editor" not in seen_by_all.text
    assert not seen_by_all.all("form", method="post")
    page = read(editor_browser.get(address))
    assert "editor" in page.one("main").text
    form = page.one("form", action=f"{address}restore/")
    assert editor_browser.post(form["action"]).status_code == 302
    back = Hero.objects.get()
    assert (back.pk, back.name, back.version) == (hero.pk, "Lamplighter", 3)
    assert browser().get(address).status_code == 200


def test_who_restores_what_cannot_come_back_as_it_was_says_how_else(hero, editor_browser):
    hero.delete()
    HeroFactory(name="LAMPLIGHTER")
    answer = editor_browser.post(f"/heroes/{hero.pk}/restore/")
    page = read(answer)
    assert answer.status_code == 409
    assert "There is already a hero named “LAMPLIGHTER”." in page.text
    form, button = form_with(page, "name"), page.one("button", name="bring_back")
    sent = {**form.values(), "name": "Lamplighter the Elder", "bring_back": button["value"]}
    assert editor_browser.post(form["action"], sent).status_code == 302
    assert Hero.objects.get(pk=hero.pk).name == "Lamplighter the Elder"


def test_nobody_without_permission_restores(hero, reader):
    hero.delete()
    assert browser(reader).post(f"/heroes/{hero.pk}/restore/").status_code == 403
    assert browser().post(f"/heroes/{hero.pk}/restore/").status_code == 302
    assert not Hero.objects.exists()


# Conditional requests ----------------------------------------------------------------------


@pytest.fixture
def address(hero):
    return f"/api/v1/heroes/{hero.pk}"


def test_an_answer_that_is_known_is_not_sent_again(address, editor_program, keeper_program):
    first = editor_program.get(address)
    tag = first["ETag"]
    assert tag.startswith('"1-')
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = editor_program.get(address, headers={"If-None-Match": known})
        assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    assert editor_program.get(address, headers={"If-None-Match": '"1-0"'}).status_code == 200
    assert keeper_program.get(address)["ETag"] != tag, "what one may see is part of the tag"
    assert browser().head(address)["ETag"] == program().get(address)["ETag"]


def test_the_tag_tells_of_changes_in_what_is_nested(hero, editor_program):
    team = TeamFactory()
    Hero.objects.filter(pk=hero.pk).update(team=team)
    before = editor_program.get(f"/api/v1/heroes/{hero.pk}")["ETag"]
    team.headquarters = "Elsewhere"
    team.save()
    after = editor_program.get(f"/api/v1/heroes/{hero.pk}")["ETag"]
    assert before != after
    assert before.partition("-")[0] == after.partition("-")[0], "the hero itself is as it was"


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize(
    "known", ["{old}", "W/{new}", '"2"', "2", '"x"', '"3-{digest}"', "", '"2-{digest}x"']
)
def test_a_write_to_another_version_than_was_seen_is_refused(method, known, address, editor_program):
    old = editor_program.get(address)
    new = editor_program.patch(address, {"age": 42})
    digest = new["ETag"].strip('"').partition("-")[2]
    condition = known.format(old=old["ETag"], new=new["ETag"], digest=digest)
    body = {**new.json(), "age": 50} if method != "delete" else None
    answer = getattr(editor_program, method)(address, body, headers={"If-Match": condition})
    assert answer.status_code == 412
    assert (answer.json()["version"], answer["Content-Type"]) == (2, "application/problem+json")
    assert Hero.objects.get().age == 42


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("known", ["{tag}", '"x", {tag}', "*", '"1-' + "0" * 32 + '"'])
def test_a_write_to_the_version_that_was_seen_is_done(method, known, address, editor_program):
    read_first = editor_program.get(address)
    body = {**read_first.json(), "age": 50} if method != "delete" else None
    condition = known.format(tag=read_first["ETag"])
    answer = getattr(editor_program, method)(address, body, headers={"If-Match": condition})
    assert answer.status_code == (204 if method == "delete" else 200)
    if method != "delete":
        assert answer["ETag"].startswith('"2-')


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_write_that_is_not_meant_for_what_is_there_is_refused(method, address, editor_program):
    tag = editor_program.get(address)["ETag"]
    for known in ("*", tag, f'"x", W/{tag}'):
        answer = getattr(editor_program, method)(address, {"age": 50}, headers={"If-None-Match": known})
        assert (answer.status_code, answer.json()["version"]) == (412, 1)
        assert "If-None-Match" in answer.json()["detail"]
    assert (Hero.objects.get().age, Hero.objects.get().version) == (41, 1)
    body = {"name": "Lamplighter", "age": 50, "team_id": None} if method == "put" else {"age": 50}
    headers = {"If-None-Match": '"1-' + "0" * 32 + '"'}
    assert getattr(editor_program, method)(address, body, headers=headers).status_code in (200, 204)


def test_the_past_has_tags_too(address, hero, editor_program):
    then = f"{address}?as_of=2100-01-01T00:00:00Z"
    tag = editor_program.get(then)["ETag"]
    assert tag.startswith('"1-')
    known = editor_program.get(then, headers={"If-None-Match": tag})
    assert (known.status_code, known.content, known["ETag"]) == (304, b"", tag)
    Hero.objects.update(age=42)
    assert editor_program.get(then, headers={"If-None-Match": tag}).status_code == 200


def test_put_wants_to_know_what_was_seen_and_others_if_the_setting_says_so(address, editor, settings):
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
def test_a_list_has_no_version_to_match(method, hero, editor_program):
    members = {"name": "New", "secret_name": "x"} if method == "post" else {"id": hero.pk}
    send = partial(getattr(editor_program, method), "/api/v1/heroes/bulk/", [members])
    refused = send(headers={"If-Match": '"1-0"'})
    assert (refused.status_code, "a list has no version" in refused.json()["detail"]) == (412, True)
    assert send(headers={"If-Match": "*"}).status_code < 300


def test_a_record_to_come_has_no_version_to_match(editor_program):
    members = {"name": "New", "secret_name": "x"}
    assert editor_program.post("/api/v1/heroes/", members, headers={"If-Match": '"1-0"'}).status_code == 412
    assert not Hero.objects.exists()


def test_a_program_is_told_that_a_record_was_deleted(hero, address, editor_program):
    hero.delete()
    detail = editor_program.get(address).json()["detail"]
    assert re.fullmatch(r"No hero has the id \d+\. It was deleted on 20\d\d-.* UTC\.", detail)
