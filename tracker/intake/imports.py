"""One import, whole: bytes in, a batch with its outcomes recorded, everything that follows refreshed.

A preview is the same import, which its door then rolls back: so what it says is what applying will do.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.intake.completions import read_completions
from tracker.intake.roster import read_roster
from tracker.models import Batch, BatchOutcome, new_id, new_ids
from tracker.models.loading import load
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions import record_completions, settle_waiting
from tracker.operations.refused import Refused
from tracker.operations.roster import record_roster
from tracker.operations.standings import refresh_standings
from tracker.operations.watching import Watch, unwatched


@dataclass
class Imported:
    """What an import did. The outcomes' counts add up to the rows."""

    batch_id: int
    kind: str
    profile: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)  # columns that are not ours to keep
    new_members: int = 0
    settled: int = 0  # completions that had waited and found their member

    @property
    def rows(self) -> int:
        return self.outcomes.total()

    @property
    def summary(self) -> str:
        """Every outcome with its count, in one line."""
        return ", ".join(f"{outcome.value} {self.outcomes[outcome]}" for outcome in Outcome)


def import_roster(
    session: Session,
    content: bytes,
    file_name: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    strict: bool = False,
    watch: Watch = unwatched,
) -> Imported:
    """Record a roster file, let the rules reach its cards, and settle completions that waited for its members.

    Raises:
        Refused: the file is not a roster, or ``strict`` and a row is faulty. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    reader = read_roster(content, file_name)
    imported = Imported(_open_batch(session, "roster", "canonical", content, file_name, actor, now), "roster", "canonical")
    imported.dropped = list(reader.dropped)
    rows = watch("Reading", reader, content.count(b"\n"))
    recorded = record_roster(session, rows, actor, batch_id=imported.batch_id, today=today, now=now)
    imported.outcomes, imported.faults = recorded.outcomes, recorded.faults
    imported.new_members = recorded.new_members
    _refuse_if_strict(imported, strict)
    refresh_standings(session, recorded.members, today)
    imported.settled = settle_waiting(session, today=today, now=now).outcomes.total()
    _close_batch(session, imported, actor, now)
    return imported


def import_completions(
    session: Session,
    content: bytes,
    file_name: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    profile: str | None = None,
    strict: bool = False,
    watch: Watch = unwatched,
) -> Imported:
    """Record a completion report, its format found by its headers unless ``profile`` names one.

    Raises:
        Refused: the file is no report we read, or ``strict`` and a row is faulty. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    reader = read_completions(content, file_name, today, profile)
    batch_id = _open_batch(session, "completions", reader.profile, content, file_name, actor, now)
    imported = Imported(batch_id, "completions", reader.profile, dropped=list(reader.dropped))
    recorded = record_completions(
        session,
        watch("Reading", reader, content.count(b"\n")),
        source=reader.source,
        actor=actor,
        batch_id=batch_id,
        today=today,
        now=now,
        watch=watch,
    )
    imported.outcomes, imported.faults = recorded.outcomes, recorded.faults
    _refuse_if_strict(imported, strict)
    _close_batch(session, imported, actor, now)
    return imported


def _open_batch(
    session: Session, kind: str, profile: str, content: bytes, file_name: str, actor: Actor, now: datetime
) -> int:
    batch = Batch(
        id=new_id(),
        kind=kind,
        profile=profile,
        file_name=file_name,
        sha256=hashlib.sha256(content).hexdigest(),
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(batch)
    session.flush()
    return batch.id


def _refuse_if_strict(imported: Imported, strict: bool) -> None:
    faulty = imported.outcomes[Outcome.FAULTY]
    if strict and faulty:
        raise Refused(
            "faulty_rows", f"{faulty} of {imported.rows} rows are faulty; nothing was recorded.", faults=imported.faults
        )


def _close_batch(session: Session, imported: Imported, actor: Actor, now: datetime) -> None:
    batch = session.get_one(Batch, imported.batch_id)
    counts = [
        {"batch_id": imported.batch_id, "outcome": outcome, "row_count": imported.outcomes[outcome]}
        for outcome in Outcome
        if imported.outcomes[outcome]
    ]
    if counts:
        session.execute(insert(BatchOutcome).values(counts))
    load(
        session,
        "row_fault",
        ("id", "batch_id", "line", '"column"', "value", "reason"),
        (
            (its_id, imported.batch_id, fault.line, fault.column, fault.value, fault.reason)
            for its_id, fault in zip(new_ids(len(imported.faults)), imported.faults, strict=True)
        ),
    )
    audit(
        session,
        actor,
        f"import_{imported.kind}",
        object_kind="batch",
        object_id=imported.batch_id,
        detail={
            "file": batch.file_name,
            "sha256": batch.sha256,
            **{outcome.value: imported.outcomes[outcome] for outcome in Outcome if imported.outcomes[outcome]},
        },
        at=now,
    )
