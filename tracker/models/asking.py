"""What members ask of the union about their own record, and what they show of it to others."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Date, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Id, Moment, Word


class About(StrEnum):
    """What of a record is wrong."""

    NAME = "name"
    CARD = "card"  # a local, a craft, a status, its days
    COURSE = "course"  # a completion that is there
    MISSING = "missing"  # one that is not
    PATH = "path"  # that it is asked, until when, or how it is counted
    REVIEW = "review"  # a claim that was returned or rejected: an appeal
    OTHER = "other"


class CorrectionState(StrEnum):
    OPEN = "open"
    DONE = "done"
    DECLINED = "declined"


class Correction(Base):
    """A member says that something in their record is wrong: it goes to a local of theirs, or to the training staff."""

    __tablename__ = "correction"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_correction_member"),
        Index("ix_correction_unit", "unit_id", "state", "id"),
        Index("ix_correction_state", "state", "id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    about: Mapped[About] = mapped_column(Word(About))
    object_id: Mapped[int | None] = mapped_column(BigInteger)  # the card, completion or path
    shown: Mapped[str] = mapped_column(Text)  # what it said when they asked
    words: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))  # None: the training staff
    state: Mapped[CorrectionState] = mapped_column(Word(CorrectionState))
    asked_at: Mapped[datetime] = mapped_column(Moment)
    answer: Mapped[str] = mapped_column(Text)
    answered_at: Mapped[datetime | None] = mapped_column(Moment)
    answered_by: Mapped[int | None] = mapped_column(BigInteger)


class ProofKind(StrEnum):
    TRANSCRIPT = "transcript"  # every completion
    PATH = "path"  # a statement of one path


class Proof(Base):
    """A page that a member made for whom they choose: whoever has its address can check what it says, until it ends."""

    __tablename__ = "proof"

    id: Mapped[Id]
    member_id: Mapped[int] = mapped_column(BigInteger, index=True)
    code: Mapped[str] = mapped_column(Text, unique=True)  # 128 random bits
    kind: Mapped[ProofKind] = mapped_column(Word(ProofKind))
    path_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("learning_path.id"))
    label: Mapped[str] = mapped_column(Text)  # for whom, in the member's own words
    language: Mapped[str] = mapped_column(Text)
    made_at: Mapped[datetime] = mapped_column(Moment)
    until_on: Mapped[date] = mapped_column(Date)  # the first day on which it answers no more
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    opened_at: Mapped[datetime | None] = mapped_column(Moment)  # when it was last looked at
