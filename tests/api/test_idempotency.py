"""A write that is retried with its Idempotency-Key gets the same response, and is done once."""

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
from tests.threads import in_parallel

HEROES, TEAMS = "/api/v1/heroes/", "/api/v1/teams/"
OWL = {"name": "Owl", "secret_name": "Nora Hidden", "age": 41}
KEY = "6f1f4b0e-6d0c-4f6e-9d5e-3c1f0a2b7c11"
METHODS = pytest.mark.parametrize("method", ["post", "patch"])


def send(client, method="post", address=HEROES, body=OWL, key=KEY, **headers):
    return getattr(client, method)(address, body, headers={"Idempotency-Key": key, **headers})


def is_replay(response, first):
    """Return whether a response repeats the one to an earlier request, and has the header for that."""
    compared = [
        (one.status_code, one.content, one["Content-Type"], one.get("ETag"), one.get("Location"))
        for one in (response, first)
    ]
    assert "Idempotency-Replayed" not in first
    return compared[0] == compared[1] and response.get("Idempotency-Replayed") == "true"


def only_key():
    return IdempotencyKey.objects.get()


def abandon():
    """Leave all keys as if the processes that have claimed them had died a minute ago."""
    past = timezone.now() - timedelta(seconds=1)
    IdempotencyKey.objects.update(status=None, body="", headers={}, leased_until=past)


@pytest.fixture
def address(db):
    """The address of a hero."""
    return f"{HEROES}{HeroFactory().pk}"


@pytest.mark.parametrize("who", ["editor_program", "keeper_program"])
@METHODS
def test_a_retried_request_gets_the_same_response_and_is_done_once(method, who, address, request):
    client = request.getfixturevalue(who)
    place = HEROES if method == "post" else address
    first = send(client, method, place)
    assert first.status_code == (201 if method == "post" else 200)
    second = send(client, method, place)
    assert is_replay(second, first)
    assert ("secret_name" in second.json()) == (who == "keeper_program")
    assert Hero.objects.filter(name="Owl").count() == Hero.history.filter(name="Owl").count() == 1
    assert client.get(f"{HEROES}{first.json()['id']}")["ETag"] == second["ETag"]


def test_a_request_without_a_key_is_done_each_time(keeper_program):
    assert keeper_program.post(HEROES, OWL).status_code == 201
    assert keeper_program.post(HEROES, OWL).status_code == 422
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("method", ["put", "delete"])
def test_put_and_delete_ignore_a_key(method, address, keeper_program):
    assert send(keeper_program, method, address, key="", **{"If-Match": "*"}).status_code in (200, 204)
    assert not IdempotencyKey.objects.exists()


@pytest.mark.parametrize("key", ["", " ", "a b", "é", "x" * 256, "\x7f"])
def test_an_invalid_key_is_an_error(key, keeper_program):
    response = send(keeper_program, key=key)
    assert response.status_code == 400
    assert "1 to 255 visible ASCII characters" in response.json()["detail"]
    assert not Hero.objects.exists()


def test_a_key_can_have_255_characters(keeper_program):
    assert is_replay(*reversed([send(keeper_program, key="~" * 255) for _attempt in range(2)]))


@pytest.mark.parametrize(
    ("method", "place", "body"),
    [("post", HEROES, OWL | {"age": 42}), ("post", TEAMS, OWL), ("patch", "address", OWL)],
)
def test_another_request_with_the_key_is_an_error(method, place, body, address, keeper_program):
    send(keeper_program)
    response = send(keeper_program, method, address if place == "address" else place, body)
    assert response.status_code == 422
    assert "was used for a different request" in response.json()["detail"]
    assert (Hero.objects.count(), Team.objects.count()) == (2, 0)


def test_a_key_belongs_to_one_user(editor_program, keeper_program):
    send(editor_program)
    other = send(keeper_program, body=OWL | {"name": "Crow"})
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other


def test_the_tokens_of_a_user_share_its_keys(keeper):
    assert is_replay(*reversed([send(program(keeper)) for _token in range(2)]))


def test_a_retry_while_the_first_request_is_running_has_to_wait(keeper_program):
    send(keeper_program)
    IdempotencyKey.objects.update(status=None, leased_until=timezone.now() + timedelta(seconds=30))
    same, other = send(keeper_program), send(keeper_program, body=OWL | {"age": 42})
    assert (same.status_code, same["Retry-After"]) == (409, "1")
    assert "still in progress" in same.json()["detail"]
    assert other.status_code == 422


def test_a_key_whose_process_died_can_be_claimed_again(keeper_program):
    send(keeper_program, body=OWL | {"name": ""})
    abandon()
    assert send(keeper_program).status_code == 201


def test_a_request_whose_key_was_claimed_by_another_writes_nothing(keeper_program, monkeypatch):
    store = idempotency.store

    def store_too_late(*args, **kwargs):
        IdempotencyKey.objects.update(claim="of another")
        return store(*args, **kwargs)

    monkeypatch.setattr(idempotency, "store", store_too_late)
    response = send(keeper_program)
    assert (response.status_code, response["Retry-After"]) == (409, "1")
    assert not Hero.objects.exists()
    assert not Disclosure.objects.exists()


def test_a_key_can_be_used_again_after_it_has_expired(keeper_program, settings):
    first = send(keeper_program)
    over = timezone.now() - timedelta(hours=settings.IDEMPOTENCY_HOURS)
    IdempotencyKey.objects.update(at=over + timedelta(seconds=30))
    assert is_replay(send(keeper_program), first)
    IdempotencyKey.objects.update(at=over)
    other = send(keeper_program, body=OWL | {"name": "Crow"})
    assert other.status_code == 201
    assert "Idempotency-Replayed" not in other
    assert IdempotencyKey.objects.over().count() == 0


def test_scripts_of_other_sites_can_send_a_key_and_recognize_a_replay(keeper, settings):
    settings.CORS_ALLOWED_ORIGINS = ["https://a.example.org"]
    preflight = {"Origin": "https://a.example.org", "Access-Control-Request-Method": "POST"}
    allowed = program().options(HEROES, headers=preflight)["Access-Control-Allow-Headers"]
    assert {"idempotency-key", "if-match", "x-request-id"} <= set(allowed.split(", "))
    exposed = send(program(keeper), Origin="https://a.example.org")["Access-Control-Expose-Headers"]
    assert {"Idempotency-Replayed", "ETag", "Link", "Location"} <= set(exposed.split(", "))


# Errors ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "place", "body", "status"),
    [
        ("post", HEROES, {"name": "Owl"}, 422),
        ("post", HEROES, [], 422),
        ("patch", f"{HEROES}4000", {"age": 1}, 404),
    ],
)
def test_an_error_of_the_request_is_replayed(method, place, body, status, keeper_program):
    first = send(keeper_program, method, place, body)
    assert first.status_code == status
    assert is_replay(send(keeper_program, method, place, body), first)


def test_the_error_of_a_body_that_is_not_json_is_replayed(keeper_program):
    first, second = (
        keeper_program.generic(
            "POST", HEROES, "{", content_type="application/json", headers={"Idempotency-Key": KEY}
        )
        for _attempt in range(2)
    )
    assert first.status_code == 400
    assert is_replay(second, first)


def test_a_stale_request_can_be_fixed_with_the_same_key(address, keeper_program):
    stale = send(keeper_program, "patch", address, {"age": 1}, **{"If-Match": '"7-' + "0" * 32 + '"'})
    assert stale.status_code == 412
    assert send(keeper_program, "patch", address, {"age": 1}, **{"If-Match": "*"}).status_code == 200


def test_a_server_error_is_not_replayed(keeper_program, monkeypatch):
    with monkeypatch.context() as broken:
        broken.setattr(Hero, "save", lambda *args, **kwargs: 1 / 0)
        assert send(keeper_program).status_code == 500
    response = send(keeper_program)
    assert response.status_code == 201
    assert "Idempotency-Replayed" not in response


# Permissions and secret names ----------------------------------------------------------------


def test_a_replay_requires_the_permission_to_write(editor):
    client = program(editor)
    send(client)
    editor.groups.clear()
    response = send(client)
    assert response.status_code == 403
    assert "Owl" not in response.content.decode()


@METHODS
def test_a_secret_name_is_not_stored(method, address, keeper_program):
    response = send(keeper_program, method, HEROES if method == "post" else address)
    assert response.json()["secret_name"] == "Nora Hidden"
    stored = IdempotencyKey.objects.values().get()
    assert "Nora" not in str(stored)
    assert '"name":"Owl"' in stored["body"]


def test_an_invalid_secret_name_is_not_stored(keeper_program):
    response = send(keeper_program, body=OWL | {"secret_name": "Nora " * 100})
    assert response.status_code == 422
    assert "Nora" not in only_key().body


def test_each_access_to_a_secret_name_is_logged(keeper, keeper_program):
    hero = send(keeper_program).json()["id"]
    send(keeper_program)
    logged = Disclosure.objects.values_list("username", "source", "kind", "field", "ids")
    assert list(logged) == [("keeper", "api", "heroes.hero", "secret_name", [hero])] * 2


def test_a_replay_has_the_secret_name_of_the_original_response(keeper_program):
    first = send(keeper_program)
    keeper_program.patch(f"{HEROES}{first.json()['id']}", {"secret_name": "Somebody Else"})
    assert is_replay(send(keeper_program), first)
    keeper_program.delete(f"{HEROES}{first.json()['id']}")
    assert is_replay(send(keeper_program), first)


def test_a_replay_has_no_secret_name_without_the_permission(keeper):
    client = program(keeper)
    first = send(client)
    keeper.groups.set([Group.objects.get(name="Editors")])
    response = send(client)
    expected = first.json()
    del expected["secret_name"]
    assert (response.status_code, response.json()) == (201, expected)
    assert Disclosure.objects.count() == 1


# Concurrent requests -------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_one_of_sixteen_equal_requests_runs(restore_groups):
    owner = person("owner", superuser=True)
    clients = [program(owner) for _client in range(16)]
    for number in range(4):
        body = OWL | {"name": f"Owl {number}"}
        responses = in_parallel(*(partial(send, client, body=body, key=f"k{number}") for client in clients))
        assert Counter(response.status_code for response in responses).keys() <= {201, 409}
        done = [response for response in responses if response.status_code == 201]
        assert len({response.content for response in done}) == 1
        assert len([response for response in done if "Idempotency-Replayed" not in response]) == 1
        assert all(response["Retry-After"] == "1" for response in responses if response.status_code == 409)
        assert Hero.objects.filter(name=f"Owl {number}").count() == 1
        assert send(clients[0], body=body, key=f"k{number}").content == done[0].content


@pytest.mark.django_db(transaction=True)
def test_retries_with_a_key_whose_process_died_are_done_once(restore_groups):
    owner = person("owner", superuser=True)
    clients = [program(owner) for _client in range(8)]
    for number in range(4):
        body = OWL | {"name": f"Owl {number}"}
        send(clients[0], body=body | {"name": ""}, key=f"k{number}")
        abandon()
        responses = in_parallel(*(partial(send, client, body=body, key=f"k{number}") for client in clients))
        assert Counter(response.status_code for response in responses).keys() <= {201, 409}
        assert Hero.objects.filter(name=f"Owl {number}").count() == 1
