"""What members say is wrong in their record: what it said, to whom it goes, what waits, and what came of it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.directory import user_names
from tracker.coverage.former import all_ids_of
from tracker.coverage.paging import Page
from tracker.curriculum.words import UnitKind
from tracker.language import _, day, mark
from tracker.models import (
    About,
    Assignment,
    ClaimReview,
    Completion,
    Correction,
    CorrectionState,
    Course,
    Craft,
    LearningPath,
    Member,
    Membership,
    StandingSpan,
    Unit,
)

_PAGE = 50

ABOUT_WORDS = {
    About.NAME: mark("Name"),
    About.CARD: mark("Card"),
    About.COURSE: mark("Completed course"),
    About.MISSING: mark("Missing course"),
    About.PATH: mark("Learning path"),
    About.REVIEW: mark("Review of a course"),
    About.OTHER: mark("Something else"),
}


class Subject(NamedTuple):
    """A thing of a member's record that may be wrong, as it stands now."""

    about: About
    object_id: int | None
    shown: str  # what it says
    unit: Unit | None  # the local that is asked to correct it; None: the training staff


class CorrectionLine(NamedTuple):
    """A correction as a list shows it. ``unit`` None: it is with the training staff."""

    correction: Correction
    member: Member
    unit: Unit | None
    answered_by: str


def corrections_waiting(session: Session, unit_ids: Collection[int] | None) -> tuple[int, datetime | None]:
    """How many corrections wait, and since when the one that waits longest does.

    Args:
        unit_ids: only those that wait for one of these locals; None: all of them, the training staff's too.
    """
    count, oldest = session.execute(
        select(func.count(), func.min(Correction.asked_at)).where(Correction.state == CorrectionState.OPEN, *_for(unit_ids))
    ).one()
    return count, oldest


def corrections_page(
    session: Session,
    unit_ids: Collection[int] | None,
    state: CorrectionState | None = CorrectionState.OPEN,
    *,
    with_staff: bool = False,
    after: int | None = None,
) -> Page[CorrectionLine]:
    """Corrections of one state (None: of any): open ones with the oldest first, others with the newest first.

    Args:
        unit_ids: only those that one of these locals is asked; None: all.
        with_staff: only those that are with the training staff.
        after: the correction to go on after.
    """
    is_open = state is CorrectionState.OPEN
    wanted = select(Correction).where(*_for(unit_ids)).limit(_PAGE + 1)
    wanted = wanted.order_by(Correction.id if is_open else Correction.id.desc())
    if state is not None:
        wanted = wanted.where(Correction.state == state)
    if with_staff:
        wanted = wanted.where(Correction.unit_id.is_(None))
    if after is not None:
        wanted = wanted.where(Correction.id > after if is_open else Correction.id < after)
    rows = list(session.scalars(wanted))
    lines = _lines(session, rows[:_PAGE])
    return Page(lines, str(lines[-1].correction.id) if len(rows) > _PAGE else None)


def corrections_of(session: Session, member_id: int) -> list[CorrectionLine]:
    """Everything a member has asked to be corrected, the newest first."""
    mine = select(Correction).where(Correction.member_id.in_(all_ids_of(session, member_id))).order_by(Correction.id.desc())
    return _lines(session, list(session.scalars(mine)))


def correction_line(session: Session, member_id: int, correction_id: int) -> CorrectionLine | None:
    """One correction of that very member; None where there is none."""
    found = session.get(Correction, (member_id, correction_id))
    return _lines(session, [found])[0] if found else None


def open_about(session: Session, member_id: int, about: About, object_id: int | None) -> Correction | None:
    """The member's open correction of that thing, if they have one."""
    same = Correction.object_id.is_(None) if object_id is None else Correction.object_id == object_id
    return session.scalar(
        select(Correction)
        .where(
            Correction.member_id == member_id,
            Correction.about == about,
            same,
            Correction.state == CorrectionState.OPEN,
        )
        .order_by(Correction.id)
        .limit(1)
    )


def subject_of(session: Session, member: Member, about: About, object_id: int | None, on: date) -> Subject | None:
    """A thing of this member's record; None where they have no such thing.

    A name and a card go to the local of that card; a course, a missing one, a path go to the home local, which corrects
    what it can and passes the rest on; what was decided of a claim goes to the training staff, who decide such things; and
    so does everything of a member without a card.
    """
    home = _home(session, member.member_id, on)
    if about in (About.NAME, About.MISSING, About.OTHER):
        if object_id is not None:
            return None
        return Subject(about, None, _("%(name)s, member %(number)s", name=member.name, number=member.number), home)
    if object_id is None:
        return None
    if about is About.CARD:
        return _card(session, member, object_id)
    if about is About.PATH:
        return _path(session, member, object_id, home)
    return _course(session, member, about, object_id, home)


def cards_of(session: Session, member: Member, on: date) -> list[Subject]:
    """The member's cards of a day, each as a thing that may be wrong; the home card first."""
    held = select(Membership.id).where(
        Membership.member_id == member.member_id,
        Membership.voided_at.is_(None),
        Membership.from_on <= on,
        or_(Membership.until_on.is_(None), Membership.until_on > on),
    )
    found = session.scalars(held.order_by(Membership.is_home.desc(), Membership.from_on, Membership.id)).all()
    cards = (_card(session, member, each) for each in found)
    return [each for each in cards if each is not None]


def _card(session: Session, member: Member, object_id: int) -> Subject | None:
    found = session.execute(
        select(Membership, Unit, Craft.name)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
        .where(Membership.member_id == member.member_id, Membership.id == object_id, Membership.voided_at.is_(None))
    ).first()
    if found is None:
        return None
    card, unit, craft = found
    values = {"local": unit.title, "craft": craft, "status": card.status, "first": day(card.from_on)}
    if card.until_on is None:
        shown = _("%(local)s · %(craft)s · %(status)s, from %(first)s", **values)
    else:
        shown = _("%(local)s · %(craft)s · %(status)s, from %(first)s until %(end)s", **values, end=day(card.until_on))
    return Subject(About.CARD, object_id, shown, unit if unit.kind is UnitKind.LOCAL else None)


def _path(session: Session, member: Member, object_id: int, home: Unit | None) -> Subject | None:
    path = session.get(LearningPath, object_id)
    if path is None:
        return None
    asked = select(Assignment.id).where(
        Assignment.member_id == member.member_id, Assignment.path_id == object_id, Assignment.voided_at.is_(None)
    )
    stands = select(StandingSpan.path_id).where(
        StandingSpan.member_id == member.member_id, StandingSpan.path_id == object_id
    )
    if session.scalar(asked.limit(1)) is None and session.scalar(stands.limit(1)) is None:
        return None
    return Subject(About.PATH, object_id, path.title, home)


def _course(session: Session, member: Member, about: About, object_id: int, home: Unit | None) -> Subject | None:
    """A completion; or a claim of which something was decided."""
    found = session.execute(
        select(Completion, Course.title)
        .join(Course, Course.id == Completion.course_id)
        .where(Completion.member_id == member.member_id, Completion.id == object_id)
    ).first()
    if found is None:
        return None
    done, title = found
    if about is About.COURSE:
        if done.voided_at is not None:
            return None
        shown = _("%(course)s, completed on %(day)s", course=title, day=day(done.completed_on))
        return Subject(about, object_id, shown, home)
    decided = session.scalar(
        select(ClaimReview)
        .where(ClaimReview.member_id == member.member_id, ClaimReview.completion_id == object_id)
        .order_by(ClaimReview.id.desc())
        .limit(1)
    )
    if decided is None:
        return None
    shown = _("%(course)s, logged for %(day)s: not taken when it was reviewed", course=title, day=day(done.completed_on))
    return Subject(about, object_id, shown, None)


def _home(session: Session, member_id: int, on: date) -> Unit | None:
    """The local of the member's home card, or else of the card they have held longest."""
    return session.scalar(
        select(Unit)
        .join(Membership, Membership.unit_id == Unit.id)
        .where(
            Membership.member_id == member_id,
            Unit.kind == UnitKind.LOCAL,
            Membership.voided_at.is_(None),
            Membership.from_on <= on,
            or_(Membership.until_on.is_(None), Membership.until_on > on),
        )
        .order_by(Membership.is_home.desc(), Membership.from_on, Membership.id)
        .limit(1)
    )


def _for(unit_ids: Collection[int] | None) -> tuple[ColumnElement[bool], ...]:
    return () if unit_ids is None else (Correction.unit_id.in_(sorted(unit_ids)),)


def _lines(session: Session, rows: list[Correction]) -> list[CorrectionLine]:
    members = {
        each.member_id: each
        for each in session.scalars(select(Member).where(Member.member_id.in_({row.member_id for row in rows})))
    }
    unit_ids = {row.unit_id for row in rows if row.unit_id is not None}
    units = {each.id: each for each in session.scalars(select(Unit).where(Unit.id.in_(unit_ids)))} if unit_ids else {}
    names = user_names(session, (row.answered_by for row in rows))
    return [
        CorrectionLine(
            row, members[row.member_id], units.get(row.unit_id or 0), names[row.answered_by] if row.answered_at else ""
        )
        for row in rows
    ]
