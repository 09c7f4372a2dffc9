"""A whole report at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.models.loading import in_chunks, load, many_rows
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.staging import CompletionsRecorded, make_stage, record_staged
from tracker.operations.completions.waiting import let_wait
from tracker.operations.completions.writing import Staged
from tracker.operations.matching import CourseFinder, LearnerFinder
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults
from tracker.operations.watching import Watch, unwatched

_ROWS_AT_ONCE = 20_000


@many_rows()
def record_completions(
    session: Session,
    rows: Iterable[CompletionRow | NotACompletion | RowFaults],
    *,
    source: str,
    actor: Actor,
    batch_id: int | None,
    today: date,
    now: datetime,
    watch: Watch = unwatched,
) -> CompletionsRecorded:
    """Record a report of any length: every row ends as exactly one outcome, and what can be matched counts at once.

    Rows are matched to members and courses as they stream by and staged; then the members are walked in order, so that each
    one's completions are read once, for finding what is known already and for their standing alike.

    Needs ``writing(alone=True)``.
    """
    recorded = CompletionsRecorded()
    _stage(session, rows, recorded, source=source, actor=actor, batch_id=batch_id, now=now)
    record_staged(session, recorded, today, now, watch)
    return recorded


def _stage(
    session: Session,
    rows: Iterable[CompletionRow | NotACompletion | RowFaults],
    recorded: CompletionsRecorded,
    *,
    source: str,
    actor: Actor,
    batch_id: int | None,
    now: datetime,
) -> None:
    """Match the rows and lay them out by member. Whoever finds the learners holds all their names only until then."""
    learners, courses = LearnerFinder(session), CourseFinder(session)
    make_stage(session)
    for chunk in in_chunks(rows, _ROWS_AT_ONCE):
        staged: list[tuple[object, ...]] = []  # the fields of Staged, in order
        waiting: list[tuple[CompletionRow, Outcome]] = []
        for row in chunk:
            if isinstance(row, RowFaults):
                recorded.outcomes[Outcome.FAULTY] += 1
                recorded.faults += row.faults
                continue
            if isinstance(row, NotACompletion):
                recorded.outcomes[Outcome.NOT_A_COMPLETION] += 1
                continue
            course, member_id = courses.find(row), learners.find(row)
            if course is not None and is_late_claim(row.assurance, row.completed_on, course.retired_on):
                recorded.outcomes[Outcome.FAULTY] += 1
                recorded.faults.append(_late_claim_fault(row, course.retired_on))
                continue
            if member_id is None or course is None:
                waiting.append((row, Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE))
                continue
            proof = (row.external_id or None, row.evidence_url, batch_id, actor.user_id)
            staged.append((member_id, row.line, course.id, row.completed_on, int(row.assurance), source, *proof))
        load(session, "staged_completion", Staged._fields, staged)
        let_wait(session, waiting, source, actor, batch_id, now)
        recorded.outcomes.update(reason for _, reason in waiting)


def _late_claim_fault(row: CompletionRow, retired_on: date | None) -> Fault:
    return Fault(
        row.line,
        "completed_on",
        row.completed_on.isoformat(),
        f"is after {row.course} was retired on {retired_on}: it needs the provider's report or a staff record",
    )
