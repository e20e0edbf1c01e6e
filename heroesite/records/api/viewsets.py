"""The API of one kind of record: list, create, retrieve, update and delete."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar

from django.utils.cache import add_never_cache_headers
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.reverse import reverse

from heroesite.api import idempotency
from heroesite.api.conditional import (
    PreconditionFailed,
    check_if_match,
    etag,
    matches_if_none_match,
    reject_if_match,
)
from heroesite.api.models import IdempotencyKey
from heroesite.ids import is_id
from heroesite.records.api.bulk import Bulk
from heroesite.records.api.errors import not_found
from heroesite.records.api.filter_backend import RecordFilterBackend, is_dry_run, validate_query
from heroesite.records.api.pagination import RecordPagination
from heroesite.records.api.permissions import ACTIONS, RecordPermission
from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.api.writes import IdempotentWriteMixin, idempotent
from heroesite.records.audit.change_sets import Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.audit.entries import Entry
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.filters.forms import OneRecordForm
from heroesite.records.filters.sparse_fields import SparseFields, row_members
from heroesite.records.models.base import Record
from heroesite.records.permissions import disclosable_fields
from heroesite.text import printable


class RecordViewSet(IdempotentWriteMixin, viewsets.ModelViewSet):
    """One kind of record.

    A subclass names the ``model``, the serializer of one record and that of a row in a list, and an
    ``example`` of what a program sends.
    """

    model: ClassVar[type[Record]]
    filterset_class: ClassVar[type[RecordFilterSet]]
    row_serializer_class: ClassVar[type[RecordSerializer]]
    serializer_class: Any
    example: ClassVar[dict[str, Any]]
    shape = SparseFields()
    """Which members the answer has."""

    permission_classes = [RecordPermission]
    filter_backends = [RecordFilterBackend]
    pagination_class = RecordPagination
    lookup_value_regex = "[^/]+"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action not in {None, "list", "retrieve"}:
            is_dry_run(request)

    def body(self) -> Any:
        """What was sent; nothing at all is not taken for an object without members."""
        if self.request.META.get("CONTENT_LENGTH") in (None, "", "0"):
            raise ParseError("The body is empty. Send a JSON object.")
        return self.request.data

    def get_queryset(self) -> Any:
        records: Any = self.model.objects
        if self.request and self.request.method in ACTIONS:
            return records.select_for_update()
        return records.all() if self.action == "list" else records.with_links()

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "shape": self.shape}

    def get_object(self) -> Any:
        key = self.kwargs["pk"]
        found = is_id(key) and self.get_queryset().filter(pk=key).first()
        if not found:
            raise not_found(self.model, key)
        return found

    def get_serializer_class(self) -> Any:
        return self.row_serializer_class if self.action == "list" else self.serializer_class

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(
            found.select_related(*self.shape.expand) if self.shape.expand else found
        )
        answer = self.get_paginated_response(self.get_serializer(page, many=True).data)
        return self.disclosing(answer, page or [])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        nested = () if request.query_params.get("as_of") else self.serializer_class._declared_fields
        names = [*row_members(request.user, self.model), *nested]
        form = OneRecordForm(request.query_params, names=names)
        validate_query(form)
        self.shape = form.shape
        if instant := form.cleaned_data["as_of"]:
            return self.retrieve_as_of(instant)
        record = self.get_object()
        return self.unless_known(Response(self.get_serializer(record).data), record)

    def unless_known(self, answer: Response, record: Record) -> Response:
        """``answer`` with its tag; less where the client has it already."""
        check_if_match(self.request, record.version)
        self.tagged(answer, record)
        if matches_if_none_match(self.request, answer["ETag"]):
            return Response(status=304, headers={"ETag": answer["ETag"]})
        return self.disclosing(answer, [record])

    def retrieve_as_of(self, instant: datetime) -> Response:
        """The record as it was then, in the shape of a row: what is linked to it has changed since."""
        key, name = self.kwargs["pk"], self.model._meta.verbose_name
        entry = self.model.entry_as_of(key, instant) if is_id(key) else None
        if entry is None:
            raise NotFound(f"No {name} had the id {printable(key)} at {instant.isoformat()}.")
        if entry.history_type == Entry.DELETED:
            raise NotFound(f"The {name} had already been deleted at {instant.isoformat()}.")
        return self.unless_known(Response(self.row_serializer().as_it_was(entry)), entry.instance)

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        reject_if_match(request)
        serializer = self.get_serializer(data=self.body())
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        address = reverse(f"api:{self.basename}-detail", args=[record.pk], request=request)
        answer = Response(serializer.data, 201, headers={"Location": address})
        return self.disclosing(self.tagged(answer, record), [record])

    @idempotent
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        partial = self.action == "partial_update"
        record = self.get_object()
        self.check_conditions(record)
        serializer = self.get_serializer(record, data=self.body(), partial=partial)
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        return self.disclosing(self.tagged(Response(serializer.data), record), [record])

    @idempotent
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        self.check_conditions(record)
        record.delete()
        return Response(status=204)

    @action(detail=False, methods=["post"], url_path="bulk", url_name="bulk")
    @idempotent
    def bulk_create(self, request: Request) -> Response:
        return self.bulk_answer(self.bulk().create(), 201)

    @bulk_create.mapping.patch
    @idempotent
    def bulk_update(self, request: Request) -> Response:
        return self.bulk_answer(self.bulk().update(), 200)

    @bulk_create.mapping.delete
    @idempotent
    def bulk_destroy(self, request: Request) -> Response:
        self.bulk().delete()
        return Response(status=204)

    def bulk(self) -> Bulk:
        reject_if_match(self.request)
        return Bulk(self.row_serializer(), self.body())

    def row_serializer(self) -> RecordSerializer:
        return self.row_serializer_class(context=self.get_serializer_context())

    def bulk_answer(self, records: Sequence[Record], status: int) -> Response:
        rows = self.row_serializer_class(records, many=True, context=self.get_serializer_context())
        return self.disclosing(Response({"results": rows.data}, status), records)

    def check_conditions(self, record: Record) -> None:
        """Refuse a write by what it says about the record that it is meant for (RFC 9110, section 13.2.2)."""
        check_if_match(self.request, record.version)
        if "If-None-Match" in self.request.headers:
            tag = etag(record.version, self.get_serializer(record).data)
            if matches_if_none_match(self.request, tag):
                raise PreconditionFailed(record.version, PreconditionFailed.none_match_message)

    def tagged(self, answer: Response, record: Record) -> Response:
        """``answer`` with the tag by which it is known again."""
        answer["ETag"] = etag(record.version, answer.data)
        return answer

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """The methods, in ``Allow``; what the members are stands in the schema."""
        return Response(status=204)

    def disclosing(self, answer: Response, records: Sequence[Record]) -> Response:
        """``answer``, once it is noted which restricted values it carries."""
        for field in self.shape.keep(disclosable_fields(self.request.user, self.model)):
            Disclosure.objects.record(self.request.user, Source.API, field, records)
            add_never_cache_headers(answer)
        return answer

    def restricted_members(self) -> dict[str, str]:
        """Return the field of each member that has restricted values."""
        return {self.model.attname(name): name for name in self.model.RESTRICTED}

    def replay(self, key: IdempotencyKey) -> Response:
        """Return the stored response, with its restricted values for those who may see them."""
        answer = idempotency.replay(key)
        rows = idempotency.rows_of(answer.data) if answer.status_code < 400 else []
        for member, name in self.restricted_members().items():
            held = [row for row in rows if member in row]
            known = self.model.entries_at({(row["id"], row["version"]) for row in held})
            shown = []
            for row in held:
                entry = known.get((row["id"], row["version"]))
                if (
                    entry
                    and name in disclosable_fields(self.request.user, self.model)
                    and name not in entry.erased
                ):
                    row[member] = getattr(entry, member)
                    shown.append(entry.instance)
                else:
                    del row[member]
            Disclosure.objects.record(self.request.user, Source.API, name, shown)
            if shown:
                add_never_cache_headers(answer)
        if "ETag" in answer:
            answer["ETag"] = etag(answer.data["version"], answer.data)  # of what is shown, and to whom
        return answer
