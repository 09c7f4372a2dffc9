"""Recording completions: each ends as exactly one outcome, as a row of an import does; all of a call, or none."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime

from flask import abort, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.api.v1.callers import Caller
from tracker.api.v1.door import operation, today
from tracker.api.v1.opened import note_refused
from tracker.api.v1.problems import Problem
from tracker.api.v1.shapes.sending import RowFault, SentCompletion, SentCompletions, SentOutcome, SentOutcomes
from tracker.curriculum.words import Outcome, Role
from tracker.intake.imports.sent import Ended, Sender, SentRow, read_sent, record_own, record_sent
from tracker.models import Member, db, writing
from tracker.operations.actor import Actor
from tracker.operations.tokens import Scope

_KEY = re.compile(r"[\x21-\x7e]{1,150}")


@operation(
    "/completions",
    SentOutcomes,
    about="Recording",
    opened_to=lambda reach: reach.is_staff or reach.member_id is not None,
    who="training staff, about anyone; a member, about themselves, as claims",
    scope=Scope.COMPLETIONS,
    method="POST",
)
def record_completions(caller: Caller, body: SentCompletions) -> SentOutcomes:
    """Record one completion, or up to 1,000: all of the call, or nothing of it.

    Sent again it adds nothing: the same member, course, day and assurance are already known. An `external_id` of the same
    sender is of one completion of a member: with another course, day or assurance under it the row is faulty. With the
    header `Idempotency-Key` a row without one takes the key and its place in the call as its id. Several at once are an
    import, which staff can undo.
    """
    staff = caller.reach.is_staff
    rows = read_sent([_cells(each, place, caller) for place, each in enumerate(body.completions)], today())
    sha256 = hashlib.sha256(request.get_data(cache=True)).hexdigest()
    with writing() as session:
        ended = _recorded(session, caller, rows, sha256) if staff else _own(session, caller, rows)
    if any(each.is_refused for each in ended):  # beside the write, which it must not wait for
        note_refused(caller, "record_completions", {})
    counts = Counter(each.outcome.value for each in ended)
    return SentOutcomes(
        counts={outcome.value: counts[outcome.value] for outcome in Outcome if counts[outcome.value]},
        outcomes=[_outcome(place, each) for place, each in enumerate(ended)],
    )


def _recorded(session: Session, caller: Caller, rows: Sequence[SentRow], sha256: str) -> list[Ended]:
    sender = (
        Sender(caller.actor(), f"api {caller.client.client_id}", f"API: {caller.client.name}")
        if caller.client
        else Sender(
            Actor(caller.reach.user_id, Role.STAFF.value, caller.name),
            f"api {caller.reach.user_id}",  # two people may well choose one key
            f"API: {caller.name}",
        )
    )
    return record_sent(session, rows, sender, sha256, today=today(), now=datetime.now(UTC))


def _own(session: Session, caller: Caller, rows: Sequence[SentRow]) -> list[Ended]:
    member = session.scalar(select(Member).where(Member.member_id == caller.reach.member_id))
    if member is None:
        abort(404)
    actor = Actor(caller.reach.user_id, Role.MEMBER.value, caller.name)
    return record_own(session, rows, member, actor, today=today(), now=datetime.now(UTC))


def _cells(sent: SentCompletion, place: int, caller: Caller) -> tuple[str, ...]:
    """A row of the canonical table. A member's own names nobody where it says nothing else."""
    number = sent.member_number
    if not caller.reach.is_staff and not (number or sent.email):
        number = _own_number(caller)
    external_id = sent.external_id or _key_of(place)
    return (
        *(number, sent.email, sent.course, sent.completed_on.isoformat(), sent.assurance),
        *(sent.evidence_url, external_id),
    )


def _own_number(caller: Caller) -> str:
    found = db.session().scalar(select(Member.number).where(Member.member_id == caller.reach.member_id))
    return found or ""


def _key_of(place: int) -> str:
    """What a row without an id of its own is known by, where the call has a key.

    Raises:
        Problem: ``invalid``.
    """
    key = request.headers.get("Idempotency-Key", "").strip()
    if not key:
        return ""
    if not _KEY.fullmatch(key):
        fault = "has at most 150 characters, all of them visible"
        raise Problem("invalid", f"The Idempotency-Key {fault}.", faults=[("#/header/Idempotency-Key", fault)])
    return f"{key}#{place}"


def _outcome(place: int, end: Ended) -> SentOutcome:
    return SentOutcome(
        index=place,
        outcome=end.outcome,
        member_id=str(end.member_id) if end.member_id is not None else None,
        completion_id=str(end.completion_id) if end.completion_id is not None else None,
        faults=[RowFault(pointer=f"/completions/{place}/{each.column}", detail=each.reason) for each in end.faults],
    )
