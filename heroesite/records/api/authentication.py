"""How the API of a record type authenticates."""

from functools import cache
from typing import Any

from django.db import connection
from rest_framework.request import Request

from heroesite.api.authentication import BearerAuthentication, token_statement
from heroesite.api.models import ApiToken
from heroesite.database.statements import JoinedStatement
from heroesite.ids import is_id
from heroesite.records.audit.writing import writes_in_one_statement


class RecordBearerAuthentication(BearerAuthentication):
    """Loads the record that a request writes together with its token, unless the record has to be locked."""

    def authenticate(self, request: Request) -> tuple[Any, ApiToken] | None:
        self.view = request.parser_context["view"]
        return super().authenticate(request)

    def query_token(self, digest: str) -> ApiToken | None:
        model, key = self.view.model, self.view.kwargs.get("pk", "")
        is_write = self.view.action in {"update", "partial_update", "destroy"}
        if not (is_write and is_id(key) and writes_in_one_statement(model)) or connection.in_atomic_block:
            return super().query_token(digest)
        token: ApiToken | None
        token, self.view.loaded = token_and_record_statement(model).load(digest, int(key))
        return token


@cache
def token_and_record_statement(model: Any) -> JoinedStatement:
    return JoinedStatement(token_statement(), model.loading_statement(lock=False))
