"""Acts that take a second person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Id, Moment


class Proposal(Base):
    """An act on many records that one person prepared and another must confirm. ``question`` says on which."""

    __tablename__ = "proposal"
    __table_args__ = (Index("ix_proposal_open", "decided_at", "id"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)  # void
    question: Mapped[Any] = mapped_column(JSON)
    found: Mapped[int] = mapped_column(Integer)  # how many records it was about when it was proposed
    reason: Mapped[str] = mapped_column(Text)
    proposed_at: Mapped[datetime] = mapped_column(Moment)
    proposed_by: Mapped[int] = mapped_column(BigInteger)
    decided_at: Mapped[datetime | None] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)
    done: Mapped[int | None] = mapped_column(Integer)  # how many it was done to; None: declined
