"""Which record of a table names its columns: no title above it, not the groups above the names, no row of values."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest
from typing import NamedTuple

MOST_ABOVE = 30  # records among which headings are looked for
MOST_COLUMNS = 1_000  # wider than any report known (the widest has some 60), narrow enough to cost nothing

_LONGEST_NAME = 200
_OUTER = "\ufeff \t\r\n\xa0"
# (text), [yyyy-mm-dd], {number}, <title>; but (none) and (12) are values.
_BRACKETED = re.compile(
    r"(?!.(?:none|null|nil|n/?a|blank|empty|unknown|[^a-z]*).$)(?:\(.*\)|\[.*\]|\{.*\}|<.*>)", re.IGNORECASE | re.DOTALL
)
# What holds letters and yet is no name: a moment, an amount, a day with its month in words.
_VALUE = re.compile(
    r".*\d:\d\d.*|.*\b\d{4}-\d\d?-\d\d?.*|.*\b\d\d?[/.]\d\d?[/.]\d\d.*|[-+$€£]?\d[\d.,]* ?[a-z]{1,7}\.?"
    r"|(?:[a-z]+,? )?(?:\d\d?\.?[ -])?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\.?[ -](?:\d\d?,? )?\d{2,4}",
    re.IGNORECASE | re.DOTALL,
)


class Headings(NamedTuple):
    """What the headings are, and in which of the records the names stand; their groups stand in the one above."""

    place: int
    names: list[str]


def heading_key(header: str) -> str:
    """What two spellings of one heading have in common."""
    return " ".join(header.replace("_", " ").split()).casefold()


def trimmed(cells: Sequence[str]) -> list[str]:
    """A record as headings are read: without outer spaces, and without blanks at its end."""
    found = [cell.strip(_OUTER) for cell in cells]
    while found and not found[-1]:  # a separator at the end of each line, or a formatted column beside the table
        found.pop()
    return found


def named(records: Sequence[list[str]], columns: Iterable[str]) -> Headings | None:
    """The first record that holds all of the headings, be it together with the groups above it."""
    wanted = set(map(heading_key, columns))
    for place, names in enumerate(records):
        if wanted <= set(map(heading_key, names)):
            return Headings(place, names)
    for place, groups in enumerate(records[:-1]):
        names = _grouped(groups, records[place + 1])
        if wanted <= set(map(heading_key, names)):
            return Headings(place + 1, names)
    return None


def guessed(records: Sequence[list[str]]) -> Headings:
    """The widest record of names that has nothing but titles above it; else the first, whatever it is.

    When in doubt it is the first: a row of values that is taken for headings is lost, while wrong headings are seen.
    """
    sketches = [_Sketch(record[:MOST_COLUMNS]) for record in records]
    best = Headings(0, records[0])
    width = sketches[0].filled
    for place, sketch in enumerate(sketches):
        below = sketches[place + 1 :]
        if below and _are_groups(sketch, below[0], below[1:]):
            names = _grouped(records[place], records[place + 1])
            if _stands_below(sketches[:place], names, below[1:]) and _filled(names) > width:
                best, width = Headings(place + 1, names), _filled(names)
        elif place and sketch.filled > width and sketch.is_of_names:
            is_sure = sketch.filled > 2 or (sketch.filled == 2 and _contrast(sketch, below))
            if is_sure and _stands_below(sketches[:place], records[place], below):
                best, width = Headings(place, records[place]), sketch.filled
    return best


def explain(names: Sequence[str], cells: Sequence[str]) -> bool:
    """Whether the row below the headings only explains them: (text), [yyyy-mm-dd], or the heading once more."""
    pairs = zip_longest(names, cells, fillvalue="")
    return len(names) > 1 and all(
        not cell or _BRACKETED.fullmatch(cell) or heading_key(cell) == heading_key(name) for name, cell in pairs
    )


class _Sketch:
    """What of a record decides whether it names columns."""

    def __init__(self, cells: list[str]) -> None:
        self.cells = cells
        self.filled = _filled(cells)
        self.values = list(map(_is_value, cells))
        self.is_of_names = not any(self.values)

    def is_title(self, width: int) -> bool:
        """Whether it may stand above a table so wide: a title, or labels with what they say (From: 2026-01-01)."""
        if self.filled == 1:
            return True
        if any(cell.endswith(":") for cell in self.cells):
            return self.filled < width
        if self.filled > 2:
            return any(self.values) and 3 * self.filled <= width
        first, second = (place for place, cell in enumerate(self.cells) if cell)
        return (second - first == 1 or any(self.values)) and 2 * self.filled <= width


def _filled(cells: Iterable[str]) -> int:
    return sum(map(bool, cells))


def _is_value(cell: str) -> bool:
    """Whether a cell is a value rather than a name. A sign such as # may well be a heading."""
    if not cell:
        return False
    if len(cell) > _LONGEST_NAME or "@" in cell or "://" in cell:
        return True
    if not any(map(str.isdigit, cell)):
        return False
    return not any(map(str.isalpha, cell)) or _VALUE.fullmatch(cell) is not None


def _stands_below(above: Sequence[_Sketch], names: Sequence[str], below: Sequence[_Sketch]) -> bool:
    """Whether what stands above the names can be titles, and the table goes on wider than they are."""
    width = _filled(names)
    if not all(sketch.is_title(width) for sketch in above):
        return False
    most = max((sketch.filled for sketch in above), default=0)
    if not below:
        return most < 2
    return 2 * sum(sketch.filled > most for sketch in below) >= len(below)


def _contrast(names: _Sketch, below: Sequence[_Sketch]) -> bool:
    """Whether a column has a name and below it nothing but values, such as days or numbers."""
    for column, name in enumerate(names.cells):
        kinds = [each.values[column] for each in below if column < len(each.cells) and each.cells[column]]
        if name and kinds and all(kinds):
            return True
    return False


def _are_groups(groups: _Sketch, names: _Sketch, below: Sequence[_Sketch]) -> bool:
    """Whether a record holds the groups of the names below it, with blanks where cells were merged.

    Groups and names together leave no column without a word, and a name stands under a blank between two groups. A
    table may have columns without a heading, and its first row looks like that too: so the names must differ from the
    rows below them, and where the last group is as wide as the table, from each other or by blanks of their own.
    """
    if not (groups.is_of_names and names.is_of_names and groups.filled > 1 and names.filled > 1):
        return False
    columns = list(zip_longest(groups.cells, names.cells, fillvalue=""))
    first = next(place for place, (group, _) in enumerate(columns) if group)
    has_spans = any(name and not group for group, name in columns[first : len(groups.cells)])
    has_tall = any(group and not name for group, name in columns)
    if not has_spans or not all(group or name for group, name in columns):
        return False
    if 2 * groups.filled > len(columns) and not has_tall:
        return False
    has_doubles = bool(_doubles(names.cells))
    if len(groups.cells) < len(columns):
        return has_doubles or _contrast(names, below)
    return (has_doubles or has_tall) and _contrast(names, below)


def _doubles(names: Iterable[str]) -> set[str]:
    counts = Counter(map(heading_key, filter(None, names)))
    return {key for key, count in counts.items() if count > 1}


def _grouped(groups: Sequence[str], names: Sequence[str]) -> list[str]:
    """The names, with their groups in front where names alone would be the same: Learner Name, Course Name."""
    doubles = _doubles(names)
    return list(_with_groups(groups, names, doubles))


def _with_groups(groups: Sequence[str], names: Sequence[str], doubles: set[str]) -> Iterator[str]:
    carried = ""
    for group, name in zip_longest(groups, names, fillvalue=""):
        carried = group or carried
        yield f"{carried} {name}".strip() if heading_key(name) in doubles else name or group
