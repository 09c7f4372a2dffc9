"""Push lists as files."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from tracker.coverage.exports import Column, Document, Kind, Table, facts_asked
from tracker.coverage.push_list.districts import LocalCalls
from tracker.coverage.push_list.reading import PushLine, PushList
from tracker.coverage.saying import of_them, plain_percent
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, mark, number
from tracker.models import LearningPath, Unit


def push_document(found: PushList, lines: Sequence[PushLine]) -> Document:
    """The list as a file: those to call, nearest first, then those who only wait.

    Names are in it: it is for the local's own officers and for staff.
    """
    rows = [
        (
            place,
            YES if each.take else NO,
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
        (mark("Path"), found.path.title),
        (mark("Target"), plain_percent(found.target_percent)),
        (mark("Covered"), of_them(found.covered, found.in_scope)),
        (mark("To go"), number(found.push.needed)),
    ]
    return Document(
        _("Whom to call · %(unit)s · %(path)s", unit=found.unit.title, path=found.path.title),
        facts,
        [Table(_COLUMNS, rows, _("Whom to call")), Table(_NEED_COLUMNS, _need_rows(found), _("What they lack"))],
        definitions=_DEFINITIONS,
        findings=(found.finding,),
    )


YES, NO = mark("yes"), mark("no")
_COLUMNS = (
    Column("place", Kind.COUNT),
    Column("call", Kind.WORD),
    Column("member_number", title=lazy("Member")),
    Column("first_name"),
    Column("last_name"),
    Column("craft"),
    Column("state", Kind.WORD),
    Column("take", title=lazy("Courses to take")),
    Column("courses", Kind.COUNT),
    Column("minutes", Kind.COUNT),
    Column("unsure", title=lazy("Done, waits to be confirmed")),
    Column("due_on", Kind.DAY, lazy("Due")),
)
_NEED_COLUMNS = (Column("take", title=lazy("Courses to take")), Column("minutes", Kind.COUNT), Column("people", Kind.COUNT))
_DEFINITIONS = (
    mark(
        "The fewest people who take the local to its target, nearest to finishing first: fewest minutes, then fewest"
        " courses, "
        "then the nearest due day."
    ),
    mark(
        "Courses to take: the shortest choice that finishes the path. What someone has done and is not as sure yet as"
        " the floor "
        "asks needs no call: it waits to be reviewed or confirmed."
    ),
    mark("Minutes: of the courses to take, where their length is stated."),
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
        Column("reaches_target", Kind.WORD),
    )
    rows = [(each.unit.number, each.unit.name, *each[1:7], YES if each.is_enough else NO) for each in lines]
    facts = facts_asked(district.title, as_of, known, floor)
    facts += [(mark("Path"), path.title), (mark("Target"), plain_percent(round(100 * target)))]
    title = _("Calls by local · %(unit)s · %(path)s", unit=district.title, path=path.title)
    return Document(title, facts, [Table(columns, rows)], _DEFINITIONS)
