"""A receiver on this machine, and an administrator who adds webhooks for it."""

import pytest

from tests.people import browser

from .receiver import receiving


@pytest.fixture
def loopback(settings):
    """Webhooks can be sent to this machine, at any port."""
    settings.WEBHOOK_ALLOW_PRIVATE = True
    settings.WEBHOOK_PORTS = range(1, 65536)


@pytest.fixture
def receiver(loopback):
    with receiving() as receiver:
        yield receiver


@pytest.fixture
def admin(owner):
    return browser(owner)
