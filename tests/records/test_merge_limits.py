"""A merge of a form that was opened many versions ago reads few of them."""

import pytest
from django.db.models.signals import post_init

from heroes.models import Hero
from heroesite.records.forms.merging import VERSION_LIMIT
from tests.factories import HeroFactory
from tests.markup import form_with, read

pytestmark = pytest.mark.django_db
VERSIONS = 2 * VERSION_LIMIT


@pytest.fixture
def loaded():
    """The entries of heroes that were loaded."""
    entries = []

    def add(instance, **_signal):
        entries.append(instance)

    post_init.connect(add, sender=Hero.history.model, weak=False)
    yield entries
    post_init.disconnect(add, sender=Hero.history.model)


def test_a_form_opened_many_versions_ago_is_merged_from_the_last_ones(loaded, editor_browser, editor):
    hero = HeroFactory(name="Lamplighter", secret_name="Edith Wren", age=1, team=None)
    address = f"/heroes/{hero.pk}/edit/"
    form = form_with(read(editor_browser.get(address)), "name").values()
    hero.name = "Lamp"
    hero.save()
    for age in range(2, VERSIONS):
        hero.age = age
        hero.save()
    loaded.clear()

    response = editor_browser.post(address, {**form, "age": "7"})

    assert response.status_code == 409
    assert len(loaded) < VERSION_LIMIT + 10
    rows = {
        row.one("th").text: [cell.text for cell in row.all("td")]
        for row in read(response).one("table", class_="merge").one("tbody").all("tr")
    }
    assert rows["Name"][:3] == ["Lamplighter", "Lamp", "unchanged"], "the author isn't looked up"
    assert rows["Age"][0] == "1"
    assert rows["Age"][1].startswith(f"{VERSIONS - 1} unknown"), "a command made the change"
    assert rows["Age"][2] == "7"
    assert rows.keys() == {"Name", "Secret name", "Age"}, "of a secret it is not revealed whether it changed"
    merged = form_with(read(response), "name").values()
    assert merged["name"] == "Lamp"
    assert editor_browser.post(address, {**merged, "keep_age": "yours"}).status_code == 302
    hero.refresh_from_db()
    assert (hero.name, hero.age, hero.secret_name) == ("Lamp", 7, "Edith Wren")
