"""A member says what is wrong in their record, and a person answers."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.corrections import Subject, open_about
from tracker.language import _, number
from tracker.models import About, Correction, CorrectionState, Member, Unit, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused

LONGEST = 2_000  # characters of what is said, on either side
MOST_OPEN = 20  # of one member at a time


def ask_correction(
    session: Session, member: Member, subject: Subject, words: str, actor: Actor, *, now: datetime
) -> Correction:
    """Ask a local, or the training staff, to correct something of a member's record.

    One correction at a time stays open of each thing; what is missing, or is none of the things named, can be several.

    Raises:
        Refused: ``no_words``, ``too_long``, ``already_asked``, ``too_many_open``.
    """
    said = _said(words, "words", _("Say in a few words what is right."))
    lock_member(session, member.member_id)
    waiting = open_about(session, member.member_id, subject.about, subject.object_id)
    if waiting is not None and subject.about in (About.MISSING, About.OTHER):
        waiting = _same_words(session, member.member_id, subject.about, said)
    if waiting is not None:
        raise Refused("already_asked", _("You have asked this already, and the answer is still to come."), field="words")
    mine = (Correction.member_id == member.member_id, Correction.state == CorrectionState.OPEN)
    if (session.scalar(select(func.count()).select_from(Correction).where(*mine)) or 0) >= MOST_OPEN:
        raise Refused(
            "too_many_open",
            _("%(most)s things you asked for still wait: wait for some of the answers first.", most=number(MOST_OPEN)),
            field="words",
        )
    correction = Correction(
        member_id=member.member_id,
        id=new_id(),
        about=subject.about,
        object_id=subject.object_id,
        shown=subject.shown,
        words=said,
        unit_id=subject.unit.id if subject.unit else None,
        state=CorrectionState.OPEN,
        asked_at=now,
        answer="",
    )
    session.add(correction)
    session.flush()
    _note(session, actor, "ask_correction", correction, {"about": subject.about.value, "shown": subject.shown}, now)
    return correction


def answer_correction(
    session: Session, correction: Correction, state: CorrectionState, words: str, actor: Actor, *, now: datetime
) -> None:
    """Answer a correction: it was done, and what was done; or it was declined, and why. The member reads it
    on their record, and the digest tells them that it is there.

    Raises:
        Refused: ``already_answered``, ``own_correction``, ``no_words``, ``too_long``.
    """
    if state is CorrectionState.OPEN:
        raise ValueError("an answer is done or declined")
    _take(session, correction, actor)
    is_done = state is CorrectionState.DONE
    missing = _("Say what was done: the member reads it.") if is_done else _("Say why not: the member reads it.")
    correction.answer = _said(words, "answer", missing)
    correction.state, correction.answered_at, correction.answered_by = state, now, actor.user_id
    session.flush()
    _note(session, actor, "answer_correction", correction, {"state": state.value, "answer": correction.answer}, now)


def pass_on_correction(session: Session, correction: Correction, words: str, actor: Actor, *, now: datetime) -> None:
    """Pass a correction from a local on to the training staff, with a note for them alone if there is anything to say.

    Raises:
        Refused: ``already_answered``, ``already_passed_on``, ``too_long``.
    """
    session.refresh(correction, with_for_update=True)
    _check_open(correction)
    if correction.unit_id is None:
        raise Refused("already_passed_on", _("This is with the training staff already."))
    unit_id, correction.unit_id = correction.unit_id, None
    unit = session.get_one(Unit, unit_id)
    note = words.strip()
    _check_length(note, "answer")
    # kept beside the correction until it is answered: the staff read it, the member reads their answer
    correction.answer = f"{unit.title}: {note}" if note else ""
    session.flush()
    _note(session, actor, "pass_on_correction", correction, {"note": note}, now, unit_id=unit_id)


def _take(session: Session, correction: Correction, actor: Actor) -> None:
    """Lock a correction to answer it."""
    session.refresh(correction, with_for_update=True)
    _check_open(correction)
    if correction.member_id in own_members(session, actor):
        raise Refused(
            "own_correction", _("Nobody answers what they asked themselves: leave it to somebody else, or pass it on.")
        )


def _check_open(correction: Correction) -> None:
    if correction.state is not CorrectionState.OPEN:
        raise Refused("already_answered", _("This was answered already."))


def _same_words(session: Session, member_id: int, about: About, said: str) -> Correction | None:
    return session.scalar(
        select(Correction).where(
            Correction.member_id == member_id,
            Correction.about == about,
            Correction.words == said,
            Correction.state == CorrectionState.OPEN,
        )
    )


def _said(words: str, field: str, missing: str) -> str:
    said = words.replace("\r\n", "\n").replace("\x00", "").strip()
    if not said:
        raise Refused("no_words", missing, field=field)
    _check_length(said, field)
    return said


def _check_length(said: str, field: str) -> None:
    if len(said) > LONGEST:
        raise Refused(
            "too_long",
            _("Keep it to %(most)s characters: these are %(count)s.", most=number(LONGEST), count=number(len(said))),
            field=field,
        )


def _note(
    session: Session,
    actor: Actor,
    action: str,
    correction: Correction,
    detail: dict[str, str],
    now: datetime,
    *,
    unit_id: int | None = None,
) -> None:
    audit(
        session,
        actor,
        action,
        object_kind="correction",
        object_id=correction.id,
        member_id=correction.member_id,
        unit_id=unit_id or correction.unit_id,
        detail=dict(detail),
        at=now,
    )
