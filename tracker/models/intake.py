"""Imports: the batch, how its rows ended, and the rows that wait for a person or a course."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Date, ForeignKey, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import Assurance, Outcome
from tracker.models.base import AssuranceType, Base, Id, Moment, Word


class Batch(Base):
    """One import. Written first and never changed; its outcomes have their own table."""

    __tablename__ = "batch"

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)  # roster, completions
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
    brings them; never dropped. ``reason`` is ``unmatched`` or ``unknown course``."""

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
    )

    id: Mapped[Id]
    batch_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("batch.id"), index=True)
    line: Mapped[int] = mapped_column(Integer)
    reason: Mapped[Outcome] = mapped_column(Word(Outcome))
    fingerprint: Mapped[str] = mapped_column(Text)
    source: Mapped[str] = mapped_column(Text)
    member_number: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)
    email: Mapped[str] = mapped_column(Text)
    learner_name: Mapped[str] = mapped_column(Text)
    course_id: Mapped[str] = mapped_column(Text)  # the provider's own id
    course: Mapped[str] = mapped_column(Text)
    completed_on: Mapped[date] = mapped_column(Date)
    assurance: Mapped[Assurance] = mapped_column(AssuranceType)
    evidence_url: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    settled_at: Mapped[datetime | None] = mapped_column(Moment)
