"""The act of merging, what it refuses, and the end of undoing it."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.coverage.erasures import erasure_of
from tracker.language import _
from tracker.models import Batch, BatchChange, Completion, HeldChange, Member, WaitingCompletion, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.assignments import reach
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import settle_rows
from tracker.operations.matching import CourseFinder
from tracker.operations.merging.facts import move_facts
from tracker.operations.merging.merge import KIND, Merge, Merged
from tracker.operations.merging.people import move_identifiers, move_sign_in
from tracker.operations.own_record import refuse_own
from tracker.operations.recognising.learners import rows_with
from tracker.operations.recognising.taking_back import let_wait_again
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings


def merge_members(session: Session, keep: Member, gone: Member, actor: Actor, *, today: date, now: datetime) -> Merged:
    """Make two members one: everything of ``gone`` is ``keep``'s from now on, and ``gone`` leads to them.

    Where both have a card of the same local, craft and first day, the kept member's stays as it is; where both say the same
    course, day and assurance, it counts once. What rules ask through the moved cards, they ask anew.

    Raises:
        Refused: ``same_member``, ``already_merged``, ``erased``, ``held_change``, ``two_sign_ins``, ``own_record``: nobody
            makes somebody else's record their own.
    """
    _check(session, keep, gone)
    refuse_own(session, (keep.member_id, gone.member_id), actor)
    for member_id in sorted((keep.member_id, gone.member_id)):
        lock_member(session, member_id)
    batch = Batch(
        id=new_id(),
        kind=KIND,
        profile="",
        file_name=f"Merge of {gone.name} ({gone.number}) into {keep.name} ({keep.number})",
        sha256="",
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(batch)
    session.flush()
    merged = Merged(batch.id)
    merge = Merge(session, keep, gone, batch, actor, today, now, merged)
    move_sign_in(merge)
    ended = move_facts(merge)
    emails = move_identifiers(merge)
    merge.note(gone, "merged", "", str(keep.member_id))
    gone.merged_into_id = keep.member_id
    session.flush()
    reach(session, None, [keep.member_id], actor, now, batch_id=batch.id, ended=ended)
    refresh_standings(session, [keep.member_id, gone.member_id])
    waiting = rows_with(session, emails)
    settle_rows(session, waiting, by=actor, today=today, now=now)
    merged.settled = sum(row.settled_at is not None for row in waiting)
    audit(
        session,
        actor,
        "merge_members",
        object_kind="batch",
        object_id=batch.id,
        member_id=keep.member_id,
        detail={
            "kept": keep.number,
            "gone": gone.number,
            "gone_id": str(gone.member_id),
            "moved": dict(merged.moved),
            "together": dict(merged.together),
            "settled": merged.settled,
        },
        at=now,
    )
    return merged


def let_wait_unmerged(session: Session, batch: Batch, actor: Actor, *, today: date, now: datetime) -> None:
    """The end of undoing a merge: reports that had found their member only through it wait again.

    Raises:
        Refused: ``merged_on``: the kept member was merged into another since; ``own_record``.
    """
    change = select(BatchChange).where(BatchChange.batch_id == batch.id, BatchChange.what == "merged")
    keep = session.get_one(Member, int(session.scalars(change).one().after))
    if keep.merged_into_id is not None:
        raise Refused("merged_on", _("%(name)s was merged into another member since: undo that first.", name=keep.name))
    refuse_own(session, keep.member_id, actor)
    # a completion that a person had voided was copied as void, and says nothing of the kept member any more
    session.execute(
        update(Completion)
        .where(Completion.member_id == keep.member_id, Completion.batch_id == batch.id, Completion.voided_batch_id.is_(None))
        .where(Completion.voided_at == Completion.recorded_at)
        .values(voided_batch_id=batch.id)
    )
    rows = list(
        session.scalars(
            select(WaitingCompletion)
            .where(
                WaitingCompletion.settled_at == batch.recorded_at,
                WaitingCompletion.settled_member_id == keep.member_id,
            )
            .order_by(WaitingCompletion.id)
        )
    )
    courses = CourseFinder(session)
    found = {row.id: course.id for row in rows if (course := courses.find(row)) is not None}
    let_wait_again(session, rows, found, "the merge that had found its member was undone", actor, today=today, now=now)


def _check(session: Session, keep: Member, gone: Member) -> None:
    if keep.member_id == gone.member_id:
        raise Refused("same_member", _("That is the same member twice: choose two."), field="gone")
    for member in (keep, gone):
        if member.merged_into_id is not None:
            into = session.get_one(Member, member.merged_into_id)
            raise Refused(
                "already_merged",
                _(
                    "%(name)s (%(number)s) was merged into %(name2)s (%(number2)s) already.",
                    name=member.name,
                    number=member.number,
                    name2=into.name,
                    number2=into.number,
                ),
                field="keep" if member is keep else "gone",
            )
        if erasure_of(session, member.member_id) is not None:
            message = _(
                "Member %(number)s was erased: what they did counts on, and is nobody’s by name any more.",
                number=member.number,
            )
            raise Refused("erased", message, field="keep" if member is keep else "gone")
    held = select(HeldChange).where(HeldChange.member_id == gone.member_id, HeldChange.decided_at.is_(None))
    if (change := session.scalars(held).first()) is not None:
        raise Refused(
            "held_change",
            _(
                "A roster’s new %(what)s for %(name)s waits for a decision: decide that first.",
                what=change.what,
                name=gone.name,
            ),
            field="gone",
        )
