"""How the site is, in counts and moments, for whoever watches it: what waits, what failed, what was done last.

Each figure is read by a bounded query, for it is asked every few seconds: what waits is counted up to a limit.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from alembic.runtime.migration import MigrationContext
from sqlalchemy import func, select, text
from sqlalchemy.orm import Session

from tracker.coverage.chain import chain_head, unsealed_from
from tracker.coverage.errands import errands
from tracker.models import (
    AuditEntry,
    AuditSeal,
    Batch,
    BatchOutcome,
    Errand,
    ExportJob,
    ImportJob,
    Notice,
    StatementState,
    WaitingCompletion,
    XapiStatement,
)

MOST = 100_000  # what waits is counted so far, and not further
_PATIENCE = "3s"  # for each query, where the engine can end one


@dataclass
class Vitals:
    """What the database says of the site. Counts of what waits stop at :data:`MOST`."""

    schema: str  # the revision of the last migration, "" where there is none
    jobs: dict[tuple[str, str], int]  # by kind (import, export) and state
    imported_at: dict[str, datetime]  # the last import of each kind
    import_rows: dict[str, int]  # of all imports, by how they ended
    rows_waiting: dict[str, int]  # by reason: unmatched, unknown course
    statements_waiting: int
    notices_waiting: int  # to be sent, tried before or not
    notices_failing: int  # of those, tried before
    notice_oldest_at: datetime | None  # since when the oldest of them waits
    audit_sealed: int  # the position of the chain's head
    audit_unsealed: int
    audit_unsealed_at: datetime | None  # since when the oldest of them waits
    errands: dict[str, Errand] = field(default_factory=dict)


def vitals(session: Session, most_tries: int) -> Vitals:
    """Read everything, in the transaction of ``session``.

    Args:
        most_tries: a notice that was tried so often is not waiting any more.
    """
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT set_config('statement_timeout', :patience, true)"), {"patience": _PATIENCE})
    states = [
        (kind, state.value, count)
        for kind, table in (("import", ImportJob), ("export", ExportJob))
        for state, count in session.execute(select(table.state, func.count()).group_by(table.state))
    ]
    due = (Notice.sent_at.is_(None), Notice.attempts < most_tries)
    unsealed = _unsealed(session)
    return Vitals(
        schema=MigrationContext.configure(session.connection()).get_current_revision() or "",
        jobs={(kind, state): count for kind, state, count in states},
        imported_at=_pairs(session.execute(select(Batch.kind, func.max(Batch.recorded_at)).group_by(Batch.kind)).all()),
        import_rows={
            outcome.value: int(rows)
            for outcome, rows in session.execute(
                select(BatchOutcome.outcome, func.sum(BatchOutcome.row_count)).group_by(BatchOutcome.outcome)
            )
        },
        rows_waiting=_rows_waiting(session),
        statements_waiting=_count(session, select(XapiStatement.id).where(XapiStatement.state == StatementState.NEW)),
        notices_waiting=_count(session, select(Notice.id).where(*due)),
        notices_failing=_count(session, select(Notice.id).where(*due, Notice.attempts > 0)),
        notice_oldest_at=session.scalar(select(Notice.recorded_at).where(*due).order_by(Notice.id).limit(1)),
        audit_sealed=head.position if (head := chain_head(session)) else 0,
        audit_unsealed=_count(session, unsealed),
        audit_unsealed_at=session.scalar(
            select(AuditEntry.at).where(AuditEntry.id.in_(unsealed.limit(1).scalar_subquery()))
        ),
        errands=errands(session),
    )


def _unsealed(session: Session) -> Any:
    """The entries that wait for their seal, from where the sealer looks for them; the oldest first."""
    entries = select(AuditEntry.id).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    return entries.where(AuditEntry.id > unsealed_from(session), AuditSeal.entry_id.is_(None)).order_by(AuditEntry.id)


def _rows_waiting(session: Session) -> dict[str, int]:
    waits = (WaitingCompletion.settled_at.is_(None), ~WaitingCompletion.is_set_aside)
    some = select(WaitingCompletion.reason).where(*waits).limit(MOST).subquery()
    counts = session.execute(select(some.c.reason, func.count()).group_by(some.c.reason))
    return {reason.value: count for reason, count in counts}


def _count(session: Session, rows: Any) -> int:
    return session.scalar(select(func.count()).select_from(rows.limit(MOST).subquery())) or 0


def _pairs(rows: Sequence[Any]) -> dict[str, Any]:
    return {row[0]: row[1] for row in rows}
