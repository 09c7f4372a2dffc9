"""Statements from a program: kept and settled in one write; or kept first, where others hold the writers off."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from tracker.models import ApiClient, StatementState, XapiStatement
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.statements.keeping import conflict, keep_aside, keep_statements
from tracker.operations.statements.settling import comes_later, settle_rows
from tracker.operations.statements.shapes import Reader, Sender, Statement
from tracker.operations.statements.spool import Spooled

# What a statement may become that changes more than its own row.
_FELT = (StatementState.RECORDED, StatementState.WAITING)


def receive_statements(
    session: Session,
    statements: Sequence[Statement],
    sender: Sender,
    read: Reader,
    *,
    today: date,
    now: datetime,
) -> None:
    """Keep statements as they came and do what they mean, all of them or none. Those that are kept already change nothing.

    A learner or a course that is not known waits like a row of any report. One entry goes into the audit trail where facts
    changed or something waits: a statement is its own record.

    Raises:
        Refused: ``statement_conflict``, where an id is kept with other content.
    """
    new, conflicts = keep_statements(session, statements, sender.id, now, read)
    if conflicts:
        raise conflict(conflicts[0])
    _settle(session, new, sender, read, today, now)


def keep_for_later(
    session: Session, statements: Sequence[Statement], sender_id: int, read: Reader, *, received_at: datetime
) -> None:
    """Only keep statements: :func:`settle_statements` does what they mean.

    Raises:
        Refused: ``statement_conflict``, as above.
    """
    _, conflicts = keep_statements(session, statements, sender_id, received_at, read)
    if conflicts:
        raise conflict(conflicts[0])


def settle_statements(
    session: Session, spooled: Sequence[Spooled], read: Reader, *, today: date, now: datetime, most: int = 100
) -> int:
    """Settle what was only kept: ``spooled``, and rows that are still new, at most ``most`` of them.

    A spooled statement whose id another one has is kept beside that one, without effect: its sender has been answered.

    Returns:
        How many rows there were to settle: fewer than ``most`` once nothing is left.
    """
    for each in spooled:
        _, conflicts = keep_statements(session, each.statements, each.client_id, each.received_at, read)
        for other in conflicts:
            keep_aside(session, other, each.client_id, each.received_at)
    session.flush()
    rows = session.scalars(
        _to_settle(today)
        .order_by(XapiStatement.id)
        .limit(most)
        .with_for_update(skip_locked=True)  # another server may be at it
        .execution_options(populate_existing=True)
    ).all()
    by_client: dict[int, list[XapiStatement]] = {}
    for row in rows:
        by_client.setdefault(row.client_id, []).append(row)
    for client_id, some in by_client.items():
        client = session.get_one(ApiClient, client_id)
        _settle(session, some, Sender(client.id, client.name), read, today, now)
    return len(rows)


def are_to_settle(session: Session, today: date) -> bool:
    """Whether any row is still new whose day has come. Only reads."""
    return session.scalar(_to_settle(today).with_only_columns(XapiStatement.id).limit(1)) is not None


def _to_settle(today: date) -> Select[XapiStatement]:
    return select(XapiStatement).where(XapiStatement.state == StatementState.NEW, XapiStatement.reason <= comes_later(today))


def _settle(
    session: Session, rows: Sequence[XapiStatement], sender: Sender, read: Reader, today: date, now: datetime
) -> None:
    actor = Actor(None, "client", sender.name)
    settle_rows(session, rows, actor, read, today=today, now=now)
    became = Counter(row.state for row in rows)
    voidings = sum(row.reason.startswith("voids ") for row in rows if row.state is StatementState.NO_COMPLETION)
    if not (voidings or any(became[state] for state in _FELT)):
        return
    members = {row.member_id for row in rows if row.member_id is not None and row.state is StatementState.RECORDED}
    audit(
        session,
        actor,
        "receive_statements",
        object_kind="client",
        object_id=sender.id,
        member_id=members.pop() if len(members) == 1 else None,
        detail={
            "client": sender.name,
            **{state.value: count for state, count in became.items()},
            "voidings": voidings or None,
        },
        at=now,
    )
