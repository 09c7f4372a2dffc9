"""Members: finding one, their record, their completions. Whoever reads somebody else's leaves a trace that they can read."""

from __future__ import annotations

from datetime import date

from flask import abort
from sqlalchemy.orm import Session

from tracker.access.finding import member_for, unit_for
from tracker.access.former import known_to
from tracker.access.reporting import printable
from tracker.api.v1.answers import following, gathered
from tracker.api.v1.asking import Paged, Words
from tracker.api.v1.callers import Caller
from tracker.api.v1.cursors import row_of
from tracker.api.v1.door import Opening, kept_text, operation, row_id, staff_and_auditors, today
from tracker.api.v1.opened import opened_list, opened_record
from tracker.api.v1.shapes.base import Day, Id, Shape, UnitName, floor_of, said
from tracker.api.v1.shapes.curriculum import CourseName, PathName
from tracker.api.v1.shapes.members import (
    Card,
    Completion,
    Completions,
    CourseStanding,
    MemberFound,
    MemberName,
    MemberRecord,
    MembersFound,
    PathStanding,
    Reason,
    SectionStanding,
)
from tracker.coverage.derivation import current_world
from tracker.coverage.directory import PastCompletion, history_of, members_page
from tracker.coverage.figures import end_of
from tracker.coverage.records import CourseRecord, PathRecord, member_record
from tracker.coverage.records.shapes import Reason as Asking
from tracker.coverage.why import cards_in
from tracker.curriculum.days import FOREVER
from tracker.models import Member, db


class OneMember(Shape):
    """A member."""

    member_id: Id = said("The member's id.", "731204859102834688")


class OnDay(Shape):
    """A record on a day."""

    as_of: Day | None = said("The day the record tells of; by default today.", "2026-07-31", default=None)


class Search(Paged):
    """Who is looked for."""

    q: Words | None = said("Words of their name, or the beginning of their number or e-mail address.", "ana", default=None)
    local: Words | None = said("Only who holds a card in this local, or under this district, today.", "600", default=None)


_sees_names: Opening = lambda reach: reach.sees_all_units or bool(reach.locals_with_names) or reach.member_id is not None  # noqa: E731
_WHO = "training staff, auditors, officers of a local where the member holds a card, and the member"


@operation("/members", MembersFound, about="Members", opened_to=staff_and_auditors)
def members(caller: Caller, query: Search) -> MembersFound:
    """Members by last name. It leaves a trace that each of them can read."""
    session, text, local = db.session(), kept_text(query.q), kept_text(query.local)
    unit = unit_for(session, caller.reach, printable(local)) if local else None
    rows, key = gathered(
        lambda after: members_page(session, text, unit, today(), after),
        lambda line: line.member.member_id,
        row_of(kept_text(query.cursor)),
        query.limit,
    )
    items = [MemberFound(**_named(line.member), cards=list(line.cards)) for line in rows]
    opened_list(caller, [line.member.member_id for line in rows], unit.id if unit else None)
    return MembersFound(items=items, next=following(key))


@operation("/members/<member_id>", MemberRecord, about="Members", opened_to=_sees_names, who=_WHO)
def member(caller: Caller, path: OneMember, query: OnDay) -> MemberRecord:
    """A member's record: cards, and where they stand on each path that is asked of them. It leaves a trace they can read.

    To officers of a local that the member has left it tells what was known on the day asked, and nothing recorded since.
    """
    session, day = db.session(), query.as_of or today()
    found = member_for(session, caller.reach, row_id(path.member_id), day)
    opened_record(session, caller, found.member_id)
    return record_shape(session, caller, found, day)


@operation("/members/<member_id>/completions", Completions, about="Members", opened_to=_sees_names, who=_WHO)
def completions(caller: Caller, path: OneMember, query: Paged) -> Completions:
    """A member's completions, voided ones too: for officers those of courses that stand on a path. It leaves a trace."""
    session, reach = db.session(), caller.reach
    found = member_for(session, reach, row_id(path.member_id), today())
    sees_all = reach.sees_all_of(found.member_id)
    after = row_of(kept_text(query.cursor))
    rows = [each for each in history_of(session, found.member_id) if sees_all or each.course.id in _on_paths(session)]
    rows.sort(key=lambda each: -each.completion.id)
    rows = [each for each in rows if after is None or each.completion.id < after]
    opened_record(session, caller, found.member_id)
    shown = rows[: query.limit]
    key = str(shown[-1].completion.id) if len(rows) > len(shown) else None
    return Completions(items=[_completion(each, sees_all) for each in shown], next=following(key))


def record_shape(session: Session, caller: Caller, member: Member, day: date) -> MemberRecord:
    """A record as this caller may see it: an officer sees the cards in their locals, and what these ask and excuse; of who
    has left, what was known on the day."""
    reach = caller.reach
    sees_all = reach.sees_all_of(member.member_id)
    only = None if sees_all else reach.locals_with_names
    cards = cards_in(session, member.member_id, day, only)
    if only is not None and not cards:
        abort(404)
    known = known_to(session, reach, member.member_id, day, None, today())
    known_at = end_of(known) if known else None
    if known_at is not None:
        cards = cards_in(session, member.member_id, day, only, known_at)
    return MemberRecord(
        member=MemberName(**_named(member)),
        day=day,
        known=known,
        cards=[Card(unit=UnitName.of(card.unit), craft=card.craft, status=card.status) for card in cards],
        paths=[_path(each, sees_all) for each in member_record(session, member, day, known_at, only).paths],
    )


def _named(member: Member) -> dict[str, str]:
    return {
        "id": str(member.member_id),
        "number": member.number,
        "first_name": member.first_name,
        "last_name": member.last_name,
    }


def _path(record: PathRecord, sees_all: bool) -> PathStanding:
    progress = record.progress
    return PathStanding(
        path=PathName.of(record.path),
        version=record.version,
        state=record.state.value,
        kind=record.kind,
        due_on=record.due_on,
        until_on=None if record.until_on == FOREVER else record.until_on,
        needed=progress.needed,
        claimed=progress.claimed,
        reviewed=progress.reviewed,
        provider=progress.provider,
        minutes_to_go=progress.minutes_to_go,
        is_exempt=bool(record.exemptions),
        exemptions=list(record.exemptions) if sees_all else [],
        reasons=[_reason(each) for each in record.reasons],
        sections=[
            SectionStanding(
                title=section.title,
                needs=section.needs,
                is_met=section.is_met,
                courses=[_course(each) for each in section.courses],
            )
            for section in record.sections
        ],
    )


def _reason(reason: Asking) -> Reason:
    return Reason(
        words=reason.words,
        kind=reason.kind,
        assigned_on=reason.assigned_on,
        due_on=reason.due_on,
        asks=reason.asks,
    )


def _course(record: CourseRecord) -> CourseStanding:
    return CourseStanding(
        course=CourseName.of(record.course),
        state=record.state.value,
        until_on=None if record.until_on == FOREVER else record.until_on,
        completed_on=sorted({each.on for each in (*record.sightings, *record.stood_for)}),
    )


def _completion(past: PastCompletion, sees_all: bool) -> Completion:
    row = past.completion
    return Completion(
        id=str(row.id),
        course=CourseName.of(past.course),
        completed_on=row.completed_on,
        assurance=floor_of(row.assurance),
        source=row.source if sees_all else row.source.partition(" ")[0],  # else it would tell by whom
        recorded_at=row.recorded_at,
        batch_id=str(row.batch_id) if row.batch_id is not None and sees_all else None,
        voided_at=row.voided_at,
        void_reason=row.void_reason if sees_all else None,
    )


def _on_paths(session: Session) -> frozenset[int]:
    """The courses that stand on any path, or for one that does: what an officer's pages tell of."""
    curriculum = current_world(session).curriculum
    listed = {course for path_id in curriculum.paths for course in curriculum.listed(path_id)}
    return frozenset(listed | {rule.course for rule in curriculum.equivalents if rule.stands_for in listed})
