"""The site works with any record types: only the settings name those that are installed."""

import ast
import re
from pathlib import Path

from tests.__main__ import ROOT

NAMES = re.compile(r"(?<![\w./-])(hero|heroes|team|teams)(?![\w/-])", re.IGNORECASE)
NAMED_IN = {"heroesite/settings.py"}


def without_docstrings(tree: ast.Module) -> ast.Module:
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list):
            node.body = [
                each
                for each in body
                if not (isinstance(each, ast.Expr) and isinstance(each.value, ast.Constant))
            ]
    return tree


def code(path: Path) -> str:
    text = path.read_text()
    return ast.unparse(without_docstrings(ast.parse(text))) if path.suffix == ".py" else text


def test_nothing_outside_the_apps_names_their_record_types():
    files = [
        *(path for path in ROOT.glob("heroesite/**/*.py") if "migrations" not in path.parts),
        *(path for path in ROOT.glob("templates/**/*.html") if not {"heroes", "teams"} & {*path.parts}),
        *ROOT.glob("static/*.js"),
        *ROOT.glob("static/*.css"),
    ]
    assert len(files) > 150
    found = {
        str(path.relative_to(ROOT)): names
        for path in files
        if str(path.relative_to(ROOT)) not in NAMED_IN and (names := NAMES.findall(code(path)))
    }
    assert not found
