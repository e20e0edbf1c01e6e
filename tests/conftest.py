"""Who takes part in the tests."""

import os
import shutil
from importlib import import_module
from pathlib import Path

import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.test import Client
from django.utils import translation
from rest_framework.test import APIClient

from heroesite.api.limits import counts

from .__main__ import OWN_DATABASE, ROOT
from .people import browser, person, program
from .project.processes import serving


def pytest_collection_modifyitems(config, items):
    """Run tests with a database of their own only once, with those on SQLite."""
    if os.environ.get("DATABASE_URL", "").startswith("postgres"):
        folders = [ROOT / folder for folder in OWN_DATABASE]
        once = [item for item in items if any(item.path.is_relative_to(folder) for folder in folders)]
        config.hook.pytest_deselected(items=once)
        items[:] = [item for item in items if item not in once]


@pytest.fixture(autouse=True)
def quick_passwords(settings):
    """Hashing passwords slowly is not what is tested here."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]


@pytest.fixture(autouse=True)
def uncounted():
    """Requests of one test do not count in another."""
    counts.lots.clear()


@pytest.fixture(autouse=True)
def default_language():
    """Begin in the default language: a request leaves its own active in the thread."""
    translation.deactivate()


@pytest.fixture(scope="session")
def after_the_first_run(tmp_path_factory) -> Path:
    """The folder of a register as the first run leaves it."""
    folder = tmp_path_factory.mktemp("after_the_first_run")
    with serving(folder):
        return folder


@pytest.fixture
def furnished(after_the_first_run, tmp_path) -> Path:
    """A folder with a register in it, for a site that need not make one first."""
    shutil.copytree(after_the_first_run, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture(scope="module")
def groups_come_back(django_db_setup, django_db_blocker):
    """For tests with transactions, which empty the tables: others want the groups from the migration."""
    yield
    with django_db_blocker.unblock():
        import_module("heroes.migrations.0002_groups").create_groups(apps, None)


@pytest.fixture
def editor(db) -> User:
    """Somebody of the group Editors, who is staff as well."""
    return person("editor", "Editors", staff=True)


@pytest.fixture
def keeper(db) -> User:
    """Somebody of the group Keepers, who is staff as well."""
    return person("keeper", "Keepers", staff=True)


@pytest.fixture
def administrator(db) -> User:
    return person("administrator", staff=True, superuser=True)


@pytest.fixture
def owner(db) -> User:
    """An administrator by another name, for tests in which many act for one."""
    return person("owner", staff=True, superuser=True)


@pytest.fixture
def reader(db) -> User:
    """Somebody with an account and no permissions."""
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
