"""Reports: whom to call, where to train next, second cards. Each says what its page and files say to this reader."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import Literal

from flask import abort
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.access.finding import unit_for
from tracker.access.former import officer
from tracker.access.leading import local_named_for
from tracker.access.reporting import district_for, path_for, printable
from tracker.api.v1.answers import following
from tracker.api.v1.asking import OfPath, Paged, Percent, Question, Words
from tracker.api.v1.callers import Caller
from tracker.api.v1.cursors import row_of
from tracker.api.v1.door import Opening, kept_text, operation, staff_and_auditors, today
from tracker.api.v1.opened import opened_list
from tracker.api.v1.problems import Problem
from tracker.api.v1.shapes.base import Report, UnitName, floor_of, said
from tracker.api.v1.shapes.curriculum import PathName
from tracker.api.v1.shapes.members import MemberOnPath, MembersOnPath
from tracker.api.v1.views.units import OneUnit
from tracker.coverage.derivation import current_world
from tracker.coverage.people import COUNTED_STATES, MemberLine, PersonHere, Wanted, by_state, members_page, people_here
from tracker.coverage.people_told import people_told
from tracker.coverage.priorities import By, priorities, priorities_document
from tracker.coverage.push_list import push_document, push_line_page, push_list
from tracker.coverage.second_cards import second_cards, second_cards_document, second_cards_page
from tracker.curriculum.states import State
from tracker.curriculum.words import UnitKind
from tracker.models import Member, Unit, db

StateWord = Literal["complete", "expiring", "under review", "expired", "overdue", "due soon", "in progress", "not started"]
assert {state.value for state in COUNTED_STATES} == {*StateWord.__args__}  # type: ignore[attr-defined]

_sees_names: Opening = lambda reach: reach.sees_all_units or bool(reach.locals_with_names)  # noqa: E731
_WHO = "training staff, auditors, and officers of the local"


class OfMembers(OfPath, Paged):
    """Which members of a local."""

    state: StateWord | None = said("Only those in this state.", "not started", default=None)
    q: Words | None = said("Only those whose name holds these words, or whose number this is.", "ana", default=None)


class OfPush(OfPath):
    """What is aimed at."""

    target: Percent | None = said("The share aimed at, in percent; by default the path's own.", 80, default=None)


class OfPriorities(Question):
    """Which order."""

    by: Literal["local", "craft", "both"] = said("What the rows are.", "local", default="local")
    path: Words | None = said("Only this path, by its code.", "ai-fundamentals", default=None)
    district: Words | None = said("Only under this district, by its number.", "D2", default=None)


class OfSecondCards(OfPath):
    """Of which unit."""

    unit: Words | None = said("A district's number; by default the whole union.", "D2", default=None)


@operation("/units/<number>/members", MembersOnPath, about="Members", opened_to=_sees_names, who=_WHO)
def unit_members(caller: Caller, path: OneUnit, query: OfMembers) -> MembersOnPath:
    """The members of a local in scope of a path, with their states: whom to call. It leaves a trace they can read."""
    session, floor = db.session(), query.assurance
    unit = local_named_for(session, caller.reach, printable(path.number))
    its_path = path_for(session, query.path)
    as_of, known = query.day(today()), query.known_on(today())
    wanted = Wanted(State(query.state) if query.state else None, kept_text(query.q))
    people = people_here(session, unit, its_path.id, as_of, known)
    people = people_told(session, people, unit, its_path.id, as_of, known, officer(caller.reach))
    listed = by_state(people, wanted, day=as_of, floor=floor, policy=current_world(session).policy).people
    start = _place_after(session, listed, row_of(kept_text(query.cursor)))
    shown = listed[start : start + query.limit]
    lines = members_page(session, shown, unit, its_path, day=as_of, known=known, floor=floor, size=None).rows
    opened_list(caller, [line.member.member_id for line in lines], unit.id)
    key = str(shown[-1].member_id) if start + query.limit < len(listed) else None
    return MembersOnPath(
        unit=UnitName.of(unit),
        path=PathName.of(its_path),
        as_of=as_of,
        known=known,
        floor=floor_of(floor),
        items=[_on_path(line) for line in lines],
        next=following(key),
    )


@operation("/units/<number>/push", Report, about="Reports", opened_to=_sees_names, who=_WHO)
def push(caller: Caller, path: OneUnit, query: OfPush) -> Report:
    """The fewest people who take a local to its target, by name. It leaves a trace they can read."""
    session = db.session()
    unit = local_named_for(session, caller.reach, printable(path.number))
    its_path = path_for(session, query.path)
    target = query.target / 100 if query.target else its_path.target
    if target is None:
        raise Problem(
            "conflict", "This path has no target: say one.", faults=[("#/query/target", "is missing: the path has none")]
        )
    found = push_list(
        session,
        unit,
        its_path,
        as_of=query.day(today()),
        known=query.known_on(today()),
        floor=query.assurance,
        target=target,
        officer=officer(caller.reach),
    )
    lines, _ = push_line_page(session, found, [*found.callers, *found.waiters], size=None)
    opened_list(caller, [each.line.member.member_id for each in lines], unit.id)
    return Report.of(push_document(found, lines))


@operation("/second-cards", Report, about="Reports", opened_to=staff_and_auditors)
def second_card_holders(caller: Caller, query: OfSecondCards) -> Report:
    """By name, why the locals add up to more than the people of the unit above them. It leaves a trace they can read."""
    session, number = db.session(), kept_text(query.unit)
    unit = (
        unit_for(session, caller.reach, printable(number))
        if number
        else session.scalar(select(Unit).where(Unit.parent_id.is_(None)).limit(1))
    )
    if unit is None or unit.kind is UnitKind.LOCAL:
        abort(404)
    its_path = path_for(session, query.path)
    found = second_cards(session, unit, its_path, as_of=query.day(today()), known=query.known_on(today()))
    rows = second_cards_page(session, found, size=None).rows
    opened_list(caller, [row.member.member_id for row in rows], unit.id)
    return Report.of(second_cards_document(found, rows, query.assurance))


@operation("/priorities", Report, about="Reports", opened_to=staff_and_auditors)
def where_to_train_next(caller: Caller, query: OfPriorities) -> Report:
    """Where to train next: people not covered × the exposure that the policy states for their craft."""
    session, number = db.session(), kept_text(query.district)
    found = priorities(
        session,
        by=By(query.by),
        as_of=query.day(today()),
        known=query.known_on(today()),
        floor=query.assurance,
        path=path_for(session, kept_text(query.path)) if kept_text(query.path) else None,
        district=district_for(session, caller.reach, number) if number else None,
    )
    return Report.of(priorities_document(found))


def _place_after(session: Session, people: Sequence[PersonHere], after: int | None) -> int:
    """Where a list by name goes on after a member, who may be in it no more."""
    if after is None:
        return 0
    last = session.scalar(select(Member).where(Member.member_id == after))
    if last is None:
        raise Problem(
            "not-found", "The list cannot go on from there: begin again.", faults=[("#/query/cursor", "is too old")]
        )
    return bisect_right(people, (last.name_key, last.member_id), key=lambda each: (each.name_key, each.member_id))


def _on_path(line: MemberLine) -> MemberOnPath:
    member, is_open = line.member, line.missing is not None
    return MemberOnPath(
        id=str(member.member_id),
        number=member.number,
        first_name=member.first_name,
        last_name=member.last_name,
        crafts=list(line.crafts),
        statuses=list(line.statuses),
        state=line.state.value,
        courses_to_go=line.missing,
        minutes_to_go=line.missing_minutes if is_open else None,
        due_on=line.due_on,
    )
