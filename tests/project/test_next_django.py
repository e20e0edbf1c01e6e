"""Our overrides of Django's methods accept the arguments of Django's next version.

The next version needs a newer Python than this one, so its source is read and not imported.
"""

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from functools import cache
from zipfile import ZipFile

import pytest
from django.db.models import TextChoices

import heroes
import heroesite
import teams

NEXT = "6"
PRIVATE_HOOKS = {
    "RecordAdmin._get_obj_does_not_exist_redirect": "no other method is called if a record doesn't exist",
    "RecordQuerySet._raw_delete": "Django calls it to delete related objects, without a history",
}
"""Overrides of Django's private methods, each with the reason why no public one can be overridden instead."""
OURS = (heroes, heroesite, teams)
NAMES = tuple(package.__name__ for package in OURS)
POSITIONAL = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)


def our_classes():
    for package in OURS:
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
            if "migrations" not in module.name:
                for _name, found in inspect.getmembers(importlib.import_module(module.name), inspect.isclass):
                    if found.__module__ == module.name:
                        yield found


def overrides():
    """Yield each of our methods with the Django class whose method it overrides."""
    for our_class in our_classes():
        for name, member in vars(our_class).items():
            function = member.__func__ if isinstance(member, classmethod) else member
            if not inspect.isfunction(function) or name == "__init__":  # constructors take what we pass
                continue
            for base in our_class.__mro__[1:]:
                if name in vars(base) and base.__module__.startswith("django."):
                    yield pytest.param(function, base, name, id=f"{our_class.__qualname__}.{name}")
                    break


@pytest.fixture(scope="session")
def next_django(tmp_path_factory):
    """The wheel of the next Django, as an open archive."""
    folder = tmp_path_factory.mktemp("next_django")
    command = [sys.executable, "-m", "pip", "download", f"django=={NEXT}.*", "--no-deps", "--quiet"]
    options = ["--python-version", "3.12", "--only-binary=:all:", "--dest", str(folder)]
    subprocess.run([*command, *options], check=True)
    [wheel] = folder.glob("*.whl")
    with ZipFile(wheel) as archive:
        yield archive


@cache
def classes_in(archive, path):
    tree = ast.parse(archive.read(path))
    return {node.name: node for node in ast.walk(tree) if isinstance(node, ast.ClassDef)}


def parameters(archive, base, name):
    """Return the arguments of a method in the next Django, or nothing if it is inherited there."""
    path = base.__module__.replace(".", "/")
    path = f"{path}.py" if f"{path}.py" in archive.namelist() else f"{path}/__init__.py"
    found = classes_in(archive, path).get(base.__name__)
    assert found is not None, f"{base.__module__}.{base.__name__} no longer exists"
    for node in found.body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            return node.args
    return None


@pytest.mark.parametrize(("ours", "base", "name"), list(overrides()))
def test_an_override_accepts_the_arguments_of_the_next_django(ours, base, name, next_django):
    theirs = parameters(next_django, base, name)
    if theirs is None:
        assert any(name in vars(other) for other in base.__mro__[1:]) or name in vars(base)
        return
    our_parameters = list(inspect.signature(ours).parameters.values())
    kinds = {parameter.kind for parameter in our_parameters}
    accepts_any_position = inspect.Parameter.VAR_POSITIONAL in kinds
    accepts_any_name = inspect.Parameter.VAR_KEYWORD in kinds
    ours_in_order = [parameter for parameter in our_parameters if parameter.kind in POSITIONAL]
    names = {parameter.name for parameter in our_parameters}
    for position, argument in enumerate(theirs.posonlyargs + theirs.args):
        # An optional argument can also be passed by name, as authentication backends receive credentials.
        optional = position >= len(theirs.posonlyargs + theirs.args) - len(theirs.defaults)
        by_name = accepts_any_name and optional
        assert position < len(ours_in_order) or accepts_any_position or by_name, argument.arg
    for argument in theirs.kwonlyargs:
        assert argument.arg in names or accepts_any_name, argument.arg
    required = [p for p in our_parameters if p.default is p.empty and p.kind in (*POSITIONAL, p.KEYWORD_ONLY)]
    assert len(required) <= len(theirs.posonlyargs + theirs.args + theirs.kwonlyargs) or theirs.vararg


def test_every_override_of_a_private_method_has_a_reason():
    private = {
        f"{our_class.__qualname__}.{name}"
        for our_class in our_classes()
        for name in vars(our_class)
        if name.startswith("_") and not name.endswith("_") and not issubclass(our_class, TextChoices)
        for base in our_class.__mro__[1:]
        if base.__module__.startswith("django.") and inspect.isfunction(vars(base).get(name))
    }
    assert private == set(PRIVATE_HOOKS)
