"""Fixtures for all tests: users, their browsers and programs, and folders with a register."""

import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.core.signals import setting_changed
from django.dispatch import receiver
from django.test import Client, override_settings
from django.utils import translation
from rest_framework.test import APIClient

from heroesite.api import docs, limits
from heroesite.records.counts import last_count, record_counts
from heroesite.webhooks import deliveries

from .__main__ import OWN_DATABASE, ROOT
from .people import browser, person, program
from .processes.processes import serving


@receiver(setting_changed)
def describe_again(**_kwargs):
    """Generate the API description again: a test has changed a setting."""
    docs.description.cache_clear()


def pytest_configure():
    (ROOT / "var").mkdir(exist_ok=True)  # where the database of tests on SQLite is


def pytest_collection_modifyitems(config, items):
    """Run tests with a database of their own only once, with those on SQLite.

    Raises:
        pytest.UsageError: a test empties all tables and doesn't restore the groups, which other tests need.
    """
    for item in items:
        marker = item.get_closest_marker("django_db")
        if marker and marker.kwargs.get("transaction") and "restore_groups" not in item.fixturenames:
            raise pytest.UsageError(f"{item.nodeid} empties all tables. Use the fixture restore_groups.")
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        folders = [ROOT / folder for folder in OWN_DATABASE]
        once = [item for item in items if any(item.path.is_relative_to(folder) for folder in folders)]
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in once]


@pytest.fixture(autouse=True)
def fast_passwords(settings):
    """Hash passwords with a fast algorithm."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def forget_counts():
    """Discard stored counts before each test, because tests remove their records with SQL."""
    record_counts.cache_clear()
    last_count.cache_clear()


@pytest.fixture(autouse=True)
def forget_webhooks(monkeypatch):
    """Look for active webhooks again in each test."""
    monkeypatch.setattr(deliveries, "active_webhooks", deliveries.ActiveWebhooks())


@pytest.fixture(autouse=True, scope="session")
def find_static_files_on_request():
    """Don't list all static files for each client, which takes longer than most requests."""
    with override_settings(WHITENOISE_AUTOREFRESH=True):
        yield


@pytest.fixture(autouse=True)
def new_counter(monkeypatch):
    """Count only the requests of this test."""
    monkeypatch.setattr(limits, "counter", limits.Counter())


@pytest.fixture(autouse=True)
def default_language():
    """Begin in the default language: a request leaves its own active in the thread."""
    translation.deactivate()


@pytest.fixture(scope="session")
def first_run_folder(tmp_path_factory) -> Path:
    """A folder with a register as the first run creates it, to copy."""
    folder = tmp_path_factory.mktemp("first_run_folder")
    with serving(folder):
        return folder


@pytest.fixture
def register_folder(first_run_folder, tmp_path) -> Path:
    """A folder with a register, so that the site doesn't have to create one."""
    shutil.copytree(first_run_folder, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def restore_groups(django_db_setup, django_db_blocker):
    """Create the groups of the migration again after tests with transactions, which empty all tables."""
    yield
    with django_db_blocker.unblock():
        import_module("heroes.migrations.0002_groups").create_groups(apps, None)


@pytest.fixture
def editor(db) -> User:
    """A user in the group Editors, with access to the admin."""
    return person("editor", "Editors", staff=True)


@pytest.fixture
def keeper(db) -> User:
    """A user in the group Keepers, with access to the admin."""
    return person("keeper", "Keepers", staff=True)


@pytest.fixture
def administrator(db) -> User:
    return person("administrator", staff=True, superuser=True)


@pytest.fixture
def owner(db) -> User:
    """An administrator by another name, for tests in which many clients act for one user."""
    return person("owner", staff=True, superuser=True)


@pytest.fixture
def reader(db) -> User:
    """A user without permissions."""
    return person("reader")


@pytest.fixture
def visitor_browser(db) -> Client:
    return browser()


@pytest.fixture
def editor_browser(editor) -> Client:
    return browser(editor)


@pytest.fixture
def keeper_browser(keeper) -> Client:
    return browser(keeper)


@pytest.fixture
def administrator_browser(administrator) -> Client:
    return browser(administrator)


@pytest.fixture
def visitor_program(db) -> APIClient:
    return program()


@pytest.fixture
def editor_program(editor) -> APIClient:
    return program(editor)


@pytest.fixture
def keeper_program(keeper) -> APIClient:
    return program(keeper)
