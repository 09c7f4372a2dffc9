"""How far people have got, as documents. Names only for readers who may see them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from tracker.coverage.access_funnel.report import AccessReport, PersonsAccess
from tracker.coverage.access_funnel.steps import Step, Who
from tracker.coverage.exports import Column, Document, For, Kind, Table, facts_asked
from tracker.coverage.exports.shapes import Cell
from tracker.coverage.people import MemberLine
from tracker.language import _, lazy, mark, word
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
    Column("path_title", title=lazy("Path"), whom=For.PEOPLE),
    Column("unit_title", title=lazy("Unit"), whom=For.PEOPLE),
)
_PEOPLE_COLUMNS = (
    Column("member_number"),
    Column("first_name"),
    Column("last_name"),
    Column("craft"),
    Column("status"),
    Column("access", Kind.WORD),
    Column("accounts", Kind.COUNT),
    Column("invited_on", Kind.DAY, lazy("Invited")),
    Column("activated_on", Kind.DAY, lazy("Activated")),
    Column("state", Kind.WORD),
    Column("courses_to_go", Kind.COUNT),
    Column("minutes_to_go", Kind.COUNT),
    Column("due_on", Kind.DAY, lazy("Due")),
)
_DEFINITIONS = (
    mark(
        "In scope: distinct people with a card here whose status counts, who are asked for the path and not exempt from it."
    ),
    mark(
        "Cannot get in: those in scope who are not complete, and have no account at the provider or have not activated"
        " theirs."
    ),
    mark("Not done: those in scope who could get in, and are not complete."),
    mark("With account, activated and started count all who got at least so far, and so the complete too."),
    mark("Complete: those who hold the path on the day, counting only what is at least as sure as the floor."),
)
_COUNTS = (Who.IN_SCOPE, Who.WITH_ACCOUNT, Who.ACTIVATED, Who.STARTED, Who.COMPLETE, Who.CANNOT_GET_IN, Who.NOT_DONE)
_WHO = {
    Who.CANNOT_GET_IN: mark("cannot get in"),
    Who.NOT_DONE: mark("not done"),
    Who.NO_ACCOUNT: mark("no account"),
    Who.NOT_ACTIVATED: mark("not activated"),
    Who.NOT_BEGUN: mark("not begun"),
    Who.BEGUN: mark("begun"),
    Who.COMPLETE: mark("complete"),
    Who.WITH_ACCOUNT: mark("with account"),
    Who.ACTIVATED: mark("activated"),
    Who.STARTED: mark("started"),
    Who.IN_SCOPE: mark("in scope"),
    Who.TWO_ACCOUNTS: mark("two accounts"),
}
_WORDS = {
    Step.NO_ACCOUNT: mark("no account"),
    Step.NOT_ACTIVATED: mark("not activated"),
    Step.NOT_BEGUN: mark("not begun"),
    Step.BEGUN: mark("begun"),
    Step.COMPLETE: mark("complete"),
}


def access_document(report: AccessReport, path: LearningPath, scope: str) -> Document:
    """The report, a line a unit. ``scope`` is whom it tells of: "Local 80 · Studio Grips"."""
    facts = [*facts_asked(scope, report.as_of, report.known, report.floor), (mark("Path"), path.title)]
    rows: list[Sequence[Cell]] = [
        (
            *(row.path.code, row.unit.number, row.unit.kind.value),
            *(row.funnel.told(who) for who in _COUNTS),
            *(row.funnel.done_without, row.path.title, row.unit.title),
        )
        for row in report.rows
    ]
    hides = any(row.funnel.hides for row in report.rows)
    note = _("Empty: hidden, so that no group of few people can be told.") if hides else ""
    title = _("Access · %(scope)s · %(path)s", scope=scope, path=path.title)
    return Document(title, facts, [Table(_COLUMNS, rows, _("Access"), note)], _DEFINITIONS)


def people_document(
    people: Iterable[tuple[MemberLine, PersonsAccess]], report: AccessReport, path: LearningPath, unit: Unit, who: Who
) -> Document:
    """People with all there is to tell of each, a line a person."""
    facts = facts_asked(unit.title, report.as_of, report.known, report.floor)
    facts += [(mark("Path"), path.title), (mark("People"), word(_WHO[who]))]
    rows = [_person(line, theirs) for line, theirs in people]
    title = _("Access · %(scope)s · %(path)s", scope=unit.title, path=path.title)
    return Document(title, facts, [Table(_PEOPLE_COLUMNS, rows, _("People"))], _DEFINITIONS)


def step_words(theirs: PersonsAccess) -> str:
    """How far someone got, in words."""
    return word(_step(theirs))


def _step(theirs: PersonsAccess) -> str:
    return mark("account closed") if theirs.step is Step.NO_ACCOUNT and theirs.access.is_closed else _WORDS[theirs.step]


def _person(line: MemberLine, theirs: PersonsAccess) -> Sequence[Cell]:
    member, access = line.member, theirs.access
    to_go = (None, None) if line.missing is None else (line.missing, line.missing_minutes)
    return (
        *(member.number, member.first_name, member.last_name, ", ".join(line.crafts), ", ".join(line.statuses)),
        *(_step(theirs), len(access.open_at), access.invited_on, access.activated_on),
        *(line.state.value, *to_go, line.due_on),
    )
