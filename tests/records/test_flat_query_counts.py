"""No page, admin page or API resource costs more queries because there are more rows."""

from collections import Counter

import pytest
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group
from django.contrib.contenttypes.models import ContentType
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import URLResolver, get_resolver, reverse
from django_tasks_db.models import DBTaskResult

from heroes.models import Hero
from heroesite.api.models import ApiToken
from heroesite.records.audit.change_sets import ChangeSet, Source, new_change_set
from heroesite.records.models import Disclosure, SavedView
from heroesite.records.models.base import record_models
from heroesite.webhooks.models import Webhook
from teams.models import Team
from tests.factories import HeroFactory, TeamFactory
from tests.people import browser, person

pytestmark = pytest.mark.django_db
FEW, MORE = 2, 12
OTHER_ARGUMENTS = {"version": 1, "link": "team", "app_label": "heroes", "uidb36": "1", "digest": "x"}


class Rows:
    """Rows of every model, among them a ``subject`` per model that has related rows."""

    def __init__(self, user):
        self.user, self.count = user, 0
        team = TeamFactory()
        hero = HeroFactory(team=team)
        group = Group.objects.create(name="Group")
        token, _text = ApiToken.objects.issue(user)
        webhook = Webhook.objects.create(url="https://hooks.example.org/")
        self.subjects = {
            type(row): row
            for row in (
                *(hero, team, group, user, token, webhook),
                ChangeSet.objects.create(source=Source.IMPORT, user=user),
                webhook.deliveries.create(type="ping", body="{}"),
                DBTaskResult.objects.create(**self.job),
                Disclosure.objects.create(**self.disclosure),
            )
        }
        self.views = {model: self.save_view(model) for model in record_models()}

    job = {"task_path": "x", "args_kwargs": {"args": [], "kwargs": {}}, "backend_name": "default"}

    @property
    def disclosure(self):
        return {
            "user": self.user,
            "username": "x",
            "source": Source.WEBSITE,
            "kind": "x",
            "field": "x",
            "ids": [1],
        }

    def save_view(self, model, name="View"):
        return SavedView.objects.create(
            user=self.user, kind=model._meta.label_lower, name=name, query="search=a"
        )

    def add(self, count):
        """Add as many rows of each model, and as many related rows to each subject."""
        before = {model: model.objects.count() for model in admin.site._registry}
        for number in range(self.count, self.count + count):
            self.add_one(number)
        self.count += count
        added = {model: model.objects.count() - before[model] for model in before}
        assert not [model for model, rows in added.items() if rows < count], "add rows of these in add_one"

    def add_one(self, number):
        hero, team, group, webhook = (self.subjects[model] for model in (Hero, Team, Group, Webhook))
        with new_change_set(Source.IMPORT) as change_set:
            subject = ChangeSet.objects.get(pk=self.subjects[ChangeSet].pk)
            change_set.change_set_id = subject.pk
            change_set.entry_counts = Counter(subject.entry_counts)
            HeroFactory(team=team, name=f"Imported {number}")
            hero.age = number
            hero.save()
        team.headquarters = f"{number} Pier"
        team.save()
        TeamFactory().delete()
        HeroFactory(team=TeamFactory()).delete()
        HeroFactory(team=TeamFactory())
        user = person(f"user {number}")
        user.groups.add(group)
        self.user.groups.add(Group.objects.create(name=f"Group {number}"))
        ApiToken.objects.issue(self.user, name=str(number))
        ApiToken.objects.issue(user)
        DBTaskResult.objects.create(**self.job)
        Disclosure.objects.create(**self.disclosure)
        Webhook.objects.create(url=f"https://hooks.example.org/{number}")
        webhook.deliveries.create(type="ping", body="{}").attempts.create(status=500)
        self.subjects[type(webhook.deliveries.first())].attempts.create(status=500)
        for model in record_models():
            self.save_view(model, f"View {number}")
        for model, row in self.subjects.items():
            content_type = ContentType.objects.get_for_model(model)
            LogEntry.objects.create(
                user=self.user, content_type=content_type, object_id=row.pk, action_flag=2, object_repr="x"
            )


def url_patterns(resolver, namespaces=(), arguments=()):
    """Each named URL pattern of the site: its name with namespaces, and the names of its arguments."""
    for pattern in resolver.url_patterns:
        own = (*arguments, *pattern.pattern.regex.groupindex)
        if isinstance(pattern, URLResolver):
            inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
            yield from url_patterns(pattern, inner, own)
        elif pattern.name:
            yield ":".join((*namespaces, pattern.name)), own


def model_of(name):
    """The model that a URL is about."""
    namespace, _separator, rest = name.rpartition(":")
    for model in admin.site._registry if namespace == "admin" else record_models():
        app, model_name = model._meta.app_label, model._meta.model_name
        if namespace == app or rest.startswith((f"{app}_{model_name}_", f"{model_name}-")):
            return model
    return ChangeSet


def address_of(name, arguments, rows):
    values = dict(OTHER_ARGUMENTS)
    if {"pk", "id", "object_id"} & set(arguments):
        values |= dict.fromkeys(("pk", "id", "object_id"), rows.subjects[model_of(name)].pk)
    if "key" in arguments:
        values["key"] = rows.views[model_of(name)].key if "saved" in name else "x"
    values["token_key"] = rows.subjects[ApiToken].token_key
    return reverse(name, kwargs={argument: values[argument] for argument in arguments})


def costs(client, addresses):
    """The status and the number of queries of each address."""
    found = {}
    for name, address in addresses.items():
        with CaptureQueriesContext(connection) as queries:
            found[name] = client.get(address).status_code, len(queries)
    return found


def test_no_address_costs_more_with_many_rows_than_with_few(administrator):
    client, rows = browser(administrator), Rows(administrator)
    addresses = {
        name: address_of(name, arguments, rows)
        for name, arguments in url_patterns(get_resolver())
        if name != "admin:view_on_site"  # replaced by a page that is not found
    }
    rows.add(FEW)
    few = costs(client, addresses)
    rows.add(MORE)
    many = costs(client, addresses)
    not_found = {name for name, (status, _queries) in many.items() if status == 404}
    assert not_found == {"teams:change_selected", "redoc_script"}, "the others need arguments of a row"
    assert not {name: (few[name], many[name]) for name in many if many[name][1] > few[name][1]}
