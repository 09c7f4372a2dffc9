"""Rows whose member and course are known: judged, then recorded, member by member."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.derivation import MEMBERS_AT_ONCE, FactReader, World, current_world, facts_of
from tracker.curriculum.faults import Fault
from tracker.curriculum.paths import Completed, CourseTerms
from tracker.curriculum.paths.renewing import Entry, lasting
from tracker.curriculum.words import Assurance, Outcome
from tracker.language import _
from tracker.models import Course
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.completions.claims import LINKEDIN, own_record_fault
from tracker.operations.completions.stage import Stage, Staged
from tracker.operations.completions.tally import LAPSED, CompletionsRecorded
from tracker.operations.completions.writing import write_completions
from tracker.operations.rows import RowFaults
from tracker.operations.standings import Refresh
from tracker.operations.watching import Watch, unwatched


def judge_staged(
    session: Session,
    stage: Stage,
    recorded: CompletionsRecorded,
    source: str,
    today: date,
    watch: Watch = unwatched,
    own: frozenset[int] = frozenset(),
) -> None:
    """Tell the new from the known among the staged rows, as :func:`record_staged` would. Only reads."""
    terms = current_world(session).curriculum.courses
    for people in in_chunks(watch("Comparing", stage.by_member(source, None, None), stage.members()), MEMBERS_AT_ONCE):
        rows = dict(people)
        read = FactReader(session, rows)
        held: dict[int, list[Completed]] = {member: [] for member in rows}
        for member, course, on, assurance in read.rows("completion", "course_id, completed_on, assurance"):
            held[member].append(Completed(course, read.day(on), assurance))
        recorded.members += len({row.member_id for row in _new_rows(session, rows, held, recorded, terms, today, own)})


def record_staged(
    session: Session,
    stage: Stage,
    recorded: CompletionsRecorded,
    source: str,
    actor: Actor,
    batch_id: int | None,
    today: date,
    now: datetime,
    watch: Watch = unwatched,
    own: frozenset[int] = frozenset(),
) -> None:
    """Walk the staged rows by member: tell the new from the known, write the new, and refresh who got one.

    Needs ``writing(alone=True)``.
    """
    world = current_world(session)
    refresh = Refresh(session, world, today)
    by_member = stage.by_member(source, batch_id, actor.user_id)
    for people in in_chunks(watch("Recording", by_member, stage.members()), MEMBERS_AT_ONCE):
        record_people(session, dict(people), recorded, refresh, world, today, now, own)
    refresh.finish()


class Written(NamedTuple):
    """A row that was recorded, and the completion it became."""

    row: Staged
    completion_id: int


def record_people(
    session: Session,
    people: dict[int, list[Staged]],
    recorded: CompletionsRecorded,
    refresh: Refresh,
    world: World,
    today: date,
    now: datetime,
    own: frozenset[int] = frozenset(),
    is_told: bool = False,
) -> list[Written]:
    """Record these members' new rows and refresh them. Their other writers must be held off.

    Args:
        own: the members that whoever records is: of themselves they record claims alone.
        is_told: whether a program sends the rows and reads how each ended: another completion under an id that is recorded
            is faulty then. A report that comes again with a corrected day or course is the same report.
    """
    facts = dict(facts_of(session, world, people))
    held = {member: each.completed for member, each in facts.items()}
    new = _new_rows(session, people, held, recorded, world.curriculum.courses, today, own, is_told)
    ids = write_completions(session, new, now)
    changed = {row.member_id for row in new}
    recorded.members += len(changed)
    refresh.take({member: facts[member] for member in sorted(changed)})
    return [Written(row, its_id) for row, its_id in zip(new, ids, strict=True)]


def _new_rows(
    session: Session,
    people: dict[int, list[Staged]],
    held: dict[int, list[Completed]],
    recorded: CompletionsRecorded,
    terms: Mapping[int, CourseTerms],
    today: date,
    own: frozenset[int],
    is_told: bool = False,
) -> list[Staged]:
    """The rows that say something new, noted like the rest; what they say is added to ``held``."""
    voided, external = _known_besides(session, people)
    new: list[Staged] = []
    for member_id, rows in people.items():
        mine = held[member_id]
        known = set(mine) | voided.get(member_id, set())
        courses = {completed.course for completed in mine}
        ids = external.get(member_id, {})
        for row in rows:
            completed = Completed(row.course_id, row.completed_on, row.assurance)
            under_its_id = ids.get((row.source, row.external_id), [])
            if is_told and under_its_id and completed not in known and completed not in under_its_id:
                recorded.note_faults(RowFaults(row.line, (_another_under_its_id(session, row, under_its_id[-1]),)))
                continue
            if completed in known or under_its_id or _is_seen_again(row, mine):
                is_lapsed = _is_lapsed(completed, mine, terms, today)
                recorded.lapsed += is_lapsed
                recorded.note(row.line, Outcome.ALREADY_KNOWN, LAPSED if is_lapsed else "")
                continue
            if member_id in own and row.assurance > Assurance.CLAIMED:
                recorded.note_faults(RowFaults(row.line, (own_record_fault(row.line, Assurance(row.assurance)),)))
                continue
            recorded.note(row.line, Outcome.CORROBORATED if row.course_id in courses else Outcome.RECORDED)
            known.add(completed)
            courses.add(row.course_id)
            if row.external_id is not None:
                ids[row.source, row.external_id] = [completed]
            mine.append(completed)
            new.append(row)
    return new


def _another_under_its_id(session: Session, row: Staged, recorded: Completed) -> Fault:
    course = session.get_one(Course, recorded.course)
    reason = _(
        "is the id of another record: “%(course)s”, %(day)s, %(assurance)s. Send this one under an id of its own",
        course=course.code,
        day=recorded.on.isoformat(),
        assurance=Assurance(recorded.assurance).word,
    )
    return Fault(row.line, "external_id", row.external_id or "", reason)


def _is_seen_again(row: Staged, mine: Iterable[Completed]) -> bool:
    """Whether LinkedIn shows a course at 100 % that it has reported as completed: someone opened it once more."""
    return (
        row.source == LINKEDIN
        and row.assurance == Assurance.CLAIMED
        and any(each.course == row.course_id and each.assurance == Assurance.PROVIDER for each in mine)
    )


def _is_lapsed(completed: Completed, mine: Iterable[Completed], terms: Mapping[int, CourseTerms], today: date) -> bool:
    """Whether a provider repeats a completion that holds no longer, and no other of the same course does."""
    found = terms.get(completed.course)
    if found is None or not found.lapses or completed.assurance < Assurance.PROVIDER:
        return False
    known = [each for each in (completed, *mine) if each.course == completed.course]
    entries = (Entry(each.on, each.assurance, each.course, (found,)) for each in known)
    return all(cycle.until_on <= today for _, cycle in lasting(entries))


def _known_besides(
    session: Session, people: dict[int, list[Staged]]
) -> tuple[dict[int, set[Completed]], dict[int, dict[tuple[str, str | None], list[Completed]]]]:
    """What a report may not record again though no valid completion shows it: what a person voided, and what is recorded
    under each of the sources' ids.

    What was undone with its whole import may be recorded again, by its id as well. So may what was taken for another member
    or course, which is voided in the same way: with 0 where it came without a file.
    """
    read = FactReader(session, people)
    voided: dict[int, set[Completed]] = {}
    external: dict[int, dict[tuple[str, str | None], list[Completed]]] = {}
    for member_id, course, on, assurance, batch, undone in read.voided(
        "completion", "course_id, completed_on, assurance, batch_id, voided_batch_id"
    ):
        if undone is None or undone != (batch or 0):
            voided.setdefault(member_id, set()).add(Completed(course, read.day(on), assurance))
    if any(row.external_id is not None for rows in people.values() for row in rows):
        for member_id, source, external_id, course, on, assurance, batch, undone in read.derived(
            "completion", "source, external_id, course_id, completed_on, assurance, batch_id, voided_batch_id"
        ):
            if external_id is not None and (undone is None or undone != (batch or 0)):
                under_it = external.setdefault(member_id, {}).setdefault((source, external_id), [])
                under_it.append(Completed(course, read.day(on), assurance))
    return voided, external


def by_member(rows: Iterable[Staged]) -> dict[int, list[Staged]]:
    """A few rows, member by member in rising order."""
    people: dict[int, list[Staged]] = {}
    for row in sorted(rows, key=lambda row: (row.member_id, row.line)):
        people.setdefault(row.member_id, []).append(row)
    return people
