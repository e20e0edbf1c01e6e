"""Parallel writes get the responses that they would get one after the other, and never a 500."""

from collections import Counter
from functools import partial

import pytest

from heroes.models import Hero
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, program
from tests.threads import in_parallel

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("restore_groups")]

ROUNDS = 8


def faults(response):
    return response.json()["errors"]


def test_of_two_new_records_with_one_name_one_gets_an_error(owner):
    HeroFactory(name="Owl")
    without_a_race = program(owner).post("/api/v1/heroes/", {"name": "owl", "secret_name": "x"})
    assert without_a_race.status_code == 422
    clients = [program(owner), program(owner)]
    for number in range(ROUNDS):
        name = f"Hero {number}"
        body = {"name": name, "secret_name": "x"}
        first, second = in_parallel(*(partial(client.post, "/api/v1/heroes/", body) for client in clients))
        assert sorted([first.status_code, second.status_code]) == [201, 422]
        refused = first if first.status_code == 422 else second
        (fault,), (known,) = faults(refused), faults(without_a_race)
        assert fault == known | {"message": known["message"].replace("Owl", name)}
        assert Hero.objects.filter(name=name).count() == 1


def test_of_two_forms_with_one_name_one_gets_an_error(owner):
    pages = [browser(owner), browser(owner)]
    for number in range(ROUNDS):
        values = {"name": f"Team {number}", "headquarters": "Here"}
        responses = in_parallel(*(partial(page.post, "/teams/new/", values) for page in pages))
        assert sorted(response.status_code for response in responses) == [302, 422]
        (refused,) = [response for response in responses if response.status_code == 422]
        words = f"There is already a team named “Team {number}”. Choose another name."
        assert words in refused.content.decode()
        assert Team.objects.filter(name=f"Team {number}").count() == 1


def test_of_two_interfaces_with_one_name_one_gets_an_error(owner):
    page, admin, api = browser(owner), browser(owner), program(owner)
    for number in range(ROUNDS):
        values = {"name": f"Team {number}", "headquarters": "Here"}
        responses = in_parallel(
            partial(page.post, "/teams/new/", values),
            partial(admin.post, "/admin/teams/team/add/", values),
            partial(api.post, "/api/v1/teams/", values),
        )
        done = [response.status_code in (302, 201) for response in responses]
        refused = [response.status_code in (422, 200) for response in responses]
        assert (done.count(True), refused.count(True)) == (1, 2), [a.status_code for a in responses]
        words = f"There is already a team named “Team {number}”. Choose another name."
        for response, is_refused in zip(responses, refused, strict=True):
            assert not is_refused or words in response.content.decode()
        assert Team.objects.filter(name=f"Team {number}").count() == 1


@pytest.mark.parametrize("join", ["create", "change"])
def test_joining_a_team_while_it_is_deleted_is_saved_before_or_is_an_error(join, owner):
    joining, deleting = program(owner), program(owner)
    gone = TeamFactory()
    gone_id = gone.pk
    gone.delete()
    without_a_race = joining.post("/api/v1/heroes/", {"name": "x", "secret_name": "x", "team_id": gone_id})
    assert without_a_race.status_code == 422
    for number in range(ROUNDS):
        team = TeamFactory()
        body = {"name": f"Joining {number}", "secret_name": "x", "team_id": team.pk}
        if join == "create":
            address, send = "/api/v1/heroes/", joining.post
        else:
            address, send = f"/api/v1/heroes/{HeroFactory().pk}", joining.patch
        joined, deleted = in_parallel(
            partial(send, address, body),
            partial(deleting.delete, f"/api/v1/teams/{team.pk}"),
        )
        assert deleted.status_code == 204
        assert not Team.objects.exists()
        if joined.status_code == 422:
            assert faults(joined) == faults(without_a_race)
            assert not Hero.objects.filter(name=body["name"]).exists()
        else:
            assert joined.status_code == (201 if join == "create" else 200)
            hero = Hero.objects.get(name=body["name"])
            assert (hero.team, hero.version) == (None, joined.json()["version"] + 1)


def test_eight_changes_of_one_hero_at_once_all_count(owner):
    hero = HeroFactory(age=None)
    address = f"/api/v1/heroes/{hero.pk}"
    clients = [program(owner) for _number in range(8)]
    responses = in_parallel(
        *(partial(client.patch, address, {"age": age}) for age, client in enumerate(clients))
    )
    assert Counter(response.status_code for response in responses) == {200: 8}
    assert sorted(response.json()["version"] for response in responses) == list(range(2, 10))
    hero.refresh_from_db()
    assert hero.version == 1 + 8
    last = max((response.json() for response in responses), key=lambda body: body["version"])
    assert hero.age == last["age"]


def test_parallel_changes_of_different_fields_are_all_saved(owner):
    hero, team = HeroFactory(age=None), TeamFactory()
    address = f"/api/v1/heroes/{hero.pk}"
    changes = [{"name": "Owl"}, {"age": 41}, {"team_id": team.pk}, {"secret_name": "Nora"}]
    clients = [program(owner) for _change in changes]
    responses = in_parallel(
        *(partial(client.patch, address, change) for client, change in zip(clients, changes, strict=True))
    )
    assert [response.status_code for response in responses] == [200] * 4
    hero.refresh_from_db()
    assert (hero.name, hero.age, hero.team, hero.secret_name) == ("Owl", 41, team, "Nora")
    assert hero.version == 5


def test_of_two_parallel_deletions_one_is_not_found(owner):
    clients = [program(owner), program(owner)]
    for _round in range(ROUNDS):
        address = f"/api/v1/heroes/{HeroFactory().pk}"
        responses = in_parallel(*(partial(client.delete, address) for client in clients))
        assert sorted(response.status_code for response in responses) == [204, 404]
    assert not Hero.objects.exists()


def test_a_change_and_a_deletion_at_once_leave_no_hero_behind(owner):
    changing, deleting = program(owner), program(owner)
    for _round in range(ROUNDS):
        address = f"/api/v1/heroes/{HeroFactory().pk}"
        changed, deleted = in_parallel(
            partial(changing.patch, address, {"age": 7}), partial(deleting.delete, address)
        )
        assert deleted.status_code == 204
        assert changed.status_code in (200, 404)
        assert not Hero.objects.exists()


def test_many_parallel_requests_get_error_messages(owner):
    """Several races in one request: a name that is taken, freed and taken again, and a deleted team."""
    clients = [program(owner) for _client in range(7)]
    for number in range(25):
        name, team = f"Wanted {number}", TeamFactory()
        heroes = [HeroFactory(team=team) for _hero in range(3)]
        first, second, third = (f"/api/v1/heroes/{hero.pk}" for hero in heroes)
        wanted = {"name": name, "secret_name": "x", "team_id": team.pk}
        responses = in_parallel(
            partial(clients[0].delete, f"/api/v1/teams/{team.pk}"),
            partial(clients[1].patch, first, wanted),
            partial(clients[2].patch, second, {"name": name}),
            partial(clients[3].patch, third, wanted),
            partial(clients[4].post, "/api/v1/heroes/", {"name": name, "secret_name": "x"}),
            partial(clients[5].post, "/api/v1/heroes/", wanted),
            partial(clients[6].delete, first),
        )
        statuses = Counter(response.status_code for response in responses)
        assert statuses.keys() <= {200, 201, 204, 404, 422}, statuses
        assert Hero.objects.filter(name=name).count() <= 1
        assert not Hero.objects.exclude(team=None).exists()


def test_a_form_whose_team_is_deleted_concurrently_shows_no_success_message(owner):
    """A success message or an error, on pages and in the admin, and never both."""
    deleting = program(owner)
    for number in range(ROUNDS):
        team = TeamFactory()
        values = {"name": f"Late {number}", "secret_name": "x", "age": "", "team": team.pk}
        address = ("/heroes/new/", "/admin/heroes/hero/add/")[number % 2]
        client = browser(owner)
        response, _deleted = in_parallel(
            partial(client.post, address, values), partial(deleting.delete, f"/api/v1/teams/{team.pk}")
        )
        saved = Hero.objects.filter(name=values["name"]).exists()
        assert saved == (response.status_code == 302)
        words = client.get("/heroes/").content.decode() + response.content.decode()
        assert ("created." in words or "was added" in words) == saved


@pytest.mark.parametrize("way", ["page", "one", "selected"])
def test_a_team_is_deleted_while_its_members_are_changed(way, owner):
    """Each locks what the other wants next, in the opposite order, and one of them has to give way."""
    for _round in range(ROUNDS):
        team = TeamFactory()
        other = TeamFactory()
        heroes = [HeroFactory(team=team) for _hero in range(4)]
        selected = {"action": "delete_selected", "_selected_action": team.pk, "post": "yes"}
        address, values = {
            "page": (f"/teams/{team.pk}/delete/", {}),
            "one": (f"/admin/teams/team/{team.pk}/delete/", {"post": "yes"}),
            "selected": ("/admin/teams/team/", selected),
        }[way]
        changes = [
            partial(program(owner).patch, f"/api/v1/heroes/{hero.pk}", {"team_id": pk})
            for hero, pk in zip(heroes, [team.pk, other.pk, team.pk, None], strict=True)
        ]
        deleted, *changed = in_parallel(partial(browser(owner).post, address, values), *changes)
        assert deleted.status_code == 302
        assert {response.status_code for response in changed} <= {200, 422}
        assert not Team.objects.filter(pk=team.pk).exists()
        other.delete()
