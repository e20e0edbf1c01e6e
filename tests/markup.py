"""Reading a page as a browser does, far enough to ask what is on it and to fill in its forms."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import parse_qsl, urlsplit

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}
INLINE = {"a", "b", "bdi", "code", "em", "span", "strong", "time"}
BUTTONS = {"submit", "button", "image", "reset", "file"}


@dataclass(eq=False)
class Element:
    """One element of a page; ``inside`` holds its texts and elements, in order."""

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        return re.sub(r"\s+", " ", self.raw).strip()

    @property
    def raw(self) -> str:
        words = "".join(part if isinstance(part, str) else part.raw for part in self.inside)
        return words if self.tag in INLINE else f" {words} "

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def __iter__(self) -> Iterator["Element"]:
        """The elements inside, however deep, in the order of the page."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part

    def all(self, tag: str = "", **attributes: str) -> list["Element"]:
        """The elements with that tag and those attributes; of ``class_``, one class is enough."""
        wanted = {name.rstrip("_").replace("_", "-"): value for name, value in attributes.items()}
        return [
            element
            for element in self
            if tag in ("", element.tag)
            and all(
                value in element.classes if name == "class" else element.attributes.get(name) == value
                for name, value in wanted.items()
            )
        ]

    def one(self, tag: str = "", **attributes: str) -> "Element":
        """The only such element."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × <{tag}> with {attributes} in: {self.text[:500]}"
        return found[0]

    def values(self) -> dict[str, Any]:
        """What a browser would send of this form, no button pressed."""
        values: dict[str, Any] = {}
        for control in self:
            name = control.attributes.get("name")
            kind = control.attributes.get("type", "text")
            if not name or "disabled" in control.attributes:
                continue
            if control.tag == "select":
                options = control.all("option")
                chosen = [option for option in options if "selected" in option.attributes]
                if "multiple" in control.attributes:
                    values[name] = [option["value"] for option in chosen]
                elif options:
                    values[name] = (chosen or options)[0]["value"]
            elif control.tag == "textarea":
                values[name] = "".join(part for part in control.inside if isinstance(part, str))
            elif control.tag == "input" and kind in ("checkbox", "radio"):
                if "checked" in control.attributes:
                    values[name] = control.attributes.get("value", "on")
            elif control.tag == "input" and kind not in BUTTONS:
                values[name] = control.attributes.get("value", "")
        return values


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.open = [Element("document")]

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs})
        self.open[-1].inside.append(element)
        if tag not in VOID:
            self.open.append(element)

    def handle_startendtag(self, tag: str, attrs: Any) -> None:
        self.open[-1].inside.append(Element(tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        depths = [depth for depth, element in enumerate(self.open) if element.tag == tag]
        if depths:
            del self.open[depths[-1] :]

    def handle_data(self, data: str) -> None:
        self.open[-1].inside.append(data)


def read(answer: Any) -> Element:
    """The page that was answered."""
    reader = Reader()
    reader.feed(answer.content.decode())
    reader.close()
    return reader.open[0]


def form_with(page: Element, *names: str) -> Element:
    """The form of ``page`` that is sent by POST and has a field for each of ``names``; the button that undoes
    what was done last is none."""
    forms = [
        form
        for form in page.all("form", method="post")
        if set(names) <= {control.attributes.get("name") for control in form} and "undo" not in form.classes
    ]
    assert len(forms) == 1, f"{len(forms)} forms with {names} in: {page.text[:500]}"
    return forms[0]


def fill_in(client: Any, address: str, press: str = "", **values: Any) -> Any:
    """Go to ``address``, fill ``values`` into the form there that has them, and send it.

    Args:
        press: the name of the button, where it matters which.
    """
    button = {press: "1"} if press else {}
    form = form_with(read(client.get(address)), *values, *button)
    return client.post(form.attributes.get("action") or address, form.values() | values | button)


def query_of(address: str) -> dict[str, str]:
    """The parameters in ``address``."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
