"""Who signs in, what they may do, and failed attempts."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Date, ForeignKey, Index, Integer, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.curriculum.words import Role
from tracker.models.base import Base, Id, Moment, Word


class User(Base):
    """A sign-in. ``email`` is kept as written, ``email_key`` with case ignored. ``session_epoch`` grows when every session
    must end. ``member_id`` is plain (accounts are local, members distributed): `tracker doctor` checks it."""

    __tablename__ = "user_account"

    id: Mapped[Id]
    email: Mapped[str] = mapped_column(Text)
    email_key: Mapped[str] = mapped_column(Text, unique=True)
    password_hash: Mapped[str | None] = mapped_column(Text)
    member_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    is_active: Mapped[bool] = mapped_column(Boolean, default=True)
    session_epoch: Mapped[int] = mapped_column(Integer, default=0)
    created_at: Mapped[datetime] = mapped_column(Moment)
    language: Mapped[str | None] = mapped_column(Text)  # of pages, files and mails; None: as the browser asks

    grants: Mapped[list[RoleGrant]] = relationship(back_populates="user", lazy="selectin")

    # what Flask-Login asks of a user
    is_authenticated = True
    is_anonymous = False

    def get_id(self) -> str:
        """The session's name for this user: it stops fitting when the epoch grows."""
        return f"{self.id}:{self.session_epoch}"


class RoleGrant(Base):
    """A role, held in a unit (None: in the whole union) in ``[from_on, until_on)``."""

    __tablename__ = "role_grant"
    __table_args__ = (CheckConstraint("until_on IS NULL OR until_on > from_on", name="span"),)

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("user_account.id"), index=True)
    role: Mapped[Role] = mapped_column(Word(Role))
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)

    user: Mapped[User] = relationship(back_populates="grants")

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


class SignInFailure(Base):
    """A failed sign-in, by account or by address: counted by every process alike."""

    __tablename__ = "sign_in_failure"
    __table_args__ = (Index("ix_sign_in_failure_key", "key", "at"),)

    id: Mapped[Id]
    key: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(Moment)


class SignInLink(Base):
    """A wish to sign in by a link sent to an address. It is kept alike for known and unknown addresses; who it belongs to is
    looked up when the mail is made, and only the link's hash is kept. ``asked_from`` is the hashed network address."""

    __tablename__ = "sign_in_link"
    __table_args__ = (
        Index("ix_sign_in_link_address", "address_key", "asked_at"),
        Index("ix_sign_in_link_from", "asked_from", "asked_at"),
        Index("ix_sign_in_link_next", "next_try_at"),
    )

    id: Mapped[Id]
    address: Mapped[str] = mapped_column(Text)  # as it was typed
    address_key: Mapped[str] = mapped_column(Text)
    asked_from: Mapped[str] = mapped_column(Text)
    language: Mapped[str] = mapped_column(Text)  # in which the page was read
    next_path: Mapped[str] = mapped_column(Text)  # where to go once signed in; "" where their work is
    asked_at: Mapped[datetime] = mapped_column(Moment)
    next_try_at: Mapped[datetime | None] = mapped_column(Moment)  # None: sent, or given up
    attempts: Mapped[int] = mapped_column(Integer)
    failure: Mapped[str] = mapped_column(Text)  # why the last try failed, "" where none did
    token_hash: Mapped[str | None] = mapped_column(Text, unique=True)
    user_id: Mapped[int | None] = mapped_column(BigInteger)
    member_id: Mapped[int | None] = mapped_column(BigInteger)  # who has no sign-in yet: the link gives them one
    expires_at: Mapped[datetime | None] = mapped_column(Moment)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class SecondFactor(Base):
    """The secret that a person's authenticator shares with this program, sealed with a key of the settings.

    ``set_at`` is None until a code from it has been shown. ``last_step`` is the 30 seconds whose code was used last, so that
    none is used twice."""

    __tablename__ = "second_factor"

    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("user_account.id"), primary_key=True, autoincrement=False)
    secret: Mapped[str] = mapped_column(Text)
    last_step: Mapped[int] = mapped_column(BigInteger)
    begun_at: Mapped[datetime] = mapped_column(Moment)
    set_at: Mapped[datetime | None] = mapped_column(Moment)


class RecoveryCode(Base):
    """A word that stands in for a code once, where the authenticator is lost. Only its hash is kept."""

    __tablename__ = "recovery_code"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("user_account.id"), index=True)
    code_hash: Mapped[str] = mapped_column(Text)
    used_at: Mapped[datetime | None] = mapped_column(Moment)


class OutsideIdentity(Base):
    """Who a sign-in provider says a person is, and whose sign-in that is here."""

    __tablename__ = "outside_identity"
    __table_args__ = (UniqueConstraint("issuer", "subject", name="uq_outside_identity_subject"),)

    id: Mapped[Id]
    issuer: Mapped[str] = mapped_column(Text)
    subject: Mapped[str] = mapped_column(Text)
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("user_account.id"), index=True)
    linked_at: Mapped[datetime] = mapped_column(Moment)


class ApiToken(Base):
    """What a program of a person's own shows to act as them, within ``scopes`` (words with a space between) and until it
    ends. It is shown once and kept as a hash."""

    __tablename__ = "api_token"

    id: Mapped[Id]
    user_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("user_account.id"), index=True)
    name: Mapped[str] = mapped_column(Text)
    token_hash: Mapped[str] = mapped_column(Text, unique=True)
    scopes: Mapped[str] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Moment)
    expires_at: Mapped[datetime] = mapped_column(Moment)
    last_used_on: Mapped[date | None] = mapped_column(Date)
    revoked_at: Mapped[datetime | None] = mapped_column(Moment)
    revoked_by: Mapped[int | None] = mapped_column(BigInteger)
