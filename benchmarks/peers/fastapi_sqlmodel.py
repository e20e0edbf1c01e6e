"""FastAPI and SQLModel, as in their tutorials: plain ``def`` endpoints and a session per request.

DATABASE_URL=postgresql+psycopg://… uvicorn fastapi_sqlmodel:app
"""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Depends, FastAPI, HTTPException, Query
from sqlalchemy import DateTime
from sqlmodel import Field, Relationship, Session, SQLModel, create_engine, func, select

url = os.environ["DATABASE_URL"]
engine = create_engine(url, connect_args={"check_same_thread": False} if url.startswith("sqlite") else {})
app = FastAPI()


def now() -> datetime:
    return datetime.now(UTC)


class Stamped(SQLModel):
    version: int = 1
    created_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))
    updated_at: datetime = Field(default_factory=now, sa_type=DateTime(timezone=True))


class TeamPublic(Stamped):
    id: int
    name: str
    headquarters: str


class Team(Stamped, table=True):
    id: int | None = Field(default=None, primary_key=True)
    name: str = Field(unique=True)
    headquarters: str


class HeroBase(SQLModel):
    name: str = Field(unique=True, max_length=100)
    age: int | None = Field(default=None, ge=0, le=1_000_000)
    team_id: int | None = Field(default=None, foreign_key="team.id", index=True)


class Hero(HeroBase, Stamped, table=True):
    id: int | None = Field(default=None, primary_key=True)
    secret_name: str
    team: Team | None = Relationship()


class HeroCreate(HeroBase):
    secret_name: str = Field(max_length=100)


class HeroUpdate(SQLModel):
    name: str | None = Field(default=None, max_length=100)
    secret_name: str | None = Field(default=None, max_length=100)
    age: int | None = Field(default=None, ge=0, le=1_000_000)
    team_id: int | None = None


class HeroPublic(HeroBase, Stamped):
    id: int


class HeroWithTeam(HeroPublic):
    team: TeamPublic | None = None


class HeroList(SQLModel):
    count: int | None = None
    results: list[HeroPublic]


def get_session() -> Iterator[Session]:
    with Session(engine) as session:
        yield session


Database = Annotated[Session, Depends(get_session)]


def get_or_404(session: Session, hero_id: int) -> Hero:
    hero = session.get(Hero, hero_id)
    if not hero:
        raise HTTPException(404, "Hero not found")
    return hero


@app.get("/heroes/", response_model=HeroList, response_model_exclude_unset=True)
def list_heroes(
    session: Database,
    limit: Annotated[int, Query(le=100)] = 100,
    offset: int = 0,
    ordering: str = "name",
    after: str | None = None,
) -> Any:
    if after is not None:
        rows = select(Hero).where(Hero.name > after).order_by(Hero.name).limit(limit)
        return {"results": session.exec(rows).all()}
    order: Any = [Hero.age.desc().nulls_last(), Hero.id.desc()] if ordering == "-age" else [Hero.name]
    count = session.exec(select(func.count()).select_from(Hero)).one()
    rows = select(Hero).order_by(*order).offset(offset).limit(limit)
    return {"count": count, "results": session.exec(rows).all()}


@app.post("/heroes/", response_model=HeroWithTeam, status_code=201)
def create_hero(session: Database, data: HeroCreate) -> Any:
    hero = Hero.model_validate(data)
    session.add(hero)
    session.commit()
    session.refresh(hero)
    return hero


@app.get("/heroes/{hero_id}", response_model=HeroWithTeam)
def read_hero(session: Database, hero_id: int) -> Any:
    return get_or_404(session, hero_id)


@app.patch("/heroes/{hero_id}", response_model=HeroWithTeam)
def update_hero(session: Database, hero_id: int, data: HeroUpdate) -> Any:
    hero = get_or_404(session, hero_id)
    hero.sqlmodel_update({**data.model_dump(exclude_unset=True), "updated_at": now()})
    session.add(hero)
    session.commit()
    session.refresh(hero)
    return hero


@app.delete("/heroes/{hero_id}", status_code=204)
def delete_hero(session: Database, hero_id: int) -> None:
    session.delete(get_or_404(session, hero_id))
    session.commit()
