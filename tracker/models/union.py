"""The union: its units, what stands under what, and its crafts."""

from __future__ import annotations

from sqlalchemy import BigInteger, ForeignKey, Index, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import UnitKind
from tracker.language import _
from tracker.models.base import Base, Id, Word


class Unit(Base):
    """The international, a district or a local. ``number`` is text, kept as the union's file spells it."""

    __tablename__ = "unit"

    id: Mapped[Id]
    number: Mapped[str] = mapped_column(Text, unique=True)
    number_key: Mapped[str] = mapped_column(Text, index=True)  # how other spellings find it
    name: Mapped[str] = mapped_column(Text)
    kind: Mapped[UnitKind] = mapped_column(Word(UnitKind))
    parent_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    city: Mapped[str] = mapped_column(Text, default="")
    region: Mapped[str] = mapped_column(Text, default="")
    country: Mapped[str] = mapped_column(Text, default="")
    sector: Mapped[str] = mapped_column(Text, default="")
    time_zone: Mapped[str] = mapped_column(Text, default="")

    @property
    def title(self) -> str:
        """How people call it: "Local 80 · Studio Grips"."""
        called = _("Local %(number)s", number=self.number) if self.kind is UnitKind.LOCAL else ""
        name = self.name if self.name not in (called, f"Local {self.number}") else ""  # as some files name a local
        return " · ".join(part for part in (called, name) if part) or self.number


class UnitClosure(Base):
    """Every unit under every unit above it, itself included at depth 0: what a figure of a unit is asked through."""

    __tablename__ = "unit_closure"
    __table_args__ = (Index("ix_unit_closure_descendant", "descendant_id"),)

    ancestor_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"), primary_key=True)
    descendant_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("unit.id"), primary_key=True)
    depth: Mapped[int] = mapped_column(SmallInteger)


class Craft(Base):
    """An occupation. Made by its first mention in a roster or an assignment; ``key`` is its name with case ignored."""

    __tablename__ = "craft"

    id: Mapped[Id]
    name: Mapped[str] = mapped_column(Text)
    key: Mapped[str] = mapped_column(Text, unique=True)
