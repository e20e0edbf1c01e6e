"""Clients of a site with plans and of one without."""

from typing import Any

import pytest
from django.test import Client


@pytest.fixture
def unlimited(settings):
    settings.LIMITS = {"user": 0, "token": 0, "address": 0}


def client(settings: Any, *, fast: bool) -> Client:
    """Return a client of a site with or without plans."""
    settings.FAST_READS = fast
    client = Client(raise_request_exception=False)
    client.get("/api/schema/nowhere")  # loads the middleware
    settings.FAST_READS = True
    return client


@pytest.fixture
def fast(settings, db) -> Client:
    return client(settings, fast=True)


@pytest.fixture
def ordinary(settings, db) -> Client:
    return client(settings, fast=False)
