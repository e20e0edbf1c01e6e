"""Rows look as if Django had rendered their template with their values."""

import re
from datetime import UTC, datetime
from itertools import combinations

import pytest
from django.contrib import admin
from django.contrib.admin.templatetags.admin_list import results
from django.template import Context, Template
from django.template.defaultfilters import date
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import conditional_escape
from django.utils.safestring import mark_safe
from hypothesis import given
from hypothesis import strategies as st

from heroes.models import Hero
from heroesite.dates import InstantFormat, instant_format
from heroesite.records.emblems import emblem
from heroesite.records.templatetags.records import value
from heroesite.records.views.list import columns_of
from heroesite.records.views.rows import record_rows
from heroesite.text import all_to_html
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read
from tests.people import browser

HOSTILE = [
    "<b>bold</b> & \"quoted\" 'twice'",
    "%(name)s %s 100%",
    "{{ record }} {% now 'Y' %}",
    "שלום עליכם",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "\\1 \\g<name> ＜b＞",
]


def rendered_as_usual(record, columns, is_selectable, author):
    """Return the row as Django renders it, with the usual filters for each value."""
    by = Template(' <bdi class="quiet">{{ author }}</bdi>').render(Context({"author": author}))
    row = {
        "key": f"{record.pk}-{record.version}",
        "address": record.get_absolute_url(),
        "emblem": emblem(record.name),
        "name": str(record),
        "instant": date(record.updated_at, "c"),
        "updated_at": date(record.updated_at, "DATETIME_FORMAT"),
        "author": by if author else "",
    }
    cells = {column.name: value(record, column.name) for column in columns}
    context = {"columns": columns, "is_selectable": is_selectable, "row": row, "cells": cells}
    return re.sub(r"\s*\n\s*", "", render_to_string("records/_row.html", context))


@pytest.fixture
def hostile_heroes():
    """Return heroes with hostile names, some without an age or a team."""
    return [
        HeroFactory(name=name, age=age, team=team)
        for name, age, team in zip(
            HOSTILE,
            [None, 0, 999, 1000, 1_000_000, 41],
            [None, *(TeamFactory(name=name) for name in HOSTILE[1:])],
            strict=True,
        )
    ]


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize("is_selectable", [False, True])
def test_rows_are_rendered_as_usual(is_selectable, language, hostile_heroes):
    heroes = hostile_heroes
    for records in (heroes, [hero.team for hero in heroes if hero.team]):
        model = type(records[0])
        authors = {record.pk: author for record, author in zip(records, HOSTILE, strict=False)}
        name, *others = columns_of(model)
        with translation.override(language):
            for size in range(len(others) + 1):
                for chosen in combinations(others, size):
                    rows = record_rows(model, (name, *chosen), is_selectable)
                    for shown in (authors, {}):
                        usual = [
                            rendered_as_usual(record, (name, *chosen), is_selectable, shown.get(record.pk))
                            for record in records
                        ]
                        assert rows.render(records, shown) == "".join(usual)


@pytest.mark.django_db
@pytest.mark.parametrize("language", ["en", "de"])
@pytest.mark.parametrize(
    "query", ["", "?_popup=1", "?_popup=1&_to_field=id", "?o=-1.2", "?age__gte=5", "?q=script&p=1"]
)
def test_rows_of_the_admin_are_rendered_as_usual(query, language, hostile_heroes, rf, administrator, reader):
    for user in (administrator, reader):
        for model in (Hero, Team):
            request = rf.get(f"/admin/{model._meta.app_label}/{model._meta.model_name}/{query}")
            request.user = user
            if model is Team and "age" in query:
                continue
            with translation.override(language):
                changelist = admin.site.get_model_admin(model).get_changelist_instance(request)
                changelist.formset = None
                usual = [["".join(cells)] for cells in results(changelist)]
                assert changelist.rows == usual
                assert usual


@pytest.mark.django_db
def test_hostile_names_stay_text(editor):
    for name in HOSTILE:
        HeroFactory(name=name, team=TeamFactory(name=name))
    page = read(browser(editor).get("/heroes/"))
    rows = page.one("tbody").all("tr")
    assert {row.one("th").text for row in rows} == set(HOSTILE)
    assert {row.one("a", class_="chip").text for row in rows} == set(HOSTILE)
    assert {row.one("input")["aria-label"] for row in rows} == {f"Select {name}" for name in HOSTILE}


@given(st.lists(st.text("ab<>&\"'\0") | st.integers() | st.builds(mark_safe, st.text("<>&\0"))))
def test_values_are_escaped_together_as_one_by_one(values):
    assert all_to_html(values) == [conditional_escape(value) for value in values]


@given(st.datetimes(timezones=st.just(UTC)))
def test_an_instant_is_formatted_as_usual(instant):
    for language in ("en", "de"):
        with translation.override(language):
            assert instant_format().format(instant) == date(instant, "DATETIME_FORMAT")


@pytest.mark.parametrize("text", ["c", "Y-m-d H:i:s", r"jS \o\f F Y", "N j, Y, P e", "U", "D d M Y f A"])
def test_any_format_is_supported(text):
    for instant in (datetime(2026, 1, 2, 0, 0, tzinfo=UTC), datetime(1999, 12, 31, 12, 5, 6, 7, UTC)):
        assert InstantFormat(text).format(instant) == Template("{{ at|date:text }}").render(
            Context({"at": instant, "text": text})
        )
