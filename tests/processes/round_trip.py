"""Create, list, update, conflict and delete with the client that is generated from the description.

python round_trip.py <site> <token>
"""

import sys
from uuid import uuid4

from register_client import AuthenticatedClient
from register_client.api.heroes import heroes_create, heroes_destroy, heroes_list, heroes_partial_update
from register_client.api.teams import teams_bulk_create
from register_client.models import (
    DryRun,
    Hero,
    HeroesListExpandItem,
    HeroesListFieldsItem,
    HeroesListOmitItem,
    HeroesListOrderingItem,
    HeroRequest,
    PatchedHeroRequest,
    Problem,
    TeamRequest,
)
from register_client.types import UNSET

site, token = sys.argv[1:]
client = AuthenticatedClient(site, token, raise_on_unexpected_status=True)

with client:
    teams = teams_bulk_create.sync(
        client=client, body=[TeamRequest(name="Night Watch", headquarters="The Old Lighthouse")]
    )
    team = teams.results[0]
    sent = HeroRequest(name="Lamplighter", secret_name="Edith Wren", age=41, team_id=team.id)
    dry_run = heroes_create.sync(client=client, body=sent, dry_run=True)
    assert isinstance(dry_run, DryRun)
    assert dry_run.status == 201

    key = str(uuid4())
    first = heroes_create.sync_detailed(client=client, body=sent, idempotency_key=key)
    again = heroes_create.sync_detailed(client=client, body=sent, idempotency_key=key)
    hero, tag = first.parsed, first.headers["ETag"]
    assert isinstance(hero, Hero)
    assert hero.team.name == "Night Watch"
    assert (first.status_code, again.parsed.id) == (201, hero.id)
    assert again.headers["Idempotency-Replayed"] == "true"

    page = heroes_list.sync(client=client, name="LAMPLIGHTER", age_gte=41, team_isnull=False)
    assert [row.id for row in page.results] == [hero.id]

    other = heroes_create.sync(
        client=client, body=HeroRequest(name="Owl", secret_name="Nora Vane", age=42, team_id=team.id)
    )
    page = heroes_list.sync(
        client=client,
        id_in=[hero.id, other.id],
        ordering=[HeroesListOrderingItem("-age"), HeroesListOrderingItem("name")],
        fields=[HeroesListFieldsItem("id"), HeroesListFieldsItem("name"), HeroesListFieldsItem("team")],
        expand=[HeroesListExpandItem("team")],
    )
    assert [(row.id, row.age, row.team.name) for row in page.results] == [
        (other.id, UNSET, "Night Watch"),
        (hero.id, UNSET, "Night Watch"),
    ]
    page = heroes_list.sync(
        client=client, name="Owl", omit=[HeroesListOmitItem("age"), HeroesListOmitItem("version")]
    )
    assert [(row.id, row.age, row.version) for row in page.results] == [(other.id, UNSET, UNSET)]

    updated = heroes_partial_update.sync(
        hero.id, client=client, body=PatchedHeroRequest(age=42), if_match=tag
    )
    assert (updated.age, updated.version) == (42, 2)

    conflict = heroes_partial_update.sync_detailed(
        hero.id, client=client, body=PatchedHeroRequest(age=43), if_match=tag
    )
    assert isinstance(conflict.parsed, Problem)
    assert (conflict.status_code, conflict.parsed.version) == (412, 2)
    conflict = heroes_partial_update.sync_detailed(
        hero.id, client=client, body=PatchedHeroRequest(age=43, version=1)
    )
    assert isinstance(conflict.parsed, Problem)
    assert (conflict.status_code, conflict.parsed.version) == (409, 2)

    duplicate = heroes_create.sync(client=client, body=sent)
    assert isinstance(duplicate, Problem)
    assert duplicate.errors[0].pointer == "/name"

    assert heroes_destroy.sync_detailed(hero.id, client=client).status_code == 204
    assert heroes_list.sync(client=client, name="Lamplighter").count == 0
print("round trip done")
