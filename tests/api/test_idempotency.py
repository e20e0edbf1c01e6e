"""A write that comes again under its Idempotency-Key is answered as before, and done once."""

from collections import Counter
from datetime import timedelta
from functools import partial

import pytest
from django.contrib.auth.models import Group
from django.utils import timezone

from heroes.models import Hero
from heroesite.api import idempotency
from heroesite.api.models import IdempotencyKey
from heroesite.records.audit.disclosures import Disclosure
from teams.models import Team
from tests.factories import HeroFactory
from tests.people import person, program
from tests.threads import at_once

HEROES, TEAMS = "/api/v1/heroes/", "/api/v1/teams/"
OWL = {"name": "Owl", "secret_name": "Nora Hidden", "age": 41}
KEY = "6f1f4b0e-6d0c-4f6e-9d5e-3c1f0a2b7c11"
METHODS = pytest.mark.parametrize("method", ["post", "patch"])


def send(client, method="post", address=HEROES, body=OWL, key=KEY, **headers):
    return getattr(client, method)(address, body, headers={"Idempotency-Key": key, **headers})


def again(answer, first):
    """Whether ``answer`` is that to an earlier request, once more."""
    told = [
        (one.status_code, one.content, one["Content-Type"], one.get("ETag"), one.get("Location"))
        for one in (answer, first)
    ]
    assert "Idempotency-Replayed" not in first
    return told[0] == told[1] and answer.get("Idempotency-Replayed") == "true"


def only_key():
    return IdempotencyKey.objects.get()


def let_go():
    """As if the process that has claimed the key had died a minute ago."""
    past = timezone.now() - timedelta(seconds=1)
    IdempotencyKey.objects.update(status=None, body="", headers={}, leased_until=past)


@pytest.fixture
def address(db):
    """Where a hero is, to be changed."""
    return f"{HEROES}{HeroFactory().pk}"


@pytest.mark.parametrize("who", ["editor_program", "keeper_program"])
@METHODS
def test_the_same_request_is_answered_the_same_and_done_once(method, who, address, request):
    client = request.getfixturevalue(who)
    place = HEROES if method == "post" else address
    first = send(client, method, place)
    assert first.status_code == (201 if method == "post" else 200)
    second = send(client, method, place)
    assert again(second, first)
    assert ("secret_name" in second.json()) == (who == "keeper_program")
    assert Hero.objects.filter(name="Owl").count() == Hero.history.filter(name="Owl").count() == 1
    assert client.get(f"{HEROES}{first.json()['id']}")["ETag"] == second["ETag"]


def test_without_a_key_a_request_is_done_each_time(keeper_program):
    assert keeper_program.post(HEROES, OWL).status_code == 201
    assert keeper_program.post(HEROES, OWL).status_code == 422
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_what_can_be_repeated_anyway_takes_no_key(method, address, keeper_program):
    assert send(keeper_program, method, address, key="", **{"If-Match": "*"}).status_code in (200, 204)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "\x7f"])
def test_a_key_that_cannot_be_used_is_refused(key, keeper_program):
    answer = send(keeper_program, key=key)
    assert answer.status_code == 400
    assert "1 to 255 visible ASCII characters" in answer.json()["detail"]
    assert not Hero.objects.exists()


def test_the_longest_key_is_taken(keeper_program):
    assert again(*reversed([send(keeper_program, key="~" * 255) for _time in range(2)]))


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [("post", HEROES, OWL | {"age": 42}), ("post", TEAMS, OWL), ("patch", "address", OWL)],
)
def test_another_request_under_the_key_is_refused(method, place, body, address, keeper_program):
    send(keeper_program)
    answer = send(keeper_program, method, address if place == "address" else place, body)
    assert answer.status_code == 422
    assert "came with another request" in answer.json()["detail"]
    assert (Hero.objects.count(), Team.objects.count()) == (2, 0)


def test_nobody_is_given_anothers_answer(editor_program, keeper_program):
    send(editor_program)
    other = send(keeper_program, body=OWL | {"name": "Crow"})
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other


def test_two_tokens_of_one_user_share_its_keys(keeper):
    assert again(*reversed([send(program(keeper)) for _token in range(2)]))


def test_while_the_first_is_under_way_the_second_is_told_to_wait(keeper_program):
    send(keeper_program)
    IdempotencyKey.objects.update(status=None, leased_until=timezone.now() + timedelta(seconds=30))
    same, other = send(keeper_program), send(keeper_program, body=OWL | {"age": 42})
    assert (same.status_code, same["Retry-After"]) == (409, "1")
    assert "under way" in same.json()["detail"]
    assert other.status_code == 422


def test_a_key_whose_process_died_can_be_claimed_anew(keeper_program):
    send(keeper_program, body=OWL | {"name": ""})
    let_go()
    assert send(keeper_program).status_code == 201


def test_who_has_lost_the_key_writes_nothing(keeper_program, monkeypatch):
    keep = idempotency.keep

    def keep_too_late(*args, **kwargs):
        IdempotencyKey.objects.update(claim="of another")
        return keep(*args, **kwargs)

    monkeypatch.setattr(idempotency, "keep", keep_too_late)
    answer = send(keeper_program)
    assert (answer.status_code, answer["Retry-After"]) == (409, "1")
    assert not Hero.objects.exists()
    assert not Disclosure.objects.exists()


def test_a_key_is_new_once_its_time_is_over(keeper_program, settings):
    first = send(keeper_program)
    over = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)
    IdempotencyKey.objects.update(at=over + timedelta(seconds=30))
    assert again(send(keeper_program), first)
    IdempotencyKey.objects.update(at=over)
    other = send(keeper_program, body=OWL | {"name": "Crow"})
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other
    assert IdempotencyKey.objects.over().count() == 0


def test_a_script_from_elsewhere_may_send_a_key_and_see_that_an_answer_is_an_earlier_one(keeper, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example.org"]
    asked = {"Origin": "https://a.example.org", "Access-Control-Request-Method": "POST"}
    allowed = program().options(HEROES, headers=asked)["Access-Control-Allow-Headers"]
    assert {"idempotency-key", "if-match", "x-request-id"} <= set(allowed.split(", "))
    exposed = send(program(keeper), Origin="https://a.example.org")["Access-Control-Expose-Headers"]
    assert {"Idempotency-Replayed", "ETag", "Link", "Location"} <= set(exposed.split(", "))


# Answers that tell a fault -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "place", "body", "status"),
    [
        ("post", HEROES, {"name": "Owl"}, 422),
        ("post", HEROES, [], 422),
        ("patch", f"{HEROES}4000", {"age": 1}, 404),
    ],
)
def test_a_fault_of_the_request_is_told_again(method, place, body, status, keeper_program):
    first = send(keeper_program, method, place, body)
    assert first.status_code == status
    assert again(send(keeper_program, method, place, body), first)


def test_a_body_that_is_not_json_is_told_again(keeper_program):
    first, second = (
        keeper_program.generic(
            "POST", HEROES, "{", content_type="application/json", headers={"Idempotency-Key": KEY}
        )
        for _time in range(2)
    )
    assert first.status_code == 400
    assert again(second, first)


def test_a_stale_request_may_be_mended_under_its_key(address, keeper_program):
    stale = send(keeper_program, "patch", address, {"age": 1}, **{"If-Match": '"7-' + "0" * 32 + '"'})
    assert stale.status_code == 412
    assert send(keeper_program, "patch", address, {"age": 1}, **{"If-Match": "*"}).status_code == 200


def test_what_failed_here_is_tried_again(keeper_program, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Hero, "save", lambda *args, **kwargs: 1 / 0)
        assert send(keeper_program).status_code == 500
    answer = send(keeper_program)
    assert answer.status_code == 201
    assert "Idempotency-Replayed" not in answer


# AllowedActions and secrets -------------------------------------------------------------------


def test_who_may_not_write_any_more_is_told_nothing(editor):
    client = program(editor)
    send(client)
    editor.groups.clear()
    answer = send(client)
    assert answer.status_code == 403
    assert "Owl" not in answer.content.decode()


@METHODS
def test_a_secret_is_never_among_what_is_kept(method, address, keeper_program):
    answer = send(keeper_program, method, HEROES if method == "post" else address)
    assert answer.json()["secret_name"] == "Nora Hidden"
    kept = IdempotencyKey.objects.values().get()
    assert "Nora" not in str(kept)
    assert '"name":"Owl"' in kept["body"]


def test_a_refused_secret_is_not_kept_either(keeper_program):
    answer = send(keeper_program, body=OWL | {"secret_name": "Nora " * 100})
    assert answer.status_code == 422
    assert "Nora" not in only_key().body


def test_each_showing_of_a_secret_is_recorded(keeper, keeper_program):
    hero = send(keeper_program).json()["id"]
    send(keeper_program)
    shown = Disclosure.objects.values_list("username", "door", "kind", "field", "ids")
    assert list(shown) == [("keeper", "api", "heroes.hero", "secret_name", [hero])] * 2


def test_the_secret_is_that_of_the_answer_not_that_of_today(keeper_program):
    first = send(keeper_program)
    keeper_program.patch(f"{HEROES}{first.json()['id']}", {"secret_name": "Somebody Else"})
    assert again(send(keeper_program), first)
    keeper_program.delete(f"{HEROES}{first.json()['id']}")
    assert again(send(keeper_program), first)


def test_who_may_not_see_the_secret_any_more_gets_the_answer_without_it(keeper):
    client = program(keeper)
    first = send(client)
    keeper.groups.set([Group.objects.get(name="Editors")])
    answer = send(client)
    expected = first.json()
    del expected["secret_name"]
    assert (answer.status_code, answer.json()) == (201, expected)
    assert Disclosure.objects.count() == 1


# Requests that meet ------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_of_sixteen_equal_requests_at_once_one_is_done(groups_come_back):
    owner = person("owner", superuser=True)
    clients = [program(owner) for _client in range(16)]
    for number in range(4):
        body = OWL | {"name": f"Owl {number}"}
        answers = at_once(*(partial(send, client, body=body, key=f"k{number}") for client in clients))
        assert Counter(answer.status_code for answer in answers).keys() <= {201, 409}
        done = [answer for answer in answers if answer.status_code == 201]
        assert len({answer.content for answer in done}) == 1
        assert len([answer for answer in done if "Idempotency-Replayed" not in answer]) == 1
        assert all(answer["Retry-After"] == "1" for answer in answers if answer.status_code == 409)
        assert Hero.objects.filter(name=f"Owl {number}").count() == 1
        assert send(clients[0], body=body, key=f"k{number}").content == done[0].content


@pytest.mark.django_db(transaction=True)
def test_requests_under_one_key_whose_process_died_are_done_once(groups_come_back):
    owner = person("owner", superuser=True)
    clients = [program(owner) for _client in range(8)]
    for number in range(4):
        body = OWL | {"name": f"Owl {number}"}
        send(clients[0], body=body | {"name": ""}, key=f"k{number}")
        let_go()
        answers = at_once(*(partial(send, client, body=body, key=f"k{number}") for client in clients))
        assert Counter(answer.status_code for answer in answers).keys() <= {201, 409}
        assert Hero.objects.filter(name=f"Owl {number}").count() == 1
