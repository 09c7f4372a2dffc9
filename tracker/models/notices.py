"""What is to be told by mail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, ForeignKeyConstraint, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Id, Moment


class Notice(Base):
    """A mail to one address, kept until it is sent: `tracker notices send`."""

    __tablename__ = "notice"
    __table_args__ = (Index("ix_notice_sent", "sent_at", "id"), Index("ix_notice_address", "address", "kind", "recorded_at"))

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(Text)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    subject: Mapped[str] = mapped_column(Text)
    body: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    sent_at: Mapped[datetime | None] = mapped_column(Moment)
    failure: Mapped[str] = mapped_column(Text)  # why the last try failed, "" where none did
    kind: Mapped[str] = mapped_column(Text, default="held")  # held, security, returned, digest, roll-up
    language: Mapped[str | None] = mapped_column(Text)
    attempts: Mapped[int] = mapped_column(Integer, default=0)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)  # after a failure; None: at once


class NoticeTold(Base):
    """What a member was told by a digest, so that nothing is told twice. ``what`` names it: "due-30:PATH:2026-03-31"."""

    __tablename__ = "notice_told"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_notice_told_member"),
        UniqueConstraint("member_id", "what", name="uq_notice_told_what"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    what: Mapped[str] = mapped_column(Text)
    notice_id: Mapped[int] = mapped_column(BigInteger)
    told_at: Mapped[datetime] = mapped_column(Moment)


class NoticeStop(Base):
    """An address that wants no mail of a kind ("digest", "roll-up"). Security and returned evidence are always told."""

    __tablename__ = "notice_stop"

    address_key: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(Text, primary_key=True)
    stopped_at: Mapped[datetime] = mapped_column(Moment)
