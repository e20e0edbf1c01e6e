"""Model fields of records. Each brings its rules, their messages and the database's own check along."""

from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from heroesite.form_fields import LineFormField, StrictIntegerField
from heroesite.record_choices import RecordChoiceField
from heroesite.text import fold, normalize, search_key, validate_line
from heroesite.validators import NOT_A_WHOLE_NUMBER, REQUIRED, FoldedLengthValidator, range_validators

from .constraints import add_field_check
from .indexes import add_order_indexes

MAX_FOLDING_GROWTH = 4
"""How many times longer folding may make a line. The result stays within what PostgreSQL can index (2,704
bytes), a name together with its search key, and only ligatures of whole words, such as ``ﷺ``, grow more."""


class LineField(models.CharField):
    """One normalized line of text; :mod:`heroesite.text` describes what it accepts.

    A line that anyone can see on a record can be searched and sorted by, so it adds a :class:`FoldedField`
    to the model: ``motto`` adds ``motto_key``.

    An optional line (``blank=True``) without text is ``NULL``, never ``""``: a field without a value looks
    the same whatever its type, and is sorted last.
    """

    default_error_messages = {"blank": REQUIRED, "null": REQUIRED}
    default_validators = [validate_line]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if kwargs.get("blank"):
            kwargs["null"] = True
        super().__init__(*args, **kwargs)

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, FoldedLengthValidator(self.folded_length)]

    @property
    def folded_length(self) -> int:
        """The maximum length of the folded copy, in characters."""
        return (self.max_length or 0) * MAX_FOLDING_GROWTH

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return self.empty_to_none(normalize(value)) if isinstance(value, str) else value

    def get_prep_value(self, value: Any) -> Any:
        return self.empty_to_none(super().get_prep_value(value))

    def empty_to_none(self, value: Any) -> Any:
        return None if self.null and value == "" else value

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if name not in getattr(cls, "FIELDS", ()):
            return
        length = {f"{name}__length__gte": 1, f"{name}__length__lte": self.max_length}
        add_field_check(cls, Q(**length), f"{name}_length")
        key = f"{name}_key"
        if name not in cls.RESTRICTED and not hasattr(cls, key):
            folded = FoldedField(of=name, max_length=self.folded_length, null=self.null)
            folded.creation_counter = self.creation_counter  # places the column beside its line
            folded.contribute_to_class(cls, key)
            add_order_indexes(cls, key, null=self.null)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": LineFormField, **kwargs})


LineField.register_lookup(Length)


class FoldedField(models.CharField):
    """The folded copy of a :class:`LineField`, updated by every write and sorted by code point.

    Args:
        of: the name of the line's field.
    """

    in_history = False

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        # blank: makemigrations needs no default, because a migration operation fills in the keys.
        super().__init__(**{**kwargs, "editable": False, "blank": True})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["editable"], kwargs["blank"]
        return name, path, args, {**kwargs, "of": self.of}

    def db_parameters(self, connection: Any) -> Any:
        """Compare by code point on PostgreSQL, as SQLite does.

        A ``db_collation`` would make the migrations depend on the database: SQLite has no collation ``C``.
        """
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}

    def pre_save(self, model_instance: models.Model, add: bool) -> str | None:
        key = self.fold(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key

    def fold(self, line: str | None) -> str | None:
        """Return the key of a line; ``None`` for an optional line without text."""
        return fold(line or "") if line or not self.null else None


class SearchKeyField(FoldedField):
    """The :func:`heroesite.text.search_key` of a :class:`LineField`, of any length."""

    def fold(self, line: str | None) -> str:
        return search_key(line or "")


class BoundedIntegerField(models.IntegerField):
    """A whole number from ``min_value`` to ``max_value``: the same range on every database."""

    default_error_messages = {"invalid": NOT_A_WHOLE_NUMBER}

    def __init__(self, *args: Any, min_value: int, max_value: int, **kwargs: Any) -> None:
        self.min_value, self.max_value = min_value, max_value
        super().__init__(*args, **{**kwargs, "validators": range_validators(min_value, max_value)})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        del kwargs["validators"]
        return name, path, args, {**kwargs, "min_value": self.min_value, "max_value": self.max_value}

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        if name in getattr(cls, "FIELDS", ()):
            values = (self.min_value, self.max_value)
            add_field_check(cls, Q(**{f"{name}__range": values}), f"{name}_range")
            add_order_indexes(cls, name, null=self.null)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": StrictIntegerField, **kwargs})


class RecordForeignKey(models.ForeignKey):
    """An optional link to another record; it becomes empty when that record is deleted.

    Its index also contains the id, so that it finds a page of the records that link to another one.

    Args:
        deletion_effect: what happens to the linking records when the other record is deleted, an
            ``ngettext_lazy`` with ``%(count)d``, shown before the deletion.
        empty_label: shown if there is no link.
    """

    def __init__(self, to: Any, deletion_effect: Any = None, empty_label: Any = "–", **kwargs: Any) -> None:
        self.deletion_effect, self.empty_label = deletion_effect, empty_label
        defaults = {"null": True, "blank": True, "on_delete": models.SET_NULL, "db_index": False}
        super().__init__(to, **{**defaults, **kwargs})
        self.error_messages["invalid"] = _("There is no such record. Choose one from the register.")

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False, **kwargs: Any) -> None:
        super().contribute_to_class(cls, name, private_only, **kwargs)
        if name in getattr(cls, "FIELDS", ()):
            add_order_indexes(cls, name, null=False)

    def validate(self, value: Any, model_instance: Any) -> None:
        """Check that the linked record exists, and load it, because the response usually contains it."""
        linked = self.get_cached_value(model_instance, default=None)
        if value is not None and linked is not None and linked.pk == value:
            return
        models.Field.validate(self, value, model_instance)
        if value is None:
            return
        record_type: Any = self.related_model
        found = record_type.load(value)
        if found is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        self.set_cached_value(model_instance, found)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        defaults = {
            "form_class": RecordChoiceField,
            "error_messages": {"invalid_choice": self.error_messages["invalid"]},
            "empty_label": self.empty_label,
        }
        return super().formfield(*args, **{**defaults, **kwargs})
