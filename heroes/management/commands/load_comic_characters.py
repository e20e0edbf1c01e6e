"""Load the characters of the comic wikis' CSV files as heroes, and report the result for every row."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from os.path import realpath
from pathlib import Path
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from heroes.comic_characters import Character, UnreadableFile, read
from heroes.models import Hero
from heroesite.records.audit.change_sets import Source, new_change_set
from heroesite.records.retries import retry_on_conflict
from heroesite.text import fold

BATCH = 1_000
"""Rows that are validated, written and committed together."""


@dataclass
class Outcome:
    """The result so far. Each row is either loaded, existing or rejected.

    Args:
        rejected: the rows, each with the reason.
        numbered: the rows whose name has a numeral.
    """

    loaded: int = 0
    existing: list[Character] = field(default_factory=list)
    rejected: list[tuple[Character, str]] = field(default_factory=list)
    numbered: list[Character] = field(default_factory=list)

    @property
    def rows(self) -> int:
        return self.loaded + len(self.existing) + len(self.rejected)


class Command(BaseCommand):
    help = (
        "Load the characters in FiveThirtyEight's comic CSV files as heroes. List all files together: the"
        " second character with a name gets the numeral II, and so on, in the order of files and rows. Heroes"
        " that already exist aren't changed."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "files", nargs="+", type=Path, metavar="FILE", help="A CSV file in UTF-8 with a column “name”."
        )

    def handle(self, *args: Any, files: Sequence[Path], verbosity: int, **options: Any) -> None:
        characters = self.read(files)
        outcome = Outcome(numbered=[character for character in characters if character.numbered])
        with new_change_set(Source.IMPORT, note="load_comic_characters"):
            for start in range(0, len(characters), BATCH):
                try:
                    self.load(characters[start : start + BATCH], outcome)
                except DatabaseError as error:
                    raise CommandError(self.failure_message(error, outcome)) from error
                if verbosity:
                    self.print_progress(outcome.rows, len(characters))
        self.print_outcome(outcome, verbose=verbosity > 1)

    def read(self, files: Sequence[Path]) -> list[Character]:
        # Each row of a file given twice would be loaded twice, once with a numeral.
        if len({realpath(file) for file in files}) < len(files):
            raise CommandError(_("A file is listed twice. List each file only once."))
        try:
            return list(read(files))
        except UnreadableFile as error:
            raise CommandError(_("%(reason)s Nothing was loaded.") % {"reason": error}) from None

    def load(self, characters: Sequence[Character], outcome: Outcome) -> None:
        """Create heroes for valid characters with new names, and add the result to ``outcome``."""
        heroes: list[Hero] = []
        valid: dict[str, Character] = {}
        rejected: list[tuple[Character, str]] = []
        for character in characters:
            hero = Hero(name=character.name, secret_name=character.secret_name)
            try:
                if character.error:
                    raise ValidationError({"name": character.error})
                hero.full_clean(validate_unique=False, validate_constraints=False)
            except ValidationError as error:
                rejected.append((character, reason(error)))
            else:
                heroes.append(hero)
                valid[fold(hero.name)] = character
        taken = create_missing(heroes)
        outcome.loaded += len(heroes) - len(taken)
        outcome.existing += [character for key, character in valid.items() if key in taken]
        outcome.rejected += rejected

    def print_progress(self, done: int, total: int) -> None:
        text = _("%(done)s of %(total)s rows") % {"done": f"{done:,}", "total": f"{total:,}"}
        if self.stderr.isatty():
            # Without the colour of errors; only the last count ends the line.
            self.stderr.write(f"\r{text}", style_func=str, ending="" if done < total else "\n")
            self.stderr.flush()
        else:
            self.stderr.write(text)

    def failure_message(self, error: DatabaseError, outcome: Outcome) -> str:
        message = _(
            "The database failed after %(done)s rows (%(reason)s)."
            " They were saved. Fix the problem, then run the command again to load the rest."
        )
        lines = str(error).strip().splitlines() or [type(error).__name__]
        return message % {"done": f"{outcome.rows:,}", "reason": lines[0]}

    def print_outcome(self, outcome: Outcome, verbose: bool) -> None:
        if verbose:
            for character in outcome.existing:
                self.stdout.write(_("Already exists: %(row)s") % {"row": character})
            for character in outcome.numbered:
                self.stdout.write(_("Numeral added: %(row)s") % {"row": character})
        for character, why in outcome.rejected:
            self.stdout.write(_("Rejected: %(row)s: %(why)s") % {"row": character, "why": why})
        counts = {
            _("Rows read"): outcome.rows,
            _("Loaded"): outcome.loaded,
            _("Already exists"): len(outcome.existing),
            _("Rejected"): len(outcome.rejected),
            _("Numeral added to the name"): len(outcome.numbered),
        }
        width = max(map(len, counts)) + 1
        for label, count in counts.items():
            self.stdout.write(f"{label + ':':<{width}} {count:>9,}")
        if not outcome.loaded:
            self.stdout.write(_("There are no new names to load. Nothing was changed."))


@retry_on_conflict
def create_missing(heroes: Sequence[Hero]) -> set[str]:
    """Create those of ``heroes`` whose name is free. Return the folded names that are taken."""
    taken = set(Hero.objects.named(hero.name for hero in heroes).values_list("name_key", flat=True))
    if missing := [hero for hero in heroes if fold(hero.name) not in taken]:
        Hero.objects.create_all(missing)
    return taken


def reason(error: ValidationError) -> str:
    """Return the model's messages, each with the labels of its fields."""
    fields: defaultdict[str, list[str]] = defaultdict(list)
    for name, messages in error.message_dict.items():
        for message in messages:
            label = Hero._meta.get_field(name).verbose_name
            fields[message].append(str(label))
    return " ".join(f"{capfirst(', '.join(labels))}: {message}" for message, labels in fields.items())
