"""The second person: what was proposed is done, or declined; and what was done can be recorded anew."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from tracker.coverage.voiding import VoidQuestion, matching, voided_by
from tracker.language import _, ngettext
from tracker.models import Completion, Evidence, Proposal, User, new_ids
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.own_record import own_members, refuse_own
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings
from tracker.operations.voiding.proposing import refuse_question

_KNOWN_ANEW = ("recorded_at", "recorded_by", "voided_at", "voided_by", "void_reason", "voided_batch_id")
_AT_ONCE = 200


def confirm_void(session: Session, proposal: Proposal, shown: int, actor: Actor, *, today: date, now: datetime) -> int:
    """Do what another person proposed: the completions it names, and that were recorded when it was made, count no more.

    Args:
        shown: how many completions the person who confirms has seen that it is about.

    Returns:
        How many were voided.

    Raises:
        Refused: ``already_decided``, ``same_person``, ``changed``: they are others by now; and what proposing refuses.

    Needs ``writing(alone=True)``.
    """
    _refuse_decided(session, proposal)
    if _is_same_person(session, proposal, actor):
        raise Refused("same_person", _("You proposed this yourself: somebody else of the training staff must confirm it."))
    question = VoidQuestion.from_json(proposal.question)
    found = refuse_question(session, question, proposal.proposed_at)
    if found != shown:
        raise Refused(
            "changed",
            ngettext(
                "It is about %(n)s completion by now, no longer what you saw. Look again, then confirm.",
                "It is about %(n)s completions by now, no longer what you saw. Look again, then confirm.",
                found,
            ),
        )
    which = matching(question, proposal.proposed_at)
    members = sorted(set(session.scalars(select(Completion.member_id).where(*which))))
    session.execute(
        update(Completion)
        .where(*which)
        .values(voided_at=now, voided_by=actor.user_id, void_reason=proposal.reason)
        .execution_options(synchronize_session=False)
    )
    session.expire_all()
    refresh_standings(session, members, today)
    _close(session, proposal, found, actor, now)
    return found


def decline_void(session: Session, proposal: Proposal, actor: Actor, now: datetime) -> None:
    """Say no to a proposal, or take one's own back: nothing is voided.

    Raises:
        Refused: ``already_decided``.
    """
    _refuse_decided(session, proposal)
    _close(session, proposal, None, actor, now)


def record_anew(session: Session, proposal: Proposal, actor: Actor, *, today: date, now: datetime) -> int:
    """Record again what a confirmed proposal voided, each as it was, with what is behind it; but for what is recorded since.

    What was voided stays on record as voided for the days between.

    Returns:
        How many were recorded.

    Raises:
        Refused: ``not_done``, ``already_undone``, ``own_record``: it would record their own anew.

    Needs ``writing(alone=True)``.
    """
    if proposal.decided_at is None or proposal.done is None:
        raise Refused("not_done", _("Nothing was voided by this proposal."))
    which = voided_by(VoidQuestion.from_json(proposal.question), proposal.decided_at, proposal.proposed_at)
    voided = list(session.scalars(select(Completion).where(*which).order_by(Completion.id)))
    members = sorted({each.member_id for each in voided})
    valid: set[tuple[object, ...]] = set()
    ids: set[tuple[object, ...]] = set()
    for chunk in in_chunks(members, 500):
        for each in session.scalars(
            select(Completion).where(Completion.member_id.in_(chunk), Completion.voided_at.is_(None))
        ):
            valid.add((each.member_id, each.course_id, each.completed_on, each.assurance))
            ids.add((each.member_id, each.source, each.external_id))
    again = [
        each
        for each in voided
        if (each.member_id, each.course_id, each.completed_on, each.assurance) not in valid
        and (each.external_id is None or (each.member_id, each.source, each.external_id) not in ids)
    ]
    if not again:
        raise Refused("already_undone", _("All of these are recorded again already."))
    refuse_own(session, [each.member_id for each in again], actor)
    anew = dict(zip((each.id for each in again), new_ids(len(again)), strict=True))
    columns = [column.name for column in Completion.__table__.columns if column.name not in _KNOWN_ANEW]
    _insert(
        session,
        Completion,
        (
            {column: getattr(each, column) for column in columns}
            | {"id": anew[each.id], "recorded_at": now, "recorded_by": actor.user_id}
            for each in again
        ),
    )
    _copy_evidence(session, members, anew)
    session.flush()
    refresh_standings(session, {each.member_id for each in again}, today)
    audit(
        session,
        actor,
        "record_voided_anew",
        object_kind="proposal",
        object_id=proposal.id,
        detail={"recorded": len(again)},
        at=now,
    )
    return len(again)


def _copy_evidence(session: Session, members: list[int], anew: dict[int, int]) -> None:
    columns = [column.name for column in Evidence.__table__.columns]
    for chunk in in_chunks(members, 500):
        behind = session.scalars(select(Evidence).where(Evidence.member_id.in_(chunk)))
        found = [each for each in behind if each.completion_id in anew]
        _insert(
            session,
            Evidence,
            (
                {column: getattr(each, column) for column in columns}
                | {"id": its_id, "completion_id": anew[each.completion_id]}
                for each, its_id in zip(found, new_ids(len(found)), strict=True)
            ),
        )


def _insert(session: Session, model: type[Completion] | type[Evidence], rows: Iterable[dict[str, object]]) -> None:
    for chunk in in_chunks(rows, _AT_ONCE):
        session.execute(insert(model).values(chunk))


def _refuse_decided(session: Session, proposal: Proposal) -> None:
    session.refresh(proposal, with_for_update=True)
    if proposal.decided_at is None:
        return
    user = session.get(User, proposal.decided_by) if proposal.decided_by is not None else None
    who = user.email if user else _("somebody else")
    if proposal.done is None:
        raise Refused("already_decided", _("%(who)s has declined this already: nothing was voided.", who=who))
    raise Refused("already_decided", _("%(who)s has confirmed this already.", who=who))


def _is_same_person(session: Session, proposal: Proposal, actor: Actor) -> bool:
    """Whether one person would do both halves, be it with two sign-ins of one member."""
    if proposal.proposed_by == actor.user_id:
        return True
    proposer = Actor(proposal.proposed_by, "", "")
    return bool(own_members(session, proposer) & own_members(session, actor))


def _close(session: Session, proposal: Proposal, done: int | None, actor: Actor, now: datetime) -> None:
    proposal.decided_at, proposal.decided_by, proposal.done = now, actor.user_id, done
    session.flush()
    audit(
        session,
        actor,
        "decline_void" if done is None else "confirm_void",
        object_kind="proposal",
        object_id=proposal.id,
        detail={
            "question": proposal.question,
            "reason": proposal.reason,
            "proposed_by": proposal.proposed_by,
            "voided": done,
        },
        at=now,
    )
