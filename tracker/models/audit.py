"""The audit trail."""

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
