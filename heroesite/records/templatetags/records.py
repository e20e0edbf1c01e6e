"""Template filters that show the fields of any record type."""

from shlex import quote
from typing import Any

from django import template
from django.db.models import Model
from django.template.base import token_kwargs
from django.urls import get_script_prefix
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from heroesite.bounded_dict import BoundedDict
from heroesite.records.emblems import emblem
from heroesite.records.models.base import Record
from heroesite.records.models.fields import RecordForeignKey

register = template.Library()
MAX_CONSTANTS = 1000
"""The largest number of results that each ``{% constant %}`` caches."""


class ConstantNode(template.Node):
    """The contents of ``{% constant %}``, rendered once per language and values of their variables."""

    def __init__(self, variables: dict[str, Any], nodelist: template.NodeList) -> None:
        self.variables, self.nodelist = variables, nodelist
        self.rendered: BoundedDict[tuple[Any, ...], SafeString] = BoundedDict(MAX_CONSTANTS)

    def render(self, context: template.Context) -> SafeString:
        values = [value.resolve(context, ignore_failures=True) for value in self.variables.values()]
        if any(isinstance(value, Model) for value in values):
            raise TypeError(
                "A record is equal to its later versions, so it can't be a variable of a constant."
            )
        # With the types, because a text that is marked as safe is equal to one that isn't.
        key = (get_language(), get_script_prefix(), *values, *map(type, values))
        if key not in self.rendered:
            constants = template.Context(dict(zip(self.variables, values, strict=True)))
            constants.template = context.template  # some tags read the engine's settings from it
            self.rendered[key] = self.nodelist.render(constants)
        return self.rendered[key]


@register.tag
def constant(parser: Any, token: Any) -> ConstantNode:
    """Render the contents only once per language and values of the variables that the tag names.

    ``{% constant opts=opts can_add=can.add %}``: the contents can't use other variables. The results are
    cached, so each variable must have few values.

    Raises:
        TemplateSyntaxError: the tag contains something else than variables with names.
    """
    words = token.split_contents()[1:]
    variables = token_kwargs(words, parser)
    if words:  # which aren't part of a variable
        raise template.TemplateSyntaxError(f"Write name=value instead of {words[0]} in constant.")
    nodelist = parser.parse(("endconstant",))
    parser.delete_first_token()
    return ConstantNode(variables, nodelist)


@register.filter
def value(record: Record, name: str) -> Any:
    """Return the value of a field of ``record``, as pages show it."""
    content = getattr(record, name)
    return empty(record._meta, name) if content is None else display(content)


@register.filter
def empty(opts: Any, name: str) -> Any:
    """Return what pages show if a field of the model with ``_meta`` ``opts`` is empty."""
    field = opts.get_field(name)
    return (
        format_html('<span class="quiet">{}</span>', field.empty_label)
        if isinstance(field, RecordForeignKey)
        else "–"
    )


@register.filter
def display(content: Any) -> Any:
    """Return a value as pages show it: a record as a link, nothing as a dash."""
    if isinstance(content, Record):
        return format_html('<a class="chip" href="{}"><bdi>{}</bdi></a>', content.get_absolute_url(), content)
    return "–" if content is None else content


@register.filter
def label(opts: Any, name: str) -> str:
    """Return the label of a field: its name with a capital letter."""
    return opts.model.label(name)


@register.filter
def noun(opts: Any, name: str) -> str:
    """Return the name of a field within a sentence."""
    return opts.model.verbose_name_of(name)


@register.filter
def curl(address: str) -> str:
    """Return the shell command that requests a URL."""
    return f"curl {quote(address)}"


@register.filter
def object_name(opts: Any, name: str) -> str:
    """Return the name of a field as the object of a verb."""
    return opts.model.object_name_of(name)


register.filter("emblem", emblem)


@register.filter
def get(mapping: Any, key: str) -> Any:
    return mapping.get(key)
