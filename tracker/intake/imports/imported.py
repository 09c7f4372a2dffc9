"""What an import did, and how it is written down."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tracker.coverage.roster_changes import RosterDiff
from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.intake.imports.original import Original
from tracker.intake.reading import AS_FOUND, Reading
from tracker.intake.reports import Reader
from tracker.language import _
from tracker.models import Batch, BatchOutcome, BatchRows, new_id, new_ids
from tracker.models.loading import load
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions import Lines
from tracker.operations.faulty import Faults
from tracker.operations.refused import Refused
from tracker.operations.roster import Brake
from tracker.operations.rows import CompletionRow


@dataclass
class Imported:
    """What an import did, or would do. The outcomes' counts add up to the rows."""

    batch_id: int  # 0: nothing was recorded
    kind: str
    profile: str
    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: list[Fault] = field(default_factory=list)  # the first of them
    faults_in_all: int = 0
    lines: Lines = field(default_factory=Lines)
    dropped: list[str] = field(default_factory=list)  # columns that are not ours to keep
    new_members: int = 0
    settled: int = 0  # completions that had waited and found their member
    set_aside: int = 0  # unmatched rows and unknown courses of which a person said: none of ours
    lapsed: int = 0  # known rows of courses that lapsed since: a report that repeats them is no renewal
    waiting: list[tuple[Outcome, CompletionRow]] = field(default_factory=list)  # the first that would wait, in a preview
    reading: Reading = AS_FOUND  # how the file was read: what a profile keeps
    headers: list[str] = field(default_factory=list)
    closed: int = 0  # cards or accounts that a complete file does not name
    kept_open: int = 0  # accounts that it does not name either, but one of its faulty rows might
    held: int = 0  # changes of a roster that wait for a person to decide
    leaving: int = 0  # people who would leave the union or a local by a roster
    diff: RosterDiff | None = None  # who joins, leaves, moves or changes by a roster
    brake: Brake | None = None  # in a preview: why a roster must not be recorded without a person's word

    @property
    def rows(self) -> int:
        return self.outcomes.total()

    @property
    def summary(self) -> str:
        """Every outcome with its count, in one line."""
        return ", ".join(f"{outcome.value} {self.outcomes[outcome]}" for outcome in Outcome)

    @property
    def no_renewal(self) -> str:
        """What to say of the rows that repeat what has lapsed; "" where there are none."""
        if not self.lapsed:
            return ""
        rows = "1 row repeats a completion" if self.lapsed == 1 else f"{self.lapsed:,} rows repeat completions"
        return (
            f"{rows} of a course that has lapsed since. A provider such as LinkedIn reports a course once, so this is no "
            "renewal: that takes a newer version of the course, an attestation that staff reviewed, or a staff record."
        )


class Ended(Protocol):
    """What every operation on a file's rows tells of them."""

    @property
    def outcomes(self) -> Counter[Outcome]: ...
    @property
    def faults(self) -> Faults: ...
    @property
    def lines(self) -> Lines: ...


def imported_of(batch_id: int, kind: str, reader: Reader[Any], recorded: Ended, **more: Any) -> Imported:
    """What to tell of rows that have ended.

    Args:
        more: the fields of :class:`Imported` that only this kind has.
    """
    return Imported(
        batch_id,
        kind,
        reader.profile,
        recorded.outcomes,
        recorded.faults,
        recorded.faults.in_all,
        recorded.lines,
        list(reader.dropped),
        reading=reader.reading,
        headers=list(reader.headers),
        **more,
    )


def open_batch(session: Session, kind: str, profile: str, original: Original, actor: Actor, now: datetime) -> int:
    """Write the batch before anything that points at it."""
    batch = Batch(
        id=new_id(),
        kind=kind,
        profile=profile,
        file_name=original.file_name,
        sha256=original.sha256,
        recorded_at=now,
        recorded_by=actor.user_id,
    )
    session.add(batch)
    session.flush()
    return batch.id


def refuse_if_strict(ended: Ended, strict: bool, rows: int | None = None) -> None:
    """Say no to the whole file for one faulty row.

    Args:
        rows: how many rows there are, where some have not ended yet.

    Raises:
        Refused: ``faulty_rows``.
    """
    faulty = ended.outcomes[Outcome.FAULTY]
    if strict and faulty:
        raise Refused(
            "faulty_rows",
            _(
                "%(faulty)s of %(value)s rows are faulty; nothing was recorded.",
                faulty=faulty,
                value=rows or ended.outcomes.total(),
            ),
            faults=ended.faults,
        )


def close_batch(session: Session, imported: Imported, original: Original, actor: Actor, now: datetime) -> None:
    """Write how the batch's rows ended, and who did it."""
    counts = [
        {"batch_id": imported.batch_id, "outcome": outcome, "row_count": imported.outcomes[outcome]}
        for outcome in Outcome
        if imported.outcomes[outcome]
    ]
    if counts:
        session.execute(insert(BatchOutcome).values(counts))
    session.execute(insert(BatchRows).values(batch_id=imported.batch_id, packed=imported.lines.packed()))
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
            "file": original.file_name,
            "sha256": original.sha256,
            **{outcome.value: imported.outcomes[outcome] for outcome in Outcome if imported.outcomes[outcome]},
        },
        at=now,
    )
