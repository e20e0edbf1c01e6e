"""After any edits at any interface, and undos in any order, the register agrees with a simple model of it."""

from dataclasses import dataclass, replace
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from heroes.models import Hero
from heroesite.changelog.undo.preview import preview_undo
from heroesite.records.audit.change_sets import ChangeSet
from teams.models import Team
from tests.people import browser, program

pytestmark = pytest.mark.django_db

NAMES = st.sampled_from(["Owl", "OWL", "Lamplighter", "Sparrow", "Éclair"])
AGES = st.sampled_from([None, 0, 41])
INTERFACES = st.sampled_from(["page", "admin", "api"])
WHICH = st.integers(0, 30)


@dataclass(frozen=True)
class Row:
    """A record of the model.

    Attributes:
        values: none if it is deleted.
        change_set: the last that changed it.
    """

    values: dict[str, Any] | None
    version: int
    change_set: int


class Register(RuleBasedStateMachine):
    """A register in dictionaries, which is compared with the database after each step."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.rows: dict[tuple[type, int], Row] = {}
        self.change_sets: dict[int, dict[tuple[type, int], tuple[Row | None, Row]]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # The model -------------------------------------------------------------------------

    def existing(self, model):
        return sorted(pk for (of, pk), row in self.rows.items() if of is model and row.values is not None)

    def pick(self, model, which):
        existing = self.existing(model)
        return existing[which % len(existing)] if existing else None

    def name_exists(self, model, name, except_for=None):
        return any(
            self.rows[model, pk].values["name"].lower() == name.lower()
            for pk in self.existing(model)
            if pk != except_for
        )

    def write(self, changes):
        """Apply the changes of one request: values by model and id, none for a deletion."""
        change_set = ChangeSet.objects.latest("pk").pk
        done = {}
        for key, values in changes.items():
            old = self.rows.get(key)
            if old and old.values == values:
                continue
            new = Row(values, (old.version if old else 0) + 1, change_set)
            done[key] = (old, new)
            self.rows[key] = new
        if done:
            self.change_sets[change_set] = done

    def changes_to_delete(self, model, pk):
        changes: dict[tuple[type, int], Any] = {}
        if model is Team:
            for hero in self.existing(Hero):
                values = self.rows[Hero, hero].values
                if values["team"] == pk:
                    changes[Hero, hero] = {**values, "team": None}
        return changes | {(model, pk): None}

    # Requests ---------------------------------------------------------------------------

    def send(self, interface, model, values, pk=None):
        """Create or change a record. Returns whether it was accepted."""
        app, model_name = model._meta.app_label, model._meta.model_name
        if interface == "api":
            body = {("team_id" if name == "team" else name): value for name, value in values.items()}
            address = f"/api/v1/{app}/{pk or ''}"
            response = (CLIENTS["api"].patch if pk else CLIENTS["api"].post)(address, body)
            assert response.status_code in (200, 201, 422), response.content
            return response.status_code != 422
        form = {name: "" if value is None else str(value) for name, value in values.items()}
        if pk:
            form["seen_version"] = str(self.rows[model, pk].version)
        address = f"/{app}/" + (f"{pk}/edit/" if pk else "new/")
        if interface == "admin":
            address = f"/admin/{app}/{model_name}/" + (f"{pk}/change/" if pk else "add/")
        response = CLIENTS["page"].post(address, form)
        assert response.status_code in (200, 302, 422), response.status_code
        return response.status_code == 302

    @rule(interface=INTERFACES, name=NAMES, age=AGES, which=WHICH, joins=st.booleans())
    def create_hero(self, interface, name, age, which, joins):
        team = self.pick(Team, which) if joins else None
        values = {"name": name, "secret_name": f"Secret {age}", "age": age, "team": team}
        accepted = self.send(interface, Hero, values)
        assert accepted != self.name_exists(Hero, name)
        if accepted:
            self.write({(Hero, Hero.objects.latest("pk").pk): values})

    @rule(interface=INTERFACES, name=NAMES)
    def create_team(self, interface, name):
        values = {"name": name, "headquarters": "Here"}
        accepted = self.send(interface, Team, values)
        assert accepted != self.name_exists(Team, name)
        if accepted:
            self.write({(Team, Team.objects.latest("pk").pk): values})

    @precondition(lambda self: self.existing(Hero))
    @rule(interface=INTERFACES, name=NAMES, age=AGES, which=WHICH, other=WHICH, joins=st.booleans())
    def edit_hero(self, interface, name, age, which, other, joins):
        pk = self.pick(Hero, which)
        team = self.pick(Team, other) if joins else None
        values = {**self.rows[Hero, pk].values, "name": name, "age": age, "team": team}
        sent = {name: value for name, value in values.items() if name != "secret_name"}
        accepted = self.send(interface, Hero, sent if interface == "api" else {**sent, "secret_name": ""}, pk)
        assert accepted != self.name_exists(Hero, name, except_for=pk)
        if accepted:
            self.write({(Hero, pk): values})

    @precondition(lambda self: any(row.version > 1 and row.values for row in self.rows.values()))
    @rule(interface=INTERFACES, which=WHICH, behind=st.integers(1, 3))
    def edit_an_older_version(self, interface, which, behind):
        """Check that a form or request based on an older version changes nothing."""
        changed = sorted(
            (pk for (model, pk), row in self.rows.items() if model is Hero and row.values and row.version > 1)
        )
        if not changed:
            return
        pk = changed[which % len(changed)]
        seen = max(self.rows[Hero, pk].version - behind, 1)
        if Hero.history.get(id=pk, version=seen).history_type == "-":
            return
        if interface == "api":
            stale = {"If-Match": f'"{seen}-{"0" * 32}"'}
            response = CLIENTS["api"].patch(f"/api/v1/heroes/{pk}", {"age": 99}, headers=stale)
            assert (response.status_code, response.json()["version"]) == (412, self.rows[Hero, pk].version)
            return
        form = {"name": "Someone Else", "age": "99", "secret_name": "", "team": "", "seen_version": seen}
        address = f"/heroes/{pk}/edit/" if interface == "page" else f"/admin/heroes/hero/{pk}/change/"
        assert CLIENTS["page"].post(address, form).status_code == 409

    @precondition(lambda self: self.rows)
    @rule(interface=INTERFACES, model=st.sampled_from([Hero, Team]), which=WHICH)
    def delete(self, interface, model, which):
        pk = self.pick(model, which)
        if pk is None:
            return
        app, model_name = model._meta.app_label, model._meta.model_name
        if interface == "api":
            assert CLIENTS["api"].delete(f"/api/v1/{app}/{pk}").status_code == 204
        elif interface == "page":
            assert CLIENTS["page"].post(f"/{app}/{pk}/delete/").status_code == 302
        else:
            form = {"post": "yes"}
            assert CLIENTS["page"].post(f"/admin/{app}/{model_name}/{pk}/delete/", form).status_code == 302
        self.write(self.changes_to_delete(model, pk))

    @precondition(lambda self: self.change_sets)
    @rule(interface=st.sampled_from(["page", "api"]), which=WHICH)
    def undo(self, interface, which):
        change_set = sorted(self.change_sets)[which % len(self.change_sets)]
        changes = self.changes_to_undo(change_set)
        if interface == "api":
            dry_run = self.check_dry_run(change_set, anyway=False)
            self.check_dry_run(change_set, anyway=True)
            response = CLIENTS["api"].post(f"/api/v1/changesets/{change_set}/undo/")
            assert response.status_code == (200 if dry_run["done_count"] else 409)
            done = dry_run["done_count"]
        else:
            response = CLIENTS["page"].post(f"/history/{change_set}/undo/")
            done = response.status_code == 302
            assert response.status_code in (302, 409)
        assert bool(done) == bool(changes)
        self.write(changes)

    def check_dry_run(self, change_set, *, anyway):
        """Check that a preview agrees with a dry run, which writes and rolls back. Returns its response."""
        preview = preview_undo(
            ChangeSet.objects.get(pk=change_set), CLIENTS["user"], [Hero, Team], anyway=anyway
        )
        response = (
            CLIENTS["api"]
            .post(f"/api/v1/changesets/{change_set}/undo/?dry_run=true", {"anyway": anyway})
            .json()
        )
        for name in ("done", "skipped"):
            previewed = [(one.pk, one.name, one.action, one.skipped) for one in getattr(preview, name)]
            assert previewed == [
                (one["id"], one["name"], one["action"], one["skipped"]) for one in response[name]
            ]
            assert getattr(preview, f"{name}_count") == response[f"{name}_count"]
        assert preview.effects == response["also"]
        return response

    def changes_to_undo(self, change_set):
        """Return the changes that undo a change set. Repeats until nothing changes, since one record can free
        the name that another needs."""
        pending = {
            key: old.values if old else None
            for key, (old, new) in self.change_sets[change_set].items()
            if self.rows[key].change_set == change_set and self.rows[key].version == new.version
        }
        before, changes = dict(self.rows), {}
        progress = True
        while progress:
            progress = False
            for model in (Team, Hero):
                for (of, pk), values in sorted(pending.items(), key=lambda item: item[0][1]):
                    if of is not model or values is None:
                        continue
                    team = values.get("team")
                    if self.name_exists(model, values["name"], except_for=pk) or (
                        team and team not in self.existing(Team)
                    ):
                        continue
                    progress = bool(changes.update({(of, pk): values}) or pending.pop((of, pk)))
                    self.rows[of, pk] = replace(self.rows[of, pk], values=values)
            for model in (Hero, Team):
                for of, pk in [key for key, values in pending.items() if key[0] is model and values is None]:
                    if model is Team and any(
                        self.rows[Hero, hero].values["team"] == pk for hero in self.existing(Hero)
                    ):
                        continue  # heroes have joined it
                    del pending[of, pk]
                    deletion = self.changes_to_delete(model, pk)
                    changes |= deletion
                    for key, values in deletion.items():
                        self.rows[key] = replace(self.rows[key], values=values)
                    progress = True
        self.rows = before
        return changes

    @invariant()
    def database_agrees_with_the_model(self):
        for model in (Hero, Team):
            columns = ["team_id" if name == "team" else name for name in model.FIELDS]
            stored = {
                pk: (version, dict(zip(model.FIELDS, values, strict=True)))
                for pk, version, *values in model.objects.values_list("pk", "version", *columns)
            }
            rows = {pk: self.rows[model, pk] for pk in self.existing(model)}
            assert stored == {pk: (row.version, row.values) for pk, row in rows.items()}


CLIENTS: dict[str, Any] = {}


def test_edits_and_undos_in_any_order_agree_with_the_model(editor):
    CLIENTS.update(page=browser(editor), api=program(editor), user=editor)
    run_state_machine_as_test(
        Register,
        settings=settings(
            max_examples=30,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
