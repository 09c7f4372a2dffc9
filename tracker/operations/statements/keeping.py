"""Statements into their table, as they came. Facts come of them afterwards, in the same write or a later one."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import bindparam, select, text
from sqlalchemy.orm import Session

from tracker.models import StatementState, XapiStatement, new_ids
from tracker.models.base import Moment
from tracker.models.loading import in_chunks
from tracker.operations.refused import Refused
from tracker.operations.rows import NotACompletion, RowFaults
from tracker.operations.statements.shapes import Meaning, Reader, Statement, Voiding

# What a receiver adds by itself, and the id, whose case does not count: they make no statement another one.
NO_LONGER = "{}"  # what a statement said is kept no longer: its member was erased, or its time is over
_NOT_CONTENT = ("id", "stored", "authority", "version")

_INSERT = text(
    "INSERT INTO xapi_statement (id, statement_id, client_id, raw, received_at, state, reason)"
    " VALUES (:id, :statement_id, :client_id, :raw, :received_at, :state, :reason)"
    " ON CONFLICT (statement_id) DO NOTHING"
).bindparams(bindparam("received_at", type_=Moment()))


def unknown_among(session: Session, statements: Sequence[Statement]) -> list[Statement]:
    """Those of the statements that are not kept yet. Only reads.

    Raises:
        Refused: ``statement_conflict``, where an id is kept with other content.
    """
    kept = _kept(session, statements)
    for each in statements:
        if each.statement_id in kept and is_other(kept[each.statement_id].raw, each.raw):
            raise conflict(each)
    return [each for each in statements if each.statement_id not in kept or not kept[each.statement_id].raw]


def keep_statements(
    session: Session, statements: Sequence[Statement], client_id: int, received_at: datetime, read: Reader
) -> tuple[list[XapiStatement], list[Statement]]:
    """Keep statements that are not kept yet, whoever else is keeping the same ones at this moment.

    They are taken in the order of their ids, so that two writers who meet wait for one another instead of for ever. A
    statement that was voided before it came is kept as voided; one of which no fact can come has ended with this.

    Returns:
        The rows that are new, and the statements that are not kept: their ids are, with other content.
    """
    ours = dict(zip((each.statement_id for each in statements), new_ids(len(statements)), strict=True))
    ordered = sorted(statements)
    if ordered:
        session.execute(_INSERT, [_row(ours[each.statement_id], each, client_id, received_at, read) for each in ordered])
    kept = _kept(session, ordered, is_for_update=True)
    new: list[XapiStatement] = []
    conflicts: list[Statement] = []
    for each in ordered:
        row = kept[each.statement_id]
        if row.id == ours[each.statement_id]:
            new.append(row)
        elif not row.raw:
            row.raw, row.client_id, row.received_at = each.raw, client_id, received_at
            if isinstance(read(each.raw, received_at), Voiding):
                row.state, row.reason = StatementState.NEW, ""  # which nothing can void
            new.append(row)
        elif is_other(row.raw, each.raw):
            conflicts.append(each)
    return new, conflicts


def begins_as(meaning: Meaning) -> tuple[StatementState, str]:
    """What a statement is once it is kept, and why: new, unless no fact can come of it."""
    if isinstance(meaning, NotACompletion):
        return StatementState.NO_COMPLETION, meaning.reason
    if isinstance(meaning, RowFaults):
        return StatementState.FAULTY, "; ".join(f"{each.column} {each.reason}" for each in meaning.faults)
    return StatementState.NEW, ""


def keep_aside(session: Session, statement: Statement, client_id: int, received_at: datetime) -> None:
    """Keep a statement whose id another one has, beside that one and without effect: its sender has been answered."""
    (its_id,) = new_ids(1)
    beside = statement._replace(statement_id=f"{statement.statement_id} #{its_id}")
    reason = "another statement has this id and other content; this one came second"
    session.execute(_INSERT, _values(its_id, beside, client_id, received_at, StatementState.FAULTY, reason))


def mark_before_it_comes(session: Session, statement_id: str, client_id: int, now: datetime, reason: str) -> XapiStatement:
    """The row of a statement that is being voided: if it has not come yet, an empty one that makes it void when it comes."""
    (its_id,) = new_ids(1)
    session.execute(_INSERT, _values(its_id, Statement(statement_id, ""), client_id, now, StatementState.VOIDED, reason))
    return session.scalars(
        select(XapiStatement)
        .where(XapiStatement.statement_id == statement_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def is_other(kept: str, raw: str) -> bool:
    """Whether two statements with one id say different things. An empty one has not come yet; of one that is kept no longer
    nobody can say."""
    return kept not in ("", NO_LONGER) and kept != raw and _content(kept) != _content(raw)


def conflict(statement: Statement) -> Refused:
    return Refused(
        "statement_conflict",
        f"The id {statement.statement_id} belongs to another statement, which says something else. Nothing of this call "
        "was kept.",
    )


def _content(raw: str) -> str:
    said = json.loads(raw)
    return json.dumps({name: value for name, value in said.items() if name not in _NOT_CONTENT}, sort_keys=True)


def _row(its_id: int, statement: Statement, client_id: int, received_at: datetime, read: Reader) -> dict[str, object]:
    return _values(its_id, statement, client_id, received_at, *begins_as(read(statement.raw, received_at)))


def _values(
    its_id: int, statement: Statement, client_id: int, received_at: datetime, state: StatementState, reason: str
) -> dict[str, object]:
    return {
        "id": its_id,
        "statement_id": statement.statement_id,
        "client_id": client_id,
        "raw": statement.raw,
        "received_at": received_at,
        "state": state.value,
        "reason": reason,
    }


def _kept(session: Session, statements: Sequence[Statement], *, is_for_update: bool = False) -> dict[str, XapiStatement]:
    found: dict[str, XapiStatement] = {}
    for chunk in in_chunks(sorted(each.statement_id for each in statements), 500):
        wanted = select(XapiStatement).where(XapiStatement.statement_id.in_(chunk)).order_by(XapiStatement.statement_id)
        if is_for_update:
            wanted = wanted.with_for_update().execution_options(populate_existing=True)
        found |= {row.statement_id: row for row in session.scalars(wanted)}
    return found
