"""Edits at any interfaces and undos in any order: the register is what a simple model of it says."""

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
    """A record as the model knows it: its values, and the last change set that touched it."""

    values: dict[str, Any] | None
    version: int
    by: int


class Register(RuleBasedStateMachine):
    """Heroes and teams in dictionaries, beside the real ones."""

    def __init__(self) -> None:
        super().__init__()
        self.atomic = transaction.atomic()
        self.atomic.__enter__()
        self.rows: dict[tuple[type, int], Row] = {}
        self.sets: dict[int, dict[tuple[type, int], tuple[Row | None, Row]]] = {}

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.atomic.__exit__(None, None, None)

    # The model -------------------------------------------------------------------------

    def there(self, kind):
        return sorted(pk for (of, pk), row in self.rows.items() if of is kind and row.values is not None)

    def pick(self, kind, which):
        there = self.there(kind)
        return there[which % len(there)] if there else None

    def taken(self, kind, name, but=None):
        return any(
            self.rows[kind, pk].values["name"].lower() == name.lower() for pk in self.there(kind) if pk != but
        )

    def write(self, changes):
        """Put down the changes of one request: values by kind and id, none for a deletion."""
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
            self.sets[change_set] = done

    def deletion(self, kind, pk):
        changes: dict[tuple[type, int], Any] = {}
        if kind is Team:
            for hero in self.there(Hero):
                values = self.rows[Hero, hero].values
                if values["team"] == pk:
                    changes[Hero, hero] = {**values, "team": None}
        return changes | {(kind, pk): None}

    # What people do ---------------------------------------------------------------------

    def send(self, interface, kind, values, pk=None):
        """Create or change a record. Returns whether it was accepted."""
        app, model = kind._meta.app_label, kind._meta.model_name
        if interface == "api":
            body = {("team_id" if name == "team" else name): value for name, value in values.items()}
            address = f"/api/v1/{app}/{pk or ''}"
            answer = (CLIENTS["api"].patch if pk else CLIENTS["api"].post)(address, body)
            assert answer.status_code in (200, 201, 422), answer.content
            return answer.status_code != 422
        form = {name: "" if value is None else str(value) for name, value in values.items()}
        if pk:
            form["seen_version"] = str(self.rows[kind, pk].version)
        place = f"{pk}/edit/" if pk else "new/"
        address = f"/{app}/{place}"
        if interface == "admin":
            address = f"/admin/{app}/{model}/" + (f"{pk}/change/" if pk else "add/")
        answer = CLIENTS["page"].post(address, form)
        assert answer.status_code in (200, 302, 422), answer.status_code
        return answer.status_code == 302

    @rule(interface=INTERFACES, name=NAMES, age=AGES, which=WHICH, joins=st.booleans())
    def create_hero(self, interface, name, age, which, joins):
        team = self.pick(Team, which) if joins else None
        values = {"name": name, "secret_name": f"Secret {age}", "age": age, "team": team}
        accepted = self.send(interface, Hero, values)
        assert accepted != self.taken(Hero, name)
        if accepted:
            self.write({(Hero, Hero.objects.latest("pk").pk): values})

    @rule(interface=INTERFACES, name=NAMES)
    def create_team(self, interface, name):
        values = {"name": name, "headquarters": "Here"}
        accepted = self.send(interface, Team, values)
        assert accepted != self.taken(Team, name)
        if accepted:
            self.write({(Team, Team.objects.latest("pk").pk): values})

    @precondition(lambda self: self.there(Hero))
    @rule(interface=INTERFACES, name=NAMES, age=AGES, which=WHICH, other=WHICH, joins=st.booleans())
    def edit_hero(self, interface, name, age, which, other, joins):
        pk = self.pick(Hero, which)
        team = self.pick(Team, other) if joins else None
        values = {**self.rows[Hero, pk].values, "name": name, "age": age, "team": team}
        sent = {name: value for name, value in values.items() if name != "secret_name"}
        accepted = self.send(interface, Hero, sent if interface == "api" else {**sent, "secret_name": ""}, pk)
        assert accepted != self.taken(Hero, name, but=pk)
        if accepted:
            self.write({(Hero, pk): values})

    @precondition(lambda self: any(row.version > 1 and row.values for row in self.rows.values()))
    @rule(interface=INTERFACES, which=WHICH, behind=st.integers(1, 3))
    def edit_what_was_changed_since(self, interface, which, behind):
        """Somebody who saw an older version changes nothing, whatever they send."""
        changed = sorted(
            (pk for (kind, pk), row in self.rows.items() if kind is Hero and row.values and row.version > 1)
        )
        if not changed:
            return
        pk = changed[which % len(changed)]
        seen = max(self.rows[Hero, pk].version - behind, 1)
        if Hero.history.get(id=pk, version=seen).history_type == "-":
            return
        if interface == "api":
            stale = {"If-Match": f'"{seen}-{"0" * 32}"'}
            answer = CLIENTS["api"].patch(f"/api/v1/heroes/{pk}", {"age": 99}, headers=stale)
            assert (answer.status_code, answer.json()["version"]) == (412, self.rows[Hero, pk].version)
            return
        form = {"name": "Somebody Else", "age": "99", "secret_name": "", "team": "", "seen_version": seen}
        address = f"/heroes/{pk}/edit/" if interface == "page" else f"/admin/heroes/hero/{pk}/change/"
        assert CLIENTS["page"].post(address, form).status_code == 409

    @precondition(lambda self: self.rows)
    @rule(interface=INTERFACES, kind=st.sampled_from([Hero, Team]), which=WHICH)
    def delete(self, interface, kind, which):
        pk = self.pick(kind, which)
        if pk is None:
            return
        app, model = kind._meta.app_label, kind._meta.model_name
        if interface == "api":
            assert CLIENTS["api"].delete(f"/api/v1/{app}/{pk}").status_code == 204
        elif interface == "page":
            assert CLIENTS["page"].post(f"/{app}/{pk}/delete/").status_code == 302
        else:
            form = {"post": "yes"}
            assert CLIENTS["page"].post(f"/admin/{app}/{model}/{pk}/delete/", form).status_code == 302
        self.write(self.deletion(kind, pk))

    @precondition(lambda self: self.sets)
    @rule(interface=st.sampled_from(["page", "api"]), which=WHICH)
    def undo(self, interface, which):
        change_set = sorted(self.sets)[which % len(self.sets)]
        changes = self.undoing(change_set)
        if interface == "api":
            told = self.dry_run_as_previewed(change_set, anyway=False)
            self.dry_run_as_previewed(change_set, anyway=True)
            answer = CLIENTS["api"].post(f"/api/v1/changesets/{change_set}/undo/")
            assert answer.status_code == (200 if told["done_count"] else 409)
            done = told["done_count"]
        else:
            answer = CLIENTS["page"].post(f"/history/{change_set}/undo/")
            done = answer.status_code == 302
            assert answer.status_code in (302, 409)
        assert bool(done) == bool(changes)
        self.write(changes)

    def dry_run_as_previewed(self, change_set, *, anyway):
        """Return the response to a dry run, which writes and rolls back, once a preview has foretold it."""
        preview = preview_undo(
            ChangeSet.objects.get(pk=change_set), CLIENTS["user"], [Hero, Team], anyway=anyway
        )
        response = (
            CLIENTS["api"]
            .post(f"/api/v1/changesets/{change_set}/undo/?dry_run=true", {"anyway": anyway})
            .json()
        )
        for name in ("done", "skipped"):
            foretold = [(one.pk, one.name, one.action, one.skipped) for one in getattr(preview, name)]
            assert foretold == [
                (one["id"], one["name"], one["action"], one["skipped"]) for one in response[name]
            ]
            assert getattr(preview, f"{name}_count") == response[f"{name}_count"]
        assert preview.effects == response["also"]
        return response

    def undoing(self, change_set):
        """What undoing does: in rounds, since one record may make room for another."""
        pending = {
            key: old.values if old else None
            for key, (old, new) in self.sets[change_set].items()
            if self.rows[key].by == change_set and self.rows[key].version == new.version
        }
        kept, changes = dict(self.rows), {}
        progress = True
        while progress:
            progress = False
            for kind in (Team, Hero):
                for (of, pk), values in sorted(pending.items(), key=lambda item: item[0][1]):
                    if of is not kind or values is None:
                        continue
                    team = values.get("team")
                    if self.taken(kind, values["name"], but=pk) or (team and team not in self.there(Team)):
                        continue
                    progress = bool(changes.update({(of, pk): values}) or pending.pop((of, pk)))
                    self.rows[of, pk] = replace(self.rows[of, pk], values=values)
            for kind in (Hero, Team):
                for of, pk in [key for key, values in pending.items() if key[0] is kind and values is None]:
                    if kind is Team and any(
                        self.rows[Hero, hero].values["team"] == pk for hero in self.there(Hero)
                    ):
                        continue  # others have joined it
                    del pending[of, pk]
                    gone = self.deletion(kind, pk)
                    changes |= gone
                    for key, values in gone.items():
                        self.rows[key] = replace(self.rows[key], values=values)
                    progress = True
        self.rows = kept
        return changes

    @invariant()
    def the_database_says_the_same(self):
        for kind in (Hero, Team):
            columns = ["team_id" if name == "team" else name for name in kind.FIELDS]
            stored = {
                pk: (version, dict(zip(kind.FIELDS, values, strict=True)))
                for pk, version, *values in kind.objects.values_list("pk", "version", *columns)
            }
            rows = {pk: self.rows[kind, pk] for pk in self.there(kind)}
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
