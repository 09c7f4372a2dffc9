"""What undoing a batch would do, and whatever a person has touched since: read before it is done."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models import (
    Batch,
    BatchOutcome,
    BatchUndone,
    Completion,
    Course,
    Evidence,
    HeldChange,
    Member,
    User,
    WaitingCompletion,
)
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.batches.undoing import FACTS, members_of, with_cards_changed_since

_MOST_SHOWN = 200


@dataclass
class UndoPreview:
    """What would be voided, by table; what a person has touched since, in sentences; the imports that rest on this one."""

    facts: Counter[str] = field(default_factory=Counter)
    members: int = 0
    waiting: int = 0  # rows that would wait no more
    touched: list[str] = field(default_factory=list)  # the first of them
    touched_in_all: int = 0
    resting: list[Batch] = field(default_factory=list)
    undone_at: datetime | None = None

    def note(self, sentence: str) -> None:
        self.touched_in_all += 1
        if len(self.touched) < _MOST_SHOWN:
            self.touched.append(sentence)


def what_undo_touches(session: Session, batch: Batch) -> UndoPreview:
    """Everything to be known before a batch is undone. Only reads."""
    preview = UndoPreview()
    undone = session.get(BatchUndone, batch.id)
    if undone is not None:
        preview.undone_at = undone.undone_at
        return preview
    for model in FACTS:
        own = (model.batch_id == batch.id, model.voided_at.is_(None))
        preview.facts[model.__tablename__] = session.scalar(select(func.count()).select_from(model).where(*own)) or 0
    members = members_of(session, batch.id)
    preview.members = len(members)
    waits = (WaitingCompletion.batch_id == batch.id, WaitingCompletion.settled_at.is_(None))
    preview.waiting = session.scalar(select(func.count()).select_from(WaitingCompletion).where(*waits)) or 0
    _voided_since(session, batch, preview)
    _reviewed_since(session, batch, preview)
    _settled_since(session, batch, preview)
    _cards_since(session, batch, preview)
    if batch.kind == "roster":
        _members_since(session, batch, preview)
    preview.resting = _resting_on(session, batch)
    return preview


def _voided_since(session: Session, batch: Batch, preview: UndoPreview) -> None:
    rows = session.execute(
        select(Completion, Course.title, Member)
        .join(Course, Course.id == Completion.course_id)
        .join(Member, Member.member_id == Completion.member_id)
        .where(
            Completion.batch_id == batch.id,
            Completion.voided_at.is_not(None),
            func.coalesce(Completion.voided_batch_id, 0).not_in(select(BatchUndone.batch_id)),
        )
        .order_by(Completion.id)
    )
    for done, title, member in rows:
        if done.voided_batch_id is not None:
            preview.note(
                _(
                    "%(title)s of %(name)s (%(number)s) was moved by a later merge or import, and stays there.",
                    title=title,
                    name=member.name,
                    number=member.number,
                )
            )
        else:
            preview.note(
                _(
                    "%(title)s of %(name)s (%(number)s) was voided on %(voided_at)s: %(void_reason)s.",
                    title=title,
                    name=member.name,
                    number=member.number,
                    voided_at=f"{done.voided_at:%Y-%m-%d}",
                    void_reason=done.void_reason,
                )
            )


def _reviewed_since(session: Session, batch: Batch, preview: UndoPreview) -> None:
    rows = session.execute(
        select(Evidence, Course.title, Member)
        .join(Completion, (Completion.member_id == Evidence.member_id) & (Completion.id == Evidence.completion_id))
        .join(Course, Course.id == Completion.course_id)
        .join(Member, Member.member_id == Completion.member_id)
        .where(Completion.batch_id == batch.id, Completion.voided_at.is_(None), Evidence.reviewed_at.is_not(None))
        .order_by(Evidence.id)
    )
    for evidence, title, member in rows:
        preview.note(
            _(
                "The evidence of %(title)s of %(name)s (%(number)s) was reviewed on %(reviewed_at)s.",
                title=title,
                name=member.name,
                number=member.number,
                reviewed_at=f"{evidence.reviewed_at:%Y-%m-%d}",
            )
        )


def _settled_since(session: Session, batch: Batch, preview: UndoPreview) -> None:
    rows = session.execute(
        select(WaitingCompletion, Member)
        .join(Member, Member.member_id == WaitingCompletion.settled_member_id)
        .where(WaitingCompletion.batch_id == batch.id, WaitingCompletion.settled_at > batch.recorded_at)
        .order_by(WaitingCompletion.line)
    )
    for row, member in rows:
        preview.note(
            _(
                "Line %(line)s, %(course)s, had waited and was since recorded for %(name)s (%(number)s).",
                line=row.line,
                course=row.course,
                name=member.name,
                number=member.number,
            )
        )
    aside = (WaitingCompletion.batch_id == batch.id, WaitingCompletion.is_set_aside, WaitingCompletion.settled_at.is_(None))
    for row in session.scalars(select(WaitingCompletion).where(*aside).order_by(WaitingCompletion.line)):
        preview.note(
            _(
                "Line %(line)s, %(value)s, was set aside by a person.",
                line=row.line,
                value=row.learner_name or row.email or row.provider_id,
            )
        )


def _cards_since(session: Session, batch: Batch, preview: UndoPreview) -> None:
    changed = sorted(with_cards_changed_since(session, batch.id))
    for chunk in in_chunks(changed, 2_000):
        for member in session.scalars(select(Member).where(Member.member_id.in_(chunk)).order_by(Member.name_key)):
            preview.note(
                _(
                    "The cards of %(name)s (%(number)s) were changed since, and stay as they are.",
                    name=member.name,
                    number=member.number,
                )
            )


def _members_since(session: Session, batch: Batch, preview: UndoPreview) -> None:
    """People whom this roster brought, and for whom something was done since: they stay, without its cards."""
    sql = (
        "SELECT m.member_id FROM member m WHERE m.created_at = ? AND ("
        "EXISTS (SELECT 1 FROM completion c WHERE c.member_id = m.member_id AND c.voided_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM exemption e WHERE e.member_id = m.member_id AND e.voided_at IS NULL)"
        " OR EXISTS (SELECT 1 FROM assignment a WHERE a.member_id = m.member_id AND a.voided_at IS NULL"
        " AND a.rule_id IS NULL))"
    )
    kept = [row[0] for row in read_rows(session, sql, [batch.recorded_at])]
    for chunk in in_chunks(kept, 2_000):
        for member in session.scalars(select(Member).where(Member.member_id.in_(chunk)).order_by(Member.name_key)):
            preview.note(
                _(
                    "%(name)s (%(number)s) has a learning record by now: it is kept, without a card.",
                    name=member.name,
                    number=member.number,
                )
            )
    signed_in = select(User, Member).join(Member, Member.member_id == User.member_id)
    for user, member in session.execute(signed_in.where(Member.created_at == batch.recorded_at)):
        preview.note(
            _(
                "%(name)s (%(number)s) signs in as %(email)s: the sign-in stays, without a card.",
                name=member.name,
                number=member.number,
                email=user.email,
            )
        )
    decided = select(HeldChange).where(HeldChange.batch_id == batch.id, HeldChange.decided_at.is_not(None))
    for held in session.scalars(decided):
        preview.note(
            _(
                "A held %(what)s, %(after)s, was decided on %(decided_at)s, and stays decided.",
                what=held.what,
                after=held.after,
                decided_at=f"{held.decided_at:%Y-%m-%d}",
            )
        )


def _resting_on(session: Session, batch: Batch) -> list[Batch]:
    """Later imports of the kind that found rows already known, perhaps through this one: import them again afterwards."""
    return list(
        session.scalars(
            select(Batch)
            .join(BatchOutcome, BatchOutcome.batch_id == Batch.id)
            .outerjoin(BatchUndone, BatchUndone.batch_id == Batch.id)
            .where(
                Batch.kind == batch.kind,
                Batch.id > batch.id,
                BatchUndone.batch_id.is_(None),
                BatchOutcome.outcome == Outcome.ALREADY_KNOWN,
            )
            .order_by(Batch.id)
            .limit(20)
        )
    )
