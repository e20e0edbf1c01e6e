"""Read a page as a browser does, so that tests can search it and fill in its forms."""

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
    """An element of a page.

    Attributes:
        inside: its texts and elements, in order.
    """

    tag: str
    attributes: dict[str, str] = field(default_factory=dict)
    inside: list["Element | str"] = field(default_factory=list)

    @property
    def text(self) -> str:
        """The text that a browser shows, with runs of white space as one space."""
        return re.sub(r"\s+", " ", self.raw).strip()

    @property
    def raw(self) -> str:
        """The text as it is written, with spaces around elements that are not inline."""
        text = "".join(part if isinstance(part, str) else part.raw for part in self.inside)
        return text if self.tag in INLINE else f" {text} "

    @property
    def classes(self) -> list[str]:
        return self.attributes.get("class", "").split()

    def __getitem__(self, attribute: str) -> str:
        return self.attributes[attribute]

    def __iter__(self) -> Iterator["Element"]:
        """Yield all descendants in the order of the page."""
        for part in self.inside:
            if isinstance(part, Element):
                yield part
                yield from part

    def all(self, tag: str = "", **attributes: str) -> list["Element"]:
        """Return the descendants with this tag and these attributes.

        Args:
            tag: any tag if empty.
            attributes: ``class_`` is one of the classes, ``aria_label`` is ``aria-label``.
        """
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
        """Return the only descendant with this tag and these attributes; fails unless there is one."""
        found = self.all(tag, **attributes)
        assert len(found) == 1, f"{len(found)} × <{tag}> with {attributes} in: {self.text[:500]}"
        return found[0]

    def values(self) -> dict[str, Any]:
        """Return the values that a browser sends with this form when no button is pressed."""
        values: dict[str, Any] = {}
        for control in self:
            name = control.attributes.get("name")
            input_type = control.attributes.get("type", "text")
            if not name or "disabled" in control.attributes:
                continue
            if control.tag == "select":
                options = control.all("option")
                selected = [option for option in options if "selected" in option.attributes]
                if "multiple" in control.attributes:
                    values[name] = [option["value"] for option in selected]
                elif options:
                    values[name] = (selected or options)[0]["value"]
            elif control.tag == "textarea":
                values[name] = "".join(part for part in control.inside if isinstance(part, str))
            elif control.tag == "input" and input_type in ("checkbox", "radio"):
                if "checked" in control.attributes:
                    values[name] = control.attributes.get("value", "on")
            elif control.tag == "input" and input_type not in BUTTONS:
                values[name] = control.attributes.get("value", "")
        return values


class Parser(HTMLParser):
    """Builds the elements of a page. End tags that are left out end with the element around them."""

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


def read(response: Any) -> Element:
    """Parse the page in a response."""
    parser = Parser()
    parser.feed(response.content.decode())
    parser.close()
    return parser.open[0]


def form_with(page: Element, *names: str) -> Element:
    """Return the form of ``page`` that sends POST and has a control for each of ``names``.

    The form that undoes the last change, next to its message, doesn't count.
    """
    forms = [
        form
        for form in page.all("form", method="post")
        if set(names) <= {control.attributes.get("name") for control in form} and "undo" not in form.classes
    ]
    assert len(forms) == 1, f"{len(forms)} forms with {names} in: {page.text[:500]}"
    return forms[0]


def fill_in(client: Any, address: str, press: str = "", **values: Any) -> Any:
    """Open ``address``, fill ``values`` into the form there that has controls for them, and submit it.

    Args:
        press: the name of the button to submit with, if the form has several.
    """
    button = {press: "1"} if press else {}
    form = form_with(read(client.get(address)), *values, *button)
    return client.post(form.attributes.get("action") or address, form.values() | values | button)


def query_of(address: str) -> dict[str, str]:
    """Return the parameters in the query string of ``address``."""
    return dict(parse_qsl(urlsplit(address).query, keep_blank_values=True))
