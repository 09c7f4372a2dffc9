"""How far people have got, as documents. Names only for readers who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.coverage.access_funnel.report import AccessReport, PersonsAccess
from tracker.coverage.access_funnel.steps import Step, Who
from tracker.coverage.exports import Column, Document, For, Kind, Table, facts_asked
from tracker.coverage.exports.shapes import Cell
from tracker.coverage.people import MemberLine
from tracker.models import LearningPath, Unit

_COLUMNS = (
    Column("path", whom=For.PROGRAMS),
    Column("unit", whom=For.PROGRAMS),
    Column("unit_kind", whom=For.PROGRAMS),
    Column("in_scope", Kind.COUNT),
    Column("with_account", Kind.COUNT),
    Column("activated", Kind.COUNT),
    Column("started", Kind.COUNT),
    Column("complete", Kind.COUNT),
    Column("cannot_get_in", Kind.COUNT),
    Column("not_done", Kind.COUNT),
    Column("complete_without_account", Kind.COUNT),
    Column("path_title", title="Path", whom=For.PEOPLE),
    Column("unit_title", title="Unit", whom=For.PEOPLE),
)
_PEOPLE_COLUMNS = (
    Column("member_number"),
    Column("first_name"),
    Column("last_name"),
    Column("craft"),
    Column("status"),
    Column("access"),
    Column("accounts", Kind.COUNT),
    Column("invited_on", Kind.DAY, "Invited"),
    Column("activated_on", Kind.DAY, "Activated"),
    Column("state"),
    Column("courses_to_go", Kind.COUNT),
    Column("minutes_to_go", Kind.COUNT),
    Column("due_on", Kind.DAY, "Due"),
)
_DEFINITIONS = (
    "In scope: distinct people with a card here whose status counts, who are asked for the path and not exempt from it.",
    "Cannot get in: those in scope who are not complete, and have no account at the provider or have not activated theirs.",
    "Not done: those in scope who could get in, and are not complete.",
    "With account, activated and started count all who got at least so far, and so the complete too.",
    "Complete: those who hold the path on the day, counting only what is at least as sure as the floor.",
)
_COUNTS = (Who.IN_SCOPE, Who.WITH_ACCOUNT, Who.ACTIVATED, Who.STARTED, Who.COMPLETE, Who.CANNOT_GET_IN, Who.NOT_DONE)
_WORDS = {
    Step.NO_ACCOUNT: "no account",
    Step.NOT_ACTIVATED: "not activated",
    Step.NOT_BEGUN: "not begun",
    Step.BEGUN: "begun",
    Step.COMPLETE: "complete",
}


def access_document(report: AccessReport, path: LearningPath, scope: str) -> Document:
    """The report, a line a unit. ``scope`` is whom it tells of: "Local 80 · Studio Grips"."""
    facts = [*facts_asked(scope, report.as_of, report.known, report.floor), ("Path", path.title)]
    rows = [
        (
            *(row.path.code, row.unit.number, row.unit.kind.value),
            *(row.funnel.count(who) for who in _COUNTS),
            *(row.funnel.done_without, row.path.title, row.unit.title),
        )
        for row in report.rows
    ]
    return Document(f"Access · {scope} · {path.title}", facts, [Table(_COLUMNS, rows, "Access")], _DEFINITIONS)


def people_document(
    people: Iterable[tuple[MemberLine, PersonsAccess]], report: AccessReport, path: LearningPath, unit: Unit, who: Who
) -> Document:
    """People with all there is to tell of each, a line a person."""
    facts = facts_asked(unit.title, report.as_of, report.known, report.floor)
    facts += [("Path", path.title), ("People", who.value.replace("-", " "))]
    rows = [_person(line, theirs) for line, theirs in people]
    return Document(f"Access · {unit.title} · {path.title}", facts, [Table(_PEOPLE_COLUMNS, rows, "People")], _DEFINITIONS)


def step_words(theirs: PersonsAccess) -> str:
    """How far someone got, in words."""
    return "account closed" if theirs.step is Step.NO_ACCOUNT and theirs.access.is_closed else _WORDS[theirs.step]


def _person(line: MemberLine, theirs: PersonsAccess) -> Sequence[Cell]:
    member, access = line.member, theirs.access
    to_go = (None, None) if line.missing is None else (line.missing, line.missing_minutes)
    return (
        *(member.number, member.first_name, member.last_name, ", ".join(line.crafts), ", ".join(line.statuses)),
        *(step_words(theirs), len(access.open_at), access.invited_on, access.activated_on),
        *(line.state.value, *to_go, line.due_on),
    )
