"""A handful of reported rows, inside an ordinary write: what a program sends, one or some at a time."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_world
from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.recording import by_member, record_people
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.tally import CompletionsRecorded
from tracker.operations.completions.waiting import fingerprint_of, let_wait, settled_among
from tracker.operations.matching import CourseFinder, LearnerFinder
from tracker.operations.rows import CompletionRow
from tracker.operations.standings import Refresh


class Settled(NamedTuple):
    """How a row ended: with a completion, waiting, or known before. ``faults`` says why one under another record's id is
    faulty; one that is faulty without is a late claim."""

    outcome: Outcome
    member_id: int | None
    completion_id: int | None
    waiting_id: int | None
    faults: tuple[Fault, ...] = ()


def record_few(
    session: Session,
    rows: Sequence[CompletionRow],
    *,
    source: str,
    actor: Actor,
    today: date,
    now: datetime,
    batch_id: int | None = None,
) -> list[Settled]:
    """Record some reported completions as a whole report would be: each ends as one outcome, in the order of the rows.

    Their members are locked one by one in rising order, so that others may write meanwhile.
    """
    learners, courses = LearnerFinder(session, rows), CourseFinder(session)
    ended: dict[int, Settled] = {}
    staged: list[Staged] = []
    waiting: list[tuple[str, Outcome, bool, CompletionRow]] = []
    places: dict[str, list[int]] = {}
    settled = settled_among(session, (fingerprint_of(row, source) for row in rows))
    for place, row in enumerate(rows):
        course, member_id = courses.find(row), learners.find(row)
        if course is not None and is_late_claim(row.assurance, row.completed_on, course.retired_on):
            ended[place] = Settled(Outcome.FAULTY, member_id, None, None)
            continue
        if course is None or member_id is None:
            reason = Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE
            fingerprint = fingerprint_of(row, source)
            if fingerprint in settled:
                ended[place] = Settled(Outcome.ALREADY_KNOWN, None, None, None)
                continue
            is_set_aside = courses.is_ignored(row) or (member_id is None and learners.is_stranger(row, source))
            waiting.append((fingerprint, reason, is_set_aside, row))
            places.setdefault(fingerprint, []).append(place)
            ended[place] = Settled(reason, member_id, None, None)
            continue
        staged.append(
            Staged(
                *(member_id, place, course.id, row.completed_on, int(row.assurance), source),
                *(row.external_id or None, row.evidence_url, batch_id, actor.user_id),
            )
        )
    for fingerprint, waiting_id in let_wait(session, waiting, source, actor, batch_id, now).items():
        for place in places[fingerprint]:
            ended[place] = ended[place]._replace(waiting_id=waiting_id)
    if staged:
        for place, end in _record(session, staged, today, now).items():
            faults = tuple(each._replace(line=rows[place].line) for each in end.faults)
            ended[place] = end._replace(faults=faults)
    return [ended[place] for place in range(len(rows))]


def _record(session: Session, staged: list[Staged], today: date, now: datetime) -> dict[int, Settled]:
    people = by_member(staged)
    for member_id in people:
        lock_member(session, member_id)
    world = current_world(session)
    refresh = Refresh(session, world)
    recorded = CompletionsRecorded()
    written = record_people(session, people, recorded, refresh, world, today, now, is_told=True)
    refresh.finish()
    completions = {each.row.line: each.completion_id for each in written}
    outcomes = {each.line: each.outcome for each in recorded.lines}
    faults = {each.line: (each,) for each in recorded.faults}
    return {
        row.line: Settled(outcomes[row.line], row.member_id, completions.get(row.line), None, faults.get(row.line, ()))
        for row in staged
    }
