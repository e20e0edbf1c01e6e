"""The home page, the search in all records, and the emblems."""

import re

import pytest

from heroes.models import Hero
from heroesite.records.emblems import emblem
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db


@pytest.fixture
def register():
    large, small = TeamFactory(name="Night Watch"), TeamFactory(name="Day Watch")
    TeamFactory(name="Nobody's")
    for age, team in [
        (0, large),
        (9, large),
        (10, small),
        (41, large),
        (None, None),
        (None, large),
        (3000, None),
    ]:
        HeroFactory(age=age, team=team)


def bars(page):
    """For each chart the label, the number, the length and the address of its bars."""
    charts = {}
    for section in page.all("section", class_="chart"):
        rows = [row for row in section if row.tag == "tr"][1:]
        charts[section.one("h2").text] = [
            (
                row.one("a").text,
                int(row.one("td", class_="number").text),
                int(row.one("rect")["width"]),
                row.one("a")["href"],
            )
            for row in rows
        ]
    return charts


def test_the_home_page_charts_the_records(register, visitor_browser):
    charts = bars(read(visitor_browser.get("/")))
    by_team = [(label, count, length) for label, count, length, _address in charts["Heroes by team"]]
    assert by_team == [("Night Watch", 4, 100), ("Day Watch", 1, 25), ("no team", 2, 50)]
    by_age = {label: count for label, count, _length, _address in charts["Heroes by age"]}
    tens = dict.fromkeys([f"{ten}–{ten + 9}" for ten in range(0, 100, 10)], 0)
    assert by_age == tens | {"0–9": 2, "10–19": 1, "40–49": 1, "100 and over": 1, "unknown": 2}
    assert len(charts["Changes per day"]) == 14


def test_each_bar_links_to_the_list_that_it_counts(register, visitor_browser):
    for chart in bars(read(visitor_browser.get("/"))).values():
        for label, count, _length, address in chart:
            listed = visitor_browser.get(address)
            assert listed.status_code == 200
            counted = re.search(r"–\d+ of (\d+)", read(listed).text)
            assert count == (int(counted[1]) if counted else 0), label


def test_an_empty_register_draws_nothing_wrong(visitor_browser):
    charts = bars(read(visitor_browser.get("/")))
    assert charts["Heroes by age"][0][:3] == ("unknown", 0, 0)


def test_a_large_register_shows_the_largest_teams(visitor_browser):
    for number in range(15):
        HeroFactory(team=TeamFactory(name=f"Team {number:02}"))
    chart = bars(read(visitor_browser.get("/")))["Heroes by team"]
    assert len(chart) == 13
    assert [bar[0] for bar in chart[:2]] == ["Team 00", "Team 01"]


def test_a_chart_of_many_equal_teams_shows_the_first_by_name(visitor_browser, monkeypatch):
    monkeypatch.setattr("heroesite.records.views.charts.MOST_KEYS", 5)
    for number in (3, 1, 4, 15, 9, 2, 6, 5, 35, 8, 97, 93, 23, 84):
        HeroFactory(team=TeamFactory(name=f"Team {number:02}"))
    HeroFactory(team=Hero.objects.get(team__name="Team 97").team)
    chart = bars(read(visitor_browser.get("/")))["Heroes by team"]
    numbers = [97, 1, 2, 3, 4, 5, 6, 8, 9, 15, 23, 35]
    assert [bar[0] for bar in chart[:-1]] == [f"Team {number:02}" for number in numbers]


def test_a_search_finds_heroes_and_teams(visitor_browser):
    HeroFactory(name="Nightjar")
    TeamFactory(name="NIGHT Watch")
    HeroFactory(name="Owl")
    page = read(visitor_browser.get("/search/?search=night"))
    assert {"Nightjar", "NIGHT Watch"} <= set(
        page.text.replace("Watch", "Watch|").split("|")
    ) or "Nightjar" in page.text
    assert "NIGHT Watch" in page.text
    assert "Owl" not in page.text


def test_a_search_links_to_all_results(visitor_browser):
    Hero.objects.create_all([HeroFactory.build(name=f"Night {number}", team=None) for number in range(12)])
    page = read(visitor_browser.get("/search/?search=NIGHT"))
    (address,) = {link["href"] for link in page.all("a") if "/heroes/?" in link.attributes.get("href", "")}
    assert "Show all 12" in page.text
    assert "1–12 of 12" in read(visitor_browser.get(address)).text


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 200, "Enter part of a name"),
        ("?search=", 200, "Enter part of a name"),
        ("?search=+", 200, "Enter part of a name"),
        ("?search=nobody", 200, "No heroes match “"),
        ("?search=%07", 400, "U+0007"),
        (f"?search={'a+' * 11}", 400, "at most 10 words"),
        ("?search=" + "a" * 300, 400, "200"),
        ("?serach=x", 400, "Did you mean “search”?"),
        ("?search=a&search=b", 400, "once"),
    ],
)
def test_an_invalid_search_is_an_error(query, status, words, visitor_browser):
    response = visitor_browser.get(f"/search/{query}")
    assert response.status_code == status
    assert words in read(response).text


def test_a_secret_name_is_not_found(keeper, visitor_browser):
    HeroFactory(name="Owl", secret_name="Nora Hidden")
    assert "No heroes match “" in read(visitor_browser.get("/search/?search=nora")).text


def test_an_emblem_is_of_the_name_alone():
    assert emblem("Éclair") == emblem("ÉCLAIR")
    assert len({emblem(f"Hero {number}") for number in range(60)}) > 50
    assert "<script" not in emblem("<script>")
