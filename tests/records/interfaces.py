"""The three interfaces, asked the same: a record's fields go in, a verdict comes out."""

import re
from dataclasses import dataclass, field
from html import unescape
from typing import Any

from django.contrib.auth.models import User
from django.test import Client

from heroesite.records.models.base import Record
from tests.people import browser, program

Values = dict[str, Any]


@dataclass
class Verdict:
    """What a interface said.

    Args:
        errors: for each faulty field what was said about it; empty where the record was accepted.
    """

    accepted: bool
    errors: dict[str, list[str]] = field(default_factory=dict)


class FormInterface:
    """A interface where a form is filled in, with all values as text."""

    def __init__(self, client: Client, kind: type[Record], address: str) -> None:
        self.client, self.kind, self.address = client, kind, address

    def send(self, values: Values, pk: int | None = None) -> Verdict:
        texts = {name: "" if value is None else str(value) for name, value in values.items()}
        if pk:
            texts.setdefault("seen_version", str(self.kind.objects.get(pk=pk).version))
        answer = self.client.post(self.url(pk), texts)
        if answer.status_code == 302:
            return Verdict(accepted=True)
        assert answer.status_code in (200, 422), (answer.status_code, values)
        form = self.form(answer)
        return Verdict(False, {name: list(map(str, faults)) for name, faults in form.errors.items()})

    def url(self, pk: int | None) -> str:
        raise NotImplementedError

    def form(self, answer: Any) -> Any:
        raise NotImplementedError


class PageInterface(FormInterface):
    def url(self, pk: int | None) -> str:
        return f"{self.address}{pk}/edit/" if pk else f"{self.address}new/"

    def form(self, answer: Any) -> Any:
        form = answer.context["form"]
        for name, faults in form.errors.items():
            for fault in faults:
                assert told(answer, str(fault)) >= 2, f"{name}: once in the summary, once at the field"
        return form


class AdminInterface(FormInterface):
    def url(self, pk: int | None) -> str:
        return f"{self.address}{pk}/change/" if pk else f"{self.address}add/"

    def form(self, answer: Any) -> Any:
        form = answer.context["adminform"].form
        for faults in form.errors.values():
            for fault in faults:
                assert told(answer, str(fault))
        return form


class ApiInterface:
    """The interface of programs, with values as JSON."""

    def __init__(self, user: User, kind: type[Record], address: str) -> None:
        self.client, self.kind, self.address = program(user), kind, address

    def send(self, values: Values, pk: int | None = None) -> Verdict:
        members = {
            f"{name}_id" if name in self.kind.link_names() else name: value for name, value in values.items()
        }
        if pk:
            answer = self.client.put(f"{self.address}{pk}", members)
        else:
            answer = self.client.post(self.address, members)
        if answer.status_code in (200, 201):
            return Verdict(accepted=True)
        assert answer.status_code == 422, (answer.status_code, values, answer.content)
        errors: dict[str, list[str]] = {}
        for fault in answer.json()["errors"]:
            errors.setdefault(fault["pointer"][1:].removesuffix("_id"), []).append(fault["message"])
        return Verdict(False, errors)


def told(answer: Any, words: str) -> int:
    """How often the page says ``words``."""
    text = re.sub(r"\s+", " ", unescape(answer.content.decode()))
    return text.count(re.sub(r"\s+", " ", words))


def all_interfaces(user: User, kind: type[Record]) -> dict[str, Any]:
    """The interfaces of ``kind``, each with ``user`` at it."""
    app, model = kind._meta.app_label, kind._meta.model_name
    client = browser(user)
    return {
        "page": PageInterface(client, kind, f"/{app}/"),
        "admin": AdminInterface(client, kind, f"/admin/{app}/{model}/"),
        "api": ApiInterface(user, kind, f"/api/v1/{app}/"),
    }
