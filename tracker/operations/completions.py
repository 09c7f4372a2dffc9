"""Recording completed courses: one at a time from any door, or a whole report at once."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from sqlalchemy import select, text, update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MEMBERS_AT_ONCE, FactReader, World, current_world, facts_of
from tracker.curriculum.faults import Fault
from tracker.curriculum.paths import Completed
from tracker.curriculum.words import Assurance, Outcome
from tracker.models import Completion, Course, Member, Review, WaitingCompletion, new_ids
from tracker.models.loading import in_chunks, load, many_rows, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.assignments import lock_member
from tracker.operations.audit import audit
from tracker.operations.matching import CourseFinder, LearnerFinder
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults
from tracker.operations.standings import Refresh, refresh_standings

SELF_LOGGED = "self"
STAFF_RECORDED = "staff"

_ROWS_AT_ONCE = 20_000


# --- One completion ------------------------------------------------------------------------------------------------


def log_completion(
    session: Session,
    *,
    member: Member | None,
    course: Course | None,
    completed_on: date,
    assurance: Assurance,
    actor: Actor,
    today: date,
    now: datetime,
    evidence_url: str = "",
    source: str = SELF_LOGGED,
) -> int:
    """Record that a member completed a course on a day. The same act for every door.

    Args:
        member: None where the door found no one.
        course: None where the door found none.
        completed_on: the day of the completion, in the member's own zone.
        evidence_url: where the proof can be seen, if anywhere.

    Returns:
        The completion's id, beside the member's its key.

    Raises:
        Refused: ``unknown_member``, ``unknown_course``, ``future_date``, ``course_retired`` (claims only: provider and staff
            records are always taken), ``already_logged``. Nothing is written then.
    """
    if member is None:
        raise Refused("unknown_member", "No member with that number or e-mail is on the roster.", field="member")
    if course is None:
        raise Refused("unknown_course", "No course has that code or title: choose one from the list.", field="course")
    if completed_on > today:
        raise Refused(
            "future_date",
            f"{completed_on} has not come yet: give the day on which the course was completed.",
            field="completed_on",
        )
    if assurance is Assurance.CLAIMED and course.retired_on is not None and completed_on > course.retired_on:
        raise Refused(
            "course_retired",
            f"{course.title} was retired on {course.retired_on}: a later completion needs the provider's report or a "
            "staff record.",
            field="completed_on",
        )
    lock_member(session, member.member_id)
    same_day = read_rows(
        session,
        "SELECT 1 FROM completion WHERE member_id = ? AND course_id = ? AND completed_on = ? AND assurance >= ?"
        " AND voided_at IS NULL LIMIT 1",
        (member.member_id, course.id, completed_on, int(assurance)),
    )
    if list(same_day):
        raise Refused("already_logged", f"{course.title} on {completed_on} is already recorded.", field="completed_on")
    row = _Staged(
        *(member.member_id, 0, course.id, completed_on, int(assurance), source),
        *(None, evidence_url, None, actor.user_id),
    )
    completion_id = _write(session, [row], now)[0]
    refresh_standings(session, [member.member_id])
    audit(
        session,
        actor,
        "log_completion",
        object_kind="completion",
        object_id=completion_id,
        member_id=member.member_id,
        detail={"course": course.code, "completed_on": completed_on.isoformat(), "assurance": assurance.word},
        at=now,
    )
    return completion_id


def _review_of(assurance: Assurance) -> Review:
    return Review.WAITING if assurance is Assurance.CLAIMED else Review.ACCEPTED


def void_completion(session: Session, completion: Completion, reason: str, actor: Actor, *, now: datetime) -> None:
    """Take a completion out of every figure, with the reason; the record of it stays.

    Raises:
        Refused: ``no_reason``, ``already_voided``.
    """
    if not reason.strip():
        raise Refused("no_reason", "Say why, in a few words.", field="reason")
    if completion.voided_at is not None:
        raise Refused("already_voided", f"This completion was voided on {completion.voided_at:%Y-%m-%d} already.")
    lock_member(session, completion.member_id)
    completion.voided_at, completion.voided_by, completion.void_reason = now, actor.user_id, reason.strip()
    session.flush()
    refresh_standings(session, [completion.member_id])
    audit(
        session,
        actor,
        "void_completion",
        object_kind="completion",
        object_id=completion.id,
        member_id=completion.member_id,
        detail={"reason": reason.strip()},
        at=now,
    )


# --- A whole report ------------------------------------------------------------------------------------------------


@dataclass
class CompletionsRecorded:
    """How a report's rows ended."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    members: int = 0  # who got a new completion


class _Staged(NamedTuple):
    """A row whose member and course are known, on its way to being recorded."""

    member_id: int
    line: int
    course_id: int
    completed_on: Any  # a day, or as the engine gives it back
    assurance: int
    source: str
    external_id: str | None
    evidence_url: str
    batch_id: int | None
    recorded_by: int | None


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
) -> CompletionsRecorded:
    """Record a report of any length: every row ends as exactly one outcome, and what can be matched counts at once.

    Rows are matched to members and courses as they stream by and staged; then the members are walked in order, so that each
    one's completions are read once, for finding what is known already and for their standing alike.

    Needs ``writing(alone=True)``.
    """
    recorded = CompletionsRecorded()
    _stage(session, rows, recorded, source=source, actor=actor, batch_id=batch_id, now=now)
    _record_staged(session, recorded, today, now)
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
    _make_stage(session)
    for chunk in in_chunks(rows, _ROWS_AT_ONCE):
        staged: list[tuple[object, ...]] = []  # the fields of _Staged, in order
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
            if course is not None and _is_late_claim(row, course.retired_on):
                recorded.outcomes[Outcome.FAULTY] += 1
                recorded.faults.append(_late_claim_fault(row, course.retired_on))
                continue
            if member_id is None or course is None:
                waiting.append((row, Outcome.UNMATCHED if member_id is None else Outcome.UNKNOWN_COURSE))
                continue
            proof = (row.external_id or None, row.evidence_url, batch_id, actor.user_id)
            staged.append((member_id, row.line, course.id, row.completed_on, int(row.assurance), source, *proof))
        load(session, "staged_completion", _Staged._fields, staged)
        _let_wait(session, waiting, source, actor, batch_id, now)
        recorded.outcomes.update(reason for _, reason in waiting)


def _is_late_claim(row: CompletionRow, retired_on: date | None) -> bool:
    """Whether a member says so alone, of a day after the course was retired."""
    return row.assurance is Assurance.CLAIMED and retired_on is not None and row.completed_on > retired_on


def _late_claim_fault(row: CompletionRow, retired_on: date | None) -> Fault:
    return Fault(
        row.line,
        "completed_on",
        row.completed_on.isoformat(),
        f"is after {row.course} was retired on {retired_on}: it needs the provider's report or a staff record",
    )


@many_rows()
def settle_waiting(session: Session, *, today: date, now: datetime) -> CompletionsRecorded:
    """Record every waiting completion whose member and course have come since.

    Each keeps its own batch and who imported it. Needs ``writing(alone=True)``.
    """
    recorded = CompletionsRecorded()
    learners: LearnerFinder | None = None
    settled: list[int] = []
    rows = session.scalars(
        select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None)).order_by(WaitingCompletion.id)
    ).yield_per(_ROWS_AT_ONCE)
    staged: list[_Staged] = []
    for row in rows:
        if learners is None:
            learners, courses = LearnerFinder(session), CourseFinder(session)
        course, member_id = courses.find(row), learners.find(row)
        if course is None or member_id is None:
            continue
        settled.append(row.id)
        staged.append(
            _Staged(
                *(member_id, row.line, course.id, row.completed_on, int(row.assurance), row.source),
                *(row.external_id or None, row.evidence_url, row.batch_id, row.recorded_by),
            )
        )
    if not staged:
        return recorded
    _make_stage(session)
    load(session, "staged_completion", _Staged._fields, staged)
    for chunk in in_chunks(settled, 5_000):
        session.execute(update(WaitingCompletion).where(WaitingCompletion.id.in_(chunk)).values(settled_at=now))
    _record_staged(session, recorded, today, now)
    return recorded


def _make_stage(session: Session) -> None:
    session.execute(text("DROP TABLE IF EXISTS staged_completion"))
    session.execute(
        text(
            "CREATE TEMPORARY TABLE staged_completion (member_id BIGINT, line INTEGER, course_id BIGINT,"
            " completed_on DATE, assurance SMALLINT, source TEXT, external_id TEXT, evidence_url TEXT,"
            " batch_id BIGINT, recorded_by BIGINT)"
        )
    )


def _record_staged(session: Session, recorded: CompletionsRecorded, today: date, now: datetime) -> None:
    """Walk the staged rows by member: tell the new from the known, write the new, and refresh who got one."""
    world = current_world(session)
    refresh = Refresh(session, world, today)
    for people in in_chunks(_by_member(session), MEMBERS_AT_ONCE):
        _record_people(session, dict(people), recorded, refresh, world, now)
    refresh.finish()
    session.execute(text("DROP TABLE staged_completion"))


def _by_member(session: Session) -> Iterator[tuple[int, list[_Staged]]]:
    sql = f"SELECT {', '.join(_Staged._fields)} FROM staged_completion ORDER BY member_id, line"
    for member_id, group in groupby(read_rows(session, sql, cursor_name="staged"), key=itemgetter(0)):
        yield member_id, [_Staged._make(row) for row in group]


def _record_people(
    session: Session,
    people: dict[int, list[_Staged]],
    recorded: CompletionsRecorded,
    refresh: Refresh,
    world: World,
    now: datetime,
) -> None:
    facts = dict(facts_of(session, world, people))
    voided, external = _known_besides(session, people)
    day = FactReader(session, ()).day
    new: list[_Staged] = []
    changed: set[int] = set()
    for member_id, rows in people.items():
        mine = facts[member_id].completed
        known = set(mine) | voided.get(member_id, set())
        held = {completed.course for completed in mine}
        ids = external.get(member_id, set())
        for row in rows:
            completed = Completed(row.course_id, day(row.completed_on), row.assurance)
            its_id = (row.source, row.external_id)
            if completed in known or (row.external_id is not None and its_id in ids):
                recorded.outcomes[Outcome.ALREADY_KNOWN] += 1
                continue
            recorded.outcomes[Outcome.CORROBORATED if row.course_id in held else Outcome.RECORDED] += 1
            known.add(completed)
            held.add(row.course_id)
            ids.add(its_id)
            mine.append(completed)
            new.append(row)
            changed.add(member_id)
    _write(session, new, now)
    recorded.members += len(changed)
    refresh.take({member_id: facts[member_id] for member_id in changed})


def _known_besides(
    session: Session, people: dict[int, list[_Staged]]
) -> tuple[dict[int, set[Completed]], dict[int, set[tuple[str, str | None]]]]:
    """What a report may not record again though no valid completion shows it: what was voided, and the sources' ids."""
    read = FactReader(session, people)
    voided: dict[int, set[Completed]] = {}
    external: dict[int, set[tuple[str, str | None]]] = {}
    for member_id, course, on, assurance in read.voided("completion", "course_id, completed_on, assurance"):
        voided.setdefault(member_id, set()).add(Completed(course, read.day(on), assurance))
    if any(row.external_id is not None for rows in people.values() for row in rows):
        for member_id, source, external_id in read.derived("completion", "source, external_id"):
            if external_id is not None:
                external.setdefault(member_id, set()).add((source, external_id))
    return voided, external


_COMPLETION_COLUMNS = (
    *("member_id", "id", "course_id", "completed_on", "assurance", "source", "external_id"),
    *("recorded_at", "recorded_by", "batch_id"),
)
_EVIDENCE_COLUMNS = ("member_id", "id", "completion_id", "url", "recorded_at", "recorded_by", "review")


def _write(session: Session, new: list[_Staged], now: datetime) -> list[int]:
    """Write these as completions, with the evidence they name; gives their ids."""
    ids = new_ids(len(new))
    recorded_at = stored_moment(session, now)
    load(
        session,
        "completion",
        _COMPLETION_COLUMNS,
        (
            (
                *(row.member_id, its_id, row.course_id, row.completed_on, row.assurance, row.source),
                *(row.external_id, recorded_at, row.recorded_by, row.batch_id),
            )
            for row, its_id in zip(new, ids, strict=True)
        ),
    )
    with_evidence = [(row, its_id) for row, its_id in zip(new, ids, strict=True) if row.evidence_url]
    load(
        session,
        "evidence",
        _EVIDENCE_COLUMNS,
        (
            (
                *(row.member_id, evidence_id, its_id, row.evidence_url, recorded_at, row.recorded_by),
                _review_of(Assurance(row.assurance)).value,
            )
            for (row, its_id), evidence_id in zip(with_evidence, new_ids(len(with_evidence)), strict=True)
        ),
    )
    return ids


# --- Rows that wait ------------------------------------------------------------------------------------------------

_WAITING_COLUMNS = (
    *("id", "batch_id", "line", "reason", "fingerprint", "source", "member_number", "provider_id", "email"),
    *("learner_name", "course_id", "course", "completed_on", "assurance", "evidence_url", "external_id"),
    *("recorded_at", "recorded_by"),
)


def _let_wait(
    session: Session,
    waiting: list[tuple[CompletionRow, Outcome]],
    source: str,
    actor: Actor,
    batch_id: int | None,
    now: datetime,
) -> None:
    """Keep these rows until their member and course come; the same row waits once, however often it is reported."""
    fresh = {_fingerprint(row, source): (row, reason) for row, reason in waiting}
    for chunk in in_chunks(sorted(fresh), 5_000):
        known = session.scalars(
            select(WaitingCompletion.fingerprint).where(
                WaitingCompletion.fingerprint.in_(chunk), WaitingCompletion.settled_at.is_(None)
            )
        )
        for fingerprint in known:
            del fresh[fingerprint]
    ids = iter(new_ids(len(fresh)))
    load(
        session,
        "waiting_completion",
        _WAITING_COLUMNS,
        (
            (
                *(next(ids), batch_id, row.line, reason.value, fingerprint, source, row.member_number, row.provider_id),
                *(row.email, row.learner_name, row.course_id, row.course, row.completed_on, int(row.assurance)),
                *(row.evidence_url, row.external_id, now, actor.user_id),
            )
            for fingerprint, (row, reason) in fresh.items()
        ),
    )


def _fingerprint(row: CompletionRow, source: str) -> str:
    """What makes two reported rows the same row, wherever in a file they stand."""
    parts = (source, *(str(part) for part in row[1:]))
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()
