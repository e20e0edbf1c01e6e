"""Sessions end when they expire."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone

from heroesite.accounts.sessions import SessionStore
from tests.people import browser

pytestmark = pytest.mark.django_db


def is_signed_in(client):
    return client.get("/account/tokens/").status_code == 200


def test_a_session_ends_when_it_expires(editor):
    client = browser(editor)
    assert is_signed_in(client)
    Session.objects.update(expire_date=timezone.now() + timedelta(minutes=1))
    assert is_signed_in(client)
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))
    assert not is_signed_in(client)


def test_an_unknown_key_is_not_used_for_a_new_session():
    session = SessionStore("a" * 32)
    session["remembered"] = "Straße"
    session.save()
    assert session.session_key != "a" * 32
    assert not Session.objects.filter(session_key="a" * 32).exists()


def test_a_changed_session_is_loaded_again(editor):
    client = browser(editor)
    session = client.session
    session["remembered"] = "Straße"
    session.save()
    assert client.session["remembered"] == "Straße"
    Session.objects.update(session_data="not signed")
    assert not is_signed_in(client)
