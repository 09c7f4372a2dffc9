"""Recording a class that was held: one act for everyone on its sign-in sheet, and taking it back."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from tracker.coverage.classes import (
    KIND,
    LONGEST_LINE,
    MOST_LINES,
    Sheet,
    class_like,
    profile_of,
    read_sheet,
)
from tracker.coverage.derivation import current_world
from tracker.coverage.people_of_local import PersonOfLocal
from tracker.curriculum.words import Assurance, Outcome
from tracker.language import _, day, number
from tracker.models import Batch, BatchOutcome, BatchUndone, Course, Review, Unit, WaitingCompletion, new_id
from tracker.models.base import lock_member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.batches import Undone, undo_batch
from tracker.operations.completions.recording import by_member, record_people
from tracker.operations.completions.stage import Staged
from tracker.operations.completions.tally import CompletionsRecorded
from tracker.operations.completions.waiting import fingerprint_of, let_wait, settled_among
from tracker.operations.evidence import StoredFile
from tracker.operations.evidence.attaching import write_evidence
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused, refuse_impossible_day
from tracker.operations.rows import CompletionRow
from tracker.operations.standings import Refresh

UNDO_WITHIN = timedelta(hours=24)  # by whoever recorded it, if they are not staff
LONGEST_NOTE = 200


@dataclass(frozen=True)
class HeldClass:
    """A class as it is to be recorded."""

    unit: Unit | None  # the local whose members alone can be recorded; None: the training staff's
    course: Course | None  # None where the door found none
    held_on: date
    note: str  # who taught it, and where
    ticked: Collection[int]  # members chosen from the local's list
    lines: Sequence[str]  # numbers, addresses or names as they were typed
    sheet: StoredFile | None = None


@dataclass(frozen=True)
class ClassRecorded:
    """What recording a class did, or would do."""

    batch_id: int
    sheet: Sheet
    recorded: list[PersonOfLocal]
    known: list[PersonOfLocal]  # of whom this very class was recorded already

    @property
    def waiting(self) -> int:
        return len(self.sheet.unfound)


def record_class(session: Session, held: HeldClass, actor: Actor, *, today: date, now: datetime) -> ClassRecorded:
    """Record that everyone on a sheet completed a course on a day: reviewed, with the sheet behind each, as one batch.

    Lines that find nobody, or several, wait for a person like the rows of an import.

    Raises:
        Refused: ``unknown_course``, ``future_date``, ``impossible_day``, ``no_note``, ``too_long``, ``nobody``,
            ``too_many``, ``already_recorded`` (nothing in it is new). Nothing is written then.
    """
    course, note = _check(held, today)
    # of the same sheet sent twice at once, the second waits here and then finds the first; others may complete the course
    session.execute(select(Course.id).where(Course.id == course.id).with_for_update(key_share=True))
    sha256 = _hash_of(held, course)
    if class_like(session, sha256, held.unit) is not None:
        raise _already(course, held)
    sheet = read_sheet(session, held.unit, held.held_on, held.ticked, held.lines, oneself=own_members(session, actor))
    if not sheet.lines:
        raise Refused("nobody", _("Say who was there: tick their names, or write them line by line."), field="lines")
    batch_id = _open(session, held, course, note, sha256, actor, now)
    outcomes, done = _write(session, held, course, sheet, batch_id, actor, today, now)
    ends = [outcomes[each.member_id] for each in sheet.found]
    recorded = [each for each, end in zip(sheet.found, ends, strict=True) if end is not Outcome.ALREADY_KNOWN]
    known = [each for each, end in zip(sheet.found, ends, strict=True) if end is Outcome.ALREADY_KNOWN]
    waiting = _let_wait(session, held, course, sheet, batch_id, actor, now)
    if not recorded and not waiting:
        raise _already(course, held)
    ends += [Outcome.UNMATCHED] * waiting + [Outcome.ALREADY_KNOWN] * (len(sheet.unfound) - waiting)
    if held.sheet is not None:
        write_evidence(session, done, held.sheet, "", Review.ACCEPTED, actor, now)
    counts = [{"batch_id": batch_id, "outcome": end, "row_count": count} for end, count in Counter(ends).items()]
    session.execute(insert(BatchOutcome).values(counts))
    audit(
        session,
        actor,
        "record_class",
        object_kind="batch",
        object_id=batch_id,
        unit_id=held.unit.id if held.unit else None,
        detail={
            "course": course.code,
            "held_on": held.held_on.isoformat(),
            "note": note,
            "sheet": held.sheet.sha256 if held.sheet else None,
            "recorded": [each.number for each in recorded],
            "already known": len(known),
            "waiting": len(sheet.unfound),
        },
        at=now,
    )
    return ClassRecorded(batch_id, sheet, recorded, known)


def undo_class(session: Session, batch: Batch, actor: Actor, *, is_staff: bool, today: date, now: datetime) -> Undone:
    """Take a class back as a whole. Whoever recorded it may do so for a day; the training staff at any time.

    Raises:
        Refused: ``not_yours``, ``too_late``, ``already_undone``.

    Needs ``writing(alone=True)``.
    """
    if session.get(BatchUndone, batch.id) is not None:
        raise Refused("already_undone", _("This class was taken back already."))
    if why := why_not_undone(batch, actor.user_id, is_staff=is_staff, now=now):
        raise Refused(*why)
    return undo_batch(session, batch, actor, today=today, now=now)


def why_not_undone(batch: Batch, user_id: int | None, *, is_staff: bool, now: datetime) -> tuple[str, str] | None:
    """Why somebody may not take a class back; None where they may."""
    if is_staff:
        return None
    if user_id is None or batch.recorded_by != user_id:
        return "not_yours", _("Only who recorded this class, or the training staff, can take it back.")
    if now - batch.recorded_at > UNDO_WITHIN:
        return "too_late", _("It was recorded more than 24 hours ago: ask the training staff to take it back.")
    return None


def _check(held: HeldClass, today: date) -> tuple[Course, str]:
    if held.course is None:
        raise Refused("unknown_course", _("No course has that code or title: choose one from the list."), field="course")
    if held.held_on > today:
        raise Refused("future_date", _("This day is in the future."), field="held_on")
    refuse_impossible_day(held.held_on, "held_on")
    note = " ".join(held.note.split())
    if not note:
        raise Refused("no_note", _("Say who taught it and where, in a few words."), field="note")
    if len(note) > LONGEST_NOTE:
        message = _(
            "Keep it to %(most)s characters: these are %(count)s.", most=number(LONGEST_NOTE), count=number(len(note))
        )
        raise Refused("too_long", message, field="note")
    lines = [each for each in held.lines if each.strip()]
    if len(lines) + len(held.ticked) > MOST_LINES:
        message = _("A class has at most %(most)s people here: record a larger one in parts.", most=number(MOST_LINES))
        raise Refused("too_many", message, field="lines")
    longest = max((len(each) for each in lines), default=0)
    if longest > LONGEST_LINE:
        message = _("A line has at most %(most)s characters: one person a line.", most=number(LONGEST_LINE))
        raise Refused("too_long", message, field="lines")
    return held.course, note


def _already(course: Course, held: HeldClass) -> Refused:
    message = _(
        "%(course)s on %(day)s is already recorded for everyone on this sheet.", course=course.title, day=day(held.held_on)
    )
    return Refused("already_recorded", message, field="lines")


def _hash_of(held: HeldClass, course: Course) -> str:
    """What makes two sheets the same one: the class, who is on it, and the file."""
    lines = sorted(" ".join(each.split()).casefold() for each in held.lines if each.strip())
    parts = [
        *(course.code, held.held_on.isoformat(), held.sheet.sha256 if held.sheet else ""),
        *map(str, sorted({*held.ticked})),
        *lines,
    ]
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()


def _open(session: Session, held: HeldClass, course: Course, note: str, sha256: str, actor: Actor, now: datetime) -> int:
    batch = Batch(
        id=new_id(),
        kind=KIND,
        profile=profile_of(held.unit),
        file_name=f"{course.title} · {held.held_on.isoformat()} · {note}",
        sha256=sha256,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(batch)
    session.flush()
    return batch.id


def _write(
    session: Session,
    held: HeldClass,
    course: Course,
    sheet: Sheet,
    batch_id: int,
    actor: Actor,
    today: date,
    now: datetime,
) -> tuple[dict[int, Outcome], list[tuple[int, int]]]:
    """Record those who were found: how each ended, by member, and the completions that came of it."""
    assurance = int(Assurance.REVIEWED)
    staged = [
        Staged(each.member_id, line, course.id, held.held_on, assurance, KIND, None, "", batch_id, actor.user_id)
        for line, each in enumerate(sheet.found, start=1)
    ]
    people = by_member(staged)
    for member_id in people:
        lock_member(session, member_id)
    world = current_world(session)
    refresh, recorded = Refresh(session, world), CompletionsRecorded()
    written = record_people(session, people, recorded, refresh, world, today, now)
    refresh.finish()
    ended = {each.line: each.outcome for each in recorded.lines}
    return {row.member_id: ended[row.line] for row in staged}, [(row.member_id, its_id) for row, its_id in written]


def _let_wait(
    session: Session, held: HeldClass, course: Course, sheet: Sheet, batch_id: int, actor: Actor, now: datetime
) -> int:
    """Let the other lines wait, by what stands on the sheet alone: nothing in them finds anyone by itself, so nobody is
    recorded whom this local may not record. How many do: one that waits already, or was settled, waits no second time.

    Two who are written alike are two: the second is told apart by its number.
    """
    times = Counter[str]()
    waiting: list[tuple[str, Outcome, bool, CompletionRow]] = []
    for line, each in enumerate(sheet.unfound, start=len(sheet.found) + 1):
        times[each.text.casefold()] += 1
        again = times[each.text.casefold()]
        row = CompletionRow(
            *(line, "", "", "", each.text, "", course.code, held.held_on, Assurance.REVIEWED, ""),
            external_id=f"{course.code} {held.held_on} {each.text} {again}" if again > 1 else "",
            learner_local=held.unit.number if held.unit else "",
        )
        waiting.append((fingerprint_of(row, KIND), Outcome.UNMATCHED, False, row))
    settled = settled_among(session, [fingerprint for fingerprint, *_ in waiting])
    let_wait(session, [each for each in waiting if each[0] not in settled], KIND, actor, batch_id, now)
    mine = select(func.count()).select_from(WaitingCompletion).where(WaitingCompletion.batch_id == batch_id)
    return session.scalar(mine) or 0
