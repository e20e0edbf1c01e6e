"""The corpus of invalid and unusual input: what is sent to which interface, by whom, and the right response.

Each input is sent to the same records: the team ``TEAM`` and the heroes ``HERO`` ("Straße", in that team) and
``OWL`` ("Owl", without a team). Placeholders in addresses and bodies are ``{token}``, the token of another
user, ``{digest}``, its digest, ``{somebody}``, the id of that user, and ``{hero_type}``, the content type of
heroes.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, urlencode

HERO, OWL, TEAM, NOBODY = 900_007, 900_008, 900_003, 900_999
HUGE = "9" * 5000
JSON = "application/json"
FORM = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
THOUSAND = "&".join(f"a{number}" for number in range(1001))


@dataclass(frozen=True)
class Input:
    """One input and the right response.

    Attributes:
        status: the status of the response; with ``follow``, that of the page that a redirect leads to.
        headers: headers named as in WSGI. They replace those of the client.
        message: text that an error message in the response contains, or "" for any.
        changes: whether a record is written. If not, all records are the same as before.
        csrf: whether CSRF tokens are checked. The client is then a browser, at the API too.
        finds_nothing: whether the response has an error and no records, because an invalid query must not
            return more than a valid one.
    """

    name: str
    interface: str
    who: str
    method: str
    address: str
    status: int
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    message: str = ""
    changes: bool = False
    csrf: bool = False
    follow: bool = False
    finds_nothing: bool = False


Inputs = Iterator[Input]


# Helpers to write inputs ------------------------------------------------------------------


def new_input(what: str, status: int, method: str, address: str, **more: Any) -> Input:
    """Return an input for the interface that ``address`` belongs to.

    Args:
        more: the body as ``json`` or ``form``, or as ``body`` and ``media_type``; ``who``, by default an
            editor; and attributes of the input.
    """
    start = address.split("/")[1]
    interface = {"api": "API", "admin": "admin"}.get(start, "page")
    who, headers, body = more.pop("who", "editor"), more.pop("headers", {}), more.pop("body", b"")
    media_type = more.pop("media_type", "")
    if "json" in more:
        value = more.pop("json")
        body, media_type = value if isinstance(value, str | bytes) else json.dumps(value), media_type or JSON
    elif "form" in more:
        form = more.pop("form")
        if isinstance(form, dict) and re.match("(/admin)?/(heroes|teams)/.*(edit|change)/", address):
            form = {"seen_version": 1} | form
        body, media_type = urlencode(form, doseq=True, safe="{}"), media_type or FORM
    if isinstance(body, str):
        body = body.encode()
    if media_type:
        headers = {"CONTENT_TYPE": media_type} | headers
    if method == "PUT":
        headers = {"HTTP_IF_MATCH": "*"} | headers
    return Input(f"{interface}: {what}", interface, who, method, address, status, body, headers, **more)


def get(what: str, status: int, address: str, **more: Any) -> Input:
    """Return a GET, by default by a visitor."""
    return new_input(what, status, "GET", address, **{"who": "visitor", **more})


def api(what: str, status: int, json: Any, method: str = "POST", **more: Any) -> Input:
    """Return a request of the API that creates a hero, or with another method changes ``HERO``."""
    address = "/api/v1/heroes/" if method == "POST" else f"/api/v1/heroes/{HERO}/"
    return new_input(what, status, method, address, json=json, **more)


def page(what: str, status: int, form: Any, address: str = "/heroes/new/", **more: Any) -> Input:
    return new_input(what, status, "POST", address, form=form, **more)


def admin(what: str, status: int, form: Any, address: str = "heroes/hero/add/", **more: Any) -> Input:
    return new_input(what, status, "POST", f"/admin/{address}", form=form, **more)


def table(text: str) -> Iterator[list[str]]:
    """Return the rows of ``text``, with columns separated by two spaces or more."""
    return (re.split(r" {2,}", line.strip()) for line in text.strip().splitlines())


def short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:40]}... ({len(text):,} characters)"


def as_json(**members: Any) -> dict[str, Any]:
    """Return the members of a valid new hero at the API."""
    return {"name": "Kestrel", "secret_name": "Ann Boe", "age": 30, "team_id": TEAM} | members


def with_literal(member: str, text: str) -> str:
    """Return a new hero as JSON, with the literal ``text`` as the value of ``member``."""
    return json.dumps(as_json(**{member: "…"})).replace(json.dumps("…"), text)


def as_form(**fields: Any) -> dict[str, Any]:
    """Return the fields of a valid new hero on a page or in the admin."""
    return {"name": "Kestrel", "secret_name": "Ann Boe", "age": "30", "team": str(TEAM)} | fields


# Methods ----------------------------------------------------------------------------------

METHODS = f"""
405  editor   PUT       /api/v1/heroes/
405  editor   PATCH     /api/v1/heroes/
405  editor   DELETE    /api/v1/heroes/
405  editor   BREW      /api/v1/heroes/
405  editor   PROPFIND  /api/v1/heroes/
405  editor   CONNECT   /api/v1/heroes/
405  editor   POST      /api/v1/heroes/{HERO}/
405  editor   TRACE     /api/v1/heroes/{HERO}/
405  editor   PUT       /api/v1/teams/
405  editor   DELETE    /api/v1/teams
405  editor   POST      /api/v1/teams/{TEAM}
405  editor   POST      /api/v1/
405  editor   DELETE    /api/v1/
405  visitor  TRACE     /api/v1/heroes/
405  visitor  TRACE     /api/v1/heroes/?name=Owl
405  visitor  BREW      /api/v1/heroes/{HERO}
405  visitor  {"A" * 10_000}  /api/v1/heroes/
200  visitor  HEAD      /api/v1/
200  visitor  HEAD      /api/v1/heroes/
200  visitor  HEAD      /api/v1/heroes/{HERO}
404  visitor  HEAD      /api/v1/heroes/{NOBODY}
400  visitor  HEAD      /api/v1/heroes/?limit=-1
204  visitor  OPTIONS   /api/v1/heroes/
204  visitor  OPTIONS   /api/v1/heroes/{HERO}
401  visitor  POST      /api/v1/heroes/
401  visitor  PUT       /api/v1/heroes/{HERO}/
401  visitor  PATCH     /api/v1/heroes/{HERO}/
401  visitor  DELETE    /api/v1/heroes/{HERO}/
401  visitor  DELETE    /api/v1/teams/{TEAM}
405  visitor  POST      /api/schema/
405  visitor  POST      /api/docs/
405  visitor  DELETE    /api/redoc/
405  visitor  PUT       /heroes/
405  visitor  TRACE     /heroes/
405  visitor  BREW      /heroes/{HERO}/
405  visitor  PATCH     /heroes/{HERO}/
405  visitor  DELETE    /teams/
405  editor   POST      /heroes/
405  editor   PUT       /heroes/new/
405  editor   DELETE    /heroes/{HERO}/delete/
405  editor   POST      /teams/{TEAM}/
405  visitor  POST      /
405  visitor  DELETE    /
405  editor   PUT       /account/tokens/
302  editor   GET       /account/tokens/{{token}}/revoke/
405  visitor  BREW      /account/login/
405  visitor  TRACE     /account/login/
405  editor   GET       /admin/logout/
405  editor   POST      /admin/autocomplete/
"""


def methods() -> Inputs:
    for status, who, method, address in table(METHODS):
        name = f"{short(method)} of {address} by the {who}"
        yield new_input(name, int(status), method, address, who=who)
        if status != "401" and method not in ("GET", "HEAD"):
            yield new_input(
                f"{name}, with a body", int(status), method, address, who=who, media_type=FORM, body="a=%ff"
            )
    yield get("a list with a body", 200, "/api/v1/heroes/", json="{")
    yield get("the index with a body", 200, "/api/v1/", json=b"\xff")
    override = {"HTTP_X_HTTP_METHOD_OVERRIDE": "GET"}
    yield api("a method overridden by a header", 401, as_json(), who="visitor", headers=override)


# Ids --------------------------------------------------------------------------------------

INVALID_IDS = f"""
zero                0
minus one           -1
with a plus         %2B{HERO}
unknown             {NOBODY}
2**31               {2**31}
2**63 - 1           {2**63 - 1}
2**63               {2**63}
2**64               {2**64}
20 digits           {"9" * 20}
5,000 digits        {HUGE}
Arabic digits       {quote("٩٠٠٠٠٧")}
full-width digits   {quote("９００００７")}
a superscript       {quote("²")}
letters             abc
a fraction          {HERO}.0
an exponent         9e5
an underscore       900_007
a blank around      %20{HERO}%20
a comma             {HERO},{OWL}
a quote             {HERO}'--
not UTF-8           %ff
a surrogate         %ed%a0%80
an overlong NUL     %c0%80
U+FFFF              %ef%bf%bf
a broken escape     %zz
dots                %2e%2e
a way out           ..%2f..%2fetc%2fpasswd
the admin's NUL     _00
"""
ADMIN_IDS = f"""
editor         heroes/hero/{NOBODY}/history/
editor         heroes/hero/{2**63}/history/
editor         heroes/hero/abc/history/
editor         heroes/hero/_00/history/
editor         heroes/hero/{NOBODY}/delete/
editor         heroes/hero/{2**63}/delete/
editor         heroes/hero/abc/delete/
editor         heroes/hero/_00/delete/
editor         heroes/hero/abc/
administrator  auth/user/_00/change/
administrator  auth/user/{2**70}/history/
administrator  auth/group/abc/delete/
administrator  api/apitoken/_00/change/
administrator  api/apitoken/{HUGE}/delete/
administrator  records/disclosure/abc/change/
"""
NOT_FOUND_IN_ADMIN = f"""
heroes/hero/{HERO}%0A/change/
auth/user/abc/password/
auth/user/_00/password/
auth/user/{2**63}/password/
r/abc/{HERO}/
r/99999/{HERO}/
r/{2**63}/{HERO}/
r/{2**64}/{HERO}/
r/{HUGE}/{HERO}/
r/{{hero_type}}/abc/
r/{{hero_type}}/{NOBODY}/
r/{{hero_type}}/{2**63}/
r/{{hero_type}}/{2**64}/
r/{{hero_type}}/{HUGE}/
r/{{hero_type}}/{quote("٩٠٠٠٠٧")}/
heroes/villain/
villains/
{"a" * 5000}/
"""


def ids() -> Inputs:
    for what, key in table(INVALID_IDS):
        name = f"a hero whose id is {what}"
        yield get(name, 404, f"/api/v1/heroes/{key}/")
        yield get(name, 404, f"/heroes/{key}/")
        change = f"/admin/heroes/hero/{key}/change/"
        yield get(name, 200, change, who="editor", follow=True, message="exist")
        reveal = f"/admin/heroes/hero/{key}/reveal/"
        yield new_input(f"{name}, revealed", 404, "POST", reveal, who="keeper")
        if what in ("unknown", "2**63", "5,000 digits", "Arabic digits", "letters"):
            yield new_input(f"{name}, replaced", 404, "PUT", f"/api/v1/heroes/{key}/", json=as_json())
            yield new_input(f"{name}, changed", 404, "PATCH", f"/api/v1/heroes/{key}/", json={"age": 5})
            yield new_input(f"{name}, deleted", 404, "DELETE", f"/api/v1/heroes/{key}/")
            yield page(f"{name}, changed", 404, as_form(), f"/heroes/{key}/edit/")
            yield page(f"{name}, deleted", 404, {}, f"/heroes/{key}/delete/")
            yield page(f"{name}, revealed", 404, {}, f"/heroes/{key}/reveal/", who="keeper")
            again = {"follow": True, "message": "exist"}
            yield admin(f"{name}, changed", 200, as_form(), f"heroes/hero/{key}/change/", **again)
            yield admin(f"{name}, deleted", 200, {"post": "yes"}, f"heroes/hero/{key}/delete/", **again)
    for who, address in table(ADMIN_IDS):
        yield get(short(address), 200, f"/admin/{address}", who=who, follow=True, message="exist")
    for [address] in table(NOT_FOUND_IN_ADMIN):
        yield get(short(address), 404, f"/admin/{address}", who="administrator")
    yield page("a secret name without permission", 403, {}, f"/heroes/{HERO}/reveal/")
    yield admin("a secret name without permission", 403, {}, f"heroes/hero/{HERO}/reveal/")
    yield page("a secret name as a visitor", 302, {}, f"/heroes/{HERO}/reveal/", who="visitor")
    yield page("the secrets of a team, which has none", 404, {}, f"/teams/{TEAM}/reveal/", who="keeper")


# Queries ----------------------------------------------------------------------------------

QUERIES = f"""
400  limit=+
400  age__gte=%20
400  id__in=%0A
400  team=%C2%A0
400  count=%E2%80%A8
400  limit=-1
400  limit=0
400  limit=101
400  limit=1000000000
400  limit={2**31}
400  limit={2**63}
400  limit={2**64}
400  limit={HUGE}
400  limit=abc
400  limit={quote("٣")}
400  limit={quote("½")}
400  limit=1_0
400  limit=1e1
400  limit=1.0
400  limit=10.
400  limit=0x10
400  limit=NaN
400  limit=Infinity
400  limit=true
400  limit=null
400  limit=1,2
400  limit=--1
400  limit=5%C2%A0
400  limit=%E2%80%8B5
400  limit=1&limit=2
400  limit=1&l%69mit=2
400  limit=1;offset=2
200  limit=+5+
400  offset=-1
400  offset=1000000001
400  offset={2**63}
400  offset={2**64}
400  offset={HUGE}
400  offset={quote("٣")}
400  offset=1_0
400  offset=1e1
400  offset=1.0
200  offset=1000000000
400  ordering=secret_name
400  ordering=-secret_name
400  ordering=name,secret_name
400  ordering=secret_name,name
200  ordering=id
200  ordering=-version,id
200  ordering=name&ordering=-age
400  ordering=name&ordering=-name
400  ordering=pk
400  ordering=%3F
400  ordering=-
400  ordering=--name
400  ordering=name_key
400  ordering=search_key
400  ordering=team__name
400  ordering=team__heroes__secret_name
400  ordering=name;
400  ordering=name+desc
400  ordering=NAME
400  ordering={quote("nаme")}
400  ordering=__class__
400  ordering=%7Bname%7D
400  ordering=name,-name
400  ordering=name,name
400  ordering={"name," * 1600}
200  ordering=name,-age,team
400  fields=secret_name
400  fields=nmae
400  fields=name,
400  fields=name_key
400  fields=search_key
400  fields=%00
400  fields={"name," * 1600}
400  fields=team
400  omit=secret_name
400  omit=__class__
400  fields=name&omit=name
200  fields=name,age&omit=age
200  fields=name&fields=age&omit=age
400  expand=secret_name
400  expand=team,team
400  expand=team__heroes
200  expand=team
400  id__in=a
400  id__in=1,,2
400  id__in=-1
400  id__in={2**63}
400  id__in={quote("٣")}
400  id__in={HUGE}
400  id__in={",".join(map(str, range(501)))}
200  id__in={",".join(map(str, range(500)))}
200  id__in=1&id__in=2,3
400  id__in=1&id__in=x
400  id__in={"&id__in=".join(map(str, range(501)))}
400  cursor=junk
400  cursor=*&offset=1
400  cursor=%00
400  cursor={"a" * 4001}
400  cursor=W10:1vN:aaaa
400  created_at__gte=yesterday
400  created_at__gte=2026-13-01T00:00:00Z
400  created_at__lte=9999-12-31T23:59:59-23:59
400  updated_at__lte=0001-01-01T00:00:00%2B14:00
400  created_at=2026-01-01T00:00:00Z
200  created_at__gte=0001-01-01T00:00:00Z
400  age__isnull=yes
400  team__name=%00
400  team__name__icontains=a
400  name__istartswith=%07
400  name__startswith=a
400  name__regex=a
400  heroes__count__gte=1
400  secret_name__isnull=true
400  secret_name__istartswith=a
400  search={"a+" * 1900}
400  search={"+".join("abcdefghijk")}
200  search={"+".join("abcdefghij")}
400  search={"a" * 201}
400  search={"a" * 10_000}
400  search={"a" * 8186}
400  search=%00
400  search=a%07
400  search=a%0Ab
400  search=%E2%80%8D%E3%85%A4
400  search=%E2%80%8B
400  search=%CC%81
400  search=%EF%BF%BF
400  search=%E2%80%AEabc
400  search=%ff
400  search=Stra%dfe
400  search=%ed%a0%80
400  search=%c0%80
400  search=a&search=a
400  count=estimate
400  count=exact&cursor=*
200  search=%25
200  search=_
200  search=%5C
200  search=%27%22%60
200  search=*
200  search=%zz
200  search=STRASSE
200  search={quote("ﷺ") * 200}
400  name=%00
400  name={"a" * 201}
400  name__icontains=%EF%BF%BE
400  team=abc
400  team=0
400  team=-1
400  team={NOBODY}
400  team={2**31}
400  team={2**63 - 1}
400  team={2**63}
400  team={2**64}
400  team={HUGE}
400  team={quote("٩٠٠٠٠٣")}
400  team={TEAM}.0
400  team=900_003
200  team=null
400  team={TEAM},{TEAM}
400  team=+{TEAM}
400  team__isnull=junk
200  team__isnull=True
200  team__isnull=1
200  team__isnull=0
400  team__isnull=TRUE
400  team__isnull=2
200  team__isnull=true
400  age__gte={quote("٣")}
400  age__gte=1_000
400  age__gte=1e3
400  age__gte=1.0
400  age__gte=abc
400  age__gte=NaN
400  age__gte=-
400  age__gte={HUGE}
200  age__gte={"8" * 4000}
200  age__gte=-1
200  age__gte=+5+
200  age__gte={2**31}
200  age__gte={2**64}
200  age__gte=-{2**64}
200  age__lte=-{2**64}
200  age={2**63}
200  age={2**64}
400  secret_name=a
400  secret_name__startswith=a
400  secret_name__icontains=a
400  team__heroes__secret_name=a
400  name__regex=[
400  name__iregex=^(a%2B)%2B$
400  name_key=a
400  search_key=a
400  id=1
400  pk__in=1
400  age__gt=1
400  nam=a
400  Search=a
400  search[]=a
400  format=xml
400  %3Cscript%3E=a
400  %E2%80%AE=a
400  %EF%BF%BE=a
400  {"a" * 8000}=a
400  =a
400  ?
400  {"&".join(f"a{number}=" for number in range(999))}
400  {THOUSAND}
200  &&&
"""
"""Queries of the lists of heroes, with the right status at the API and on the page."""
EMPTY_QUERIES = ["limit=", "ordering=", "fields=", "id__in=", "search=+++", "team=", "team__isnull=", "name="]
"""Empty values. They are errors at the API; the form of a page sends them for fields that are left blank."""

OTHER_QUERIES = f"""
400  /api/v1/teams/?limit={2**63}
400  /api/v1/teams/?ordering=age
400  /api/v1/teams/?team=1
400  /api/v1/teams/?headquarters__icontains=%00
400  /teams/?search={"a+" * 1900}
400  /teams/?ordering=age
400  /teams/?age=1
400  /api/v1/?a=b
400  /api/v1/heroes/{HERO}/?fields=nmae
400  /api/v1/heroes/{HERO}/?fields=secret_name
400  /api/v1/heroes/{HERO}/?fields=team&as_of=2100-01-01T00:00:00Z
200  /api/v1/heroes/{HERO}/?fields=team_id&as_of=2100-01-01T00:00:00Z
400  /api/v1/heroes/{HERO}/?omit=name,
400  /api/v1/heroes/{HERO}/?expand=team
400  /api/v1/heroes/{HERO}/?limit=1
400  /api/v1/teams/?heroes__count__gte=-
400  /api/v1/teams/?heroes__count__gte={quote("٣")}
400  /api/v1/teams/?heroes__count=1
200  /api/v1/teams/?heroes__count__gte={2**63}
200  /api/v1/teams/?heroes__count__lte=-{2**70}
400  /api/v1/heroes/{HERO}/?%ED%9F%BF=1
400  /api/v1/heroes/{HERO}/?{THOUSAND}
400  /api/schema/?lang=junk
400  /api/schema/?lang=../../../../etc/passwd
400  /api/schema/?lang=%00
400  /api/schema/?version=junk
400  /api/schema/?version=a%0D%0ASet-Cookie:%20a=b
400  /api/schema/?version=%22%E2%80%AE%0A
400  /api/schema/?format=yaml
400  /api/schema/?{THOUSAND}
400  /account/login/?{THOUSAND}
400  /api/docs/?a=%00
400  /docs?a=%ff
400  /?a=%00
400  /?a=%ff
400  /heroes/?%00=a
200  /?utm_source=%E2%80%AE
200  /api/docs/?url=//evil.example/
302  /docs?a=%0d%0aSet-Cookie:b
"""
IN_ADMIN = f"""
400  q={"a+" * 1900}
400  q={"a" * 201}
400  q=%EF%BF%BF
400  q=%E2%80%8D
400  age__gte={quote("٣")}
400  age__gte=1_000
400  age__gte=1e3
400  age__gte=1.0
400  age__gte=abc
400  age__gte={HUGE}
400  team=abc
400  team=0
400  team={quote("٩٠٠٠٠٣")}
400  team={NOBODY}
400  team={2**63}
400  team={2**64}
400  team={HUGE}
400  team__isnull=junk
400  name={"a" * 201}
400  name=%EF%BF%BF
400  name=%E2%80%AE
"""
"""Queries of the list of heroes in the admin. Each is an error and finds nothing."""

LOOKUPS = f"""
editor         heroes/hero/?secret_name__startswith=E
editor         heroes/hero/?secret_name=Edith+Wren
administrator  heroes/hero/?secret_name__startswith=E
editor         heroes/hero/?name__regex=[
editor         heroes/hero/?name__iregex=^(a%2B)%2B$
editor         heroes/hero/?team__heroes__secret_name__startswith=E
editor         heroes/hero/?name=%00
editor         heroes/hero/?q=%00
editor         heroes/hero/?q=%ff
editor         heroes/hero/?q={"a" * 10_000}
editor         heroes/hero/?search=a
editor         heroes/hero/?ordering=secret_name
editor         heroes/hero/?limit=1000000
editor         heroes/hero/?_to_field=secret_name
editor         heroes/hero/?_to_field=%00
editor         heroes/hero/?_changelist_filters=%25ff%26q%3D
editor         teams/team/?heroes__secret_name__startswith=E
editor         teams/team/?heroes__secret_name=Edith+Wren
administrator  auth/user/?date_joined__year=999999
administrator  auth/user/?last_login__year=99999999999999999999
administrator  auth/user/?password__startswith=pbkdf2
administrator  auth/user/?username__regex=[
administrator  auth/user/?username__iregex=^(a%2B)%2B$
administrator  auth/user/?groups__permissions__codename=x
administrator  auth/user/?id__in=1,2,x
administrator  auth/group/?permissions__codename__regex=(
administrator  auth/group/?name__iregex=(
administrator  api/apitoken/?digest__startswith=a
administrator  api/apitoken/?token_key__startswith=a
administrator  api/apitoken/?user__password__startswith=p
administrator  records/disclosure/?ids__0=1
administrator  records/disclosure/?ids__contains={{
administrator  records/disclosure/?user__password__startswith=p
administrator  records/disclosure/?at__year=999999
administrator  records/disclosure/?at__gte=99999-01-01
administrator  records/disclosure/?at__lt=0001-01-01+00:00:00%2B23:59
administrator  records/disclosure/?at__gte=9999-12-31+23:59:59-23:59
editor         heroes/hero/add/?_to_field=secret_name
editor         heroes/hero/add/?_popup=1&_to_field=team__name
editor         heroes/hero/add/?_to_field=junk
editor         heroes/hero/add/?name=%00
editor         heroes/hero/add/?name=%ff
editor         heroes/hero/Edith_20Wren/change/?_to_field=secret_name
editor         jsi18n/?language=%00
editor         autocomplete/?term=%00&app_label=heroes&model_name=hero&field_name=team
editor         autocomplete/?term=a&app_label=heroes&model_name=%00&field_name=team
editor         autocomplete/?term=%ff&app_label=heroes&model_name=hero&field_name=team
"""
"""Lookups that the admin rejects with 400."""

BAD_FILTERS = f"""
auth/user/?is_staff__exact=junk
auth/user/?groups__id__exact=abc
auth/user/?groups__id__exact={HUGE}
api/apitoken/?read_only__exact=junk
"""
"""Invalid filters in lists of the admin. Each is an error and finds nothing."""

ODD_FILTERS = f"""
auth/user/?groups__id__exact={2**63}
auth/user/?groups__id__exact={2**70}
auth/user/?groups__isnull=junk
auth/user/?is_staff__exact=1&is_staff__exact=0
records/disclosure/?source__exact=junk
heroes/hero/{HERO}/history/?p={2**64}
heroes/hero/{HERO}/history/?p=abc
heroes/hero/add/?team=abc
heroes/hero/add/?team={NOBODY}
heroes/hero/add/?team={2**63}
heroes/hero/add/?team={2**70}
heroes/hero/add/?team={HUGE}
heroes/hero/add/?team={quote("٩٠٠٠٠٣")}
heroes/hero/add/?team=1&team=2
heroes/hero/add/?age=abc&name=%EF%BF%BF&secret_name=x&unknown=1
heroes/hero/add/?_popup=junk&_changelist_filters=%25ff
auth/user/add/?groups=abc,1&is_staff=junk
auth/group/add/?permissions=abc,{2**70}
jsi18n/?language=../../x&packages=a+b%E2%80%AE
"""
"""Invalid parameters that the admin ignores."""

ADMIN_LISTS = ["heroes/hero", "teams/team", "records/disclosure", "auth/user", "auth/group", "api/apitoken"]
ADMIN_LIST_QUERIES = f"""
200  o=1.-2.99.-99.abc.--1.{quote("٣")}
200  o={HUGE}
200  p={2**64}
200  p=-1
200  p=abc
200  all=abc
200  q=%22%27%5C%25_
400  q={"a+" * 1900}
200  _facets=junk&_popup=junk
"""

CHOICES = f"""
403
403  app_label=x&model_name=hero&field_name=team
403  app_label=heroes&model_name=x&field_name=team
403  app_label=heroes&model_name=hero&field_name=x
403  app_label=heroes&model_name=hero&field_name=secret_name
403  app_label=heroes&model_name=hero&field_name=id
403  app_label=auth&model_name=user&field_name=groups
403  app_label=admin&model_name=logentry&field_name=user
400  app_label=heroes&model_name=hero&field_name=team&term={"a+" * 1900}
400  app_label=heroes&model_name=hero&field_name=team&term=%EF%BF%BF
404  app_label=heroes&model_name=hero&field_name=team&page=abc
404  app_label=heroes&model_name=hero&field_name=team&page=-1
404  app_label=heroes&model_name=hero&field_name=team&page={2**64}
404  app_label=heroes&model_name=hero&field_name=team&page={HUGE}
"""
"""Queries of the options for a team in the admin."""


def queries() -> Inputs:
    for status, query in table(QUERIES):
        for address in ("/api/v1/heroes/", "/heroes/"):
            name = f"the list with {short(query)}"
            yield get(name, int(status), f"{address}?{query}", finds_nothing=status == "400")
    for query in EMPTY_QUERIES:
        yield get(f"the list with {query}", 400, f"/api/v1/heroes/?{query}", finds_nothing=True)
        yield get(f"the list with {query}", 200, f"/heroes/?{query}")
    for status, address in table(OTHER_QUERIES):
        yield get(short(address), int(status), address)
    options = f"/api/v1/heroes/{HERO}/?a=b"
    yield new_input("options with a parameter", 400, "OPTIONS", options, who="visitor")
    yield new_input("a new hero with a parameter", 400, "POST", "/api/v1/heroes/?dry=1", json=as_json())
    yield new_input("a changed hero with a parameter", 400, "PATCH", options, json={"age": 5})
    nothing = {"follow": True, "finds_nothing": True}
    for status, query in table(IN_ADMIN):
        yield get(short(query), int(status), f"/admin/heroes/hero/?{query}", who="editor", **nothing)
    for who, address in table(LOOKUPS):
        yield get(f"{short(address)} by the {who}", 400, f"/admin/{address}", who=who)
    for [address] in table(BAD_FILTERS):
        yield get(short(address), 400, f"/admin/{address}", who="administrator", **nothing)
    for [address] in table(ODD_FILTERS):
        yield get(short(address), 200, f"/admin/{address}", who="administrator", follow=True)
    for path in ADMIN_LISTS:
        for status, query in table(ADMIN_LIST_QUERIES):
            address = f"/admin/{path}/?{query}"
            yield get(f"{path} with {short(query)}", int(status), address, who="administrator", follow=True)
    for status, *query in table(CHOICES):
        address = f"/admin/autocomplete/?{''.join(query)}"
        yield get(f"a choice of {''.join(query)[:90]}", int(status), address, who="editor")


# The past ---------------------------------------------------------------------------------

INSTANTS = f"""
400
400  2026-01-31
400  2026-02-30T12:00:00Z
400  2026-13-01T12:00:00Z
400  2026-01-31T25:00:00Z
400  2026-01-31T12:00:60Z
400  2026-01-31T12:00:00+24:00
400  2026-01-31T12:00:00+99:99
400  2026-01-31T12:00:00Europe/Vienna
400  2026-01-31T12:00:00ZZ
400  2026-W05-6T12:00:00Z
400  20260131T120000Z
400  0000-01-01T00:00:00Z
400  0001-01-01T00:00:00%2B14:00
400  9999-12-31T23:59:59-14:00
400  10000-01-01T00:00:00Z
400  {quote("２０２６")}-01-31T12:00:00Z
400  now
400  NaN
400  1769860800
400  -1
400  {HUGE[:3000]}
400  %00
400  %ff
400  2026-01-31T12:00:00Z&as_of=2026-01-31T12:00:00Z
400  2026-01-31T12:00:00Z&as_off=2026-01-31T12:00:00Z
404  0001-01-01T00:00:00Z
404  2000-01-01T00:00:00+02:00
200  9999-12-31T23:59:59Z
200  2100-01-01T00:00:00+02:00
200  2100-01-01 00:00
"""
"""Times for ``as_of`` and ``at__gte``, with the right status for a record."""

PAST = f"""
400  /heroes/{HERO}/history/?limit=0
400  /heroes/{HERO}/history/?limit=101
400  /heroes/{HERO}/history/?limit={HUGE[:3000]}
400  /heroes/{HERO}/history/?offset=-1
400  /heroes/{HERO}/history/?ordering=version
400  /heroes/{HERO}/history/?a=%00
400  /heroes/deleted/?limit=abc
400  /heroes/deleted/?search=a
400  /history/?limit=0
400  /history/?source=window
400  /history/?source=%00
400  /history/?kind=user
400  /history/?kind=heroes.hero
400  /history/?user=editor
400  /history/?source=api&source=api
400  /history/?id=1
400  /api/v1/heroes/{HERO}/history/?limit=0
400  /api/v1/heroes/{HERO}/history?version=1
400  /api/v1/changesets/?source=API
400  /api/v1/changesets/?kind=%00
400  /api/v1/changesets/?user=editor
400  /api/v1/changesets/?at=2026-01-31T12:00:00Z
400  /api/v1/changesets/?ordering=at
200  /heroes/{HERO}/history/?offset=1000000000
200  /heroes/deleted/?offset=1000000000
200  /history/?offset=1000000000
200  /api/v1/changesets/?offset=1000000000
404  /heroes/{HERO}/history/1/
404  /heroes/{HERO}/history/abc/
404  /api/v1/heroes/{HERO}/history/1
"""


def past() -> Inputs:
    for what, key in table(INVALID_IDS):
        yield get(f"the history of a hero whose id is {what}", 404, f"/heroes/{key}/history/")
        yield get(f"the history of a hero whose id is {what}", 404, f"/api/v1/heroes/{key}/history/")
        yield get(f"the change set whose id is {what}", 404, f"/history/{key}/")
        yield get(f"the change set whose id is {what}", 404, f"/api/v1/changesets/{key}/")
    for status, *instant in table(INSTANTS):
        query = "".join(instant)
        for address in (f"/api/v1/heroes/{HERO}", f"/heroes/{HERO}/"):
            yield get(f"a hero as of {short(query)}", int(status), f"{address}?as_of={query}")
        for address in ("/api/v1/changesets/", "/history/"):
            is_valid = status != "400" or (not query and address == "/history/")
            name = f"change sets from {short(query)}"
            query_string = f"at__gte={query.replace('as_of', 'at__gte')}"
            yield get(name, 200 if is_valid else 400, f"{address}?{query_string}")
    for status, address in table(PAST):
        yield get(short(address), int(status), address)
    yield get("change sets of an unknown user", 200, "/history/?user=nobody", who="editor")
    yield get("change sets of NUL", 400, "/history/?user=%00", who="editor")
    yield page("a history without permission, revealed", 403, {}, f"/heroes/{HERO}/history/")
    yield page(
        "the history of a team, which has no secrets", 403, {}, f"/teams/{TEAM}/history/", who="keeper"
    )
    yield page(
        "the history of an unknown hero, revealed", 404, {}, f"/heroes/{NOBODY}/history/", who="keeper"
    )
    yield page("change sets sent to", 405, {}, "/history/")
    yield page("deleted heroes sent to", 405, {}, "/heroes/deleted/")
    yield new_input("a change set", 405, "POST", "/api/v1/changesets/", json={})


# Lines of text ----------------------------------------------------------------------------

BAD_NAMES = [
    ("with NUL", "A\0B", "U+0000"),
    ("with a bell", "A\x07B", "U+0007"),
    ("with a terminal escape", "A\x1b[2JB", "U+001B"),
    ("with DEL", "A\x7fB", "U+007F"),
    ("with a C1 control", "A\x9bB", "U+009B"),
    ("with a line break", "A\nB", "U+000A"),
    ("with a carriage return", "A\r\nB", "U+000D"),
    ("with a line separator", "A\u2028B", "U+2028"),
    ("with a next line", "A\x85B", "U+0085"),
    ("with a right-to-left override", "A\u202eB", "U+202E"),
    ("with an isolate", "A\u2066B", "U+2066"),
    ("with a mark of direction", "A\u200fB", "U+200F"),
    ("with an Arabic letter mark", "A\u061cB", "U+061C"),
    ("with a blank of no width", "A\u200bB", "U+200B"),
    ("with a word joiner", "A\u2060B", "U+2060"),
    ("with a byte order mark", "\ufeffA", "U+FEFF"),
    ("with U+FFFE", "A\ufffeB", "U+FFFE"),
    ("with U+FFFF", "A\uffffB", "U+FFFF"),
    ("with U+FDD0", "A\ufdd0B", "U+FDD0"),
    ("with U+1FFFE", "A\U0001fffeB", "U+1FFFE"),
    ("with U+10FFFF", "A\U0010ffffB", "U+10FFFF"),
    ("with a replacement character", "A\ufffdB", "U+FFFD"),
    ("of accents alone", "\u0301\u0302", "visible"),
    ("of Hangul fillers", "\u3164\u115f\uffa0", "visible"),
    ("of a Braille blank", "\u2800", "visible"),
    ("of a soft hyphen", "\u00ad", "visible"),
    ("of joiners", "\u200d\u200c", "visible"),
    ("of variation selectors", "\ufe0f\U000e0100", "visible"),
    ("of tags", "\U000e0041\U000e0042", "visible"),
    ("of a private character", "\ue000", "visible"),
    ("of nothing", "", "required"),
    ("of blanks", " \t\u00a0\u2003\u3000 ", "required"),
    ("of 101 characters", "a" * 101, "100 characters"),
    ("of 101 characters once composed", "e\u0301" * 101, "100 characters"),
    ("of 101 emoji", "🦸" * 101, "100 characters"),
    ("of 100,000 characters", "a" * 100_000, "100 characters"),
    ("of 20,000 accents in no order", "a" + "\u0301\u0323" * 10_000, "100 characters"),
    ("of 100 ligatures of words", "\ufdfa" * 100, "Spell the words out"),
    ("that is taken", "Straße", "already"),
    ("taken except for case", "STRASSE", "already"),
    ("taken except for width", "ｓｔｒａｓｓｅ", "already"),
    ("taken except for the great sharp s", "STRA\u1e9eE", "already"),
    ("taken except for style", "𝕊traße", "already"),
    ("taken except for a joiner", "Stra\u200dße", "already"),
    ("taken except for blanks", "\u00a0 Straße\t", "already"),
]
"""Names that all interfaces reject, and text from the error message."""

GOOD_NAMES = [
    ("of 100 characters", "a" * 100),
    ("of 100 characters once composed", "e\u0301" * 100),
    ("of 100 characters once the blanks are one", "a" * 50 + " \u00a0\t" * 20 + "b" * 49 + "  "),
    ("of 100 emoji", "🦸" * 100),
    ("of 22 ligatures of words", "\ufdfa" * 22),
    ("of markup", "<script>alert(1)</script>"),
    ("of SQL", "Robert'); DROP TABLE heroes_hero;--"),
    ("of a template", "{{ 7 * 7 }}{% debug %}${7*7}"),
    ("of a formula", "=1+1"),
    ("of a per cent sign and a backslash", "%s%(a)s\\0\\ud800"),
    ("of a family", "👨\u200d👩\u200d👧\u200d👦"),
    ("with a tab", "A\tB"),
    ("of a Linear B syllable", "\U00010000"),
    ("of a team", "Night Watch"),
]
SURROGATES = [
    ("a lone high surrogate", r'"A\ud800B"', "U+D800"),
    ("a lone low surrogate", r'"\udfff"', "U+DFFF"),
    ("surrogates the wrong way round", r'"\udc00\ud800"', "U+DC00"),
    ("a surrogate at the end", r'"A\uD83E"', "U+D83E"),
]


def names() -> Inputs:
    for what, text, message in BAD_NAMES:
        yield api(f"a name {what}", 422, as_json(name=text), message=message)
        yield page(f"a name {what}", 422, as_form(name=text), message=message)
        yield admin(f"a name {what}", 200, as_form(name=text), message=message)
    for what, text in GOOD_NAMES:
        yield api(f"a name {what}", 201, as_json(name=text), changes=True)
        yield page(f"a name {what}", 302, as_form(name=text), changes=True)
        yield admin(f"a name {what}", 302, as_form(name=text), changes=True)
    for what, text, message in SURROGATES:
        yield api(f"a name of {what}", 422, with_literal("name", text), message=message)
        yield api(f"a secret name of {what}", 422, with_literal("secret_name", text), message=message)
        yield api(f"a changed name of {what}", 422, f'{{"name": {text}}}', "PATCH", message=message)
    for what, text in [("NUL", "A\0"), ("U+FFFF", "\uffff"), ("101 characters", "a" * 101)]:
        name, form = f"a changed secret name of {what}", as_form(secret_name=text)
        yield api(name, 422, {"secret_name": text}, "PATCH", message="/secret_name")
        yield page(name, 422, form, f"/heroes/{HERO}/edit/", message="Secret name")
        yield admin(name, 200, form, f"heroes/hero/{HERO}/change/", message="error below")
    for what, text in [("NUL", "A\0"), ("201 characters", "a" * 201), ("nothing", "")]:
        name, team = f"headquarters of {what}", {"name": "Lark", "headquarters": text}
        yield new_input(name, 422, "POST", "/api/v1/teams/", json=team, message="/headquarters")
        yield page(name, 422, team, "/teams/new/", message="Headquarters")
        yield admin(name, 200, team, "teams/team/add/", message="error below")


# Numbers ----------------------------------------------------------------------------------

BAD_AGES = [
    # what, in JSON, in a form, at the API
    ("minus one", "-1", "-1", 422),
    ("a million and one", "1000001", "1000001", 422),
    ("2**31", str(2**31), str(2**31), 422),
    ("2**63", str(2**63), str(2**63), 422),
    ("2**64", str(2**64), str(2**64), 422),
    ("minus 2**64", str(-(2**64)), str(-(2**64)), 422),
    ("10**30", str(10**30), str(10**30), 422),
    ("4,000 digits", "9" * 4000, "9" * 4000, 422),
    ("5,000 digits", HUGE, HUGE, 400),
    ("Arabic digits", '"٣"', "٣", 422),
    ("a full-width digit", '"５"', "５", 422),
    ("an underscore", '"1_000"', "1_000", 422),
    ("an exponent", '"1e3"', "1e3", 422),
    ("a zero after the point", '"1.0"', "1.0", 422),
    ("a fraction", "1.5", "1.5", 422),
    ("a thousands separator", '"1,000"', "1,000", 422),
    ("hexadecimal", '"0x10"', "0x10", 422),
    ("a sign alone", '"-"', "-", 422),
    ("NaN", "NaN", "NaN", 400),
    ("Infinity", "Infinity", "Infinity", 400),
    ("minus Infinity", "-Infinity", "-Infinity", 400),
    ("1e400", "1e400", "1e400", 422),
    ("minus 1e400", "-1e400", "-1e400", 422),
    ("1e300", "1e300", "1e300", 422),
    ("1e5000000", "1e5000000", "1e5000000", 422),
    ("NUL", r'"\u0000"', "\0", 422),
    ("text", '"5"', None, 422),
    ("text with blanks", '" 5 "', None, 422),
    ("empty text", '""', None, 422),
    ("true", "true", None, 422),
    ("an array", "[5]", None, 422),
    ("an object", '{"age": 5}', None, 422),
    ("a leading zero", "05", None, 400),
    ("a leading plus", "+5", None, 400),
    ("a point without digits", "5.", None, 400),
    ("hexadecimal without quotes", "0x10", None, 400),
    ("Arabic digits without quotes", "٣", None, 400),
]
BAD_TEAMS = [
    ("unknown", str(NOBODY), str(NOBODY), 422),
    ("zero", "0", "0", 422),
    ("minus one", "-1", "-1", 422),
    ("2**31", str(2**31), str(2**31), 422),
    ("2**63 - 1", str(2**63 - 1), str(2**63 - 1), 422),
    ("2**63", str(2**63), str(2**63), 422),
    ("2**64", str(2**64), str(2**64), 422),
    ("2**70", str(2**70), str(2**70), 422),
    ("5,000 digits", HUGE, HUGE, 400),
    ("letters", '"abc"', "abc", 422),
    ("Arabic digits", '"٩٠٠٠٠٣"', "٩٠٠٠٠٣", 422),
    ("a fraction", f"{TEAM}.5", f"{TEAM}.5", 422),
    ("a zero after the point", f'"{TEAM}.0"', f"{TEAM}.0", 422),
    ("NUL", r'"\u0000"', "\0", 422),
    ("1e400", "1e400", "1e400", 422),
    ("an id as text", f'"{TEAM}"', None, 422),
    ("true", "true", None, 422),
    ("an array", f"[{TEAM}]", None, 422),
    ("an object", f'{{"id": {TEAM}}}', None, 422),
    ("a lone surrogate", r'"\ud800"', None, 422),
]
GOOD_NUMBERS = [
    ("age", "minus zero", "-0", "-0"),
    ("age", "1e2", "1e2", None),
    ("age", "5.0", "5.0", None),
    ("age", "blanks around", None, " 5 "),
    ("age", "a plus", None, "+5"),
    ("age", "nothing", "null", ""),
    ("team_id", "nothing", "null", ""),
    ("team_id", "a zero after the point, no text", f"{TEAM}.0", None),
]


def numbers() -> Inputs:
    for member, rows in [("age", BAD_AGES), ("team_id", BAD_TEAMS)]:
        name = member.removesuffix("_id")
        for what, text, typed, status in rows:
            message = f"/{member}" if status == 422 else ""
            yield api(f"the {name} {what}", status, with_literal(member, text), message=message)
            yield api(
                f"the changed {name} {what}", status, f'{{"{member}": {text}}}', "PATCH", message=message
            )
            if typed is not None:
                form = as_form(**{name: typed})
                yield page(f"the {name} {what}", 422, form, message=name.title())
                yield page(f"the changed {name} {what}", 422, form, f"/heroes/{HERO}/edit/")
                yield admin(f"the {name} {what}", 200, form, message="error below")
    for member, what, text, typed in GOOD_NUMBERS:
        name = member.removesuffix("_id")
        if text is not None:
            yield api(f"the {name} {what}", 201, with_literal(member, text), changes=True)
        if typed is not None:
            yield page(f"the {name} {what}", 302, as_form(**{name: typed}), changes=True)
            yield admin(f"the {name} {what}", 302, as_form(**{name: typed}), changes=True)


# JSON -------------------------------------------------------------------------------------


def nested(depth: int, opening: str = "[", inside: str = "", closing: str = "]") -> str:
    return opening * depth + inside + closing * depth


TWICE = '{"%s": 1, "%s": 2}'
BODIES: list[tuple[str, Any, int, str]] = [
    ("nothing", b"", 400, ""),
    ("blanks", " \r\n\t ", 400, "JSON"),
    ("null", "null", 422, "JSON object"),
    ("true", "true", 422, "JSON object"),
    ("a number", "5", 422, "JSON object"),
    ("a text", '"name"', 422, "JSON object"),
    ("an empty array", [], 422, "JSON object"),
    ("an array of heroes", [as_json()], 422, "JSON object"),
    ("a JSON patch", [{"op": "replace", "path": "/age", "value": 5}], 422, "JSON object"),
    ("a lone surrogate", r'"\ud800"', 422, "JSON object"),
    ("half an object", '{"name": "A"', 400, "JSON"),
    ("an object and more", '{"name": "A"} {}', 400, "JSON"),
    ("a comma too many", '{"name": "A",}', 400, "JSON"),
    ("single quotes", "{'name': 'A'}", 400, "JSON"),
    ("a comment", '{"name": "A" /* */}', 400, "JSON"),
    ("a line break in a text", '{"name": "A\nB"}', 400, "JSON"),
    ("NUL in a text", '{"name": "A\0B"}', 400, "JSON"),
    ("NUL after the object", '{"name": "A"}\0', 400, "JSON"),
    ("an unknown escape", r'{"name": "\x41"}', 400, "JSON"),
    ("half an escape", r'{"name": "\ud8', 400, "JSON"),
    ("a byte order mark", b"\xef\xbb\xbf{}", 400, "JSON"),
    ("UTF-16", '{"name": "A"}'.encode("utf-16"), 400, "UTF-8"),
    ("UTF-32", '{"name": "A"}'.encode("utf-32"), 400, "UTF-8"),
    ("Latin-1", '{"name": "é"}'.encode("latin-1"), 400, "UTF-8"),
    ("a surrogate in UTF-8", b'{"name": "\xed\xa0\x80"}', 400, "UTF-8"),
    ("an overlong NUL", b'{"name": "\xc0\x80"}', 400, "UTF-8"),
    ("half a character", b'{"name": "\xf0\x9f\xa6', 400, "UTF-8"),
    ("arrays 1,000 deep", nested(1000), 400, "deep"),
    ("arrays 100,000 deep", nested(100_000), 400, "deep"),
    ("arrays 900,000 deep", nested(900_000), 400, "deep"),
    ("arrays 100,000 deep, never closed", "[" * 100_000, 400, ""),
    ("objects 1,000 deep", nested(1000, '{"a":', "1", "}"), 400, "deep"),
    ("objects 100,000 deep", nested(100_000, '{"a":', "1", "}"), 400, "deep"),
    ("a name 21 deep", with_literal("name", nested(20)), 400, "deep"),
    ("a name 20 deep", with_literal("name", nested(19)), 422, "string"),
    ("a member twice", TWICE % ("name", "name"), 400, "name"),
    ("a member twice, once escaped", TWICE % ("name", r"n\u0061me"), 400, "name"),
    ("a member twice inside another", f'{{"team": {TWICE % ("id", "id")}}}', 400, "id"),
    ("a surrogate twice", TWICE % (r"\ud800", r"\ud800"), 400, "U+D800"),
    ("a member of 100,000 characters twice", TWICE % ("a" * 100_000, "a" * 100_000), 400, "once"),
    ("200,000 members of one name", "{" + '"a":1,' * 200_000 + '"b":1}', 400, "once"),
    ("a name of 5,000 digits", with_literal("name", HUGE), 400, "digits"),
    ("a form", urlencode(as_form()), 400, "JSON"),
    ("a JSON text sequence", "\x1e{}\n", 400, "JSON"),
    ("JavaScript", ")]}',\n{}", 400, "JSON"),
    ("NaN by itself", "NaN", 400, "NaN"),
    ("a name of a number", as_json(name=5), 422, "string"),
    ("a name of null", as_json(name=None), 422, "required"),
    ("a name of true", as_json(name=True), 422, "string"),
    ("a name of an array", as_json(name=["A"]), 422, "string"),
    ("a name of an object", as_json(name={"a": "b"}), 422, "string"),
    ("a secret name of null", as_json(secret_name=None), 422, "required"),
    ("a name alone", {"name": "A"}, 422, "/secret_name"),
    ("an unknown member", as_json(power="flight"), 422, "/power"),
    ("a member with a slash and a tilde", as_json(**{"a/b~c": 1}), 422, "/a~1b~0c"),
    ("a member without a name", as_json(**{"": 1}), 422, "Unknown member"),
    ("a member with a point", as_json(**{"name.0": 1}), 422, "/name.0"),
    ("a member whose name is a surrogate", with_literal("age", '1, "\\udc00": 2'), 422, "U+DC00"),
    ("a member whose name is NUL", as_json(**{"\0": 1}), 422, "U+0000"),
    ("a member whose name is 100,000 characters", as_json(**{"a" * 100_000: 1}), 422, "/aaa"),
    ("a member named as errors are", as_json(non_field_errors=1), 422, "Unknown member"),
    ("a member named as all errors are", as_json(__all__=1), 422, "Unknown member"),
    ("a member named as Python names", as_json(__class__=1), 422, "/__class__"),
    ("5,000 unknown members", as_json(**{f"a{number}": 1 for number in range(5000)}), 422, "/a0"),
    ("the member of the column", as_json(name_key="kestrel"), 422, "/name_key"),
    ("the member of the search key", as_json(search_key="  kestrel"), 422, "/search_key"),
    ("a team by its name", as_json(team="Night Watch"), 422, "/team"),
    ("an id", as_json(id=5), 422, "/id"),
    ("an id of 2**64", as_json(id=2**64), 422, "/id"),
    ("a version", as_json(version=1), 422, "/version"),
    ("a time", as_json(created_at="1999-01-01T00:00:00Z"), 422, "/created_at"),
    ("900,000 zeros", "[" + "0," * 900_000 + "0]", 422, "JSON object"),
    ("2,000,000 bytes", with_literal("name", '"' + "a" * 1_999_920 + '"'), 422, "100 characters"),
    ("2,000,001 bytes", " " * 2_000_001, 413, "2 MB"),
    ("10 MB", with_literal("name", '"' + "a" * 10_000_000 + '"'), 413, "2 MB"),
]
"""Bodies to create a hero, with the right status and text from the error message."""

UPDATES: list[tuple[str, Any, int, str]] = [
    ("another id", {"id": OWL}, 422, "/id"),
    ("an id of 2**64", {"id": 2**64}, 422, "/id"),
    ("its id as text", {"id": str(HERO)}, 422, "/id"),
    ("another version", {"version": 7}, 409, "/version"),
    ("a version of null", {"version": None}, 422, "/version"),
    ("another time", {"updated_at": "1999-01-01T00:00:00Z"}, 422, "/updated_at"),
    ("another team in full", {"team": {"id": TEAM, "name": "A"}}, 422, "/team"),
    ("a team of null in full", {"team": None}, 422, "/team"),
    ("its own id and version", {"id": HERO, "version": 1}, 200, ""),
    ("nothing but braces", {}, 200, ""),
    ("an unknown member", {"nmae": "A"}, 422, "/nmae"),
    ("the name of another", {"name": "OWL"}, 422, "already"),
]


def json_bodies() -> Inputs:
    for what, body, status, message in BODIES:
        yield api(f"a new hero of {what}", status, body, message=message)
        if status in (400, 413) or message == "JSON object":
            yield api(f"a changed hero of {what}", status, body, "PATCH", message=message)
    for what, body, status, message in UPDATES:
        yield api(f"a changed hero with {what}", status, json.dumps(body), "PATCH", message=message)
    yield api("a replaced hero of nothing", 400, b"", "PUT")
    yield api("a replaced hero of braces", 422, "{}", "PUT", message="/name")
    yield api(
        "a replaced hero of a team", 422, {"name": "A", "headquarters": "B"}, "PUT", message="/headquarters"
    )
    for member in ("heroes", "hero_count", "more_heroes"):
        team = {"name": "A", "headquarters": "B", member: []}
        yield new_input(
            f"a team with {member}", 422, "POST", "/api/v1/teams/", json=team, message=f"/{member}"
        )


BULK: list[tuple[str, str, Any, int, str]] = [
    ("a NUL in a member", "POST", [as_json(**{"\0": 1})], 422, "U+0000"),
    ("a surrogate in a member", "DELETE", with_literal("age", '1, "\\udc00": 2'), 422, "array"),
    ("a surrogate in an item's member", "DELETE", '[{"id": 1, "\\udc00": 2}]', 422, "U+DC00"),
    ("a slash in a member", "PATCH", [{"id": HERO, "a/b~c": 1}], 422, "/0/a~1b~0c"),
    ("an id of true", "PATCH", [{"id": True}], 422, "/0/id"),
    ("an id of 1.5", "PATCH", [{"id": 1.5}], 422, "/0/id"),
    ("an id of 2**64", "DELETE", [{"id": 2**64}], 422, "/0/id"),
    ("a negative id", "DELETE", [{"id": -1}], 422, "/0/id"),
    ("an id as text", "DELETE", [{"id": str(HERO)}], 422, "/0/id"),
    ("an id of an array", "DELETE", [{"id": [HERO]}], 422, "/0/id"),
    ("a version of true", "PATCH", [{"id": HERO, "version": True, "age": 1}], 422, "/0/version"),
    ("a version as text", "PATCH", [{"id": HERO, "version": "1", "age": 1}], 422, "/0/version"),
    ("a version of 1.5", "PATCH", [{"id": HERO, "version": 1.5, "age": 1}], 422, "/0/version"),
    ("a version of null", "DELETE", [{"id": HERO, "version": None}], 422, "/0/version"),
    ("an unknown version", "PATCH", [{"id": HERO, "version": 9, "age": 1}], 409, "/0/version"),
    ("names that fold alike", "POST", [as_json(), as_json()], 422, "already"),
    ("a time", "PATCH", [{"id": HERO, "created_at": "1999-01-01T00:00:00Z"}], 422, "/0/created_at"),
    ("an array within", "POST", [[as_json()]], 422, "/0"),
    ("1,001 items", "POST", [as_json()] * 1001, 422, "array of 1 to 1,000"),
    ("4,000,000 zeros", "POST", "[" + "0," * 4_000_000 + "0]", 422, "array of 1 to 1,000"),
    ("10,000,001 bytes", "POST", " " * 10_000_001, 413, "10 MB"),
    ("nothing", "PATCH", b"", 400, "empty"),
    ("a team of 2**70", "POST", [as_json(team_id=2**70)], 422, "/0/team_id"),
    ("a team of -2**70", "PATCH", [{"id": HERO, "team_id": -(2**70)}], 422, "/0/team_id"),
    ("an unknown team", "POST", [as_json(team_id=NOBODY)], 422, "/0/team_id"),
    ("a name with NUL", "POST", [as_json(name="a\0b")], 422, "/0/name"),
    (
        "a name with half a surrogate pair",
        "POST",
        '[{"name": "\\ud800", "secret_name": "x"}]',
        422,
        "/0/name",
    ),
    ("a name of true", "PATCH", [{"id": HERO, "name": True}], 422, "/0/name"),
    ("a name of 9,000 characters", "POST", [as_json(name="a" * 9_000)], 422, "/0/name"),
    ("an age of 2**70", "POST", [as_json(age=2**70)], 422, "/0/age"),
]
"""Bodies in bulk, with the method, the right status and text from the error message."""


def bulk_bodies() -> Inputs:
    for what, method, body, status, message in BULK:
        yield new_input(f"in bulk {what}", status, method, "/api/v1/heroes/bulk/", message=message, json=body)


# Content types ----------------------------------------------------------------------------

TYPES = [
    ("of a form", FORM),
    ("of a form in parts", PARTS),
    ("of a form in parts without a boundary", "multipart/form-data"),
    ("of plain text", "text/plain"),
    ("of XML", "application/xml"),
    ("of a JSON patch", "application/json-patch+json"),
    ("of any application", "application/*"),
    ("of anything", "*/*"),
    ("of junk", "junk"),
    ("of slashes", "////"),
    ("of semicolons", ";;;"),
    ("of two", "application/json, application/json"),
    ("of 10 kB", "a" * 10_000),
    ("of NUL", "application/json\0"),
    ("not of ASCII", "application/jsön"),
    ("of UTF-16", "application/json; charset=utf-16"),
    ("of UTF-7", "application/json; charset=utf-7"),
    ("of Latin-1", 'application/json; charset="iso-8859-1"'),
    ("of an unknown character set", "application/json; charset=junk"),
    ("of no character set", "application/json; charset="),
    ("of a character set that is code", "application/json; charset=rot13"),
]
GOOD_TYPES = [
    ("in capitals", "APPLICATION/JSON"),
    ("of UTF-8", "application/json; charset=utf-8"),
    ("of UTF-8 in quotes", 'application/json; charset="UTF-8"'),
    ("with another parameter", "application/json; profile=a; b"),
    ("with a semicolon after it", "application/json;"),
]


def parts(*contents: bytes) -> bytes:
    """Return a form in parts (RFC 7578). Each part is its headers and its content."""
    return b"".join(b"--x\r\n" + content + b"\r\n" for content in contents) + b"--x--\r\n"


def part(name: str, value: str, more: str = "") -> bytes:
    return f'Content-Disposition: form-data; name="{name}"{more}\r\n\r\n{value}'.encode()


def odd(more: str, content: bytes = b"a") -> bytes:
    """Return a form with one part, with ``more`` after its name."""
    return parts(b"Content-Disposition: form-data; name=name" + more.encode() + b"\r\n\r\n" + content)


FILE = '; filename="a.txt"'
WHOLE = [part(name, value) for name, value in as_form().items()]
IN_BASE64 = "\r\nContent-Transfer-Encoding: base64"
FORMS: list[tuple[str, str, bytes, int]] = [
    ("in UTF-16", f"{FORM}; charset=utf-16", urlencode(as_form()).encode("utf-16"), 415),
    ("labelled as UTF-16", f"{FORM}; charset=utf-16", urlencode(as_form()).encode(), 415),
    ("in UTF-32", f"{FORM}; charset=utf-32", b"\xff" * 7, 415),
    ("in UTF-7", f"{FORM}; charset=utf-7", b"name=+AGEAYg-", 415),
    ("in IDNA", f"{FORM}; charset=idna", b"name=a", 415),
    ("in Latin-1", f"{FORM}; charset=iso-8859-1", b"name=a", 415),
    ("in an unknown character set", f"{FORM}; charset=junk", b"name=a", 415),
    ("in parts, in UTF-16", f"{PARTS}; charset=utf-16", parts(*WHOLE), 415),
    ("of JSON", JSON, json.dumps(as_json()).encode(), 415),
    ("of JSON in UTF-8", f"{JSON}; charset=utf-8", json.dumps(as_json()).encode(), 415),
    ("of plain text", "text/plain", b"name=Kestrel", 415),
    ("of XML", "application/xml", b"<name>Kestrel</name>", 415),
    ("of nothing", FORM, b"", 422),
    ("of junk", FORM, b"\xff\xfe\x00=%&&==%zz", 422),
    ("whose name is not UTF-8", FORM, b"name=%ff&secret_name=a", 422),
    ("whose name is a surrogate in UTF-8", FORM, b"name=%ed%a0%80&secret_name=a", 422),
    ("of 999 unknown fields", FORM, "&".join(f"a{number}=" for number in range(999)).encode(), 422),
    ("of 1,001 fields", FORM, THOUSAND.encode(), 400),
    ("of 100,000 fields", FORM, b"a&" * 100_000, 400),
    ("of 2,000,001 bytes", FORM, b"name=" + b"a" * 1_999_996, 413),
    ("of 10 MB", FORM, b"name=" + b"a" * 10_000_000, 413),
    ("in parts without a boundary", "multipart/form-data", parts(*WHOLE), 400),
    ("in parts with an empty boundary", "multipart/form-data; boundary=", parts(*WHOLE), 400),
    ("in parts with a boundary not of ASCII", "multipart/form-data; boundary=é", parts(*WHOLE), 400),
    ("in parts with a boundary of NUL", "multipart/form-data; boundary=\0", parts(*WHOLE), 400),
    ("in parts with another boundary", "multipart/form-data; boundary=y", parts(*WHOLE), 422),
    ("in parts, of nothing", PARTS, b"", 422),
    ("in parts, of junk", PARTS, b"\xff" * 1000, 422),
    ("in parts, cut off", PARTS, parts(*WHOLE)[:60], 422),
    ("in parts without names", PARTS, parts(b"\r\na", b"Content-Disposition: form-data\r\n\r\na"), 422),
    ("in parts, named in an unknown character set", PARTS, odd("; name*=junk''a"), 422),
    ("in parts, a file in an unknown character set", PARTS, odd("; filename*=junk''a"), 422),
    ("in parts, a file in code", PARTS, odd("; filename*=undefined''%ff"), 422),
    ("in parts, a file in NUL", PARTS, odd("; filename*=utf-8''%00"), 422),
    ("in parts, a file numbered by 5,000 digits", PARTS, odd(f"; filename*{HUGE}=a"), 400),
    ("in parts, of an unknown type", PARTS, odd(f"{FILE}\r\nContent-Type: a/b; charset*=junk''a"), 422),
    ("in parts, of an unknown encoding", PARTS, odd("\r\nContent-Transfer-Encoding: junk"), 422),
    ("in parts, of broken base64", PARTS, odd(IN_BASE64, b"\xff="), 422),
    ("in parts, a file of broken base64", PARTS, odd(FILE + IN_BASE64, b"!!!"), 400),
    ("in parts, a file whose size is junk", PARTS, odd(f"{FILE}\r\nContent-Length: junk"), 422),
    ("in parts, files for fields", PARTS, parts(*(part(*one, FILE) for one in as_form().items())), 422),
    ("in parts, a file named by dots", PARTS, odd('; filename="../../etc/passwd"'), 422),
    ("in parts, a file named by NUL", PARTS, odd('; filename="a\0b"'), 422),
    ("in parts, a file named by 10 kB", PARTS, odd(f'; filename="{"a" * 10_000}"'), 400),
    ("in parts, headers of 100 kB", PARTS, odd("\r\nX: " + "a" * 100_000), 400),
    ("in parts, a name not of UTF-8", PARTS, odd("", b"\xff"), 422),
    ("in parts, a name of 1.9 MB", PARTS, odd("", b"a" * 1_900_000), 422),
    ("in parts, a field whose name is 1 MB", PARTS, parts(part("a" * 1_000_000, "a")), 400),
    ("in 1,001 parts", PARTS, parts(*(part(f"a{number}", "") for number in range(1001))), 400),
    ("in parts, 101 files", PARTS, parts(*(part(f"a{number}", "", FILE) for number in range(101))), 400),
    ("in parts of 10 MB", PARTS, odd(FILE, b"a" * 10_000_000), 413),
]
"""Forms, with the right status on a page."""


def content_types() -> Inputs:
    for what, media_type in TYPES:
        yield api(f"a type {what}", 415, as_json(), media_type=media_type)
    for what, media_type in GOOD_TYPES:
        yield api(f"a type {what}", 201, as_json(), media_type=media_type, changes=True)
    untyped = {"CONTENT_TYPE": ""}
    packed = {"HTTP_CONTENT_ENCODING": "gzip"}
    yield api("Content-Encoding: gzip", 415, as_json(), headers=packed)
    yield page("Content-Encoding: gzip", 415, as_form(), headers=packed)
    yield admin("Content-Encoding: gzip", 415, as_form(), headers=packed)
    plain = {"HTTP_CONTENT_ENCODING": "identity"}
    yield api("Content-Encoding: identity", 201, as_json(), headers=plain, changes=True)
    cut = {"HTTP_CONTENT_RANGE": "bytes 0-20/100"}
    yield api("a body with Content-Range", 400, as_json(), "PUT", headers=cut)
    yield new_input("no type", 415, "POST", "/api/v1/heroes/", body=json.dumps(as_json()), headers=untyped)
    for what, media_type, body, status in FORMS:
        again = 200 if status == 422 else status
        cookie = {"HTTP_COOKIE": f"csrftoken={'a' * 64}"} if status != 422 else {}
        new, login = "/heroes/new/", "/account/login/"
        yield new_input(f"a form {what}", status, "POST", new, body=body, media_type=media_type)
        yield new_input(
            f"a form {what}", again, "POST", "/admin/heroes/hero/add/", body=body, media_type=media_type
        )
        yield new_input(
            f"a form to sign in {what}",
            again,
            "POST",
            login,
            body=body,
            media_type=media_type,
            who="visitor",
            csrf=bool(cookie),
            headers=cookie,
        )
    yield new_input("JSON to a page", 415, "POST", "/heroes/new/", json=as_json(), message="/api/v1/")
    yield new_input(
        "JSON to the admin", 415, "POST", "/admin/heroes/hero/add/", json=as_json(), message="/api/v1/"
    )
    yield new_input("JSON to no page", 415, "POST", "/hero/", json=as_json(), message="/api/v1/")
    yield new_input(
        "a good form in parts",
        302,
        "POST",
        "/heroes/new/",
        body=parts(*WHOLE),
        media_type=PARTS,
        changes=True,
    )
    yield page("a good form", 302, as_form(), changes=True)
    yield admin("a good form", 302, as_form(), changes=True)
    yield api("a good hero", 201, as_json(), changes=True)


# Headers ----------------------------------------------------------------------------------

HEADERS: list[tuple[str, dict[str, str], int, int]] = [
    # what, headers, at the API, at a page
    ("a session of NUL", {"HTTP_COOKIE": 'sessionid="\\000"'}, 400, 400),
    ("a session of NUL, unescaped", {"HTTP_COOKIE": "sessionid=a\0b"}, 400, 400),
    ("a session of junk", {"HTTP_COOKIE": "sessionid=junk"}, 200, 200),
    ("a session of octal escapes", {"HTTP_COOKIE": 'sessionid="\\355\\240\\200\\377"'}, 200, 200),
    ("a session of 8 kB", {"HTTP_COOKIE": "sessionid=" + "a" * 8000}, 200, 200),
    ("a session of SQL", {"HTTP_COOKIE": "sessionid=' OR 1=1 --"}, 200, 200),
    ("a session not of UTF-8", {"HTTP_COOKIE": "sessionid=\xff\xfe"}, 200, 200),
    ("messages of junk", {"HTTP_COOKIE": "messages=junk:junk:junk"}, 200, 200),
    ("messages of NUL", {"HTTP_COOKIE": 'messages="\\000"'}, 400, 400),
    ("a form's token of NUL", {"HTTP_COOKIE": 'csrftoken="\\000"'}, 400, 400),
    ("a form's token of junk", {"HTTP_COOKIE": "csrftoken=é" + "x" * 64}, 200, 200),
    ("cookies of semicolons", {"HTTP_COOKIE": ";;;=;==;a;=b"}, 200, 200),
    ("500 cookies", {"HTTP_COOKIE": "; ".join(f"a{number}=b" for number in range(500))}, 200, 200),
    ("a cookie without a name, of NUL", {"HTTP_COOKIE": '="\\000"'}, 400, 400),
    ("a cookie whose name is NUL", {"HTTP_COOKIE": "\0=a"}, 200, 200),
    ("a token of nothing", {"HTTP_AUTHORIZATION": "Bearer"}, 401, 200),
    ("a token of junk", {"HTTP_AUTHORIZATION": "Bearer junk"}, 401, 200),
    ("a token of two words", {"HTTP_AUTHORIZATION": "Bearer a b"}, 401, 200),
    ("a token not of ASCII", {"HTTP_AUTHORIZATION": "Bearer é\xff"}, 401, 200),
    ("a token of NUL", {"HTTP_AUTHORIZATION": "Bearer \0"}, 401, 200),
    ("a token of 10 kB", {"HTTP_AUTHORIZATION": "Bearer " + "a" * 10_000}, 401, 200),
    ("a token of the right form", {"HTTP_AUTHORIZATION": "Bearer " + "a" * 64}, 401, 200),
    ("a token in capitals", {"HTTP_AUTHORIZATION": "BEARER " + "A" * 64}, 401, 200),
    ("the first letters of a token", {"HTTP_AUTHORIZATION": "Bearer {token}" + "0" * 49}, 401, 200),
    ("a request id of junk", {"HTTP_X_REQUEST_ID": "<script>\x7f é"}, 200, 200),
    ("a request id of line breaks", {"HTTP_X_REQUEST_ID": "a\r\nSet-Cookie: a=b"}, 200, 200),
    ("a request id that ends in a line break", {"HTTP_X_REQUEST_ID": "a\n"}, 200, 200),
    ("a request id of 10 kB", {"HTTP_X_REQUEST_ID": "a" * 10_000}, 200, 200),
    ("an Accept of pages", {"HTTP_ACCEPT": "text/html"}, 406, 200),
    ("an Accept of junk", {"HTTP_ACCEPT": "junk"}, 406, 200),
    ("an Accept of slashes", {"HTTP_ACCEPT": "////,;;;,/"}, 406, 200),
    ("an Accept of NUL", {"HTTP_ACCEPT": "\0"}, 406, 200),
    ("an Accept of 10 kB", {"HTTP_ACCEPT": "a/b," * 2500}, 406, 200),
    ("an Accept in an unknown character set", {"HTTP_ACCEPT": "text/html; a*=junk''b"}, 406, 200),
    ("an Accept of code", {"HTTP_ACCEPT": "text/html; a*=undefined''%ff"}, 406, 200),
    ("an Accept of a quality of junk", {"HTTP_ACCEPT": "application/json;q=junk"}, 200, 200),
    ("an Accept of JSON and junk", {"HTTP_ACCEPT": "junk, application/json"}, 200, 200),
    ("an encoding of junk", {"HTTP_ACCEPT_ENCODING": "junk;q=é, *;q=nan"}, 200, 200),
    ("a language of junk", {"HTTP_ACCEPT_LANGUAGE": "é" * 5000}, 200, 200),
    ("another host", {"HTTP_HOST": "evil.example"}, 400, 400),
    ("a host of junk", {"HTTP_HOST": "a b<>\"'"}, 400, 400),
    ("a host of NUL", {"HTTP_HOST": "testserver\0"}, 400, 400),
    ("a host with two ports", {"HTTP_HOST": "testserver:80:80"}, 400, 400),
    ("a host with a port of letters", {"HTTP_HOST": "testserver:abc"}, 400, 400),
    ("a host with a user", {"HTTP_HOST": "testserver@evil.example"}, 400, 400),
    ("a host of half an address", {"HTTP_HOST": "[::1"}, 400, 400),
    ("a host of 10 kB", {"HTTP_HOST": "a" * 10_000}, 400, 400),
    ("a host not of ASCII", {"HTTP_HOST": "tëstserver"}, 400, 400),
    ("a forwarded host", {"HTTP_X_FORWARDED_HOST": "evil.example"}, 200, 200),
    ("a forwarded address of junk", {"HTTP_X_FORWARDED_FOR": "é, <>, 999.1.1.1"}, 200, 200),
    ("a forwarded protocol of junk", {"HTTP_X_FORWARDED_PROTO": "javascript"}, 200, 200),
    ("a forwarded port of junk", {"HTTP_X_FORWARDED_PORT": "99999999"}, 200, 200),
    ("an origin of junk", {"HTTP_ORIGIN": "http://["}, 200, 200),
    ("an origin of null", {"HTTP_ORIGIN": "null"}, 200, 200),
    ("a referrer of junk", {"HTTP_REFERER": "http://[:\0"}, 200, 200),
    ("a user agent of 10 kB", {"HTTP_USER_AGENT": "\xff" * 10_000}, 200, 200),
    ("a range of junk", {"HTTP_RANGE": "bytes=9-1,-,abc"}, 200, 200),
    ("tags of junk", {"HTTP_IF_NONE_MATCH": '"' * 1000, "HTTP_IF_MATCH": "W/junk\xff"}, 200, 200),
    ("a date of junk", {"HTTP_IF_MODIFIED_SINCE": "Mon, 99 Foo 99999999999999999999 99:99:99"}, 200, 200),
    ("a query not of UTF-8, unescaped", {"QUERY_STRING": "search=\xff"}, 400, 400),
    ("a query of NUL, unescaped", {"QUERY_STRING": "search=\0"}, 400, 400),
    ("a query of UTF-8, unescaped", {"QUERY_STRING": "search=\xc3\xa9"}, 200, 200),
    ("a length of letters", {"CONTENT_LENGTH": "abc"}, 400, 400),
    ("a length of minus one", {"CONTENT_LENGTH": "-1"}, 400, 400),
    ("a length of Arabic digits", {"CONTENT_LENGTH": "\u0663"}, 400, 400),
    ("a length with an underscore", {"CONTENT_LENGTH": "1_0"}, 400, 400),
    ("a length of 10**30", {"CONTENT_LENGTH": str(10**30)}, 413, 413),
    ("a length of 5,000 digits", {"CONTENT_LENGTH": HUGE}, 413, 413),
]
AT_A_STYLESHEET = [
    ("a range past its end", {"HTTP_RANGE": "bytes=9999999-"}, 416),
    ("a range of 5,000 digits", {"HTTP_RANGE": f"bytes={HUGE}-"}, 200),
    ("a range of junk", {"HTTP_RANGE": "bytes=-,--,é"}, 200),
    ("a date of 5,000 digits", {"HTTP_IF_MODIFIED_SINCE": f"Mon, 01 Jan {HUGE} 00:00:00 GMT"}, 200),
    ("a date of junk", {"HTTP_IF_MODIFIED_SINCE": "Mon, 99 Foo 99:99:99"}, 200),
    ("an encoding of junk", {"HTTP_ACCEPT_ENCODING": ";;,=é"}, 200),
]


def headers() -> Inputs:
    for what, values, at_api, at_page in HEADERS:
        yield get(f"{what}, in a header", at_api, "/api/v1/heroes/", headers=values)
        yield get(f"{what}, in a header", at_page, "/heroes/", headers=values)
    for what, values, status in AT_A_STYLESHEET:
        yield get(f"{what}, at a stylesheet", status, "/static/site.css", headers=values)
    yield api("a write with tags of junk", 412, {"age": -1}, "PATCH", headers={"HTTP_IF_MATCH": '"\xff'})
    yield api("a write from elsewhere", 422, {}, headers={"HTTP_ORIGIN": "https://evil.example"})
    preflight = {"HTTP_ORIGIN": "http://[", "HTTP_ACCESS_CONTROL_REQUEST_METHOD": "\xff"}
    yield new_input("a preflight", 200, "OPTIONS", "/api/v1/heroes/", who="visitor", headers=preflight)
    yield get("the description as junk", 406, "/api/schema/", headers={"HTTP_ACCEPT": "junk"})
    yield get("the reference as JSON", 200, "/api/docs/", headers={"HTTP_ACCEPT": JSON})


# Forged forms -----------------------------------------------------------------------------

TOKENS = [
    ("an empty token", ""),
    ("a token of junk", "junk"),
    ("a token of NUL", "\0" * 64),
    ("a token of 64 letters", "a" * 64),
    ("a token of 100 kB", "a" * 100_000),
    ("a token not of ASCII", "é" * 64),
]


def forged() -> Inputs:
    new, hero = "/heroes/new/", f"/heroes/{HERO}"
    forged = {"csrf": True, "message": "Reload"}
    for address in (new, "/account/login/", "/admin/heroes/hero/add/"):
        yield page(f"no token, sent to {address}", 403, as_form(), address, **forged)
        for what, token in TOKENS:
            form = as_form(csrfmiddlewaretoken=token)
            yield page(f"{what}, sent to {address}", 403, form, address, **forged)
            cookie = {"HTTP_COOKIE": "csrftoken=" + "b" * 32}
            yield page(
                f"{what} and a cookie, sent to {address}", 403, form, address, headers=cookie, **forged
            )
    yield page("a forged deletion", 403, {}, f"{hero}/delete/", **forged)
    yield page("a forged revealing", 403, {}, f"{hero}/reveal/", who="keeper", **forged)
    origin = {"HTTP_ORIGIN": "http://["}
    yield page(
        "a forged deletion from an origin of junk", 403, {}, f"{hero}/delete/", headers=origin, **forged
    )
    cookie = {"HTTP_COOKIE": 'csrftoken="\\000"'}
    yield page("a forged form with a cookie of NUL", 400, as_form(), csrf=True, headers=cookie)
    yield api("a new hero from a browser without a token", 403, as_json(), csrf=True)
    token = {"HTTP_X_CSRFTOKEN": "\0é"}
    yield api("a new hero from a browser with a token of junk", 403, as_json(), csrf=True, headers=token)
    yield api("a deletion from a browser without a token", 403, b"", "DELETE", csrf=True)


# Forms of the admin -----------------------------------------------------------------------

SELECTED = [
    ("letters", {"_selected_action": "x"}),
    ("2**63", {"_selected_action": str(2**63)}),
    ("2**70", {"_selected_action": str(2**70)}),
    ("5,000 digits", {"_selected_action": HUGE}),
    ("NUL", {"_selected_action": "\0"}),
    ("Arabic digits", {"_selected_action": "٩٠٠٠٠٧"}),
    ("a hero and letters", {"_selected_action": [str(HERO), "x"]}),
    ("nothing", {}),
    ("an unknown id", {"_selected_action": str(NOBODY)}),
    ("letters, at once", {"_selected_action": "x", "post": "yes"}),
    ("2**70, at once", {"_selected_action": str(2**70), "post": "yes"}),
    ("a form numbered 2**70", {"_selected_action": str(NOBODY), "index": str(2**70)}),
    ("a form numbered by letters", {"_selected_action": str(NOBODY), "index": "x"}),
    ("a form numbered minus 99", {"_selected_action": str(NOBODY), "index": "-99"}),
    ("everything, by junk", {"_selected_action": "x", "select_across": "junk"}),
    ("an action of junk", {"_selected_action": str(NOBODY), "action": "junk"}),
    ("an action of NUL", {"_selected_action": str(NOBODY), "action": "\0"}),
]
SOMEBODY = {"username": "somebody", "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00"}
PASSWORDS = {"usable_password": "true", "password1": "Xq7!vbnm-lake", "password2": "Xq7!vbnm-lake"}
PEOPLE = [
    ("add", {"username": "", "password1": "", "password2": ""}),
    ("add", {"username": "a\0b"}),
    ("add", {"username": "a" * 151}),
    ("add", {"username": "a\nb"}),
    ("add", {"username": "ｓomebody"}),
    ("add", {"username": "a" + "\u0301\u0323" * 10_000}),
    ("add", {"password2": "another"}),
    ("add", {"password1": "Xq7!vbnm-lake\0", "password2": "Xq7!vbnm-lake\0"}),
    ("add", {"usable_password": "junk", "password1": ""}),
    ("{somebody}/change", {"groups": "abc"}),
    ("{somebody}/change", {"groups": str(2**63)}),
    ("{somebody}/change", {"groups": str(2**70)}),
    ("{somebody}/change", {"groups": "٩٩٩"}),
    ("{somebody}/change", {"groups": "\0"}),
    ("{somebody}/change", {"groups": HUGE}),
    ("{somebody}/change", {"user_permissions": str(2**70)}),
    ("{somebody}/change", {"email": "a\0@example.org"}),
    ("{somebody}/change", {"first_name": "\0"}),
    ("{somebody}/change", {"date_joined_0": "junk"}),
    ("{somebody}/change", {"date_joined_0": "99999-01-01"}),
    ("{somebody}/change", {"date_joined_1": "\0"}),
    ("{somebody}/change", {"last_login_0": "2026-02-30", "last_login_1": "00:00:00"}),
    ("{somebody}/change", {"date_joined_0": "", "date_joined_1": ""}),
    ("{somebody}/password", {"password1": "\0", "password2": "\0"}),
]
GROUPS = [
    {"name": "\0"},
    {"name": "a" * 151},
    {"permissions": "abc"},
    {"permissions": str(2**63)},
    {"permissions": str(2**70)},
    {"permissions": "\0"},
    {"permissions": "٩٩٩٩٩٩"},
]


def admin_forms() -> Inputs:
    boss, hero = {"who": "administrator"}, f"heroes/hero/{HERO}/change/"
    for what, fields in SELECTED:
        for path in ("heroes/hero", "auth/user"):
            form = {"action": "delete_selected"} | fields
            yield admin(f"deletion of {what} in {path}", 200, form, f"{path}/", follow=True, **boss)
    many = {"action": "delete_selected", "_selected_action": [str(number) for number in range(1001)]}
    yield admin("deletion of 1,001 heroes", 400, many, "heroes/hero/")
    token = {"action": "delete_selected", "_selected_action": "{digest}"}
    yield admin("deletion of a token", 200, token, "api/apitoken/", **boss)
    token = {"action": "delete_selected", "_selected_action": "x\0"}
    yield admin("deletion of a token of NUL", 200, token, "api/apitoken/", follow=True, **boss)
    yield admin("deletion of a disclosure", 200, token, "records/disclosure/", follow=True, **boss)
    popup = as_form(_popup="1", _to_field="secret_name")
    yield admin("a new hero, answered by its secret name", 400, popup)
    yield admin("a changed hero of junk", 200, {"junk": "1"}, hero)
    same = {"name": "Straße", "secret_name": "", "age": "41", "team": str(TEAM), "version": "99", "id": "5"}
    yield admin("a changed hero with a version of its own", 302, same, hero)
    yield admin("a new disclosure", 403, {"username": "x"}, "records/disclosure/add/", **boss)
    yield admin("a new token", 403, {"name": "x"}, "api/apitoken/add/", **boss)
    for action, fields in PEOPLE:
        form = (PASSWORDS if action == "add" else SOMEBODY) | {"username": "merle"} | fields
        name = f"a user, {action.split('/')[-1]} with {short(repr(fields))}"
        yield admin(name, 200, form, f"auth/user/{action}/", **boss)
    for fields in GROUPS:
        name = f"a group with {short(repr(fields))}"
        yield admin(name, 200, {"name": "Larks"} | fields, "auth/group/add/", **boss)
    for address in ("auth/user/", "api/apitoken/?q=%25"):
        yield get(f"{address} by the editor", 403, f"/admin/{address}", who="editor")
    yield get("next=junk", 200, "/admin/login/?next=http://[", follow=True)
    yield get("next=another site", 200, "/admin/login/?next=//evil.example/", follow=True)


# Accounts ---------------------------------------------------------------------------------

TOKEN_FORMS = [
    {"name": "", "days": ""},
    {"days": "0"},
    {"days": "-1"},
    {"days": "3651"},
    {"days": str(10**30)},
    {"days": HUGE},
    {"days": "٣"},
    {"days": "1_0"},
    {"days": "1e1"},
    {"days": "10.0"},
    {"days": "NaN"},
    {"days": "\0"},
    {"name": "a\0"},
    {"name": "a\x07"},
    {"name": "\uffff"},
    {"name": "\u202ea"},
    {"name": "a\nb"},
    {"name": "\u200d"},
    {"name": "\u00a0\t"},
    {"name": "a" * 101},
    {"name": "a" * 100_000},
    {"name": "a" + "\u0301\u0323" * 10_000},
]
SIGNING_IN = [
    {"password": "wrong"},
    {"login": "", "password": ""},
    {"login": "edi\0tor"},
    {"password": "\0"},
    {"login": "\x07 \t"},
    {"login": "a" * 10_000},
    {"login": "\uffff\U0010ffff"},
    {"login": "' OR 1=1 --"},
    {"password": "a" * 100_000},
    {"login": "a" + "\u0301\u0323" * 10_000},
    {"password": "a" + "\u0301\u0323" * 10_000},
    {"remember": "\0"},
    {"next": "\0"},
    {"next": "http://["},
    {"next": "/" * 100_000},
]
ADDRESSES_OF_MAIL = [
    (200, ""),
    (200, "junk"),
    (200, "a\0@example.org"),
    (200, "a@example.org\r\nBcc: b@example.org"),
    (200, "a" * 10_000 + "@example.org"),
    (200, "a@example.org, b@example.org"),
    (200, "\uffff@example.org"),
    (200, "a@[999.1.1.1]"),
    (200, "a" + "\u0301\u0323" * 10_000 + "@example.org"),
    (302, "nobody@example.org"),
    (302, "a@exämple.org"),
]
ACCOUNT = f"""
200  visitor  GET   login/?next=//evil.example/
200  visitor  GET   login/?next=javascript:alert(1)
200  visitor  GET   login/?next=http://[
200  visitor  GET   login/?next=/%0d%0aSet-Cookie:a=b
200  visitor  GET   login/?next=%E2%80%AE
400  visitor  GET   login/?next=%00
400  visitor  GET   login/?next=%ff
400  visitor  GET   login/?next=/{"a" * 10_000}
302  reader   GET   login/?next=//evil.example/
302  reader   GET   login/?next=http://[
302  reader   GET   login/?next=/%0d%0aSet-Cookie:a=b
200  reader   GET   logout/?next=http://[
302  reader   POST  logout/?next=http://[
200  reader   GET   password/change/?next=http://[
200  reader   GET   reauthenticate/?next=http://[
200  visitor  GET   password/reset/key/junk-junk/
200  visitor  POST  password/reset/key/junk-junk/
200  visitor  GET   password/reset/key/zzzzzzzzzzzzz-set-password/
200  visitor  GET   password/reset/key/1y2p0ij32e8e8-a/
200  visitor  GET   password/reset/key/{"z" * 5000}-a/
200  visitor  POST  password/reset/key/1-set-password/
400  visitor  GET   password/reset/key/%00-%00/
404  visitor  GET   password/reset/key/%ff-a/
200  visitor  GET   confirm-email/junk:junk:junk/
400  visitor  GET   confirm-email/%00/
302  visitor  POST  tokens/
404  reader   POST  tokens/{{token}}/revoke/
404  reader   POST  tokens/aaaaaaaaaaaaaaa/revoke/
404  reader   POST  tokens/{"a" * 5000}/revoke/
404  reader   POST  tokens/%ff/revoke/
404  reader   POST  tokens/%ef%bf%bf/revoke/
404  reader   POST  tokens/%25/revoke/
400  reader   POST  tokens/%00/revoke/
"""


def accounts() -> Inputs:
    for status, who, method, address in table(ACCOUNT):
        name = f"{method} of {short(address)} by the {who}"
        yield new_input(name, int(status), method, f"/account/{address}", who=who)
    reader, visitor = {"who": "reader"}, {"who": "visitor"}
    for fields in TOKEN_FORMS:
        form = {"name": "Nightly", "days": "30"} | fields
        yield page(f"a token with {short(repr(fields))}", 422, form, "/account/tokens/", **reader)
    for fields in SIGNING_IN:
        form = {"login": "editor", "password": "x"} | fields
        yield page(f"signing in with {short(repr(fields))}", 200, form, "/account/login/", **visitor)
    for status, email in ADDRESSES_OF_MAIL:
        name = f"a forgotten password of {short(repr(email))}"
        yield page(name, status, {"email": email}, "/account/password/reset/", **visitor)
    nul = dict.fromkeys(("username", "email", "password1", "password2"), "\0")
    yield page("a sign-up", 200, nul, "/account/signup/", **visitor)
    for fields in ({}, {"password1": "\0", "password2": "\0"}, {"password1": "Xq7!vbnm", "password2": "x"}):
        form = {"oldpassword": "correct horse battery staple"} | fields
        yield page(f"a new password with {fields}", 200, form, "/account/password/change/", **reader)
    for action, email in [("add", "junk"), ("add", "\0"), ("remove", "a@example.org"), ("primary", "\0")]:
        form = {f"action_{action}": "", "email": email}
        yield page(f"{action} {email!r}", 200, form, "/account/email/", follow=True, **reader)
    yield page("no action on email addresses", 200, {}, "/account/email/", follow=True, **reader)


# Other addresses --------------------------------------------------------------------------

ADDRESSES = f"""
400  /%00
400  /heroes/%00/
400  /admin/heroes/hero/%00/change/
400  /api/v1/heroes/%00/
400  /api/v1/%00
400  /static/%00
400  /static/site.css%00.png
404  /static/../manage.py
404  /static/%2e%2e/manage.py
404  /static/..%2f..%2f..%2fetc/passwd
404  /static/%2fetc%2fpasswd
404  /static/
404  /static/admin/
404  /static/%ff%fe
404  /static/{"a" * 5000}
404  /%ff
404  /%ed%a0%80/
404  /{"a" * 8000}
404  /{"a/" * 4000}
404  /%2F%2Fevil.example/
404  /heroes/..;/admin/
404  /heroes//
404  /heroes/{HERO}%0A/
404  /heroes/new/new/
404  /HEROES/
404  /.env
404  /.git/config
404  /wp-login.php
404  /api/
404  /api/v2/heroes/
404  /api/v1/villains/
404  /api/v1/heroes//
404  /api/v1/heroes/{HERO}%0A
404  /api/v1/heroes/{HERO}/team/
404  /api/v1/heroes/{HERO}.json
404  /api/v1/heroes.json
302  /heroes/{HERO}/edit/
302  /admin/
302  /admin/autocomplete/
"""


# Actions on selected rows ------------------------------------------------------------------------

ROWS = f"""
200  record={HERO}-1
200  record={HERO}-1&record={OWL}-1&query=search%3Da
200  record={HERO}-99
200  record={NOBODY}-1
200  record={2**63 - 1}-{2**63 - 1}
400
400  record=
400  record={HERO}
400  record={HERO}-
400  record=-{HERO}-1
400  record={2**63}-1
400  record={HERO}-{HUGE}
400  record={quote("٩٠٠٠٠٧")}-1
400  record=%ed%a0%80-1
400  record=%00
400  record={HERO}-1&record=abc
400  record={HERO}-1&recrod={OWL}-1
400  {"&".join(f"record={key}-1" for key in range(101))}
200  {"&".join(f"record={key}-1" for key in range(100))}
"""


def selected_rows() -> Inputs:
    for line in ROWS.strip().splitlines():
        status, _blanks, query = line.partition("  ")
        for what, address in (("deleted", "/heroes/selected/?"), ("moved", "/heroes/selected/team/?team=&")):
            name = f"rows to be {what}: {short(query)}"
            yield get(name, int(status), f"{address}{query}", who="editor")
    yield get(
        "rows to be moved, without a team", 400, f"/heroes/selected/team/?record={HERO}-1", who="editor"
    )
    yield page("rows moved, without a team", 422, {"record": f"{HERO}-1"}, "/heroes/selected/team/")
    for team, status in ((TEAM, 200), ("", 200), (NOBODY, 400), ("abc", 400), (HUGE, 400), (2**63, 400)):
        query = f"record={HERO}-1&team={team}"
        yield get(
            f"rows for the team {short(str(team))}", status, f"/heroes/selected/team/?{query}", who="editor"
        )
    for link in ("name", "secret_name", "pk", "teams", "team%20"):
        yield get(f"rows for {link}", 404, f"/heroes/selected/{link}/?record={HERO}-1", who="editor")
    yield get("rows of teams for a team", 404, f"/teams/selected/team/?record={TEAM}-1", who="editor")
    whom, stale = {"record": f"{HERO}-1"}, {"record": f"{HERO}-7"}
    delete, move = "/heroes/selected/", "/heroes/selected/team/"
    yield page("selected rows, deleted", 302, whom, delete, changes=True, message="1 hero deleted.")
    yield page("selected rows, moved", 302, {**whom, "team": ""}, move, changes=True, message="1 hero moved.")
    yield page("selected rows, moved to their own team", 302, {**whom, "team": str(TEAM)}, move)
    yield page("selected rows, changed since", 409, stale, delete)
    yield page("selected rows, changed since, moved", 409, {**stale, "team": ""}, move)
    yield page("deleted selected rows", 409, {"record": f"{NOBODY}-1"}, delete)
    yield page("selected rows, an invalid team", 422, {**whom, "team": "abc"}, move)
    yield page("selected rows, none", 422, {}, delete)
    yield page("selected rows by a visitor", 302, whom, delete, who="visitor")
    yield page("selected rows by a reader", 403, whom, delete, who="reader")
    for query in ("a\r\nSet-Cookie: a=b", "//evil.example/", "%00", "search=%ed%a0%80", "x" * 7_000):
        form = {**whom, "team": str(TEAM), "query": query}
        yield page(f"selected rows of the list {short(repr(query))}", 302, form, move)


def saved_views() -> Inputs:
    views = "/heroes/views/"
    yield page("a view", 302, {"name": "Old", "query": "age__gte=100"}, views, message="View “Old” saved.")
    yield page("a view with a long search", 302, {"name": "Long", "query": f"search={'é' * 200}"}, views)
    for name in ("", "  ", "a\0b", "a" * 101, "\u202e", "\ufdfa" * 100):
        yield page(f"a view called {name!r:.20}", 422, {"name": name, "query": "age__gte=1"}, views)
    for query in (
        "", "age__gte=", "offset=5", "nmae=Owl", "secret_name=a", "ordering=secret_name", "age=x",
        f"team={NOBODY}", "search=%00", "search=%ff", "a=1&" * 900, "search=" + "x" * 8_000,
    ):  # fmt: skip
        yield page(f"a view of {short(query)}", 422, {"name": "View", "query": query}, views)
    yield page("a view without anything", 422, {}, views)
    yield page("a view by a visitor", 302, {"name": "View", "query": "age=1"}, views, who="visitor")
    yield get("the views of a visitor", 302, views)
    for key in ("x", "x" * 5_000, "%ff", "..%2f"):
        yield get(f"the view {short(key)}", 404, f"{views}{key}/")
        yield page(f"the view {short(key)}, deleted", 404, {}, f"{views}{key}/delete/")


def checks() -> Inputs:
    for address in ("/heroes/new/", f"/heroes/{HERO}/edit/"):
        for name in ("name", "secret_name", "age", "team"):
            for value in ("", "x", "\0", "9" * 5_000, "\ud7ff"):
                yield page(
                    f"{name} {value!r:.12} checked at {address}",
                    200,
                    {name: value},
                    f"{address}?check={name}",
                )
        for name in ("", "id", "version", "once_", "%00", "name&check=age&x=1", "x" * 5_000):
            status = 200 if "age" in name else 400
            yield page(f"{short(name)} checked at {address}", status, as_form(), f"{address}?check={name}")
        yield page(f"checked at {address} by a visitor", 302, {}, f"{address}?check=name", who="visitor")
        yield page(f"checked at {address} by a reader", 403, {}, f"{address}?check=name", who="reader")
    yield page("a field of an unknown hero checked", 404, {}, f"/heroes/{NOBODY}/edit/?check=name")


def addresses() -> Inputs:
    for status, address in table(ADDRESSES):
        yield get(short(address), int(status), address)
    yield page("editing without permissions", 403, as_form(), f"/heroes/{HERO}/edit/", who="reader")
    yield api("deleting without permissions", 403, b"", "DELETE", who="reader")


PARTS_OF_THE_CORPUS = (
    methods,
    ids,
    queries,
    past,
    names,
    numbers,
    json_bodies,
    bulk_bodies,
    content_types,
    headers,
    forged,
    admin_forms,
    accounts,
    selected_rows,
    saved_views,
    checks,
    addresses,
)
CORPUS: dict[str, list[Input]] = {}
"""The inputs, by subject and interface, such as "queries: API"."""
for inputs in PARTS_OF_THE_CORPUS:
    for entry in inputs():
        CORPUS.setdefault(f"{inputs.__name__}: {entry.interface}", []).append(entry)
