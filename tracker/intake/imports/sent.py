"""Completions that a program sends, some at a time: each ends as the same row of the canonical table would."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import email_key, member_key
from tracker.curriculum.words import Assurance, Outcome
from tracker.intake import canonical_completions
from tracker.intake.imports.imported import Imported, close_batch, open_batch
from tracker.intake.imports.original import Original
from tracker.intake.reading import AS_FOUND
from tracker.intake.tables import HeadedTable
from tracker.language import _
from tracker.models import Course, Identifier, IdentifierKind, Member
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions import Lines, log_completion, record_few
from tracker.operations.completions.claims import own_record_fault
from tracker.operations.matching import CourseFinder, LearnerFinder
from tracker.operations.own_record import own_members
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

PROFILE = "api"
COLUMNS = canonical_completions.COLUMNS

SentRow = CompletionRow | NotACompletion | RowFaults


class Ended(NamedTuple):
    """How one row ended. ``faults`` says more of one that is faulty; ``is_refused``: it named somebody else."""

    outcome: Outcome
    member_id: int | None = None
    completion_id: int | None = None
    faults: tuple[Fault, ...] = ()
    is_refused: bool = False


class Sender(NamedTuple):
    """Who sends: as what they act, what their ids are unique in, and what people call them."""

    actor: Actor
    source: str
    name: str


def read_sent(rows: Sequence[Sequence[str]], today: date) -> list[SentRow]:
    """The rows as the canonical table reads them, in their order; each has its cells in the order of :data:`COLUMNS`."""
    cells = ((line, [each.strip() for each in row]) for line, row in enumerate(rows, start=1))
    return list(canonical_completions.read(HeadedTable(PROFILE, 0, [*COLUMNS], cells), today, AS_FOUND))


def record_sent(
    session: Session, rows: Sequence[SentRow], sender: Sender, sha256: str, *, today: date, now: datetime
) -> list[Ended]:
    """Record rows about anyone: all of them, in an ordinary write. Several at once are a batch, which can be undone.

    Nobody records their own as reviewed or by a provider, whichever way they come.
    """
    good = [row for row in rows if isinstance(row, CompletionRow)]
    learners, own = LearnerFinder(session, good), own_members(session, sender.actor)
    ended: dict[int, Ended] = {row.line: _unreadable(row) for row in rows if not isinstance(row, CompletionRow)}
    for row in good:
        if own and row.assurance is not Assurance.CLAIMED and (found := learners.find(row)) in own:
            ended[row.line] = Ended(Outcome.FAULTY, found, None, (own_record_fault(row.line, row.assurance),))
    good = [row for row in good if row.line not in ended]
    original = Original(sender.name, sha256, len(rows))
    batch_id = open_batch(session, "completions", PROFILE, original, sender.actor, now) if len(rows) > 1 else None
    settled = record_few(session, good, source=sender.source, actor=sender.actor, today=today, now=now, batch_id=batch_id)
    for row, end in zip(good, settled, strict=True):
        faults = end.faults or ((_late_claim(row),) if end.outcome is Outcome.FAULTY else ())
        ended[row.line] = Ended(end.outcome, end.member_id, end.completion_id, faults)
    in_order = [ended[row.line] for row in rows]
    if batch_id is None:
        _audit_one(session, in_order[0], sender, now)
    else:
        _close(session, batch_id, in_order, original, sender, now)
    return in_order


def record_own(
    session: Session, rows: Sequence[SentRow], member: Member, actor: Actor, *, today: date, now: datetime
) -> list[Ended]:
    """Record what a member says of themselves: each row as logging a course on a page does, and none of anyone else.

    What a row names them by is compared with what they are known by, and looked up nowhere else: nobody can find out so
    which numbers and addresses are a member's.
    """
    courses = CourseFinder(session)
    known = select(Identifier.kind, Identifier.value).where(Identifier.member_id == member.member_id)
    own = {(kind, value) for kind, value in session.execute(known)}
    ended = []
    for row in rows:
        if not isinstance(row, CompletionRow):
            ended.append(_unreadable(row))
        elif foreign := [each for each in _named_by(row) if each[:2] not in own]:
            reason = _("is not yours: a member records their own courses alone")
            faults = tuple(Fault(row.line, column, value, reason) for _kind, _key, column, value in foreign)
            ended.append(Ended(Outcome.FAULTY, faults=faults, is_refused=True))
        elif row.assurance is not Assurance.CLAIMED:
            reason = _("is more than a claim: leave it out, and the training staff look at it")
            fault = Fault(row.line, "assurance", row.assurance.word, reason)
            ended.append(Ended(Outcome.FAULTY, member.member_id, None, (fault,)))
        else:
            found = courses.find(row)
            course = session.get(Course, found.id) if found is not None else None
            ended.append(_logged(session, row, member, course, actor, today, now))
    return ended


def _named_by(row: CompletionRow) -> list[tuple[IdentifierKind, str, str, str]]:
    """Everything that a row names its learner by: of which kind, as it is compared, in which column, as it was sent."""
    said = [
        (IdentifierKind.NUMBER, member_key(row.member_number), "member_number", row.member_number),
        (IdentifierKind.PROVIDER_ID, row.provider_id.strip().casefold(), "provider_id", row.provider_id),
        (IdentifierKind.EMAIL, email_key(row.email), "email", row.email),
    ]
    return [each for each in said if each[3]]


def _logged(
    session: Session, row: CompletionRow, member: Member, course: Course | None, actor: Actor, today: date, now: datetime
) -> Ended:
    if course is None:
        return Ended(Outcome.UNKNOWN_COURSE, member.member_id)
    try:
        its_id = log_completion(
            session,
            member=member,
            course=course,
            completed_on=row.completed_on,
            assurance=Assurance.CLAIMED,
            actor=actor,
            today=today,
            now=now,
            evidence_url=row.evidence_url,
        )
    except Refused as refusal:  # nothing of this row is written then
        if refusal.code == "already_logged":
            return Ended(Outcome.ALREADY_KNOWN, member.member_id)
        fault = Fault(row.line, refusal.field or "", row.completed_on.isoformat(), refusal.message)
        return Ended(Outcome.FAULTY, member.member_id, None, (fault,))
    return Ended(Outcome.RECORDED, member.member_id, its_id)


def _unreadable(row: NotACompletion | RowFaults) -> Ended:
    return Ended(Outcome.FAULTY, faults=row.faults) if isinstance(row, RowFaults) else Ended(Outcome.NOT_A_COMPLETION)


def _late_claim(row: CompletionRow) -> Fault:
    reason = _("is after the course was retired: it needs the provider’s report or a staff record")
    return Fault(row.line, "completed_on", row.completed_on.isoformat(), reason)


def _audit_one(session: Session, end: Ended, sender: Sender, now: datetime) -> None:
    audit(
        session,
        sender.actor,
        "send_completion",
        object_kind="completion",
        object_id=end.completion_id,
        member_id=end.member_id,
        detail={"by": sender.name, "outcome": end.outcome.value},
        at=now,
    )


def _close(
    session: Session, batch_id: int, ended: Sequence[Ended], original: Original, sender: Sender, now: datetime
) -> None:
    lines = Lines()
    for line, end in enumerate(ended, start=1):
        lines.note(line, end.outcome, "; ".join(f"{each.column} {each.reason}".strip() for each in end.faults))
    faults = [fault for end in ended for fault in end.faults]
    imported = Imported(batch_id, "completions", PROFILE, Counter(end.outcome for end in ended), faults, len(faults), lines)
    close_batch(session, imported, original, sender.actor, now)
