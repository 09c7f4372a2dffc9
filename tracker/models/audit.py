"""The audit trail with its chain, what was erased, and the errands of the site."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, Index, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.models.base import Base, Id, Moment

_LISTS = text("action = 'download_list'")


class AuditEntry(Base):
    """One act that changed something: who, as what, when, on what, and what changed. Only ever added to."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_member", "member_id", "id"),
        Index("ix_audit_entry_at", "at"),
        # the lists that may hold a member's name, among millions of other acts
        Index("ix_audit_entry_list", "unit_id", "id", sqlite_where=_LISTS, postgresql_where=_LISTS),
    )

    id: Mapped[Id]
    at: Mapped[datetime] = mapped_column(Moment)
    actor_id: Mapped[int | None] = mapped_column(BigInteger)  # None: the operator at the command line
    actor_role: Mapped[str] = mapped_column(Text)
    action: Mapped[str] = mapped_column(Text)  # the operation's name
    object_kind: Mapped[str] = mapped_column(Text)
    object_id: Mapped[int | None] = mapped_column(BigInteger)
    member_id: Mapped[int | None] = mapped_column(BigInteger)
    unit_id: Mapped[int | None] = mapped_column(BigInteger)
    detail: Mapped[Any] = mapped_column(JSON)


class AuditSeal(Base):
    """An entry's place in the chain. ``hash`` is that of the seal before it, of the entry, and of ``detail_hash``, the hash
    of the entry's details; so details may be erased where a member's must be, and nothing else can change unseen. Sealed a
    moment after the entry was written, by one at a time: whoever writes an entry waits for nobody."""

    __tablename__ = "audit_seal"

    position: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    entry_id: Mapped[int] = mapped_column(BigInteger, unique=True)  # plain: a removed entry must be told, not refused
    detail_hash: Mapped[str] = mapped_column(Text)
    hash: Mapped[str] = mapped_column(Text)
    sealed_at: Mapped[datetime] = mapped_column(Moment)


class Erasure(Base):
    """That a member was erased: what is left says nothing of who they were, and counts as it did. Kept for good, so that a
    backup from before can be put right."""

    __tablename__ = "erasure"

    id: Mapped[Id]
    member_id: Mapped[int] = mapped_column(BigInteger, unique=True)
    erased_at: Mapped[datetime] = mapped_column(Moment)
    erased_by: Mapped[int | None] = mapped_column(BigInteger)
    reason: Mapped[str] = mapped_column(Text)


class Errand(Base):
    """Work that is done again and again, once for the whole site however many processes there are: whoever moves ``next_at``
    on does it. ``outcome`` is what the last one found, for whoever watches."""

    __tablename__ = "errand"

    name: Mapped[str] = mapped_column(Text, primary_key=True)
    next_at: Mapped[datetime] = mapped_column(Moment)
    begun_at: Mapped[datetime | None] = mapped_column(Moment)
    ended_at: Mapped[datetime | None] = mapped_column(Moment)
    outcome: Mapped[Any] = mapped_column(JSON)
    failure: Mapped[str] = mapped_column(Text)  # why the last one failed, "" where it did not
