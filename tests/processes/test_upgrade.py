"""A register from any earlier version can be upgraded without losing data."""

import json

import pytest

from .processes import manage

RELEASES = [
    {"heroes": "0002_groups", "teams": "0001_initial", "records": "0001_initial"},
    {"heroes": "0003_links_at_once", "teams": "0001_initial", "records": "0001_initial"},
    {"heroes": "0004_history", "teams": "0002_history", "records": "0002_history"},
    {"heroes": "0005_base_manager", "teams": "0003_base_manager", "records": "0002_history"},
    {"heroes": "0006_feed", "teams": "0004_feed", "records": "0002_history"},
    {"heroes": "0006_feed", "teams": "0004_feed", "records": "0003_saved_views", "webhooks": "0001_initial"},
]
"""The last migrations of each combination that has been on the main branch."""
UPGRADE = """
import json
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

targets = [*RELEASE.items(), ("auth", "0012_alter_user_first_name_max_length")]
old = MigrationExecutor(connection).migrate(targets).apps
user = old.get_model("auth", "User").objects.create(username="Editor")
team = old.get_model("teams", "Team").objects.create(name="Straße", headquarters="Köln")
hero = old.get_model("heroes", "Hero").objects.create(name="Ärmel", secret_name="S", age=3, team_id=team.pk)
logs = [old.get_model("records", "Disclosure").objects.create(
    door="page", user_id=user.pk, username="Editor", kind="heroes.hero", field="secret_name", ids=[hero.pk])]
if ("records", "ChangeSet") in [(model._meta.app_label, model.__name__) for model in old.get_models()]:
    logs.append(old.get_model("records", "ChangeSet").objects.create(door="page", username="Editor"))

call_command("migrate", verbosity=0)
from heroes.models import Hero
from heroesite.records.models.base import record_models
from heroesite.records.audit.change_sets import ChangeSet
from heroesite.records.audit.disclosures import Disclosure
upgraded = Hero.objects.select_related("team").get()
history = [[model.__name__, entry.history_type, entry.change_set.source]
           for model in record_models() for entry in model.history.all()]
print(json.dumps({
    "hero": [upgraded.pk == hero.pk, upgraded.name, upgraded.secret_name, upgraded.age, upgraded.version],
    "team": [upgraded.team.name, upgraded.team.headquarters],
    "found": [each.objects.search(["strasse"]).count() + each.objects.search(["ÄRMEL"]).count()
              for each in record_models()],
    "sources": sorted({type(log).__name__: globals()[type(log).__name__].objects.get(pk=log.pk).source
                       for log in logs}.items()),
    "history": sorted(history),
    "counts": sorted(str(each.entry_counts) for each in ChangeSet.objects.all()),
}))
"""


@pytest.mark.parametrize("release", RELEASES, ids=lambda release: " ".join(release.values()))
def test_records_and_logs_survive_an_upgrade(release, empty_database, tmp_path):
    code = f"RELEASE = {release!r}\n{UPGRADE}"
    upgrade = manage(tmp_path, "shell", "--no-imports", "-c", code, DATABASE_URL=empty_database)
    assert upgrade.returncode == 0, upgrade.stderr
    upgraded = json.loads(upgrade.stdout)
    had_history = release["records"] != "0001_initial"
    assert upgraded["hero"] == [True, "Ärmel", "S", 3, 1]
    assert upgraded["team"] == ["Straße", "Köln"]
    assert upgraded["found"] == [1, 1]
    expected = [["ChangeSet", "website"], ["Disclosure", "website"]]
    assert upgraded["sources"] == (expected if had_history else expected[1:])
    started = [["Hero", "~", "command"], ["Team", "~", "command"]]
    assert upgraded["history"] == ([] if had_history else started)
    counts = ["{'heroes.hero.changed': 1}", "{'teams.team.changed': 1}"]
    assert upgraded["counts"] == (["{}"] if had_history else counts)
