"""What an import would do, laid before a person: kept with its job as plain JSON, for another process shows it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import islice
from typing import Any, NamedTuple

from tracker.coverage.roster_changes import RosterDiff
from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.intake.guessing import Looked, Need
from tracker.intake.headings import heading_key
from tracker.intake.imports import Imported
from tracker.intake.mapping import labels_of, mapped_table
from tracker.intake.tables import Content, HeadedTable
from tracker.operations.completions import Line, Lines
from tracker.operations.roster import Brake
from tracker.operations.rows import RowFaults

MOST_ROWS = 200  # of each outcome
_MOST_FAULTS = 200
_MOST_COLUMNS = 7
_LONGEST = 120
_AT_A_TERMINAL = re.compile(r" \(`?--[^()]*\)")  # how to mend something by an option: a page has its own ways
_SAMPLE, _MOST_SHOWN = 4, 12  # rows and columns of the file's beginning

# What a row is recognised by, the best first: by our fields, and by the headings of the forms that are read without any.
_TELLING = (
    *("name", "first_name", "last_name", "member_number", "email", "learner_id", "local", "course", "course_id"),
    *("completed_on", "percent", "craft", "status", "from_on", "until_on"),
)
_TELLING_HEADINGS = (*("content name", "content type", "percent completed", "completed at", "unique user id"), *_TELLING)


class PreviewRow(NamedTuple):
    """One row of the file: its cells under ``Preview.columns``, and why it would end as it does."""

    line: int
    cells: list[str]
    reason: str


class Braked(NamedTuple):
    """Why a roster must not be recorded before a person has typed how many leave by it."""

    leaving: int
    message: str
    worst: list[str]


@dataclass
class Preview:
    """What recording would do. The outcomes' counts add up to the rows."""

    kind: str
    profile: str
    outcomes: Counter[Outcome]
    faults: list[Fault] = field(default_factory=list)  # the first of them
    faults_in_all: int = 0
    dropped: list[str] = field(default_factory=list)
    new_members: int = 0
    settled: int = 0
    set_aside: int = 0
    no_renewal: str = ""
    headers: list[str] = field(default_factory=list)  # the first of them, and the first rows under them
    begins: list[list[str]] = field(default_factory=list)
    columns_left_out: int = 0
    columns: list[str] = field(default_factory=list)
    rows: dict[Outcome, list[PreviewRow]] = field(default_factory=dict)
    closed: int = 0  # cards or accounts that a complete file does not name
    kept_open: int = 0  # accounts that it does not name either, but one of its faulty rows might
    held: int = 0  # changes of a roster that a person must decide
    diff: RosterDiff | None = None
    brake: Braked | None = None

    @property
    def in_all(self) -> int:
        return self.outcomes.total()

    @property
    def to_record(self) -> int:
        """How many rows would bring something new."""
        return self.outcomes[Outcome.RECORDED] + self.outcomes[Outcome.CORROBORATED]

    @property
    def waiting(self) -> int:
        """How many rows would wait for a person or a course to be known."""
        return self.outcomes[Outcome.UNMATCHED] + self.outcomes[Outcome.UNKNOWN_COURSE]

    @property
    def does_nothing(self) -> bool:
        """Whether all of it is known, or cannot be read."""
        return not (self.to_record or self.waiting or self.closed or self.held)

    def as_json(self) -> dict[str, Any]:
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        return plain | {
            "outcomes": {outcome.value: count for outcome, count in self.outcomes.items()},
            "rows": {outcome.value: rows for outcome, rows in self.rows.items()},
            "diff": self.diff.as_json() if self.diff else None,
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Preview:
        """What :meth:`as_json` wrote."""
        said = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain}
        return cls(
            **said
            | {
                "outcomes": Counter({Outcome(word): count for word, count in plain["outcomes"].items()}),
                "faults": [Fault(*each) for each in plain["faults"]],
                "rows": {Outcome(word): [PreviewRow(*each) for each in rows] for word, rows in plain["rows"].items()},
                "diff": RosterDiff.from_json(plain["diff"]) if plain["diff"] else None,
                "brake": Braked(*plain["brake"]) if plain["brake"] else None,
            }
        )


def preview_of(imported: Imported, content: Content, file_name: str) -> Preview:
    """What was found, with how the file begins, and the rows themselves behind each count."""
    reading = imported.reading
    table = mapped_table(content, file_name, reading)
    labels = labels_of(table)
    begins = [row[1] for row in islice(table.rows, 3 * _SAMPLE) if not isinstance(row, RowFaults)][:_SAMPLE]
    places = _telling_places(table, labels, reading.columns, imported.dropped)
    return Preview(
        imported.kind,
        imported.profile,
        imported.outcomes,
        faults=imported.faults[:_MOST_FAULTS],
        faults_in_all=imported.faults_in_all,
        dropped=[plain(each) for each in imported.dropped],
        new_members=imported.new_members,
        settled=imported.settled,
        set_aside=imported.set_aside,
        no_renewal=imported.no_renewal,
        headers=[plain(label) for label in labels[:_MOST_SHOWN]],
        begins=[[plain(cell) for cell in row[:_MOST_SHOWN]] for row in begins],
        columns_left_out=max(0, len(labels) - _MOST_SHOWN),
        columns=[plain(labels[place]) for place in places],
        rows=_rows_behind(imported.lines, mapped_table(content, file_name, reading), places),
        closed=imported.closed,
        kept_open=imported.kept_open,
        held=imported.held,
        diff=imported.diff,
        brake=_braked(imported.brake),
    )


def _braked(brake: Brake | None) -> Braked | None:
    if brake is None:
        return None
    return Braked(brake.leaving, _AT_A_TERMINAL.sub("", brake.message), [each.sentence for each in brake.worst])


def _rows_behind(lines: Lines, table: HeadedTable, places: Sequence[int]) -> dict[Outcome, list[PreviewRow]]:
    """The first rows of each outcome, as the file has them."""
    wanted: dict[int, Line] = {}
    taken: Counter[Outcome] = Counter()
    for each in lines:
        if taken[each.outcome] < MOST_ROWS:
            taken[each.outcome] += 1
            wanted[each.line] = each
    last = max(wanted, default=0)
    rows: dict[Outcome, list[PreviewRow]] = {}
    for row in table.rows if wanted else ():
        number, cells = (row.line, []) if isinstance(row, RowFaults) else row
        line = wanted.get(number)
        if line is not None:
            shown = [plain(cells[place]) if cells else "" for place in places]
            rows.setdefault(line.outcome, []).append(PreviewRow(number, shown, plain(_AT_A_TERMINAL.sub("", line.reason))))
        if number >= last:
            break
    return rows


def _telling_places(
    table: HeadedTable, labels: Sequence[str], columns: Mapping[str, str], dropped: Collection[str]
) -> list[int]:
    """The columns by which a person recognises a row, in the order of the file; the first ones kept, where none is known."""
    kept = [place for place, label in enumerate(labels) if table.headers[place] and label not in dropped]
    if columns:
        known = [columns[field] for field in _TELLING if field in columns]
        telling = [labels.index(label) for label in known if label in labels]
    else:
        keys = {place: heading_key(labels[place].partition("(")[0]) for place in kept}
        telling = [place for name in _TELLING_HEADINGS for place in kept if keys[place] == heading_key(name)]
    return sorted(list(dict.fromkeys(telling or kept))[:_MOST_COLUMNS])


def plain(text: str) -> str:
    """A cell as a page can show it: short, and with nothing in it that no database takes."""
    kept = "".join(each if each.isprintable() else " " for each in text[: _LONGEST + 1])
    return kept if len(kept) <= _LONGEST else f"{kept[:_LONGEST]}…"


def looked_as_json(looked: Looked) -> dict[str, Any]:
    """What a file shows before it is read, for a job."""
    rows = [[plain(cell) for cell in row] for row in looked.rows]
    return asdict(replace(looked, rows=rows))


def looked_from_json(said: Mapping[str, Any]) -> Looked:
    """What :func:`looked_as_json` wrote."""
    return Looked(**{**said, "needs": [Need(*each) for each in said["needs"]]})
