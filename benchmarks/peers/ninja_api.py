"""django-ninja, as in its tutorial."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.shortcuts import get_object_or_404
from django.urls import path
from ninja import Field, NinjaAPI, Schema
from plain.models import ORDERS, Hero

api = NinjaAPI()


class TeamOut(Schema):
    id: int
    name: str
    headquarters: str
    version: int
    created_at: datetime
    updated_at: datetime


class RowOut(Schema):
    id: int
    name: str
    age: int | None
    team_id: int | None
    version: int
    created_at: datetime
    updated_at: datetime


class HeroOut(RowOut):
    team: TeamOut | None


class HeroList(Schema):
    count: int
    results: list[RowOut]


class HeroIn(Schema):
    name: str = Field(max_length=100)
    secret_name: str = Field(max_length=100)
    age: int | None = Field(None, ge=0, le=1_000_000)
    team_id: int | None = None


class HeroPatch(Schema):
    name: str | None = Field(None, max_length=100)
    secret_name: str | None = Field(None, max_length=100)
    age: int | None = Field(None, ge=0, le=1_000_000)
    team_id: int | None = None


@api.get("/heroes/", response=HeroList)
def list_heroes(request: HttpRequest, limit: int = 100, offset: int = 0, ordering: str = "name") -> Any:
    heroes = Hero.objects.order_by(*ORDERS[ordering])
    return {"count": heroes.count(), "results": list(heroes[offset : offset + limit])}


@api.post("/heroes/", response={201: HeroOut})
def create_hero(request: HttpRequest, data: HeroIn) -> Any:
    return 201, Hero.objects.create(**data.dict())


@api.get("/heroes/{hero_id}", response=HeroOut)
def read_hero(request: HttpRequest, hero_id: int) -> Any:
    return get_object_or_404(Hero.objects.select_related("team"), id=hero_id)


@api.patch("/heroes/{hero_id}", response=HeroOut)
def update_hero(request: HttpRequest, hero_id: int, data: HeroPatch) -> Any:
    hero = get_object_or_404(Hero.objects.select_related("team"), id=hero_id)
    for name, value in data.dict(exclude_unset=True).items():
        setattr(hero, name, value)
    hero.save()
    return hero


@api.delete("/heroes/{hero_id}", response={204: None})
def delete_hero(request: HttpRequest, hero_id: int) -> Any:
    get_object_or_404(Hero, id=hero_id).delete()
    return 204, None


urlpatterns = [path("", api.urls)]
