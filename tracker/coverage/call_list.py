"""A local's members on one path as a file: whom to call, and about what. Only for readers who may see names."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.coverage.exports import Column, Document, Kind, Table, facts_asked
from tracker.coverage.people import MemberLine
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, mark
from tracker.models import LearningPath, Unit

COLUMNS = (
    Column("member_number"),
    Column("first_name"),
    Column("last_name"),
    Column("craft"),
    Column("status"),
    Column("state", Kind.WORD),
    Column("courses_to_go", Kind.COUNT),
    Column("minutes_to_go", Kind.COUNT),
    Column("due_on", Kind.DAY, lazy("Due")),
)
_DEFINITIONS = (
    mark("State: where someone stands on the path on the day, counting only what is at least as sure as the floor."),
    mark("Courses and minutes to go: the shortest choice that finishes the path; empty where nothing on offer finishes it."),
)


def call_document(
    unit: Unit,
    path: LearningPath,
    lines: Sequence[MemberLine],
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    which: str,
    why: str = "",
) -> Document:
    """These members as a file, a line each.

    Args:
        which: whom it lists, in words.
        why: why they are left out of the figure; "" for those in scope.
    """
    facts = facts_asked(unit.title, as_of, known, floor)
    facts += [(mark("Path"), path.title), (mark("Members"), which)]
    rows = [_row(line, why) for line in lines]
    title = _("Members · %(unit)s · %(path)s", unit=unit.title, path=path.title)
    return Document(title, facts, [Table(COLUMNS, rows, _("Members"))], _DEFINITIONS)


def _row(line: MemberLine, why: str) -> tuple[str | int | date | None, ...]:
    member = line.member
    names = (member.number, member.first_name, member.last_name, ", ".join(line.crafts), ", ".join(line.statuses))
    if why:
        return (*names, why, None, None, None)
    to_go = (None, None) if line.missing is None else (line.missing, line.missing_minutes)
    return (*names, line.state.value, *to_go, line.due_on)
