"""People: members, what they are known by, and their cards."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, ForeignKeyConstraint, Index, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import MembershipKind
from tracker.models.base import Base, Fact, Moment, Word, unique_while_valid


class Member(Base):
    """One person on the roster, member or covered worker. ``number`` is kept as the roster spells it."""

    __tablename__ = "member"
    __table_args__ = (Index("ix_member_name_key", "name_key", "member_id"),)

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    number: Mapped[str] = mapped_column(Text)
    first_name: Mapped[str] = mapped_column(Text, default="")
    last_name: Mapped[str] = mapped_column(Text, default="")
    name_key: Mapped[str] = mapped_column(Text, default="")  # curriculum.keys.name_key: search and order
    created_at: Mapped[datetime] = mapped_column(Moment)
    merged_into_id: Mapped[int | None] = mapped_column(BigInteger)  # who they turned out to be; their facts went there

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip() or f"Member {self.number}"


class IdentifierKind(StrEnum):
    NUMBER = "number"
    EMAIL = "email"
    PROVIDER_ID = "provider-id"
    ALIAS = "alias"  # a learner as a source names them, whom a person recognised: see operations.matching.learner_key


class Identifier(Base):
    """What a member is found by. ``value`` is the form that matching ignores case and leading zeros in; ``shown`` is as
    written. One holder except for an e-mail: a value with two holders matches nobody.

    Placed by ``value``, so ``member_id`` is plain: `tracker doctor` checks it.
    """

    __tablename__ = "identifier"

    kind: Mapped[IdentifierKind] = mapped_column(Word(IdentifierKind), primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, index=True)
    shown: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)


class Membership(Fact, Base):
    """A member's card: local × craft, with a status, for a span of days ``[from_on, until_on)``."""

    __tablename__ = "membership"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_membership_member"),
        CheckConstraint("until_on IS NULL OR until_on > from_on", name="span"),
        unique_while_valid("uq_membership_key", "member_id", "unit_id", "craft_id", "from_on"),
        Index("ix_membership_unit", "unit_id", "member_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"))
    craft_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("craft.id"))
    status: Mapped[str] = mapped_column(Text)
    kind: Mapped[MembershipKind] = mapped_column(Word(MembershipKind))
    is_home: Mapped[bool] = mapped_column(Boolean, default=False)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


class ProviderAccount(Fact, Base):
    """A member has an account at a provider, as the provider's own list of people says."""

    __tablename__ = "provider_account"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_provider_account_member"),
        unique_while_valid("uq_provider_account_key", "member_id", "provider", "provider_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    provider_id: Mapped[str] = mapped_column(Text)  # the provider's own id of the account; failing that, its address; or ""
    is_open: Mapped[bool] = mapped_column(Boolean)  # may be used: not withdrawn, no licence taken away
    invited_on: Mapped[date | None] = mapped_column(Date)
    activated_on: Mapped[date | None] = mapped_column(Date)


class Eligibility(Fact, Base):
    """A local says whether a member may have an account at a provider: staff invite those who may."""

    __tablename__ = "eligibility"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_eligibility_member"),
        unique_while_valid("uq_eligibility_key", "member_id", "provider", "unit_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    provider: Mapped[str] = mapped_column(Text)
    unit_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"))  # the local that says so
    is_eligible: Mapped[bool] = mapped_column(Boolean)
    note: Mapped[str] = mapped_column(Text)


class Stranger(Base):
    """A learner of whom a person said: not one of ours. ``value`` is their ``operations.matching.learner_key``."""

    __tablename__ = "stranger"

    value: Mapped[str] = mapped_column(Text, primary_key=True)
    shown: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
