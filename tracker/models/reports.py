"""Reports that were kept: frozen for good, or made as a file by a job."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Date, ForeignKey, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import Assurance
from tracker.models.base import AssuranceType, Base, Id, Moment, Word
from tracker.models.intake import JobState


class FrozenReport(Base):
    """A report as it stood when it was frozen. Its files lie beside the database; ``manifest`` names each with its hash, and
    ``sha256`` is the hash of the manifest's text. Never changed; what was recorded since is told beside it."""

    __tablename__ = "frozen_report"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)  # what its public page is found by
    title: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"), index=True)
    as_of: Mapped[date] = mapped_column(Date)
    known: Mapped[date | None] = mapped_column(Date)
    floor: Mapped[Assurance] = mapped_column(AssuranceType)
    manifest: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    frozen_at: Mapped[datetime] = mapped_column(Moment)
    frozen_by: Mapped[int | None] = mapped_column(BigInteger)


class ExportJob(Base):
    """A report that is too long to be answered at once, on its way to being a file."""

    __tablename__ = "export_job"
    __table_args__ = (Index("ix_export_job_person", "requested_by", "requested_at"),)

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(Text)  # of the report, with its query
    form: Mapped[str] = mapped_column(Text)  # csv, xlsx, pdf
    state: Mapped[JobState] = mapped_column(Word(JobState))
    file_name: Mapped[str] = mapped_column(Text)
    rows: Mapped[int | None] = mapped_column(Integer)
    message: Mapped[str] = mapped_column(Text)
    result: Mapped[Any] = mapped_column(JSON)
    requested_at: Mapped[datetime] = mapped_column(Moment)
    requested_by: Mapped[int] = mapped_column(BigInteger)
    changed_at: Mapped[datetime] = mapped_column(Moment)
