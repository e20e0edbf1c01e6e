"""The API of one record type: list, create, retrieve, update and delete, singly and in bulk."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, cast

from django.db import connection
from django.utils.cache import add_never_cache_headers
from django.utils.functional import cached_property
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound, ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from heroesite.api import idempotency
from heroesite.api.authentication import token_statement
from heroesite.api.conditional import (
    PreconditionFailed,
    check_if_match,
    etag,
    etag_of_content,
    matches_if_none_match,
    reject_if_match,
)
from heroesite.api.models import ApiToken, IdempotencyKey
from heroesite.ids import is_id
from heroesite.records.api.bulk import Bulk
from heroesite.records.api.errors import not_found
from heroesite.records.api.filter_backend import RecordFilterBackend, is_dry_run, validate_query
from heroesite.records.api.pagination import RecordPagination
from heroesite.records.api.permissions import ACTIONS, RecordPermission
from heroesite.records.api.serializers import RecordSerializer
from heroesite.records.api.token_statements import load_token_for_creation, token_and_record_statement
from heroesite.records.api.writes import IdempotentWriteMixin, idempotent
from heroesite.records.audit.change_sets import Source
from heroesite.records.audit.disclosures import Disclosure
from heroesite.records.audit.entries import Entry
from heroesite.records.audit.writing import writes_in_one_statement
from heroesite.records.filters.filtersets import RecordFilterSet
from heroesite.records.filters.forms import OneRecordForm
from heroesite.records.filters.sparse_fields import SparseFields, row_members
from heroesite.records.models.base import CreationData, Record, StaleRecord
from heroesite.records.models.querysets import deletes_in_one_statement
from heroesite.records.permissions import disclosable_fields
from heroesite.text import printable


class RecordViewSet(IdempotentWriteMixin, viewsets.ModelViewSet):
    """The API of one record type. :class:`~heroesite.records.registry.RecordType` makes its subclasses.

    Attributes:
        model: the record model.
        row_serializer_class: the serializer of a record in a list.
        serializer_class: the serializer of one record.
        example: the body of a request, for the API description.
    """

    model: ClassVar[type[Record]]
    filterset_class: ClassVar[type[RecordFilterSet]]
    row_serializer_class: ClassVar[type[RecordSerializer]]
    serializer_class: Any
    example: ClassVar[dict[str, Any]]
    sparse_fields = SparseFields()
    """The members of the response."""

    unlocked_record: Record | None = None
    """The record that the request writes, if it was loaded together with the caller."""
    creation_data: CreationData | None = None
    """What a new record needs, if it was looked up together with the caller."""
    parsed_body: Any = None
    """The body, if it was parsed before the caller is loaded."""

    permission_classes = [RecordPermission]
    filter_backends = [RecordFilterBackend]
    pagination_class = RecordPagination
    lookup_value_regex = "[^/]+"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if error := getattr(request._request, "write_error", None):  # of a plan, see fast_writes
            raise error
        if self.action not in {None, "list", "retrieve"}:
            is_dry_run(request)

    def query_token(self, digest: str) -> ApiToken | None:
        """Return the token with this digest, or None.

        If the record that the request writes may not have to be locked, it is loaded in the same round trip,
        and so is what a new record needs.
        """
        key = self.kwargs.get("pk", "")
        is_write = self.action in {"update", "partial_update", "destroy"} and is_id(key)
        is_creation = self.action == "create" and isinstance(self.parsed_body, dict)
        token: ApiToken | None
        if is_creation and writes_in_one_statement(self.model):
            token, self.creation_data = load_token_for_creation(self.model, digest, self.parsed_body)
            return token
        if not is_write or not writes_in_one_statement(self.model):
            token = token_statement().load(digest)
            return token
        token, self.unlocked_record = token_and_record_statement(self.model).load(digest, int(key))
        return token

    def body(self) -> Any:
        """Return the parsed body.

        Raises:
            ParseError: the request has no body.
        """
        if self.request.META.get("CONTENT_LENGTH") in (None, "", "0"):
            raise ParseError("The body is empty. Send a JSON object.")
        return self.request.data

    def get_queryset(self) -> Any:
        records: Any = self.model.objects
        return records.all() if self.action == "list" else records.with_links()

    def get_serializer_context(self) -> dict[str, Any]:
        creation_data = None if connection.in_atomic_block else self.creation_data
        return {
            **super().get_serializer_context(),
            "sparse_fields": self.sparse_fields,
            "creation_data": creation_data,
        }

    def get_object(self) -> Any:
        """Return the record, locked if the request writes it in a transaction."""
        key = self.kwargs["pk"]
        lock = self.request.method in ACTIONS and connection.in_atomic_block
        found = None if lock else self.unlocked_record
        if not found and is_id(key):
            found = self.model.load(int(key), lock=lock)
        if not found:
            raise not_found(self.model, key)
        return found

    def get_serializer_class(self) -> Any:
        return self.row_serializer_class if self.action == "list" else self.serializer_class

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        found = self.filter_queryset(self.get_queryset())
        page = self.paginate_queryset(
            found.select_related(*self.sparse_fields.expand) if self.sparse_fields.expand else found
        )
        response = self.get_paginated_response(self.get_serializer(page, many=True).data)
        return self.log_disclosures(response, page or [])

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        nested = () if request.query_params.get("as_of") else self.serializer_class._declared_fields
        names = [*row_members(request.user, self.model), *nested]
        form = OneRecordForm(request.query_params, names=names)
        validate_query(form)
        self.sparse_fields = form.sparse_fields
        if instant := form.cleaned_data["as_of"]:
            return self.retrieve_as_of(instant)
        record = self.get_object()
        return self.conditional(Response(self.get_serializer(record).data), record)

    def conditional(self, response: Response, record: Record) -> Response:
        """Return the response with its ``ETag``, or a 304 if the client has it already."""
        check_if_match(self.request, record.version)
        self.with_etag(response, record)
        if matches_if_none_match(self.request, response["ETag"]):
            return Response(status=304, headers={"ETag": response["ETag"]})
        return self.log_disclosures(response, [record])

    def retrieve_as_of(self, instant: datetime) -> Response:
        """Return the record at a time, as in a list: the records that it links to have changed since."""
        key, name = self.kwargs["pk"], self.model._meta.verbose_name
        entry = self.model.entry_as_of(key, instant) if is_id(key) else None
        if entry is None:
            raise NotFound(f"No {name} had the id {printable(key)} at {instant.isoformat()}.")
        if entry.history_type == Entry.DELETED:
            raise NotFound(f"The {name} had already been deleted at {instant.isoformat()}.")
        return self.conditional(Response(self.row_serializer().represent_entry(entry)), entry.instance)

    @idempotent
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        reject_if_match(request)
        serializer = self.get_serializer(data=self.body())
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        address = request.build_absolute_uri(f"{request.path.removesuffix('/')}/{record.pk}")
        response = Response(serializer.data, 201, headers={"Location": address})
        return self.log_disclosures(self.with_etag(response, record), [record])

    @idempotent
    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        partial = self.action == "partial_update"
        record = self.get_object()
        self.check_conditions(record)
        serializer = self.get_serializer(record, data=self.body(), partial=partial)
        serializer.is_valid(raise_exception=True)
        record = serializer.save()
        return self.log_disclosures(self.with_etag(Response(serializer.data), record), [record])

    @idempotent
    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        record = self.get_object()
        self.check_conditions(record)
        if not self.model.objects.delete_all([record]):
            raise StaleRecord
        return Response(status=204)

    @action(detail=False, methods=["post"], url_path="bulk", url_name="bulk")
    @idempotent
    def bulk_create(self, request: Request) -> Response:
        return self.bulk_response(self.bulk().create(), 201)

    @bulk_create.mapping.patch
    @idempotent
    def bulk_update(self, request: Request) -> Response:
        return self.bulk_response(self.bulk().update(), 200)

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

    def bulk_response(self, records: Sequence[Record], status: int) -> Response:
        rows = self.row_serializer_class(records, many=True, context=self.get_serializer_context())
        return self.log_disclosures(Response({"results": rows.data}, status), records)

    def check_conditions(self, record: Record) -> None:
        """Check the conditions of a write, in the order of RFC 9110, section 13.2.2.

        Raises:
            PreconditionFailed: ``If-Match`` or ``If-None-Match`` rules the write out.
        """
        check_if_match(self.request, record.version)
        if "If-None-Match" in self.request.headers:
            tag = etag(record.version, self.get_serializer(record).data)
            if matches_if_none_match(self.request, tag):
                raise PreconditionFailed(record.version, PreconditionFailed.none_match_message)

    def with_etag(self, response: Any, record: Record) -> Response:
        """Set the ``ETag`` of a response, and ``rendered_json``, from which it is computed.

        Returns:
            the response.
        """
        response.rendered_json = JSONRenderer().render(response.data)
        response["ETag"] = etag_of_content(record.version, response.rendered_json)
        return cast(Response, response)

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Return the methods in ``Allow``. The API description has the members."""
        return Response(status=204)

    @cached_property
    def disclosable_fields(self) -> tuple[str, ...]:
        return disclosable_fields(self.request.user, self.model)

    def log_disclosures(self, response: Response, records: Sequence[Record]) -> Response:
        """Log which restricted values a response contains. Return the response."""
        for field in self.sparse_fields.keep(self.disclosable_fields):
            Disclosure.objects.record(self.request.user, Source.API, field, records)
            add_never_cache_headers(response)
        return response

    def needs_no_transaction(self) -> bool:
        """Return whether the request only writes one record: no links to it, and no disclosure.

        Its response must not need a query either: if that failed, the record would have been written already.
        """
        if self.action == "destroy":
            return deletes_in_one_statement(self.model)
        return (
            self.action in {"create", "update", "partial_update"}
            and writes_in_one_statement(self.model)
            and not self.get_serializer_class().queried_members()
            and not self.disclosable_fields
        )

    def restricted_members(self) -> dict[str, str]:
        """Return the field of each member that has restricted values."""
        return {self.model.attname(name): name for name in self.model.RESTRICTED}

    def replay(self, key: IdempotencyKey) -> Response:
        """Return the stored response, with restricted values if the user can see them."""
        response = idempotency.replay(key)
        rows = idempotency.rows_of(response.data) if response.status_code < 400 else []
        for member, name in self.restricted_members().items():
            containing = [row for row in rows if member in row]
            known = self.model.entries_at({(row["id"], row["version"]) for row in containing})
            disclosed = []
            for row in containing:
                entry = known.get((row["id"], row["version"]))
                if entry and name in self.disclosable_fields and name not in entry.erased:
                    row[member] = getattr(entry, member)
                    disclosed.append(entry.instance)
                else:
                    del row[member]
            Disclosure.objects.record(self.request.user, Source.API, name, disclosed)
            if disclosed:
                add_never_cache_headers(response)
        if "ETag" in response:
            response["ETag"] = etag(
                response.data["version"], response.data
            )  # it depends on what the user can see
        return response
