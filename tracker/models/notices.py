"""What is to be told by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Id, Moment


class Notice(Base):
    """A mail to one address, kept until it is sent: `tracker notices send`."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_sent", "sent_at", "id"),)

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str] = mapped_column(Text)  # why the last try failed, "" where none did
