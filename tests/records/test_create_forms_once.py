"""A form for a new record creates one record, however often it is sent."""

import json
from functools import partial

import pytest

from heroes.models import Hero
from heroesite.api.models import IdempotencyKey
from teams.models import Team
from tests.markup import form_with, read
from tests.people import browser, person
from tests.threads import in_parallel

pytestmark = pytest.mark.django_db

ADDRESSES = {"page": "/heroes/new/", "admin": "/admin/heroes/hero/add/"}
OWL = {"name": "Owl", "secret_name": "Nora Hidden", "age": "41"}
interfaces = pytest.mark.parametrize("interface", ADDRESSES)


def form(client, interface):
    """What the form sends, filled in."""
    return form_with(read(client.get(ADDRESSES[interface])), "name").values() | OWL


def place(interface, hero):
    return f"/heroes/{hero.pk}/" if interface == "page" else f"/admin/heroes/hero/{hero.pk}/change/"


@interfaces
def test_submitting_a_form_twice_creates_one_hero(interface, editor_browser):
    values = form(editor_browser, interface)
    assert editor_browser.post(ADDRESSES[interface], values).status_code == 302
    again = editor_browser.post(ADDRESSES[interface], values)
    assert (again.status_code, again["Location"]) == (302, place(interface, Hero.objects.get()))
    assert Hero.history.count() == 1


def test_a_popup_of_the_admin_selects_the_new_record_however_often_it_is_sent(editor_browser):
    address = "/admin/teams/team/add/?_to_field=id&_popup=1"
    values = form_with(read(editor_browser.get(address)), "name").values() | {"name": "Owls"}
    values |= {"headquarters": "The Barn", "_popup": "1", "_to_field": "id"}
    for _time in range(2):
        response = editor_browser.post(address, values)
        assert (response.status_code, response.templates[0].name) == (200, "admin/popup_response.html")
        answer = read(response).one("script", id="django-admin-popup-response-constants")
        selected = json.loads(answer["data-popup-response"])
        assert selected["value"] == str(Team.objects.get().pk)
        assert selected["obj"] == "Owls"
    Team.objects.get().delete()
    assert editor_browser.post(address, values).status_code == 302


@interfaces
def test_resubmitting_redirects_to_the_renamed_hero(interface, editor_browser):
    values = form(editor_browser, interface)
    editor_browser.post(ADDRESSES[interface], values)
    hero = Hero.objects.get()
    hero.name = "Crow"
    hero.save()
    assert editor_browser.post(ADDRESSES[interface], values)["Location"] == place(interface, hero)
    assert Hero.objects.count() == 1


@interfaces
def test_other_values_from_the_same_form_make_a_second_hero(interface, editor_browser):
    values = form(editor_browser, interface)
    editor_browser.post(ADDRESSES[interface], values)
    editor_browser.post(ADDRESSES[interface], values | {"name": "Crow"})
    assert set(Hero.objects.values_list("name", flat=True)) == {"Owl", "Crow"}


@interfaces
def test_an_invalid_form_can_be_fixed_and_sent_again(interface, editor_browser):
    values = form(editor_browser, interface)
    refused = editor_browser.post(ADDRESSES[interface], values | {"name": ""})
    assert refused.status_code in (200, 422)
    corrected = form_with(read(refused), "name").values() | {"name": "Owl", "secret_name": "Nora Hidden"}
    assert corrected["submission"] == values["submission"]
    assert editor_browser.post(ADDRESSES[interface], corrected).status_code == 302
    assert Hero.objects.count() == 1


@interfaces
def test_each_form_has_its_own_submission_id(interface, editor_browser):
    first, second = form(editor_browser, interface), form(editor_browser, interface)
    assert first["submission"] != second["submission"]
    editor_browser.post(ADDRESSES[interface], first)
    assert editor_browser.post(ADDRESSES[interface], second).status_code in (200, 422)


@interfaces
def test_a_form_without_the_field_works(interface, editor_browser):
    values = form(editor_browser, interface)
    del values["submission"]
    assert editor_browser.post(ADDRESSES[interface], values).status_code == 302
    assert editor_browser.post(ADDRESSES[interface], values).status_code in (200, 422)
    assert not IdempotencyKey.objects.exists()


@interfaces
def test_the_submission_id_of_another_user_is_ignored(interface, editor_browser, keeper_browser):
    values = form(editor_browser, interface)
    editor_browser.post(ADDRESSES[interface], values)
    assert keeper_browser.post(ADDRESSES[interface], values).status_code in (200, 422)


@interfaces
def test_secrets_are_not_stored_with_submissions(interface, editor_browser):
    editor_browser.post(ADDRESSES[interface], form(editor_browser, interface))
    assert "Nora" not in str(IdempotencyKey.objects.values().get())


@pytest.mark.django_db(transaction=True)
@interfaces
def test_a_double_click_creates_one_hero_and_both_clicks_redirect_to_it(interface, restore_groups):
    owner = person("owner", staff=True, superuser=True)
    clients = [browser(owner) for _click in range(4)]
    for number in range(6):
        values = form(clients[0], interface) | {"name": f"Owl {number}"}
        responses = in_parallel(*(partial(client.post, ADDRESSES[interface], values) for client in clients))
        assert [response.status_code for response in responses] == [302] * 4
        assert Hero.objects.filter(name=f"Owl {number}").count() == 1
