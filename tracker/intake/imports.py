"""One import: a file's rows read, matched and laid out; then shown as a preview, or recorded as a batch.

Reading, matching and laying out only read the database and keep nobody waiting. Recording is one transaction of its own, in
which the same rows are judged by the same code: so a preview says what recording will do.
"""

from __future__ import annotations

import hashlib
import io
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from itertools import chain, count
from typing import NamedTuple

from sqlalchemy import insert
from sqlalchemy.orm import Session

from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.intake.completions import read_completions
from tracker.intake.reading import Reading
from tracker.intake.reports import CompletionReader
from tracker.intake.roster import read_roster
from tracker.intake.tables import Content
from tracker.models import Batch, BatchOutcome, BatchRows, new_id, new_ids
from tracker.models.loading import load
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.completions import CompletionsRecorded, Lines, Report, Reported, settle_waiting
from tracker.operations.refused import Refused
from tracker.operations.roster import record_roster
from tracker.operations.rows import CompletionRow
from tracker.operations.standings import refresh_standings
from tracker.operations.watching import Watch, unwatched

_CHUNK = 1 << 20
_MOST_WAITING_SHOWN = 200


class Original(NamedTuple):
    """The file behind an import: what it was called, its hash, and how many lines it has, as far as a bar needs to know."""

    file_name: str
    sha256: str
    lines: int


def original_of(content: Content, file_name: str) -> Original:
    """What there is to know of a file before it is read. A stream is left at its beginning."""
    stream = io.BytesIO(content) if isinstance(content, bytes) else content
    stream.seek(0)
    digest, lines = hashlib.sha256(), 0
    while chunk := stream.read(_CHUNK):
        digest.update(chunk)
        lines += chunk.count(b"\n")
    stream.seek(0)
    return Original(file_name, digest.hexdigest(), lines)


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


class CompletionsImport:
    """A report of completions on its way in; made by :meth:`staged`."""

    def __init__(self, reader: CompletionReader, report: Report, original: Original, today: date) -> None:
        self._reader = reader
        self._report = report
        self._original = original
        self._today = today

    @classmethod
    @contextmanager
    def staged(
        cls,
        session: Session,
        read: Callable[[], CompletionReader],
        original: Original,
        *,
        today: date,
        watch: Watch = unwatched,
    ) -> Iterator[CompletionsImport]:
        """Read the rows, match them and lay them out, outside any write.

        Args:
            read: opens the file at its beginning. It is read again where a roster was recorded while it was matched.

        Raises:
            Refused: the file cannot be read as what it is.
        """
        first = read()
        readers = chain((first,), (read() for _ in count()))

        def rows() -> Iterable[Reported]:
            return watch("Reading", next(readers), original.lines)

        with Report(session, rows, source=first.source) as report:
            yield cls(first, report, original, today)

    def preview(self, session: Session, watch: Watch = unwatched) -> Imported:
        """What recording would do. Only reads."""
        imported = self._imported(0, self._report.judge(session, self._today, watch))
        imported.waiting = self._report.waiting(_MOST_WAITING_SHOWN)
        return imported

    def record(
        self, session: Session, actor: Actor, *, now: datetime, strict: bool = False, watch: Watch = unwatched
    ) -> Imported:
        """Record it as a batch. Needs ``writing(alone=True)``.

        Raises:
            Refused: ``faulty_rows``, where ``strict`` and a row is faulty. Nothing is written then.
        """
        refuse_if_strict(self._report.read, strict)
        batch_id = open_batch(session, "completions", self._reader.profile, self._original, actor, now)
        recorded = self._report.record(session, actor=actor, batch_id=batch_id, today=self._today, now=now, watch=watch)
        refuse_if_strict(recorded, strict)
        imported = self._imported(batch_id, recorded)
        close_batch(session, imported, self._original, actor, now)
        return imported

    def _imported(self, batch_id: int, recorded: CompletionsRecorded) -> Imported:
        return Imported(
            batch_id,
            "completions",
            self._reader.profile,
            recorded.outcomes,
            recorded.faults,
            recorded.faults.in_all,
            recorded.lines,
            list(self._reader.dropped),
            set_aside=recorded.set_aside,
            lapsed=recorded.lapsed,
        )


def import_completions(
    session: Session,
    content: Content,
    file_name: str,
    actor: Actor,
    *,
    today: date,
    now: datetime,
    reading: Reading | None = None,
    strict: bool = False,
    watch: Watch = unwatched,
) -> Imported:
    """Record a completion report in one go, its format found by its headers unless ``reading`` says more.

    Raises:
        Refused: the file is no report we read, or ``strict`` and a row is faulty. Nothing is written then.

    Needs ``writing(alone=True)``.
    """
    original = original_of(content, file_name)

    def read() -> CompletionReader:
        return read_completions(content, file_name, today, (reading or Reading()).profile or None)

    with CompletionsImport.staged(session, read, original, today=today, watch=watch) as staged:
        return staged.record(session, actor, now=now, strict=strict, watch=watch)


def import_roster(
    session: Session,
    content: Content,
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
    original = original_of(content, file_name)
    reader = read_roster(content, file_name)
    batch_id = open_batch(session, "roster", "canonical", original, actor, now)
    imported = Imported(batch_id, "roster", "canonical", dropped=list(reader.dropped))
    recorded = record_roster(
        session, watch("Reading", reader, original.lines), actor, batch_id=batch_id, today=today, now=now
    )
    imported.outcomes, imported.faults = recorded.outcomes, recorded.faults
    imported.faults_in_all = len(recorded.faults)
    imported.new_members = recorded.new_members
    refuse_if_strict(imported, strict)
    refresh_standings(session, recorded.members, today)
    imported.settled = settle_waiting(session, today=today, now=now).outcomes.total()
    close_batch(session, imported, original, actor, now)
    return imported


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


def refuse_if_strict(ended: CompletionsRecorded | Imported, strict: bool) -> None:
    """Say no to the whole file for one faulty row.

    Raises:
        Refused: ``faulty_rows``.
    """
    faulty = ended.outcomes[Outcome.FAULTY]
    if strict and faulty:
        raise Refused(
            "faulty_rows",
            f"{faulty} of {ended.outcomes.total()} rows are faulty; nothing was recorded.",
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
