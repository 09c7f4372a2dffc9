"""Which column of an unknown table probably holds what, and what must still be asked of a person.

A guess is only ever shown, never acted on. It gives two fields no one column, and a field none that its rows speak against.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from tracker.curriculum.refused import Refused
from tracker.curriculum.words import MembershipKind
from tracker.intake.cells import is_address, listed, shown
from tracker.intake.fields import KINDS, refuse_wrong_reading, still_wanted, with_owner
from tracker.intake.mapping import column_place, labels_of, mapped_table, survey, values_of
from tracker.intake.moments import said
from tracker.intake.percents import is_progress
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.synonyms import FOREIGN_WORDS, SCORES, SYNONYMS, plain_heading
from tracker.intake.tables import Content, HeadedTable
from tracker.operations.rows import RowFaults

SAMPLE = 50  # rows that are looked at for a guess
SHOWN = 10  # rows of them that a page shows
_WORDS_FROM, _MOST_WORDS = 5_000, 30  # rows whose words are listed, and how many different ones
_KINDS = frozenset(MembershipKind)
_WORDED = ("status", "kind", "percent", "assurance", "home")  # fields whose words a person may have to translate


class Need(NamedTuple):
    """A question that only a person can answer: the attribute of ``Reading`` it fills, and the question."""

    field: str
    question: str


@dataclass(frozen=True)
class Looked:
    """What a file shows before it is read.

    Attributes:
        headers: what each column is called; also a name to map by where headings repeat or are blank.
        rows: the first rows, as wide as the headers.
        guess: our field → the column; the reading's own mapping where it has one.
        date_examples: dates that may be read in more than one way.
        needs: what must still be asked.
        words: of the fields that hold words (status, kind, percent …), the words found, in their order.
    """

    headers: list[str]
    rows: list[list[str]]
    guess: dict[str, str]
    date_examples: list[str] = field(default_factory=list)
    needs: list[Need] = field(default_factory=list)
    words: dict[str, list[str]] = field(default_factory=dict)


def look(content: Content, file_name: str, kind: str, reading: Reading = AS_FOUND) -> Looked:
    """Look at a table with what a person has said of it so far.

    Args:
        kind: of ``fields.KINDS``.
        reading: its columns, where it has any, stand in place of the guess.

    Raises:
        Refused: what ``read_table`` refuses, and what no file can make right in the reading.
    """
    reading = with_owner(kind, reading)
    refuse_wrong_reading(kind, reading)
    table = mapped_table(content, file_name, reading)
    rows = _sample(table)
    guess = dict(reading.columns) or guessed(labels_of(table), rows, kind)
    places = {field: column_place(table, heading) for field, heading in guess.items()}
    reading = replace(reading, columns=guess)
    needs = [Need("columns", f"Which column says {each}?") for each in still_wanted(kind, {*guess, *reading.constants})]
    days, _ = survey(mapped_table(content, file_name, reading), kind, reading, places, None)
    orders = {order for column in days.values() if (order := column.found_order)}
    open_columns = [column for column in days.values() if column.is_open and len(orders) != 1]
    needs += [Need("date_order", column.order_question()) for column in open_columns[:1]]
    needs += [Need("time_zone", column.zone_question()) for column in days.values() if column.needs_a_zone][:1]
    return Looked(
        headers=labels_of(table),
        rows=[list(map(shown, row)) for row in rows[:SHOWN]],
        guess=guess,
        date_examples=[example for column in open_columns for example in column.examples()],
        needs=needs,
        words=_words(mapped_table(content, file_name, reading), kind, reading, places),
    )


def guess_in_words(table: HeadedTable, kind: str, reading: Reading) -> str:
    """The guess for a table that nobody has walked yet, as options to paste, and what is missing of it."""
    try:
        rows = _sample(table)
    except Refused:  # the rows are broken: their own refusal comes once the columns are known
        rows = []
    guess = guessed(labels_of(table), rows, kind)
    options = " ".join(f"--map {field}={shlex.quote(label)}" for field, label in guess.items())
    lacking = still_wanted(kind, {*guess, *reading.constants})
    words = "" if options else "None of its columns is recognised. "
    if lacking:
        words += f"Say {'; and '.join(lacking)}: with --map FIELD=COLUMN, or --set FIELD=VALUE for every row. "
    if options:
        words += f"If these columns are what they seem to be, add: {options}"  # no full stop: it would be pasted too
    return words.strip()


def guessed(labels: Sequence[str], rows: Sequence[Sequence[str]], kind: str) -> dict[str, str]:
    """The likeliest column of each field: by its heading, unless its values cannot be that; then by its values."""
    columns = [[row[place] for row in rows if row[place]] for place in range(len(labels))]
    ranked = sorted(_candidates(labels, kind), key=lambda each: (-each[0], each[2]))
    found: dict[str, int] = {}
    for _, its_field, place in ranked:
        if its_field not in found and place not in found.values() and _may_hold(its_field, columns[place]):
            found[its_field] = place
    _by_values("email", is_address, labels, columns, found)
    if kind == "completions":
        _by_values("completed_on", _is_day, labels, columns, found)
        _by_score(labels, columns, found)
    if {"first_name", "last_name"} <= found.keys():
        found.pop("name", None)
    return {each: labels[found[each]] for each in KINDS[kind].fields if each in found}


def _candidates(labels: Sequence[str], kind: str) -> Iterator[tuple[int, str, int]]:
    """Every field that a heading may stand for, with how well it fits: whole headings before parts of one."""
    synonyms = _synonyms(kind)
    for place, label in enumerate(labels):
        heading = plain_heading(label)
        words = heading.split()
        for its_field, names in synonyms.items():
            if heading in names:
                yield 1_000 - names[heading], its_field, place
            elif not FOREIGN_WORDS.intersection(words):
                ranks = [rank for name, rank in names.items() if " " in name and f" {name} " in f" {heading} "]
                if ranks:
                    yield 500 - min(ranks) - 10 * len(words), its_field, place


@lru_cache
def _synonyms(kind: str) -> Mapping[str, Mapping[str, int]]:
    """Field → what it is called → its rank, 0 the likeliest; our own name for it before all others."""
    found = {}
    for its_field, text in SYNONYMS[kind].items():
        names = [plain_heading(its_field), *listed(text)]
        found[its_field] = {name: rank for rank, name in reversed(list(enumerate(names)))}
    return found


def _may_hold(its_field: str, values: Sequence[str]) -> bool:
    """Whether the values do not speak against the field. Blank columns speak against none."""
    if not values:
        return True
    if its_field == "email":
        return _share(is_address, values) >= 0.5
    if its_field in ("completed_on", "from_on", "until_on", "invited_on", "activated_on"):
        return _share(_is_day, values) >= 0.5
    if its_field == "percent":
        return _share(is_progress, values) >= 0.5 and _share(_is_day, values) < 0.5
    if its_field == "kind":
        return all(value.casefold() in _KINDS for value in values)
    if its_field in ("name", "first_name", "last_name", "course", "craft", "status"):
        return _share(is_address, values) < 0.5 and _share(_is_day, values) < 0.5
    return True


def _by_values(
    its_field: str,
    fits: Callable[[str], bool],
    labels: Sequence[str],
    columns: Sequence[Sequence[str]],
    found: dict[str, int],
) -> None:
    """The one column whose values say what it is, where no heading did."""
    if its_field in found:
        return
    places = [
        place
        for place, values in enumerate(columns)
        if values and _share(fits, values) >= 0.8 and not FOREIGN_WORDS.intersection(plain_heading(labels[place]).split())
    ]
    free = [place for place in places if place not in found.values() or _gives_way(place, found)]
    if len(free) == 1:
        for other in [each for each, place in found.items() if place == free[0]]:
            del found[other]
        found[its_field] = free[0]


def _gives_way(place: int, found: Mapping[str, int]) -> bool:
    """A column of e-mails under "Username" is the e-mail where there is no other."""
    return place == found.get("learner_id")


def _by_score(labels: Sequence[str], columns: Sequence[Sequence[str]], found: dict[str, int]) -> None:
    """A score stands for progress only where no day says that the course was completed: 85 points may well have passed."""
    if "percent" in found or "completed_on" in found:
        return
    for place, label in enumerate(labels):
        if plain_heading(label) in SCORES and place not in found.values() and _share(is_progress, columns[place]) >= 0.5:
            found["percent"] = place
            return


def _is_day(text: str) -> bool:
    """Whether a text is a day beyond doubt of its being one: a bare number may be anything."""
    return not text.isdecimal() and said(text, 1990) is not None


def _share(fits: Callable[[str], bool], values: Sequence[str]) -> float:
    return sum(map(fits, values)) / len(values) if values else 0.0


def _sample(table: HeadedTable) -> list[list[str]]:
    """The first rows that can be read."""
    return [row[1] for row in islice(table.rows, SAMPLE) if not isinstance(row, RowFaults)]


def _words(table: HeadedTable, kind: str, reading: Reading, places: Mapping[str, int]) -> dict[str, list[str]]:
    """The different words of the fields that hold words, as the file writes them."""
    fields = [each for each in _WORDED if each in places]
    values = values_of(table, fields, kind, replace(reading, values={}, constants={}), places)
    found: dict[str, dict[str, None]] = {each: {} for each in fields}
    for row in islice(table.rows, _WORDS_FROM) if fields else ():
        if not isinstance(row, RowFaults):
            for its_field, text in zip(fields, values(row[1]), strict=True):
                if (
                    text
                    and shown(text) == text
                    and len(found[its_field]) < _MOST_WORDS
                    and not (its_field == "percent" and text[0].isdigit())
                ):
                    found[its_field].setdefault(text)
    return {its_field: list(words) for its_field, words in found.items() if words}
