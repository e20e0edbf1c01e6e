"""Model and form fields whose rules and words are the same at every door."""

from typing import Any

from django.db import models
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from heroesite.form_fields import LineFormField, RecordChoiceField, StrictIntegerField
from heroesite.text import fold, normalize, validate_line
from heroesite.validators import REQUIRED, WHOLE_NUMBER, FoldedLengthValidator, range_validators

MAX_FOLDING_GROWTH = 4
"""How many times as long as itself a line may get by folding: within what PostgreSQL can index (2,704
bytes), and only ligatures of whole words, as ``ﷺ``, grow more."""


class LineField(models.CharField):
    """One normalised line of text. See :mod:`heroesite.text` for what it may hold.

    On a record whoever may see it can find and order records by it, so it brings its folded copy along:
    ``motto`` a :class:`FoldedField` called ``motto_key``.
    """

    default_error_messages = {"blank": REQUIRED, "null": REQUIRED}
    default_validators = [validate_line]

    @cached_property
    def validators(self) -> list[Any]:
        return [*super().validators, FoldedLengthValidator((self.max_length or 0) * MAX_FOLDING_GROWTH)]

    def to_python(self, value: Any) -> Any:
        value = super().to_python(value)
        return normalize(value) if isinstance(value, str) else value

    def contribute_to_class(self, cls: Any, name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        key = f"{name}_key"
        found_by = name in getattr(cls, "FIELDS", ()) and name not in cls.RESTRICTED
        if found_by and not hasattr(cls, key):
            folded = FoldedField(of=name, max_length=(self.max_length or 0) * MAX_FOLDING_GROWTH)
            folded.creation_counter = self.creation_counter  # it stands where its line stands
            folded.contribute_to_class(cls, key)

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": LineFormField, **kwargs})


class FoldedField(models.CharField):
    """The folded copy of a :class:`LineField`, kept up to date by every write, ordered by code point.

    Args:
        of: the name of the field it folds.
    """

    in_history = False

    def __init__(self, of: str = "", **kwargs: Any) -> None:
        self.of = of
        super().__init__(editable=False, **kwargs)

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("editable")
        return name, path, args, {**kwargs, "of": self.of}

    def db_parameters(self, connection: Any) -> Any:
        """PostgreSQL compares by code points as SQLite does. A ``db_collation`` would make the migrations
        differ from database to database: SQLite knows no collation called ``C``."""
        collation = "C" if connection.vendor == "postgresql" else None
        return {**super().db_parameters(connection), "collation": collation}

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = fold(getattr(model_instance, self.of))
        setattr(model_instance, self.attname, key)
        return key


class BoundedIntegerField(models.IntegerField):
    """A whole number from ``min_value`` to ``max_value``, the same range on every database."""

    default_error_messages = {"invalid": WHOLE_NUMBER}

    def __init__(self, *args: Any, min_value: int, max_value: int, **kwargs: Any) -> None:
        self.min_value, self.max_value = min_value, max_value
        super().__init__(*args, **{**kwargs, "validators": range_validators(min_value, max_value)})

    def deconstruct(self) -> tuple[str, str, Any, Any]:
        name, path, args, kwargs = super().deconstruct()
        kwargs.pop("validators")
        return name, path, args, {**kwargs, "min_value": self.min_value, "max_value": self.max_value}

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        return super().formfield(*args, **{"form_class": StrictIntegerField, **kwargs})


class RecordForeignKey(models.ForeignKey):
    """An optional link to another record, which goes when that record goes.

    Args:
        deletion_effect: what happens to the holders of the link when the other record is deleted, an
            ``ngettext_lazy`` with ``%(count)d``, shown before the deletion.
        none: what stands where there is no link.
    """

    def __init__(self, to: Any, deletion_effect: Any = None, none: Any = "–", **kwargs: Any) -> None:
        self.deletion_effect, self.none = deletion_effect, none
        super().__init__(to, **{"null": True, "blank": True, "on_delete": models.SET_NULL, **kwargs})
        self.error_messages["invalid"] = _("There is no such record. Choose one that is in the register.")

    def formfield(self, *args: Any, **kwargs: Any) -> Any:
        words = {"invalid_choice": self.error_messages["invalid"]}
        return super().formfield(
            *args,
            **{
                "form_class": RecordChoiceField,
                "error_messages": words,
                "empty_label": self.none,
                **kwargs,
            },
        )
