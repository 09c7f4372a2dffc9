"""The facts of one member, recorded anew for another."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

from sqlalchemy import insert, select, update

from tracker.coverage.derivation import FactReader
from tracker.models import (
    Assignment,
    Completion,
    DueDecision,
    Eligibility,
    Evidence,
    Exemption,
    Member,
    Membership,
    ProviderAccount,
    new_ids,
)
from tracker.models.loading import in_chunks, read_rows
from tracker.operations.assignments.leaving import ENDED_BY_HAND
from tracker.operations.merging.merge import Merge

# What makes a fact of the one the same as one of the other: it is voided and not recorded twice.
SAME: dict[Any, tuple[str, ...]] = {
    Membership: ("unit_id", "craft_id", "from_on"),
    Exemption: ("path_id", "unit_id", "from_on", "until_on"),
    Assignment: ("path_id", "version_id", "kind", "assigned_on", "until_on", "due_on"),  # made to the person
    Completion: ("course_id", "completed_on", "assurance"),
    ProviderAccount: ("provider", "provider_id"),
    Eligibility: ("provider", "unit_id"),
}
_NOT_COPIED = frozenset(("member_id", "id", "recorded_at", "recorded_by", "batch_id", "voided_batch_id"))


def move_facts(merge: Merge) -> dict[tuple[int, int], date]:
    """Void each fact of the one, and record it for the other unless the same is there.

    Returns:
        By rule and moved card, until when the rule asks where a person had ended an assignment before its card.
    """
    cards = _move(merge, Membership)
    ended = _ended_by_hand(merge, cards)
    _move_due_decisions(merge, cards)
    _move(merge, Assignment)
    _move(merge, Exemption)
    _copy_evidence(merge, _move(merge, Completion))
    _copy_voided(merge)
    _move(merge, ProviderAccount)
    _move(merge, Eligibility)
    return ended


def _valid(merge: Merge, model: Any, member: Member) -> list[Any]:
    found = select(model).where(model.member_id == member.member_id, model.voided_at.is_(None)).order_by(model.id)
    if model is Assignment:
        found = found.where(Assignment.rule_id.is_(None))
    return list(merge.session.scalars(found))


def _move(merge: Merge, model: Any) -> dict[int, int]:
    """The new id of each fact that was recorded anew, by its old one."""
    mine = _valid(merge, model, merge.keep)
    known = {_same(model, row) for row in mine}
    ids = {(row.source, row.external_id) for row in mine if row.external_id} if model is Completion else set()
    new: list[Any] = []
    for row in _valid(merge, model, merge.gone):
        same_report = model is Completion and (row.source, row.external_id) in ids
        if _same(model, row) in known or same_report:
            merge.merged.together[model.__tablename__] += 1
            continue
        known.add(_same(model, row))
        new.append(row)
    _void(merge, model)
    merge.merged.moved[model.__tablename__] += len(new)
    homes = [card for card in mine if card.is_home] if model is Membership else []
    return _record(merge, model, new, {row.id: {"is_home": False} for row in new if _clashes(row, homes)})


def _void(merge: Merge, model: Any) -> None:
    """Void what the one has, with what rules ask through their cards."""
    void = {
        "voided_at": merge.now,
        "voided_by": merge.actor.user_id,
        "void_reason": f"merged into member {merge.keep.number}",
        "voided_batch_id": merge.batch.id,
    }
    mine = update(model).where(model.member_id == merge.gone.member_id, model.voided_at.is_(None))
    merge.session.execute(mine.values(**void).execution_options(synchronize_session=False))


def _record(merge: Merge, model: Any, rows: Sequence[Any], otherwise: dict[int, dict[str, Any]]) -> dict[int, int]:
    ids = dict(zip((row.id for row in rows), new_ids(len(rows)), strict=True))
    anew = {"member_id": merge.keep.member_id, "recorded_at": merge.now, "recorded_by": merge.actor.user_id}
    anew |= {"batch_id": merge.batch.id, "voided_at": None, "voided_by": None, "void_reason": None}
    columns = [each.name for each in model.__table__.columns if each.name not in _NOT_COPIED]
    values = [
        {column: getattr(row, column) for column in columns} | anew | {"id": ids[row.id]} | otherwise.get(row.id, {})
        for row in rows
    ]
    for chunk in in_chunks(values, 200):
        merge.session.execute(insert(model).values(chunk))
    return ids


def _ended_by_hand(merge: Merge, cards: dict[int, int]) -> dict[tuple[int, int], date]:
    """What a person had ended of what rules ask through the cards, by the moved card."""
    sql = (
        "SELECT a.rule_id, a.membership_id, a.until_on FROM assignment a JOIN assignment_rule r ON r.id = a.rule_id"
        " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
        f" WHERE a.member_id = ? AND a.voided_at IS NULL AND {ENDED_BY_HAND}"
    )
    merge.session.flush()
    read = FactReader(merge.session, ())
    rows = read_rows(merge.session, sql, [merge.gone.member_id])
    return {(rule, cards[card]): read.day(until_on) for rule, card, until_on in rows if card in cards}


def _move_due_decisions(merge: Merge, cards: dict[int, int]) -> None:
    """What was decided of the one's due days holds for the cards that moved."""
    held = merge.session.scalars(select(Membership).where(Membership.member_id == merge.gone.member_id)).all()
    moved = {_same(Membership, card): cards[card.id] for card in held if card.id in cards}
    now = {card.id: moved[_same(Membership, card)] for card in held if _same(Membership, card) in moved}
    decisions = [each for each in _valid(merge, DueDecision, merge.gone) if each.membership_id in now]
    _void(merge, DueDecision)
    _record(merge, DueDecision, decisions, {each.id: {"membership_id": now[each.membership_id]} for each in decisions})


def _copy_evidence(merge: Merge, ids: dict[int, int]) -> None:
    """The evidence of what moved moves with it. What fell together stays in the history of the other."""
    rows = merge.session.scalars(
        select(Evidence).where(Evidence.member_id == merge.gone.member_id, Evidence.completion_id.in_(sorted(ids)))
    ).all()
    columns = [column.name for column in Evidence.__table__.columns]
    values = [
        {column: getattr(row, column) for column in columns}
        | {"member_id": merge.keep.member_id, "id": its_id, "completion_id": ids[row.completion_id]}
        for row, its_id in zip(rows, new_ids(len(rows)), strict=True)
    ]
    for chunk in in_chunks(values, 200):
        merge.session.execute(insert(Evidence).values(chunk))


def _copy_voided(merge: Merge) -> None:
    """What a person had voided stays void: the next report of it must find it known."""
    mine = {
        _same(Completion, row)
        for row in merge.session.scalars(select(Completion).where(Completion.member_id == merge.keep.member_id))
    }
    voided = select(Completion).where(
        Completion.member_id == merge.gone.member_id,
        Completion.voided_at.is_not(None),
        Completion.voided_batch_id.is_(None),
    )
    rows = {_same(Completion, row): row for row in merge.session.scalars(voided.order_by(Completion.id))}
    new = [row for same, row in rows.items() if same not in mine]
    as_void = {row.id: {"voided_at": merge.now, "voided_by": row.voided_by, "void_reason": row.void_reason} for row in new}
    _record(merge, Completion, new, as_void)


def _same(model: Any, row: Any) -> tuple[object, ...]:
    return tuple(getattr(row, column) for column in SAME[model])


def _clashes(row: Any, homes: Sequence[Membership]) -> bool:
    """Whether a moved home card overlaps a home card that the kept member has elsewhere."""
    if not isinstance(row, Membership) or not row.is_home:
        return False
    return any(
        home.unit_id != row.unit_id
        and (row.until_on is None or home.from_on < row.until_on)
        and (home.until_on is None or row.from_on < home.until_on)
        for home in homes
    )
