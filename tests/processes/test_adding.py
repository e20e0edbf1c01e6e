"""The checklists of docs/ADDING.md, followed in a copy of the project, are complete."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
IGNORED = shutil.ignore_patterns(".git", ".venv", "var", "__pycache__", "pictures")
MAX_LINES = {"Add a field": 3, "Add a record type": 60}


def checklist(title):
    """Return the indented code blocks under a heading, each with its language."""
    text = (ROOT / "docs" / "ADDING.md").read_text()
    section = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", text, re.DOTALL | re.MULTILINE)[1]
    blocks = re.findall(r"^   ```(\w+)\n(.*?)^   ```$", section, re.DOTALL | re.MULTILINE)
    return section, [(language, re.sub(r"^   ", "", block, flags=re.MULTILINE)) for language, block in blocks]


def apply(diff, root):
    """Apply a diff without line numbers. Returns the number of lines to write by hand."""
    header, *hunks = re.split(r"^@@\n", diff, flags=re.MULTILINE)
    file = root / re.search(r"^\+\+\+ b/(.*)$", header, re.MULTILINE)[1]
    new = "--- /dev/null" in header
    added = 0
    for hunk in hunks:
        lines = [(line[:1], line[1:]) for line in hunk.splitlines()]
        after = "".join(f"{text}\n" for sign, text in lines if sign != "-")
        added += sum(sign == "+" and bool(text) for sign, text in lines)
        if new:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(after)
        else:
            before = "".join(f"{text}\n" for sign, text in lines if sign != "+")
            text = file.read_text()
            assert text.count(before) == 1, (file, before)
            file.write_text(text.replace(before, after))
    return added


def run(command, root, **variables):
    environment = {**os.environ, "DATABASE_URL": "sqlite:///var/added.sqlite3", **variables}
    arguments = command.replace(".venv/bin/python", sys.executable).split()
    result = subprocess.run(
        arguments, cwd=root, env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL
    )
    assert result.returncode == 0, result.stdout[-4000:] + result.stderr[-4000:]
    return result.stdout


def follow(title, root):
    """Follow a checklist. Returns the number of lines to write by hand."""
    section, blocks = checklist(title)
    for empty in re.findall(r"an empty `(.*?)`", section):
        (root / empty).parent.mkdir(parents=True, exist_ok=True)
        (root / empty).touch()
    added = 0
    for language, block in blocks:
        if language == "diff":
            added += apply(block, root)
        else:
            for command in block.splitlines():
                run(command, root)
    return added


@pytest.fixture
def copy(tmp_path):
    root = tmp_path / "project"
    shutil.copytree(ROOT, root, ignore=IGNORED)
    (root / "var").mkdir()
    run(".venv/bin/python manage.py migrate --verbosity 0", root)
    run(".venv/bin/python manage.py load_sample_roster", root)
    return root


@pytest.mark.parametrize(
    ("title", "name", "min_tests"), [("Add a field", "alias", 15), ("Add a record type", "mission", 75)]
)
def test_the_checklist_is_complete(title, name, min_tests, copy):
    assert follow(title, copy) <= MAX_LINES[title]
    run(".venv/bin/python manage.py makemigrations --check", copy)
    run(".venv/bin/python manage.py spectacular --validate --fail-on-warn --file /dev/null", copy)
    output = run(f".venv/bin/python -m pytest tests/record_types -q -k {name} -p no:cacheprovider", copy)
    passed = re.search(r"(\d+) passed", output)
    assert int(passed[1]) >= min_tests, output


def test_making_a_restricted_field_public_fills_its_folded_column(copy):
    """The folded column of a field is filled in for all rows once the field can be searched."""
    models = copy / "heroes" / "models.py"
    text = models.read_text()
    restricted = '    RESTRICTED: ClassVar = {"secret_name": "heroes.view_secret_name"}\n'
    assert restricted in text
    models.write_text(text.replace(restricted, ""))
    run(".venv/bin/python manage.py makemigrations heroes", copy)
    run(".venv/bin/python manage.py migrate --verbosity 0", copy)
    script = (
        "from heroes.models import Hero; from heroesite.text import fold; heroes = list(Hero.objects.all());"
        " print(len(heroes), sum(hero.secret_name_key == fold(hero.secret_name) for hero in heroes))"
    )
    environment = {**os.environ, "DATABASE_URL": "sqlite:///var/added.sqlite3"}
    command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", script]
    count, filled = subprocess.check_output(command, cwd=copy, env=environment, text=True).split()
    assert int(count) == int(filled) == 60
