"""FastAPI and asyncpg with hand-written SQL: close to the minimum cost of such a service.

DATABASE_URL=postgresql://… uvicorn fastapi_asyncpg:app
"""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated, Any

import asyncpg
import orjson
from fastapi import FastAPI, HTTPException, Query, Response
from pydantic import BaseModel, Field

pool: asyncpg.Pool


@asynccontextmanager
async def lifespan(_app: FastAPI) -> AsyncIterator[None]:
    global pool
    async with asyncpg.create_pool(os.environ["DATABASE_URL"]) as pool:
        yield


app = FastAPI(lifespan=lifespan)


class HeroCreate(BaseModel):
    name: str = Field(min_length=1, max_length=100)
    secret_name: str = Field(min_length=1, max_length=100)
    age: int | None = Field(default=None, ge=0, le=1_000_000)
    team_id: int | None = None


class HeroUpdate(BaseModel):
    name: str = Field(default="", min_length=1, max_length=100)
    secret_name: str = Field(default="", min_length=1, max_length=100)
    age: int | None = Field(default=None, ge=0, le=1_000_000)
    team_id: int | None = None


COLUMNS = "id, name, age, team_id, version, created_at, updated_at"
TEAM = ("id", "name", "headquarters", "version", "created_at", "updated_at")
WITH_TEAM = (
    "SELECT h.id, h.name, h.age, h.team_id, h.version, h.created_at, h.updated_at, "
    + ", ".join(f"t.{column} AS team_{column}_" for column in TEAM)
    + " FROM {} h LEFT JOIN team t ON t.id = h.team_id"
)
READ = WITH_TEAM.format("hero") + " WHERE h.id = $1"
ORDERS = {"name": "name", "-age": "age DESC NULLS LAST, id DESC"}


def json(content: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


def hero_response(row: Any, status: int = 200) -> Response:
    if row is None:
        raise HTTPException(404, "Hero not found")
    hero = dict(row)
    team = {column: hero.pop(f"team_{column}_") for column in TEAM}
    return json({**hero, "team": None if team["id"] is None else team}, status)


@app.get("/heroes/")
async def list_heroes(
    limit: Annotated[int, Query(le=100)] = 100,
    offset: int = 0,
    ordering: str = "name",
    after: str | None = None,
) -> Response:
    async with pool.acquire() as connection:
        if after is not None:
            sql = f"SELECT {COLUMNS} FROM hero WHERE name > $1 ORDER BY name LIMIT $2"
            return json({"results": [dict(row) for row in await connection.fetch(sql, after, limit)]})
        count = await connection.fetchval("SELECT count(*) FROM hero")
        sql = f"SELECT {COLUMNS} FROM hero ORDER BY {ORDERS[ordering]} LIMIT $1 OFFSET $2"
        rows = await connection.fetch(sql, limit, offset)
    return json({"count": count, "results": [dict(row) for row in rows]})


@app.post("/heroes/")
async def create_hero(data: HeroCreate) -> Response:
    sql = (
        "WITH written AS (INSERT INTO hero (name, secret_name, age, team_id, version, created_at, updated_at)"
        f" VALUES ($1, $2, $3, $4, 1, now(), now()) RETURNING *) {WITH_TEAM.format('written')}"
    )
    async with pool.acquire() as connection:
        return hero_response(
            await connection.fetchrow(sql, data.name, data.secret_name, data.age, data.team_id), 201
        )


@app.get("/heroes/{hero_id}")
async def read_hero(hero_id: int) -> Response:
    async with pool.acquire() as connection:
        return hero_response(await connection.fetchrow(READ, hero_id))


@app.patch("/heroes/{hero_id}")
async def update_hero(hero_id: int, data: HeroUpdate) -> Response:
    values = data.model_dump(exclude_unset=True)
    columns = [f"{name} = ${number}" for number, name in enumerate(values, 2)]
    sql = (
        f"WITH written AS (UPDATE hero SET {', '.join([*columns, 'updated_at = now()'])} WHERE id = $1"
        f" RETURNING *) {WITH_TEAM.format('written')}"
    )
    async with pool.acquire() as connection:
        return hero_response(await connection.fetchrow(sql, hero_id, *values.values()))


@app.delete("/heroes/{hero_id}", status_code=204)
async def delete_hero(hero_id: int) -> None:
    async with pool.acquire() as connection:
        if await connection.execute("DELETE FROM hero WHERE id = $1", hero_id) == "DELETE 0":
            raise HTTPException(404, "Hero not found")
