"""The registry of record types, and the classes that are made from a model when it is registered."""

from collections.abc import Callable
from functools import cached_property
from typing import Any, ClassVar, TypeVar

from django.contrib import admin
from django.forms import modelform_factory
from django.urls import URLPattern

from heroesite.api.openapi.examples import AUTOMATIC

from .admin.records import RecordAdmin
from .api.serializers import RecordSerializer
from .api.viewsets import RecordViewSet
from .filters.filtersets import RecordFilterSet
from .forms.record_form import RecordForm
from .models.base import Record
from .urls import record_urls


class RecordType:
    """A registered model, with the classes that serve it. Subclass it, and register it with :func:`register`.

    Everything that follows from the model is made once, at startup.

    Args:
        model: the record model.

    Attributes:
        list_filters: the parameters that the list page always offers.
        charts: the fields whose values the home page counts.
        example: what a client sends, for the API's description.
        nested_example: the members that only the response for one record has, beside its links.
        form_class, filterset_class, serializer_class, admin_class: base classes to subclass if this type
            needs more.
    """

    list_filters: ClassVar[tuple[str, ...]] = ("search",)
    charts: ClassVar[tuple[str, ...]] = ()
    example: ClassVar[dict[str, Any]] = {}
    nested_example: ClassVar[dict[str, Any]] = {}
    form_class: ClassVar[type[RecordForm]] = RecordForm
    filterset_class: ClassVar[type[RecordFilterSet]] = RecordFilterSet
    serializer_class: ClassVar[type[RecordSerializer]] = RecordSerializer
    admin_class: ClassVar[type[RecordAdmin]] = RecordAdmin

    def __init__(self, model: type[Record]) -> None:
        self.model = model
        self.model_meta = model._meta
        """The model's options, for templates."""
        self.name = model.__name__
        self.prefix = model._meta.app_label
        """The first part of its addresses, at the pages and the API."""
        self.basename = str(model._meta.model_name)

    @cached_property
    def form(self) -> type[RecordForm]:
        form: Any = modelform_factory(self.model, form=self.form_class, fields=self.model.FIELDS)
        return form

    @cached_property
    def filterset(self) -> type[RecordFilterSet]:
        meta = type("Meta", (), {"model": self.model})
        attributes = {"Meta": meta, "ON_PAGE": self.list_filters, "__module__": self.model.__module__}
        return type(f"{self.name}FilterSet", (self.filterset_class,), attributes)

    @cached_property
    def row_serializer(self) -> type[RecordSerializer]:
        """The serializer of a record in a list."""
        return type(f"{self.name}RowSerializer", (RecordSerializer,), {"Meta": self.serializer_meta})

    @cached_property
    def serializer(self) -> type[RecordSerializer]:
        """The serializer of one record, with the records that it links to."""
        nested = {
            name: get_record_type(target).row_serializer(read_only=True, allow_null=True)
            for name, target in self.link_targets.items()
        }
        attributes = {**nested, "Meta": self.serializer_meta}
        return type(f"{self.name}Serializer", (self.serializer_class,), attributes)

    @cached_property
    def viewset(self) -> type[RecordViewSet]:
        linked = {
            name: {"id": 1, **get_record_type(target).example, **AUTOMATIC}
            for name, target in self.link_targets.items()
        }
        attributes = {
            "model": self.model,
            "filterset_class": self.filterset,
            "serializer_class": self.serializer,
            "row_serializer_class": self.row_serializer,
            "example": self.example,
            "nested_example": linked | self.nested_example,
        }
        return type(f"{self.name}ViewSet", (RecordViewSet,), attributes)

    @cached_property
    def model_admin(self) -> type[RecordAdmin]:
        attributes = {"form": self.form, "filterset_class": self.filterset}
        return type(f"{self.name}Admin", (self.admin_class,), attributes)

    @property
    def urls(self) -> list[URLPattern]:
        return record_urls(self.model, self.filterset, self.form)

    @property
    def serializer_meta(self) -> type:
        return type("Meta", (), {"model": self.model})

    @cached_property
    def link_depth(self) -> int:
        """The number of links that can be followed from here: 0 for a type without links."""
        return max((get_record_type(each).link_depth + 1 for each in self.link_targets.values()), default=0)

    @property
    def link_targets(self) -> dict[str, type[Record]]:
        """The models that the links lead to, by field name."""
        fields: dict[str, Any] = {name: self.model._meta.get_field(name) for name in self.model.link_names()}
        return {name: field.related_model for name, field in fields.items()}


_registry: dict[type[Record], RecordType] = {}
RecordTypeClass = TypeVar("RecordTypeClass", bound=type[RecordType])


def register(model: type[Record]) -> Callable[[RecordTypeClass], RecordTypeClass]:
    """Register a model, as ``admin.register`` does: its pages, API, admin, navigation and search follow.

    Raises:
        ValueError: the model is registered already.
    """

    def decorate(record_type_class: RecordTypeClass) -> RecordTypeClass:
        if model in _registry:
            raise ValueError(f"{model.__name__} is already registered.")
        _registry[model] = record_type_class(model)
        return record_type_class

    return decorate


def record_types() -> list[RecordType]:
    """Return the registered types; a type comes before those that it links to."""
    return sorted(_registry.values(), key=lambda record_type: -record_type.link_depth)


def get_record_type(model: type[Record]) -> RecordType:
    return _registry[model]


def register_admin() -> None:
    """Register each type in the admin, once all types are known."""
    for record_type in record_types():
        admin.site.register(record_type.model, record_type.model_admin)
