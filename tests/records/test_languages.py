"""Pages are in German if the browser requests it; the API is always in English."""

import re
from ast import literal_eval
from gettext import GNUTranslations

import pytest

from heroesite.settings import BASE_DIR
from tests.factories import HeroFactory, TeamFactory
from tests.markup import read

pytestmark = pytest.mark.django_db

GERMAN = {"Accept-Language": "de"}
PAGES = [
    "/",
    "/search/?search=owl",
    "/search/?search=nothing",
    "/heroes/",
    "/heroes/?age__gte=7",
    "/heroes/?search=nothing",
    "/heroes/?offset=900",
    "/heroes/?nmae=a&age__gte=x&limit=0&fields=nmae&team=77777",
    "/heroes/{hero}/",
    "/heroes/{hero}/?as_of=2100-01-01T00:00:00Z",
    "/heroes/{hero}/edit/",
    "/heroes/{hero}/delete/",
    "/heroes/{hero}/history/",
    "/heroes/{hero}/history/1/revert/",
    "/heroes/new/",
    "/heroes/deleted/",
    "/heroes/selected/?record={hero}-1",
    "/heroes/selected/team/?record={hero}-1&team=",
    "/heroes/selected/",
    "/heroes/views/",
    "/teams/",
    "/teams/{team}/",
    "/teams/{team}/edit/",
    "/teams/{team}/delete/",
    "/history/",
    "/nowhere/",
    "/language/",
    "/account/tokens/",
    "/account/login/",
]
# What stands on a page in every language.
SAME = {
    "heroesite",
    "API",
    "Team",
    "Teams",
    "Name",
    "Deutsch",
    "English",
    "System",
    "Version",
    "optional",
    "(UTC)",
}


def texts(page):
    """Return every visible text and message of a page, without values that users entered."""
    for element in page:
        if element.tag in ("script", "style", "bdi", "code", "kbd", "time"):
            continue
        for name in ("aria-label", "placeholder", "alt", "title"):
            yield element.attributes.get(name, "")
        yield from (part for part in element.inside if isinstance(part, str))


def words(client, address, **headers):
    response = client.get(address, headers=headers)
    shown_texts = {re.sub(r"\s+", " ", text).strip().rstrip(":") for text in texts(read(response))}
    shown_texts = {text.removesuffix(" · heroesite") for text in shown_texts}
    return response, {text for text in shown_texts if re.search(r"[A-Za-z]{3}", text)}


@pytest.mark.parametrize("address", PAGES)
def test_no_word_of_a_page_stays_english(address, keeper_browser, keeper):
    team = TeamFactory(name="0815", headquarters="42")
    hero = HeroFactory(name="4711", team=team, age=7)
    address = address.format(hero=hero.pk, team=team.pk)
    _answer, english = words(keeper_browser, address)
    response, german = words(keeper_browser, address, **GERMAN)
    assert response["Content-Language"] == "de"
    assert {text for text in english & german if text not in SAME and "keeper" not in text} == set()


def test_the_german_catalogue_is_complete_and_compiled():
    folder = BASE_DIR / "heroesite/locale/de/LC_MESSAGES"
    written = (folder / "django.po").read_text()
    assert "fuzzy" not in written
    with (folder / "django.mo").open("rb") as file:
        spoken = GNUTranslations(file)
    entry = r'^(?:msgctxt (".+")\n)?msgid (".+")\nmsgstr (".*")$'
    texts = re.findall(entry, written, re.MULTILINE)
    assert len(texts) > 400
    for context, english, german in texts:
        english, german = literal_eval(english), literal_eval(german)
        assert german, english
        compiled = spoken.pgettext(literal_eval(context), english) if context else spoken.gettext(english)
        assert compiled == german


def test_dates_and_numbers_are_written_as_the_language_writes_them(visitor_browser):
    hero = HeroFactory(age=123_456)
    text = read(visitor_browser.get(f"/heroes/{hero.pk}/", headers=GERMAN)).text
    assert "123.456" in text
    assert re.search(r"\d+\. \w+ \d{4} \d\d:\d\d", text)


def test_errors_are_german_on_pages_and_english_at_the_api(editor_browser, editor_program):
    sent = {"name": "", "secret_name": "Nora", "age": "x"}
    page = read(editor_browser.post("/heroes/new/", sent, headers=GERMAN))
    assert "Geben Sie eine ganze Zahl ein, z. B. 41." in page.one(role="alert").text
    assert "Dieses Feld ist erforderlich." in page.one(role="alert").text
    response = editor_program.post("/api/v1/heroes/", sent, format="json", headers=GERMAN)
    assert "This field is required." in str(response.json())
    assert not response.has_header("Content-Language")


def test_a_language_of_one_request_does_not_stay_for_the_next(visitor_browser):
    visitor_browser.get("/heroes/", headers=GERMAN)
    assert "Unknown parameter" in str(visitor_browser.get("/api/v1/heroes/?a=b").json())
    response = visitor_browser.get("/heroes/?" + "x" * 9000)
    assert "longer than 8 kB" in read(response).text


def test_a_language_is_chosen_by_a_cookie_and_readers_are_sent_none_before(visitor_browser):
    assert not visitor_browser.get("/heroes/").cookies
    page = read(visitor_browser.get("/language/?next=/teams/"))
    form = page.one("form", action="/language/set/")
    response = visitor_browser.post("/language/set/", form.values() | {"language": "de"})
    assert response["Location"] == "/teams/"
    assert visitor_browser.get("/teams/")["Content-Language"] == "de"


@pytest.mark.parametrize("language", ["xx", "", "de\n", "../de", "d" * 5000])
def test_a_language_that_is_none_changes_nothing(language, visitor_browser):
    response = visitor_browser.post("/language/set/", {"language": language, "next": "//evil.example/"})
    assert response.status_code == 302
    assert response["Location"] == "/"
    assert visitor_browser.get("/")["Content-Language"] == "en"
