"""A whole report at once: first its rows are matched and laid out, which only reads; then they are recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from types import TracebackType
from typing import TypeAlias

from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.language import _
from tracker.models.loading import in_chunks, many_rows
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.recording import judge_staged, record_staged
from tracker.operations.completions.stage import Stage
from tracker.operations.completions.tally import CompletionsRecorded
from tracker.operations.completions.waiting import fingerprint_of, let_wait, settled_among
from tracker.operations.matching import CourseFinder, LearnerFinder, matching_stamp
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults
from tracker.operations.watching import Watch, unwatched

_ROWS_AT_ONCE = 20_000

Reported: TypeAlias = CompletionRow | NotACompletion | RowFaults


class Report:
    """A report's rows, matched to members and courses and laid out. Nothing is written to the database before
    :meth:`record`, and nobody is kept waiting: a preview is :meth:`judge`, which reads as well.

    Args:
        rows: gives the report's rows from their beginning, each time it is called.
        source: who reports.
        own: the members that whoever records it is: of themselves they record claims alone.
    """

    def __init__(
        self,
        session: Session,
        rows: Callable[[], Iterable[Reported]],
        *,
        source: str,
        own: frozenset[int] = frozenset(),
    ) -> None:
        self._rows = rows
        self._own = own
        self._source = source
        self._stage = Stage()
        try:
            self._read(session)
        except BaseException:
            self._stage.close()
            raise

    def __enter__(self) -> Report:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stage.close()

    @property
    def rows(self) -> int:
        """How many rows the report has, judged or not."""
        return self.read.outcomes.total() + (0 if self._is_judged else self._stage.matched)

    def judge(self, session: Session, today: date, watch: Watch = unwatched) -> CompletionsRecorded:
        """How every row would end, were the report recorded now."""
        self._is_judged = True
        judge_staged(session, self._stage, self.read, self._source, today, watch, self._own)
        return self.read

    def waiting(self, most: int) -> list[tuple[Outcome, CompletionRow]]:
        """The first rows whose member or course nobody knows, but for those of which a person said so."""
        rows = ((reason, row) for _unused, reason, is_set_aside, row in self._stage.waiting() if not is_set_aside)
        return next(in_chunks(rows, most), [])

    @many_rows()
    def record(
        self,
        session: Session,
        *,
        actor: Actor,
        batch_id: int | None,
        today: date,
        now: datetime,
        watch: Watch = unwatched,
    ) -> CompletionsRecorded:
        """Record it: what can be matched counts at once, the rest waits. Needs ``writing(alone=True)``."""
        if self._is_judged or matching_stamp(session) != self._stamp:  # a roster came meanwhile, or a person decided
            self._stage.clear()
            self._read(session)
        record_staged(session, self._stage, self.read, self._source, actor, batch_id, today, now, watch, self._own)
        let_wait(session, self._stage.waiting(), self._source, actor, batch_id, now)
        return self.read

    @many_rows()
    def _read(self, session: Session) -> None:
        """Match the rows and lay them out. Whoever finds the learners holds all they are known by only until then."""
        self.read = recorded = CompletionsRecorded()
        self._stamp, self._is_judged = matching_stamp(session), False
        learners, courses = LearnerFinder(session), CourseFinder(session)
        for chunk in in_chunks(self._rows(), _ROWS_AT_ONCE):
            matched: list[tuple[object, ...]] = []
            waiting: list[tuple[str, Outcome, bool, CompletionRow]] = []
            for row in chunk:
                if isinstance(row, RowFaults):
                    recorded.note_faults(row)
                    continue
                if isinstance(row, NotACompletion):
                    recorded.note(row.line, Outcome.NOT_A_COMPLETION, row.reason)
                    continue
                course, member_id = courses.find(row), learners.find(row)
                if course is not None and is_late_claim(row.assurance, row.completed_on, course.retired_on):
                    recorded.note_faults(RowFaults(row.line, (_late_claim_fault(row, course.retired_on),)))
                    continue
                if member_id is None or course is None:
                    is_set_aside = courses.is_ignored(row) or (member_id is None and learners.is_stranger(row, self._source))
                    reason = Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE
                    waiting.append((fingerprint_of(row, self._source), reason, is_set_aside, row))
                    continue
                day, external_id = row.completed_on.isoformat(), row.external_id or None
                matched.append((member_id, row.line, course.id, day, int(row.assurance), external_id, row.evidence_url))
            self._stage.add(matched)
            self._note_waiting(session, waiting)

    def _note_waiting(self, session: Session, waiting: list[tuple[str, Outcome, bool, CompletionRow]]) -> None:
        """Let them wait; but a row that a person has settled for good is known, whatever its next report says."""
        settled = settled_among(session, (fingerprint for fingerprint, *_unused in waiting))
        for fingerprint, reason, is_set_aside, row in waiting:
            if fingerprint in settled:
                self.read.note(row.line, Outcome.ALREADY_KNOWN, _("settled by a person before"))
                continue
            self.read.note(row.line, reason, _("set aside: none of ours") if is_set_aside else "")
            self.read.set_aside += is_set_aside
        self._stage.let_wait(each for each in waiting if each[0] not in settled)


def record_completions(
    session: Session,
    rows: Iterable[Reported],
    *,
    source: str,
    actor: Actor,
    batch_id: int | None,
    today: date,
    now: datetime,
    watch: Watch = unwatched,
) -> CompletionsRecorded:
    """Record a report of any length in one go: every row ends as exactly one outcome.

    Needs ``writing(alone=True)``.
    """
    with Report(session, lambda: rows, source=source) as report:
        return report.record(session, actor=actor, batch_id=batch_id, today=today, now=now, watch=watch)


def _late_claim_fault(row: CompletionRow, retired_on: date | None) -> Fault:
    return Fault(
        row.line,
        "completed_on",
        row.completed_on.isoformat(),
        _(
            "is after %(course)s was retired on %(retired_on)s: it needs the provider’s report or a staff record",
            course=row.course,
            retired_on=retired_on,
        ),
    )
