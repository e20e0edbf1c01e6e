"""Pages with an empty register, with names of the maximum length, and on small screens."""

import pytest
from playwright.sync_api import expect

from heroesite.records.registry import record_types
from tests.people import PASSWORD
from tests.processes.processes import manage, serving

LONG = {
    "wide": "W" * 100,
    "ideographs": "龘" * 100,
    "right-to-left": "ألف " * 24 + "ألفا",
    "words": "Bartholomew " * 8 + "Owl",
    "combining": "Z\u0351\u036b\u0343" * 25,
}
ADD = """
from django.contrib.auth.models import User
from heroes.models import Hero
from heroesite.api.models import ApiToken
from teams.models import Team
ApiToken.objects.issue(User.objects.get(username="editor"), name="W" * 100)
for name in {names!r}:
    team = Team(name=name, headquarters=name + name)
    team.save()
    Hero(name=name, secret_name=name, age=1_000_000, team=team).save()
"""
PAGES = [
    "/",
    "/heroes/",
    "/teams/",
    "/heroes/{hero}/",
    "/heroes/{hero}/edit/",
    "/heroes/{hero}/delete/",
    "/heroes/{hero}/history/",
    "/teams/{team}/",
    "/heroes/selected/team/?record={hero}-1&team={team}",
    "/search/?search=w",
    "/history/",
    "/heroes/?age__gte=" + "x" * 200,
    "/heroes/views/",
    "/account/tokens/",
    "/language/",
]


@pytest.fixture(scope="module")
def long_names(folder, site):
    ran = manage(folder, "shell", "--no-imports", "-c", ADD.format(names=list(LONG.values())))
    assert ran.returncode == 0, ran.stderr


@pytest.mark.parametrize("width", [320, 768, 1600])
@pytest.mark.parametrize("script", LONG)
def test_no_page_is_wider_than_the_screen(script, width, visit, long_names):
    page = visit("editor", viewport={"width": width, "height": 800})
    ids = {}
    for record_type in record_types():
        response = page.request.get(f"/api/v1/{record_type.prefix}/", params={"name": LONG[script]})
        [record] = response.json()["results"]
        ids[record_type.basename] = record["id"]
    too_wide = {}
    for address in PAGES:
        page.goto(address.format(**ids))
        sizes = page.evaluate("[document.documentElement.scrollWidth, document.documentElement.clientWidth]")
        if sizes[0] > sizes[1]:
            too_wide[address] = sizes
    assert too_wide == {}


def test_an_empty_register_offers_to_add_the_first_record(visit, tmp_path):
    assert manage(tmp_path, "migrate").returncode == 0
    user = 'from tests.people import person; person("first", "Editors")'
    assert manage(tmp_path, "shell", "--no-imports", "-c", user).returncode == 0
    with serving(tmp_path) as (site, _printed):
        page = visit(base_url=site)
        page.goto("/")
        expect(page.get_by_text("None yet.")).to_have_count(2)
        page.goto("/heroes/")
        expect(page.get_by_text("There are no heroes yet.")).to_be_visible()
        expect(page.get_by_role("link", name="Add the first")).to_have_count(0)
        page.goto("/account/login/?next=/heroes/")
        page.get_by_label("Username").fill("first")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("main").get_by_role("button", name="Sign in").click()
        page.get_by_role("link", name="Add the first").click()
        page.get_by_label("Name", exact=True).fill("Owl")
        page.get_by_label("Secret name").fill("Nora Hidden")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Owl")
        page.goto("/")
        expect(page.get_by_text("None yet.")).to_have_count(1)
