"""Rows that wait for their member or course."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_world
from tracker.curriculum.keys import plain_text
from tracker.curriculum.words import Assurance, Outcome
from tracker.models import WaitingCompletion, new_ids
from tracker.models.base import lock_member
from tracker.models.loading import in_chunks, load, many_rows, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import is_late_claim
from tracker.operations.completions.recording import by_member, record_people
from tracker.operations.completions.sheets import put_sheets_behind
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.tally import CompletionsRecorded
from tracker.operations.matching import CourseFinder, LearnerFinder, course_name, learner_key
from tracker.operations.own_record import own_members
from tracker.operations.rows import CompletionRow
from tracker.operations.standings import Refresh

_ROWS_AT_ONCE = 20_000


@many_rows()
def settle_waiting(session: Session, *, today: date, now: datetime) -> CompletionsRecorded:
    """Record every waiting completion whose member and course have come since.

    Each keeps its own batch and who imported it. Needs ``writing(alone=True)``.
    """
    recorded = CompletionsRecorded()
    open_rows = select(WaitingCompletion).where(
        WaitingCompletion.settled_at.is_(None), WaitingCompletion.is_set_aside.is_(False)
    )
    if session.scalar(open_rows.limit(1)) is None:
        return recorded
    learners, courses = LearnerFinder(session), CourseFinder(session)
    last = 0
    while rows := session.scalars(
        open_rows.where(WaitingCompletion.id > last).order_by(WaitingCompletion.id).limit(_ROWS_AT_ONCE)
    ).all():
        last = rows[-1].id
        _settle(session, rows, learners, courses, {}, recorded, today, now, alone=True)
        session.flush()
        for row in rows:
            session.expunge(row)  # rows by the ten thousand, of which the session would remember every one
    return recorded


def settle_rows(
    session: Session,
    rows: Sequence[WaitingCompletion],
    *,
    today: date,
    now: datetime,
    by: Actor | None = None,
    members: Mapping[int, int] | None = None,
) -> CompletionsRecorded:
    """Try some of the waiting completions again, inside an ordinary write.

    Args:
        by: whose word it is that lets them be tried: another's lets in what someone had brought of themselves.
        members: the member of a waiting row, by its id, where a person said who it is.
    """
    recorded = CompletionsRecorded()
    _settle(
        *(session, rows, LearnerFinder(session, rows), CourseFinder(session), members or {}, recorded, today, now),
        by=by,
        alone=False,
    )
    session.flush()
    return recorded


def _settle(
    session: Session,
    rows: Sequence[WaitingCompletion],
    learners: LearnerFinder,
    courses: CourseFinder,
    members: Mapping[int, int],
    recorded: CompletionsRecorded,
    today: date,
    now: datetime,
    *,
    by: Actor | None = None,
    alone: bool,
) -> None:
    """Record those of the rows that can be; the others wait on, for the reason they have now."""
    staged: list[Staged] = []
    settled: dict[int, int] = {}
    brought_own = _Own(session, by)
    for row in rows:
        course = courses.find(row)
        member_id = members.get(row.id) or learners.find(row) or row.settled_member_id  # whom a person named
        if course is None or member_id is None:
            row.reason = Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE
            continue
        if is_late_claim(row.assurance, row.completed_on, course.retired_on):
            continue  # it waits on, for a person to record or to leave
        if row.assurance is not Assurance.CLAIMED and brought_own.told_alone(row.recorded_by, member_id):
            continue  # nobody says alone of themselves more than a claim: it waits on, for somebody else's word
        settled[row.id] = member_id
        staged.append(
            Staged(
                *(member_id, row.line, course.id, row.completed_on, int(row.assurance), row.source),
                *(row.external_id or None, row.evidence_url, row.batch_id, row.recorded_by),
            )
        )
    if not staged:
        return
    people = by_member(staged)
    if not alone:
        for member_id in people:
            lock_member(session, member_id)
    world = current_world(session)
    refresh = Refresh(session, world, today if alone else None)
    for chunk in in_chunks(people.items(), 2_000):
        written = record_people(session, dict(chunk), recorded, refresh, world, today, now)
        put_sheets_behind(session, written, now)
    refresh.finish()
    for row in rows:
        if row.id in settled:
            row.settled_at, row.settled_member_id = now, settled[row.id]


class _Own:
    """Which rows somebody brought of themselves, with nobody else's word for them."""

    def __init__(self, session: Session, by: Actor | None) -> None:
        self._session = session
        self._by = own_members(session, by) if by is not None else frozenset()
        self._is_anothers = by is not None
        self._known: dict[int | None, frozenset[int]] = {}

    def told_alone(self, recorded_by: int | None, member_id: int) -> bool:
        if recorded_by not in self._known:
            self._known[recorded_by] = own_members(self._session, Actor(recorded_by, "", ""))
        if member_id not in self._known[recorded_by]:
            return False
        return not self._is_anothers or member_id in self._by


_WAITING_COLUMNS = (
    *("id", "batch_id", "line", "reason", "fingerprint", "source", "member_number", "provider_id", "email"),
    *("learner_name", "learner_local", "learner_key", "course_id", "course", "course_name", "completed_on", "assurance"),
    *("evidence_url", "external_id", "recorded_at", "recorded_by", "is_set_aside"),
)


def let_wait(
    session: Session,
    waiting: Iterable[tuple[str, Outcome, bool, CompletionRow]],
    source: str,
    actor: Actor,
    batch_id: int | None,
    now: datetime,
) -> dict[str, int]:
    """Keep these rows until their member and course come; the same row waits once, however often it is reported.

    Args:
        waiting: each with its :func:`fingerprint_of`, why it waits, and whether a person has set it aside.

    Returns:
        The waiting row's id by fingerprint, of those that waited already as well.
    """
    all_ids: dict[str, int] = {}
    recorded_at = stored_moment(session, now)
    for chunk in in_chunks(waiting, 5_000):
        fresh = {fingerprint: (reason, is_set_aside, row) for fingerprint, reason, is_set_aside, row in chunk}
        known = session.execute(
            select(WaitingCompletion.fingerprint, WaitingCompletion.id).where(
                WaitingCompletion.fingerprint.in_(sorted(fresh)), WaitingCompletion.settled_at.is_(None)
            )
        )
        for fingerprint, its_id in known:
            del fresh[fingerprint]
            all_ids[fingerprint] = its_id
        ids = dict(zip(fresh, new_ids(len(fresh)), strict=True))
        all_ids |= ids
        load(
            session,
            "waiting_completion",
            _WAITING_COLUMNS,
            (
                (
                    *(ids[fingerprint], batch_id, row.line, reason.value, fingerprint, source, row.member_number),
                    *(row.provider_id, row.email, row.learner_name, row.learner_local),
                    *(learner_key(source, row, row.learner_name), row.course_id, row.course, course_name(row)),
                    *(row.completed_on, int(row.assurance), row.evidence_url, row.external_id, recorded_at),
                    *(actor.user_id, is_set_aside),
                )
                for fingerprint, (reason, is_set_aside, row) in fresh.items()
            ),
        )
    return all_ids


def settled_among(session: Session, fingerprints: Iterable[str]) -> set[str]:
    """Those of the fingerprints whose row a person or a later roster has settled."""
    settled: set[str] = set()
    for chunk in in_chunks(sorted(set(fingerprints)), 5_000):
        marks = ", ".join("?" * len(chunk))
        sql = (
            f"SELECT fingerprint FROM waiting_completion WHERE fingerprint IN ({marks})"
            " AND settled_at IS NOT NULL AND settled_member_id IS NOT NULL"
        )
        settled.update(value for (value,) in read_rows(session, sql, chunk))
    return settled


def take_out_waiting(session: Session, batch_id: int, now: datetime) -> None:
    """Let nothing of a batch wait any more, nor count as settled: the batch is undone, and its rows may come again."""
    session.execute(
        update(WaitingCompletion)
        .where(WaitingCompletion.batch_id == batch_id)
        .values(settled_at=func.coalesce(WaitingCompletion.settled_at, now), settled_member_id=None)
    )


def fingerprint_of(row: CompletionRow, source: str) -> str:
    """What makes two reported rows the same row, wherever in a file they stand and whatever else is said of the learner.

    Two people may share an address, so there the name tells them apart, as in :func:`learner_key`.
    """
    said = row._replace(line=0)
    if row.provider_id or row.email:
        said = said._replace(learner_name="" if row.provider_id else plain_text(row.learner_name), learner_local="")
    parts = (source, *map(str, said[1:]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
