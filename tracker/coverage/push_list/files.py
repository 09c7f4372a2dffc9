"""Push lists as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.coverage.exports import Column, Document, Kind, Table, facts_asked
from tracker.coverage.push_list.districts import LocalCalls
from tracker.coverage.push_list.reading import PushLine, PushList
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit


def push_document(found: PushList, lines: Sequence[PushLine]) -> Document:
    """The list as a file: those to call, nearest first, then those who only wait.

    Names are in it: it is for the local's own officers and for staff.
    """
    rows = [
        (
            place,
            "yes" if each.take else "no",
            each.line.member.number,
            each.line.member.first_name,
            each.line.member.last_name,
            ", ".join(each.line.crafts),
            each.line.state.value,
            "; ".join(course.title for course in each.take),
            len(each.take),
            each.minutes,
            "; ".join(course.title for course in each.unsure),
            each.line.due_on,
        )
        for place, each in enumerate(lines, start=1)
    ]
    facts = facts_asked(found.unit.title, found.as_of, found.known, found.floor)
    facts += [
        ("Path", found.path.title),
        ("Target", f"{found.target_percent} %"),
        ("Covered", f"{found.covered:,} of {found.in_scope:,}"),
        ("To go", f"{found.push.needed:,}"),
    ]
    return Document(
        f"Whom to call · {found.unit.title} · {found.path.title}",
        facts,
        [Table(_COLUMNS, rows, "Whom to call"), Table(_NEED_COLUMNS, _need_rows(found), "What they lack")],
        definitions=_DEFINITIONS,
        findings=(found.finding,),
    )


_COLUMNS = (
    Column("place", Kind.COUNT),
    Column("call"),
    Column("member_number", title="Member"),
    Column("first_name"),
    Column("last_name"),
    Column("craft"),
    Column("state"),
    Column("take", title="Courses to take"),
    Column("courses", Kind.COUNT),
    Column("minutes", Kind.COUNT),
    Column("unsure", title="Done, waits to be confirmed"),
    Column("due_on", Kind.DAY, "Due"),
)
_NEED_COLUMNS = (Column("take", title="Courses to take"), Column("minutes", Kind.COUNT), Column("people", Kind.COUNT))
_DEFINITIONS = (
    "The fewest people who take the local to its target, nearest to finishing first: fewest minutes, then fewest courses, "
    "then the nearest due day.",
    "Courses to take: the shortest choice that finishes the path. What someone has done and is not as sure yet as the floor "
    "asks needs no call: it waits to be reviewed or confirmed.",
    "Minutes: of the courses to take, where their length is stated.",
)


def _need_rows(found: PushList) -> list[tuple[str, int, int]]:
    return [("; ".join(course.title for course in each.courses), each.minutes, each.people) for each in found.needs]


def calls_document(
    district: Unit,
    path: LearningPath,
    lines: Sequence[LocalCalls],
    *,
    as_of: date,
    known: date | None,
    floor: Assurance,
    target: float,
) -> Document:
    """The calls a local as a file: counts, and no names."""
    columns = (
        Column("local"),
        Column("name"),
        *(Column(name, Kind.COUNT) for name in ("in_scope", "covered", "to_go", "only_wait", "within_an_hour", "minutes")),
        Column("reaches_target"),
    )
    rows = [(each.unit.number, each.unit.name, *each[1:7], "yes" if each.is_enough else "no") for each in lines]
    facts = facts_asked(district.title, as_of, known, floor)
    facts += [("Path", path.title), ("Target", f"{round(100 * target)} %")]
    return Document(f"Calls by local · {district.title} · {path.title}", facts, [Table(columns, rows)], _DEFINITIONS)
