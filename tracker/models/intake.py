"""Imports: the batch, how its rows ended, and what waits for a person."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, Date, ForeignKey, Index, Integer, LargeBinary, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import Assurance, Outcome, Role
from tracker.models.base import AssuranceType, Base, Id, Moment, Word


class Batch(Base):
    """One import. Written first and never changed; its outcomes have their own table."""

    __tablename__ = "batch"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)  # roster, completions, accounts; merge: two members made one
    profile: Mapped[str] = mapped_column(Text)  # the format its file was read as
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text, index=True)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)


class BatchOutcome(Base):
    """How many rows of a batch ended in one way, when it was imported."""

    __tablename__ = "batch_outcome"

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"), primary_key=True)
    outcome: Mapped[Outcome] = mapped_column(Word(Outcome), primary_key=True)
    row_count: Mapped[int] = mapped_column(Integer)


class RowFault(Base):
    """What was wrong in a row of a batch: the row was left out, the rest recorded."""

    __tablename__ = "row_fault"
    __table_args__ = (Index("ix_row_fault_batch", "batch_id", "line"),)

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"))
    line: Mapped[int] = mapped_column(Integer)
    column: Mapped[str] = mapped_column(Text)
    value: Mapped[str] = mapped_column(Text)
    reason: Mapped[str] = mapped_column(Text)


class WaitingCompletion(Base):
    """A reported completion whose learner or course is not known yet. Matched as soon as a roster, an alias or a catalogue
    brings them; never dropped. ``reason`` is ``unmatched`` or ``unknown course``. ``is_set_aside``: a person said that the
    learner is not one of ours or the course none of ours, and it asks no more. ``settled_member_id`` is who it was recorded
    for; None with ``settled_at`` where its import was undone. ``batch_id`` is None for what came without a file."""

    __tablename__ = "waiting_completion"
    __table_args__ = (
        # the same report again waits once
        Index(
            "uq_waiting_completion_row",
            "fingerprint",
            unique=True,
            sqlite_where=text("settled_at IS NULL"),
            postgresql_where=text("settled_at IS NULL"),
        ),
        Index("ix_waiting_completion_open", "settled_at", "id"),
        Index("ix_waiting_completion_learner", "learner_key"),
        Index("ix_waiting_completion_course", "course_name"),
    )

    id: Mapped[Id]
    batch_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    line: Mapped[int] = mapped_column(Integer)
    reason: Mapped[Outcome] = mapped_column(Word(Outcome))
    fingerprint: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    member_number: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    learner_name: Mapped[str] = mapped_column(Text)
    learner_local: Mapped[str] = mapped_column(Text)  # where the report says they belong, for people to recognise
    learner_key: Mapped[str] = mapped_column(Text)  # operations.matching.learner_key
    course_id: Mapped[str] = mapped_column(Text)  # the provider's own id
    course: Mapped[str] = mapped_column(Text)
    course_name: Mapped[str] = mapped_column(Text)  # operations.matching.course_name
    completed_on: Mapped[date] = mapped_column(Date)
    assurance: Mapped[Assurance] = mapped_column(AssuranceType)
    evidence_url: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    is_set_aside: Mapped[bool] = mapped_column(Boolean)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
    settled_member_id: Mapped[int | None] = mapped_column(BigInteger)


class BatchRows(Base):
    """How each row of a batch ended, line by line: the packed form of ``operations.completions.lines``."""

    __tablename__ = "batch_rows"

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"), primary_key=True)
    packed: Mapped[bytes] = mapped_column(LargeBinary)


class BatchUndone(Base):
    """A batch that was undone as a whole."""

    __tablename__ = "batch_undone"

    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"), primary_key=True)
    undone_at: Mapped[datetime] = mapped_column(Moment)
    undone_by: Mapped[int | None] = mapped_column(BigInteger)


class BatchChange(Base):
    """What a batch changed that is no fact: a name, an e-mail added, an identifier moved. The diff, and what undo needs."""

    __tablename__ = "batch_change"
    __table_args__ = (Index("ix_batch_change_batch", "batch_id", "id"),)

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"))
    member_id: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(Text)  # name, email, number, provider-id, alias, merged
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)


class HeldChange(Base):
    """A roster's new e-mail or number for someone who signs in. It waits for a person: it could give their account away."""

    __tablename__ = "held_change"
    __table_args__ = (
        Index(
            "uq_held_change_open",
            "member_id",
            "what",
            "after",
            unique=True,
            sqlite_where=text("decided_at IS NULL"),
            postgresql_where=text("decided_at IS NULL"),
        ),
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    member_id: Mapped[int] = mapped_column(BigInteger)
    line: Mapped[int] = mapped_column(Integer)
    what: Mapped[str] = mapped_column(Text)  # email, number
    before: Mapped[str] = mapped_column(Text)
    after: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    is_accepted: Mapped[bool | None] = mapped_column(Boolean)


class ImportProfile(Base):
    """A saved column mapping for one provider's table, found again by its headings."""

    __tablename__ = "import_profile"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text, unique=True)
    kind: Mapped[str] = mapped_column(Text)  # as a batch's
    mapping: Mapped[Any] = mapped_column(JSON)  # intake.mapping.Mapping as plain JSON
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)


class JobState(StrEnum):
    """Where an import from a page stands."""

    READING = "reading"  # being tried
    ASKING = "asking"  # its columns must be named first
    PREVIEWED = "previewed"
    RECORDING = "recording"
    RECORDED = "recorded"
    REFUSED = "refused"
    STOPPED = "stopped"  # its process is gone: nothing was recorded


class ImportJob(Base):
    """One file on its way in, from the upload to its batch. Confirmed once, however often the button is pressed."""

    __tablename__ = "import_job"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)  # as a batch's
    file_name: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    options: Mapped[Any] = mapped_column(JSON)  # how to read it, and what a person agreed to
    state: Mapped[JobState] = mapped_column(Word(JobState))
    result: Mapped[Any] = mapped_column(JSON)  # what the preview found; the faults of a refusal
    message: Mapped[str] = mapped_column(Text)
    batch_id: Mapped[int | None] = mapped_column(BigInteger)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    requested_by: Mapped[int | None] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Moment)


class SyncWindow(Base):
    """A stretch of a provider's history that was fetched whole and recorded."""

    __tablename__ = "sync_window"

    source: Mapped[str] = mapped_column(Text, primary_key=True)
    from_at: Mapped[datetime] = mapped_column(Moment, primary_key=True)
    until_at: Mapped[datetime] = mapped_column(Moment)
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"))


class ApiClient(Base):
    """A program that may send statements, or read and record as one role allows. Its secret is shown once, kept as a hash.

    ``scopes`` are words with a space between. ``role`` (in ``unit_id``; None: in the whole union) is what it may see and do
    through the API; None where it only sends statements.
    """

    __tablename__ = "api_client"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    client_id: Mapped[str] = mapped_column(Text, unique=True)
    secret_hash: Mapped[str] = mapped_column(Text)
    scopes: Mapped[str] = mapped_column(Text, default="xapi:write")
    role: Mapped[Role | None] = mapped_column(Word(Role))
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    created_at: Mapped[datetime] = mapped_column(Moment)
    created_by: Mapped[int | None] = mapped_column(BigInteger)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_by: Mapped[int | None] = mapped_column(BigInteger)


class StatementState(StrEnum):
    """What became of an xAPI statement."""

    NEW = "new"
    RECORDED = "recorded"
    KNOWN = "already known"
    WAITING = "waiting"
    NO_COMPLETION = "not a completion"
    FAULTY = "faulty"
    VOIDED = "voided"


class XapiStatement(Base):
    """A statement as it came, and what became of it."""

    __tablename__ = "xapi_statement"
    __table_args__ = (
        Index("ix_xapi_statement_state", "state", "id"),
        Index("ix_xapi_statement_client", "client_id", "state"),
        Index("ix_xapi_statement_completion", "completion_id"),
        Index("ix_xapi_statement_waiting", "waiting_id"),
    )

    id: Mapped[Id]
    statement_id: Mapped[str] = mapped_column(Text, unique=True)
    client_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("api_client.id"))
    raw: Mapped[str] = mapped_column(Text)
    received_at: Mapped[datetime] = mapped_column(Moment)
    state: Mapped[StatementState] = mapped_column(Word(StatementState))
    reason: Mapped[str] = mapped_column(Text)
    waiting_id: Mapped[int | None] = mapped_column(BigInteger)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    completion_id: Mapped[int | None] = mapped_column(BigInteger)
