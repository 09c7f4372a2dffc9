"""Past imports: how their rows ended, what was wrong in them, and which still wait."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.directory import user_names
from tracker.coverage.paging import Page
from tracker.curriculum.words import Outcome
from tracker.models import Batch, BatchOutcome, BatchUndone, RowFault, WaitingCompletion

_PAGE = 20
_MOST_ROWS = 200


class BatchLine(NamedTuple):
    """An import in a list. ``undone`` where it was taken back."""

    batch: Batch
    by: str
    rows: int
    undone: BatchUndone | None


class BatchOutcomes(NamedTuple):
    """How an import ended. Of the faults and the waiting rows the first some are listed, all are counted.

    ``settled`` are rows of earlier imports that had waited, and that this roster found a member for.
    """

    batch: Batch
    by: str
    undone: BatchUndone | None
    undone_by: str
    counts: list[tuple[Outcome, int]]
    faults: list[RowFault]
    faults_in_all: int
    waiting: list[WaitingCompletion]
    waiting_in_all: int
    settled: int

    @property
    def rows(self) -> int:
        return sum(count for _, count in self.counts)

    @property
    def completions(self) -> int:
        """How many completions it recorded."""
        return sum(count for outcome, count in self.counts if outcome in (Outcome.RECORDED, Outcome.CORROBORATED))


def batches_page(session: Session, before: int | None = None) -> Page[BatchLine]:
    """Imports, the newest first."""
    wanted = select(Batch).order_by(Batch.id.desc()).limit(_PAGE + 1)
    if before is not None:
        wanted = wanted.where(Batch.id < before)
    batches = list(session.scalars(wanted))
    shown = batches[:_PAGE]
    sums: dict[int, int] = dict(
        session.execute(
            select(BatchOutcome.batch_id, func.sum(BatchOutcome.row_count))
            .where(BatchOutcome.batch_id.in_([batch.id for batch in shown]))
            .group_by(BatchOutcome.batch_id)
        ).all()
    )
    names = user_names(session, (batch.recorded_by for batch in shown))
    undone = {
        each.batch_id: each
        for each in session.scalars(select(BatchUndone).where(BatchUndone.batch_id.in_([batch.id for batch in shown])))
    }
    lines = [BatchLine(batch, names[batch.recorded_by], sums.get(batch.id, 0), undone.get(batch.id)) for batch in shown]
    return Page(lines, str(shown[-1].id) if len(batches) > _PAGE else None)


def batch_outcomes(session: Session, batch_id: int) -> BatchOutcomes | None:
    """How one import ended; None where there is none of that id."""
    batch = session.get(Batch, batch_id)
    if batch is None:
        return None
    counts: dict[Outcome, int] = dict(
        session.execute(select(BatchOutcome.outcome, BatchOutcome.row_count).where(BatchOutcome.batch_id == batch_id)).all()
    )
    faulty = RowFault.batch_id == batch_id
    waits = (WaitingCompletion.batch_id == batch_id, WaitingCompletion.settled_at.is_(None))
    found = (WaitingCompletion.settled_at == batch.recorded_at, WaitingCompletion.settled_member_id.is_not(None))
    undone = session.get(BatchUndone, batch_id)
    undone_by = undone.undone_by if undone else None
    names = user_names(session, [batch.recorded_by, undone_by])
    return BatchOutcomes(
        batch,
        names[batch.recorded_by],
        undone,
        names[undone_by],
        counts=[(outcome, counts.get(outcome, 0)) for outcome in outcomes_of(batch.kind)],
        faults=list(session.scalars(select(RowFault).where(faulty).order_by(RowFault.line, RowFault.id).limit(_MOST_ROWS))),
        faults_in_all=session.scalar(select(func.count()).select_from(RowFault).where(faulty)) or 0,
        waiting=list(
            session.scalars(select(WaitingCompletion).where(*waits).order_by(WaitingCompletion.line).limit(_MOST_ROWS))
        ),
        waiting_in_all=session.scalar(select(func.count()).select_from(WaitingCompletion).where(*waits)) or 0,
        settled=session.scalar(select(func.count()).select_from(WaitingCompletion).where(*found)) or 0,
    )


def outcomes_of(kind: str) -> list[Outcome]:
    """The ways in which a row of such a file can end."""
    if kind in ("roster", "accounts"):
        return [Outcome.RECORDED, Outcome.ALREADY_KNOWN, Outcome.UNMATCHED, Outcome.FAULTY]
    if kind == "class":
        return [Outcome.RECORDED, Outcome.CORROBORATED, Outcome.ALREADY_KNOWN, Outcome.UNMATCHED]
    return list(Outcome)


def batch_of_file(session: Session, sha256: str) -> Batch | None:
    """The latest import of this very file that was not undone, if there was one."""
    stands = Batch.id.not_in(select(BatchUndone.batch_id))
    return session.scalar(select(Batch).where(Batch.sha256 == sha256, stands).order_by(Batch.id.desc()).limit(1))


def settled_since(session: Session, batch: Batch) -> dict[int, WaitingCompletion]:
    """The rows of an import that had waited and were settled later, by line."""
    later = (WaitingCompletion.batch_id == batch.id, WaitingCompletion.settled_at.is_not(None))
    return {row.line: row for row in session.scalars(select(WaitingCompletion).where(*later))}


def set_aside_lines(session: Session, batch: Batch) -> set[int]:
    """The lines of an import that a person set aside: none of ours."""
    aside = (WaitingCompletion.batch_id == batch.id, WaitingCompletion.is_set_aside)
    return set(session.scalars(select(WaitingCompletion.line).where(*aside)))


def batch_of(session: Session, batch_id: int) -> Batch | None:
    """The import of that id."""
    return session.get(Batch, batch_id)
