"""Send the same values to the website, the admin and the API, and read their responses alike."""

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
    """The response of an interface.

    Attributes:
        errors: error messages by field; empty if the record was accepted.
    """

    accepted: bool
    errors: dict[str, list[str]] = field(default_factory=dict)


class FormInterface:
    """An interface with forms, which send all values as text."""

    def __init__(self, client: Client, model: type[Record], address: str) -> None:
        self.client, self.model, self.address = client, model, address

    def send(self, values: Values, pk: int | None = None) -> Verdict:
        texts = {name: "" if value is None else str(value) for name, value in values.items()}
        if pk:
            texts.setdefault("seen_version", str(self.model.objects.get(pk=pk).version))
        response = self.client.post(self.url(pk), texts)
        if response.status_code == 302:
            return Verdict(accepted=True)
        assert response.status_code in (200, 422), (response.status_code, values)
        form = self.form(response)
        return Verdict(False, {name: list(map(str, errors)) for name, errors in form.errors.items()})

    def url(self, pk: int | None) -> str:
        raise NotImplementedError

    def form(self, response: Any) -> Any:
        raise NotImplementedError


class PageInterface(FormInterface):
    def url(self, pk: int | None) -> str:
        return f"{self.address}{pk}/edit/" if pk else f"{self.address}new/"

    def form(self, response: Any) -> Any:
        form = response.context["form"]
        for name, errors in form.errors.items():
            for error in errors:
                assert count_messages(response, str(error)) >= 2, (
                    f"{name}: the summary and the field each have the error"
                )
        return form


class AdminInterface(FormInterface):
    def url(self, pk: int | None) -> str:
        return f"{self.address}{pk}/change/" if pk else f"{self.address}add/"

    def form(self, response: Any) -> Any:
        form = response.context["adminform"].form
        for errors in form.errors.values():
            for error in errors:
                assert count_messages(response, str(error))
        return form


class ApiInterface:
    """The API, with values as JSON."""

    def __init__(self, user: User, model: type[Record], address: str) -> None:
        self.client, self.model, self.address = program(user), model, address

    def send(self, values: Values, pk: int | None = None) -> Verdict:
        members = {
            f"{name}_id" if name in self.model.link_names() else name: value for name, value in values.items()
        }
        if pk:
            response = self.client.put(f"{self.address}{pk}", members)
        else:
            response = self.client.post(self.address, members)
        if response.status_code in (200, 201):
            return Verdict(accepted=True)
        assert response.status_code == 422, (response.status_code, values, response.content)
        errors: dict[str, list[str]] = {}
        for error in response.json()["errors"]:
            errors.setdefault(error["pointer"][1:].removesuffix("_id"), []).append(error["message"])
        return Verdict(False, errors)


def count_messages(response: Any, message: str) -> int:
    """Count how often ``message`` are on the page."""
    text = re.sub(r"\s+", " ", unescape(response.content.decode()))
    return text.count(re.sub(r"\s+", " ", message))


def all_interfaces(user: User, model: type[Record]) -> dict[str, Any]:
    """Return the interfaces of a model by name, each with ``user`` signed in."""
    app, model_name = model._meta.app_label, model._meta.model_name
    client = browser(user)
    return {
        "page": PageInterface(client, model, f"/{app}/"),
        "admin": AdminInterface(client, model, f"/admin/{app}/{model_name}/"),
        "api": ApiInterface(user, model, f"/api/v1/{app}/"),
    }
