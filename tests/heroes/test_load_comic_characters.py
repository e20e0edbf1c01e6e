"""``load_comic_characters`` turns the titles of CSV files into heroes and reports on every row."""

import csv
from collections.abc import Sequence
from io import StringIO
from pathlib import Path
from typing import Any, NamedTuple

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, IntegrityError, connection

from heroes.comic_characters import numeral
from heroes.management.commands import load_comic_characters
from heroes.models import Hero
from heroesite.records.models.querysets import RecordQuerySet

pytestmark = pytest.mark.django_db


class Output(NamedTuple):
    """What the command printed to stdout and to stderr."""

    report: str
    progress: str

    @property
    def counts(self) -> list[int]:
        """The numbers of rows read, loaded, already present, rejected, and with a numeral added."""
        lines = [line.rpartition(" ") for line in self.report.splitlines()]
        return [int(count.replace(",", "")) for label, _blank, count in lines if label.rstrip().endswith(":")]


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


@pytest.fixture
def csv_file(tmp_path: Path) -> Any:
    """Return a function that writes a file with a row for each title and returns its path."""

    def write(*titles: str, name: str = "wiki.csv") -> Path:
        path = tmp_path / name
        with path.open("w", encoding="utf-8", newline="") as stream:
            rows = csv.writer(stream)
            rows.writerow(["page_id", "name", "ALIGN"])
            rows.writerows([number, title, "Good Characters"] for number, title in enumerate(titles, 1))
        return path

    return write


def load(*files: Path, verbosity: int = 1, stderr: StringIO | None = None) -> Output:
    report, progress = StringIO(), stderr or StringIO()
    call_command(
        "load_comic_characters", *map(str, files), verbosity=verbosity, stdout=report, stderr=progress
    )
    return Output(report.getvalue(), progress.getvalue())


def register() -> dict[str, str]:
    return dict(Hero.objects.order_by("pk").values_list("name", "secret_name"))


# Titles and names


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Misty Hollow (Earth-616)", "Misty Hollow"),
        ("Misty Hollow (New Earth)", "Misty Hollow"),
        ("Misty Hollow (Earth-TRN361)", "Misty Hollow"),
        ("Misty Hollow(Earth-616)", "Misty Hollow"),
        ("Misty Hollow", "Misty Hollow"),
        ("Misty Hollow (Clone) (Earth-616)", "Misty Hollow (Clone)"),
        ("Misty Hollow (Counter-Earth) (Earth-616)", "Misty Hollow (Counter-Earth)"),
        ("Misty Hollow (Counter-Earth)", "Misty Hollow (Counter-Earth)"),
        ("Misty Hollow (Dakotaverse)", "Misty Hollow (Dakotaverse)"),
        ("Earth (Elementals) (Earth-616)", "Earth (Elementals)"),
        ("Garth (Other Realm)", "Garth (Other Realm)"),
    ],
)
def test_the_universe_is_removed_from_a_title_but_no_qualifier(csv_file: Any, title: str, name: str) -> None:
    load(csv_file(title))
    assert register() == {name: name}


def test_a_person_in_parentheses_after_a_public_name_is_the_secret_name(csv_file: Any) -> None:
    flashes = ["Flash (First One)", "Flash (Second One)"]
    load(csv_file("Batman (Unique Person)", *flashes, "Thor (Robot) (Earth-616)"))
    assert register() == {
        "Batman": "Unique Person",
        "Flash": "First One",
        "Flash II": "Second One",
        "Thor (Robot)": "Thor (Robot)",
    }


@pytest.mark.parametrize(
    ("title", "name"),
    [
        (r"Jess\u00e1n", "Jessán"),
        (r"Jesse\u0301", "Jessé"),
        (r"James \"Bob\" Mole", 'James "Bob" Mole'),
        (r"Mutant\/Spider", "Mutant/Spider"),
        (r"Star \ud83c\udf1f", "Star \N{GLOWING STAR}"),
        (r"AC\\DC", r"AC\DC"),
    ],
)
def test_json_escapes_in_titles_are_decoded(csv_file: Any, title: str, name: str) -> None:
    load(csv_file(title))
    assert list(register()) == [name]


def test_a_byte_order_mark_blank_lines_and_windows_line_breaks_are_accepted(tmp_path: Path) -> None:
    path = tmp_path / "wiki.csv"
    path.write_bytes("\ufeffname\r\nMisty\r\n\r\nHollow\r\n".encode())
    assert load(path).counts[:2] == [2, 2]
    assert list(register()) == ["Misty", "Hollow"]


# Several characters with one name


def test_another_character_with_the_name_gets_a_numeral_in_its_name_only(csv_file: Any) -> None:
    first = csv_file("Charlie (Earth-616)", "CHARLIE (New Earth)", name="b.csv")
    second = csv_file("Charlie", name="a.csv")
    output = load(first, second)
    assert register() == {"Charlie": "Charlie", "CHARLIE II": "CHARLIE", "Charlie III": "Charlie"}
    assert output.counts == [3, 3, 0, 0, 2]


def test_a_numeral_is_skipped_if_another_row_has_that_name(csv_file: Any) -> None:
    file = csv_file("Charlie", "Charlie", "charlie ii", "Charlie", "Charlie II")
    load(file)
    names = ["Charlie", "Charlie III", "charlie ii", "Charlie IV", "Charlie II II"]
    assert list(register()) == names
    assert load(file).counts == [5, 0, 5, 0, 3]
    assert list(register()) == names


def test_numerals_do_not_depend_on_existing_heroes(csv_file: Any) -> None:
    Hero.objects.create(name="Charlie II", secret_name="a stranger")
    output = load(csv_file("Charlie", "Charlie", "Charlie"))
    assert register() == {"Charlie II": "a stranger", "Charlie": "Charlie", "Charlie III": "Charlie"}
    assert output.counts == [3, 2, 1, 0, 2]


@pytest.mark.parametrize(
    ("number", "letters"), [(1, "I"), (4, "IV"), (9, "IX"), (14, "XIV"), (49, "XLIX"), (1994, "MCMXCIV")]
)
def test_numerals_are_roman(number: int, letters: str) -> None:
    assert numeral(number) == letters


# Heroes that already exist


def test_a_second_run_changes_nothing_and_reports_that(csv_file: Any) -> None:
    file = csv_file("Misty", "Batman (Unique Person)", "Misty")
    load(file)
    before = list(Hero.objects.order_by("pk").values())
    output = load(file)
    assert output.counts == [3, 0, 3, 0, 1]
    assert "Nothing was changed" in output.report
    assert list(Hero.objects.order_by("pk").values()) == before


def test_an_existing_hero_is_not_changed_whatever_the_case_of_its_name(csv_file: Any) -> None:
    Hero.objects.create(name="BATMAN", secret_name="a stranger", age=40)
    output = load(csv_file("Batman (Unique Person)", "Misty"))
    assert register() == {"BATMAN": "a stranger", "Misty": "Misty"}
    assert output.counts[:4] == [2, 1, 1, 0]


def test_existing_heroes_and_numerals_are_listed_on_request_without_secret_names(csv_file: Any) -> None:
    file = csv_file("Flash (First One)", "Flash (Second One)")
    load(file)
    assert "wiki.csv" not in load(file).report
    report = load(file, verbosity=2).report
    assert f"Already exists: {file}, line 2: “Flash”" in report
    assert f"Numeral added: {file}, line 3: “Flash II”" in report
    assert "One”" not in report


# Rows that are rejected


def test_an_invalid_row_is_rejected_with_its_line_and_the_model_s_messages(csv_file: Any) -> None:
    titles = [
        "Misty",
        "x" * 101,
        "(Earth-616)",
        r"Lone \ud83c",
        r"Bell\u0007",
        "Batman ()",
        r"AC\DC",
        "",
        "Dora",
    ]
    file = csv_file(*titles)
    output = load(file)
    assert list(register()) == ["Misty", "Dora"]
    assert output.counts == [9, 2, 0, 7, 0]
    rejections = output.report.replace(f"Rejected: {file}, ", "").splitlines()[:7]
    too_long = "Ensure this value has at most 100 characters (it has 101)."
    assert rejections == [
        f"line 3: “{'x' * 101}”: Name, secret name: {too_long}",
        "line 4: “”: Name, secret name: This field is required.",
        "line 5: “Lone <U+D83C>”: Name, secret name: Character 6 is U+D83C, which isn't allowed. Remove it.",
        "line 6: “Bell<U+0007>”: Name, secret name: Character 5 is U+0007, which isn't allowed. Remove it.",
        "line 7: “Batman”: Secret name: This field is required.",
        r"line 8: “AC\DC”: Name: "
        "A backslash in the title doesn't start a valid JSON escape. Fix it, or write two backslashes.",
        "line 9: “”: Name, secret name: This field is required.",
    ]


def test_a_name_that_is_too_long_with_its_numeral_is_rejected(csv_file: Any) -> None:
    output = load(csv_file("y" * 100, "y" * 100))
    assert output.counts == [2, 1, 0, 1, 1]
    assert "Name: Ensure this value has at most 100 characters (it has 103)." in output.report


def test_the_line_of_a_row_is_its_first(tmp_path: Path) -> None:
    path = tmp_path / "wiki.csv"
    path.write_text('name,note\nMisty,"two\nlines"\n"Do\nra",\n', encoding="utf-8")
    assert f"Rejected: {path}, line 4: “Do<U+000A>ra”" in load(path).report


# Files that cannot be read


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "line 1: the header must have exactly one column named “name”. Its columns are: none."),
        (
            b"id,title\n1,Dora\n",
            "line 1: the header must have exactly one column named “name”. Its columns are: id, title.",
        ),
        (
            b"name,name\nMo,Dora\n",
            "line 1: the header must have exactly one column named “name”. Its columns are: name, name.",
        ),
        (b"name\nDora\nJess\xe1n\n", "line 3: the line is not UTF-8. Save the file as CSV in UTF-8."),
        (
            b"name,note\nDora,\nMisty\n",
            "line 3: the header and the row have different numbers of cells (2 and 1)."
            " Fix the commas and quotes.",
        ),
        (
            b'name,note\n"Do\nra",1,2\n',
            "line 2: the header and the row have different numbers of cells (2 and 3)."
            " Fix the commas and quotes.",
        ),
        (
            b'name\nDora\n"Mis\nty',
            "line 3: the row is not valid CSV (unexpected end of data). Fix the quotes and line breaks.",
        ),
        (
            b'name\n"Dora" x\n',
            "line 2: the row is not valid CSV (',' expected after '\"'). Fix the quotes and line breaks.",
        ),
    ],
)
def test_nothing_is_loaded_if_a_file_is_invalid(
    csv_file: Any, tmp_path: Path, content: bytes, message: str
) -> None:
    invalid = tmp_path / "bad.csv"
    invalid.write_bytes(content)
    with pytest.raises(CommandError) as error:
        load(csv_file("Misty"), invalid)
    assert str(error.value) == f"{invalid}, {message} Nothing was loaded."
    assert register() == {}


def test_a_missing_file_or_a_folder_is_reported_with_its_path(csv_file: Any, tmp_path: Path) -> None:
    for path, reason in {
        tmp_path / "none.csv": "No such file or directory",
        tmp_path: "Is a directory",
    }.items():
        with pytest.raises(CommandError) as error:
            load(csv_file("Misty"), path)
        message = (
            f"{path}: can't read the file ({reason}). Check the path and the permissions. Nothing was loaded."
        )
        assert str(error.value) == message
    assert register() == {}


def test_a_file_given_twice_is_an_error(csv_file: Any, tmp_path: Path) -> None:
    file = csv_file("Misty")
    link = tmp_path / "link.csv"
    link.symlink_to(file)
    with pytest.raises(CommandError, match="listed twice"):
        load(file, link)
    assert register() == {}


# Batches


def test_a_batch_takes_one_query_to_check_and_one_to_write(
    csv_file: Any, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    file = csv_file(*(f"Hero {number}" for number in range(100)))
    # One transaction for the batch and one for its rows; the change set; and the history, which Django 5
    # writes in two parts on SQLite.
    with django_assert_max_num_queries(9 if connection.vendor == "sqlite" else 8):
        load(file)
    with django_assert_num_queries(3):
        load(file)


def test_progress_is_a_line_per_batch_or_a_counter_on_a_terminal(
    csv_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(load_comic_characters, "BATCH", 2)
    file = csv_file("Misty", "Dora", "Misty")
    assert load(file).progress == "2 of 3 rows\n3 of 3 rows\n"
    assert load(file, stderr=Terminal()).progress == "\r2 of 3 rows\r3 of 3 rows\n"
    assert load(file, verbosity=0).progress == ""


def fail_on(monkeypatch: pytest.MonkeyPatch, call: int, error: DatabaseError) -> None:
    """Make one call of ``create_all`` fail after it has written."""
    create_all, calls = RecordQuerySet.create_all, []

    def failing(self: RecordQuerySet, records: Sequence[Hero]) -> None:
        create_all(self, records)
        calls.append(records)
        if len(calls) == call:
            raise error

    monkeypatch.setattr(RecordQuerySet, "create_all", failing)


def test_batches_before_a_database_error_remain_and_the_next_run_loads_the_rest(
    csv_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = csv_file("Misty", "Dora", "Misty", "Ada", "Eve")
    with monkeypatch.context() as patch:
        patch.setattr(load_comic_characters, "BATCH", 2)
        fail_on(patch, 2, DatabaseError("disk is full\nand more"))
        with pytest.raises(CommandError, match=r"after 2 rows \(disk is full\)\..*run the command again"):
            load(file)
    assert list(register()) == ["Misty", "Dora"]
    assert load(file).counts == [5, 3, 2, 0, 1]
    assert list(register()) == ["Misty", "Dora", "Misty II", "Ada", "Eve"]


def test_a_batch_that_conflicts_with_another_write_is_checked_and_written_again(
    csv_file: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    conflict = IntegrityError("taken")
    conflict.__cause__ = psycopg.errors.UniqueViolation()
    fail_on(monkeypatch, 1, conflict)
    assert load(csv_file("Misty", "Dora")).counts == [2, 2, 0, 0, 0]
    assert list(register()) == ["Misty", "Dora"]
