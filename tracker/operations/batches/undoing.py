"""Undoing a batch: its own facts are voided, what it had corrected is recorded anew, what it taught is forgotten."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import CursorResult, Select, Update, and_, delete, exists, insert, or_, select, tuple_, update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.curriculum.keys import email_key, member_key, name_key
from tracker.language import _
from tracker.models import (
    Assignment,
    Batch,
    BatchChange,
    BatchUndone,
    Completion,
    DueDecision,
    Eligibility,
    Evidence,
    Exemption,
    Identifier,
    IdentifierKind,
    Member,
    Membership,
    ProviderAccount,
    User,
    new_ids,
)
from tracker.models.loading import in_chunks, many_rows, read_rows
from tracker.operations.accounts import end_sessions
from tracker.operations.actor import Actor
from tracker.operations.assignments import reach
from tracker.operations.assignments.leaving import ENDED_BY_HAND
from tracker.operations.audit import audit
from tracker.operations.completions.waiting import take_out_waiting
from tracker.operations.merging import KIND as MERGE
from tracker.operations.merging import let_wait_unmerged
from tracker.operations.refused import Refused
from tracker.operations.standings import refresh_standings

FACTS: tuple[Any, ...] = (Membership, Assignment, Exemption, DueDecision, Completion, ProviderAccount, Eligibility)
# Cards, and what is asked through them, stand or fall together; each other fact is for itself.
_CARDS = (Membership, Assignment)
# What makes two facts of a member the same: a fact is not recorded anew beside one that says the same.
_KEYS: dict[Any, tuple[str, ...]] = {
    Membership: ("unit_id", "craft_id", "from_on"),
    Assignment: ("path_id", "rule_id", "membership_id", "assigned_on"),
    Exemption: ("path_id", "unit_id", "from_on"),
    DueDecision: ("rule_id", "membership_id"),
    Completion: ("course_id", "completed_on", "assurance"),
    ProviderAccount: ("provider", "provider_id"),
    Eligibility: ("provider", "unit_id"),
}
_KNOWN_ANEW = ("recorded_at", "recorded_by", "voided_at", "voided_by", "void_reason", "voided_batch_id")


@dataclass
class Undone:
    """What undoing a batch did: facts by table, and the members it left alone because a person changed them since."""

    voided: Counter[str] = field(default_factory=Counter)
    recorded_anew: Counter[str] = field(default_factory=Counter)
    left_alone: int = 0
    members: set[int] = field(default_factory=set)


@many_rows()
def undo_batch(session: Session, batch: Batch, actor: Actor, *, today: date, now: datetime) -> Undone:
    """Take a batch back as a whole: exactly its own facts are voided, and nobody else's.

    Facts that it had voided are recorded anew, under the import that brought them. Members whose cards were corrected since
    keep them as they are. Its rows may come again: the next import of the file records them.

    Raises:
        Refused: ``already_undone``.

    Needs ``writing(alone=True)``.
    """
    if session.get(BatchUndone, batch.id) is not None:
        raise Refused("already_undone", _("%(value)s was undone already.", value=batch.file_name or "This import"))
    undone = Undone()
    members = members_of(session, batch.id)
    changed_since = with_cards_changed_since(session, batch.id)
    undone.left_alone = len(changed_since)
    _void_own_facts(session, batch.id, undone, actor, now)
    _take_back_changes(session, batch.id, members, now)
    for chunk in in_chunks(sorted(members), 2_000):
        _record_anew(session, batch.id, chunk, changed_since, undone, actor, now)
    take_out_waiting(session, batch.id, now)
    session.flush()
    reach(session, None, members, actor, now, ended=_ended_by_hand(session, batch.id, members))
    refresh_standings(session, members, today)
    if batch.kind == MERGE:
        let_wait_unmerged(session, batch, actor, today=today, now=now)
    session.execute(insert(BatchUndone).values(batch_id=batch.id, undone_at=now, undone_by=actor.user_id))
    undone.members = members
    audit(
        session,
        actor,
        "undo_batch",
        object_kind="batch",
        object_id=batch.id,
        detail={"file": batch.file_name, "voided": dict(undone.voided), "recorded anew": dict(undone.recorded_anew)},
        at=now,
    )
    return undone


def members_of(session: Session, batch_id: int) -> set[int]:
    """Everyone whom a batch says something of, or said something else of."""
    members: set[int] = set()
    for model in FACTS:
        table = model.__tablename__
        members.update(row[0] for row in read_rows(session, f"SELECT member_id FROM {table} WHERE batch_id = ?", [batch_id]))
    for table in ("membership", "exemption"):  # small ones: a card that only ended left no fact of the batch behind
        sql = f"SELECT member_id FROM {table} WHERE voided_batch_id = ?"
        members.update(row[0] for row in read_rows(session, sql, [batch_id]))
    members.update(row[0] for row in read_rows(session, "SELECT member_id FROM batch_change WHERE batch_id = ?", [batch_id]))
    return members


def with_cards_changed_since(session: Session, batch_id: int) -> set[int]:
    """The members of whom a later roster, a merge or a person corrected a card that this batch brought."""
    return set(session.scalars(_changed_since(batch_id).distinct()))


def _changed_since(batch_id: int) -> Select[int]:
    """What a batch changed that was itself undone is as it was."""
    undone = select(BatchUndone.batch_id)
    later = and_(Membership.voided_batch_id != batch_id, Membership.voided_batch_id.not_in(undone))
    return select(Membership.member_id).where(
        Membership.batch_id == batch_id,
        Membership.voided_at.is_not(None),
        or_(Membership.voided_batch_id.is_(None), later),
    )


def _void_own_facts(session: Session, batch_id: int, undone: Undone, actor: Actor, now: datetime) -> None:
    void = {
        "voided_at": now,
        "voided_by": actor.user_id,
        "void_reason": "its import was undone",
        "voided_batch_id": batch_id,
    }
    changed_since = _changed_since(batch_id)
    for model in FACTS:
        own = update(model).where(model.batch_id == batch_id, model.voided_at.is_(None)).values(**void)
        if model in _CARDS:
            own = own.where(model.member_id.not_in(changed_since))
        undone.voided[model.__tablename__] += _rows_of(session, own)
    # what was asked later through a card of the batch goes with the card
    card = exists().where(
        Membership.member_id == Assignment.member_id,
        Membership.id == Assignment.membership_id,
        Membership.voided_batch_id == batch_id,
        Membership.batch_id == batch_id,
    )
    through = update(Assignment).where(Assignment.voided_at.is_(None), Assignment.membership_id.is_not(None), card)
    undone.voided["assignment"] += _rows_of(session, through.values(**void))


def _rows_of(session: Session, change: Update) -> int:
    done = session.execute(change.execution_options(synchronize_session=False))
    return done.rowcount if isinstance(done, CursorResult) else 0


def _take_back_changes(session: Session, batch_id: int, members: set[int], now: datetime) -> None:
    """Names, identifiers and merges as they were, the last change first; what was changed again since stays."""
    mine = BatchChange.batch_id == batch_id
    added = and_(BatchChange.what == IdentifierKind.EMAIL.value, BatchChange.before == "")  # by the hundred thousand
    session.execute(
        delete(Identifier)
        .where(
            Identifier.kind == IdentifierKind.EMAIL,
            tuple_(Identifier.member_id, Identifier.shown).in_(
                select(BatchChange.member_id, BatchChange.after).where(mine, added)
            ),
        )
        .execution_options(synchronize_session=False)
    )
    for change in session.scalars(select(BatchChange).where(mine, ~added).order_by(BatchChange.id.desc())):
        if change.what == "name":
            _name_again(session, change)
        elif change.what == "merged":
            session.execute(update(Member).where(Member.member_id == change.member_id).values(merged_into_id=None))
        elif change.what == "sign-in":
            _sign_in_again(session, change)
        else:
            _identifier_again(session, change, now)


def _name_again(session: Session, change: BatchChange) -> None:
    member = session.get_one(Member, change.member_id)
    if [member.first_name, member.last_name] == json.loads(change.after):
        member.first_name, member.last_name = json.loads(change.before)
        member.name_key = name_key(member.first_name, member.last_name)
        session.flush()


def _sign_in_again(session: Session, change: BatchChange) -> None:
    """A merge had moved the sign-in ``before`` of this member to another, or let it lead nowhere. It comes back, unless it
    was given to somebody else since; it leads nowhere where the member was given another sign-in."""
    user = session.get(User, int(change.before)) if change.before else None
    merged = select(BatchChange.after).where(BatchChange.batch_id == change.batch_id, BatchChange.what == "merged")
    left_at = (None, int(session.scalars(merged).one()))
    if user is None or user.member_id == change.member_id or user.member_id not in left_at:
        return
    holder = session.scalar(select(User.id).where(User.member_id == change.member_id).limit(1))
    user.member_id = change.member_id if holder is None else None
    end_sessions(session, user)


def _identifier_again(session: Session, change: BatchChange, now: datetime) -> None:
    kind = IdentifierKind(change.what)
    if change.after:
        session.execute(
            delete(Identifier).where(
                Identifier.kind == kind,
                Identifier.value == identifier_value(kind, change.after),
                Identifier.member_id == change.member_id,
            )
        )
    if change.before:
        value = identifier_value(kind, change.before)
        taken = select(Identifier).where(Identifier.kind == kind, Identifier.value == value)
        mine = session.get(Identifier, (kind, value, change.member_id))
        if mine is None and (kind is IdentifierKind.EMAIL or session.scalar(taken) is None):
            row = {"kind": kind, "value": value, "member_id": change.member_id, "shown": change.before, "recorded_at": now}
            session.execute(insert(Identifier).values(row))


def identifier_value(kind: IdentifierKind, shown: str) -> str:
    """The form in which an identifier of that kind is looked up."""
    if kind is IdentifierKind.NUMBER:
        return member_key(shown)
    return shown if kind is IdentifierKind.ALIAS else email_key(shown)


def _record_anew(
    session: Session,
    batch_id: int,
    members: Collection[int],
    changed_since: set[int],
    undone: Undone,
    actor: Actor,
    now: datetime,
) -> None:
    """Record what the batch had voided, but for what is said by a valid fact by now, and rules' work: they reach anew."""
    for model in FACTS:
        voided = select(model).where(
            model.member_id.in_(members),
            model.voided_batch_id == batch_id,
            model.batch_id.is_distinct_from(batch_id),
            or_(model.batch_id.is_(None), model.batch_id.not_in(select(BatchUndone.batch_id))),  # undone with its own
        )
        if model is Assignment:
            voided = voided.where(Assignment.rule_id.is_(None))
        rows = [row for row in session.scalars(voided) if not (model in _CARDS and row.member_id in changed_since)]
        if not rows:
            continue
        valid = {
            _key(model, row)
            for row in session.scalars(select(model).where(model.member_id.in_(members), model.voided_at.is_(None)))
        }
        rows = [row for row in rows if _key(model, row) not in valid]
        ids = new_ids(len(rows))
        values = [
            {column.name: getattr(row, column.name) for column in model.__table__.columns if column.name not in _KNOWN_ANEW}
            | {"id": its_id, "recorded_at": now, "recorded_by": actor.user_id}
            for row, its_id in zip(rows, ids, strict=True)
        ]
        for chunk in in_chunks(values, 200):
            session.execute(insert(model).values(chunk))
        undone.recorded_anew[model.__tablename__] += len(rows)
        if model is Completion:
            _copy_evidence(session, {row.id: its_id for row, its_id in zip(rows, ids, strict=True)}, rows)


def _key(model: Any, row: Any) -> tuple[object, ...]:
    return (row.member_id, *(getattr(row, column) for column in _KEYS[model]))


def _copy_evidence(session: Session, ids: dict[int, int], rows: Iterable[Completion]) -> None:
    """The evidence of the old record is the evidence of the new one."""
    members = sorted({row.member_id for row in rows})
    found = session.scalars(
        select(Evidence).where(Evidence.member_id.in_(members), Evidence.completion_id.in_(sorted(ids)))
    ).all()
    columns = [column.name for column in Evidence.__table__.columns]
    values = [
        {column: getattr(row, column) for column in columns} | {"id": its_id, "completion_id": ids[row.completion_id]}
        for row, its_id in zip(found, new_ids(len(found)), strict=True)
    ]
    for chunk in in_chunks(values, 200):
        session.execute(insert(Evidence).values(chunk))


def _ended_by_hand(session: Session, batch_id: int, members: Collection[int]) -> dict[tuple[int, int], date]:
    """Until when rules ask through the cards recorded anew, where a person had ended an assignment before its card did."""
    ended: dict[tuple[int, int], date] = {}
    for chunk in in_chunks(sorted(members), 2_000):
        read = FactReader(session, chunk)
        listed = ", ".join(map(str, chunk))
        sql = (
            "SELECT a.rule_id, a.until_on, n.id FROM assignment a JOIN assignment_rule r ON r.id = a.rule_id"
            " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
            " JOIN membership n ON n.member_id = m.member_id AND n.unit_id = m.unit_id AND n.craft_id = m.craft_id"
            " AND n.from_on = m.from_on AND n.voided_at IS NULL"
            f" WHERE a.member_id IN ({listed}) AND a.voided_batch_id = ?"
            f" AND (a.batch_id IS NULL OR a.batch_id <> ?) AND {ENDED_BY_HAND}"
        )
        for rule, until, card in read_rows(session, sql, [batch_id, batch_id]):
            ended[rule, card] = read.day(until)
    return ended
