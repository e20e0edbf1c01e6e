"""System checks explain what a record type lacks."""

import pytest
from django.apps import apps
from django.core.checks import run_checks
from django.db import models
from django.test.utils import isolate_apps

from heroesite.records import checks, registry
from heroesite.records.models import Record


def messages(model, monkeypatch):
    monkeypatch.setattr(checks, "record_models", lambda: [model])
    return [(error.id, error.msg, error.hint) for error in run_checks(tags=["models"])]


@isolate_apps("heroes")
def test_a_field_type_that_is_not_registered_is_an_error(monkeypatch):
    class Sidekick(Record):
        FIELDS = ("name", "weight")
        weight = models.DecimalField(max_digits=5, decimal_places=2)

        class Meta(Record.Meta):
            app_label = "heroes"

    monkeypatch.setattr(
        registry, "_registry", {**registry._registry, Sidekick: registry.RecordType(Sidekick)}
    )
    [(code, message, hint)] = messages(Sidekick, monkeypatch)
    assert (code, message) == (
        "records.E001",
        "weight is a DecimalField, which is not a registered field type.",
    )
    assert hint.startswith("Use one of ")
    assert hint.endswith("or add DecimalField to heroesite/records/field_types.py.")


def test_a_model_that_is_not_registered_is_an_error(monkeypatch):
    model = apps.get_model("heroes", "Hero")
    monkeypatch.setattr(registry, "_registry", {})
    assert messages(model, monkeypatch) == [
        (
            "records.E002",
            "Hero is not registered.",
            "Register it in heroes/record_type.py; see docs/ADDING.md.",
        )
    ]


def changed(monkeypatch, **attributes):
    """Return the errors of heroes registered with other attributes."""
    model = apps.get_model("heroes", "Hero")
    changed_type = type("HeroType", (registry.RecordType,), attributes)
    monkeypatch.setattr(registry, "_registry", {model: changed_type(model)})
    monkeypatch.setattr(registry.RecordType, "link_depth", 0)
    return [(code, message) for code, message, _hint in messages(model, monkeypatch)]


def test_a_restricted_link_is_an_error(monkeypatch):
    model = apps.get_model("heroes", "Hero")
    monkeypatch.setattr(model, "RESTRICTED", {"team": "heroes.view_secret_name"})
    errors = [(code, message) for code, message, _hint in messages(model, monkeypatch)]
    assert ("records.E003", "team is a link, and a link can't be restricted.") in errors


@pytest.mark.parametrize("name", ["name", "secret_name"])
def test_a_field_that_cannot_be_charted_is_an_error(name, monkeypatch):
    assert changed(monkeypatch, charts=(name,)) == [("records.E004", f"{name} can't be charted.")]


def test_an_unknown_list_filter_is_an_error(monkeypatch):
    errors = changed(monkeypatch, list_filters=("search", "secret_name"))
    assert errors == [("records.E005", "secret_name is not a filter of Hero.")]
