"""The curriculum as applied: principles, courses, equivalents, and learning paths with their immutable versions."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, Date, Float, ForeignKey, Index, Integer, SmallInteger, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from tracker.curriculum.paths import ChangePolicy, NeedKind
from tracker.models.base import Base, Id, Moment, Word


class Principle(Base):
    """One of the union's Core Principles, which a path serves."""

    __tablename__ = "principle"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    number: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    text: Mapped[str] = mapped_column(Text, default="")


class Course(Base):
    """Something a provider teaches. Retired, never deleted: its completions stay."""

    __tablename__ = "course"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        CheckConstraint("valid_months > 0", name="valid_months"),
        CheckConstraint("renewal_days > 0", name="renewal_days"),
        CheckConstraint("grace_days > 0", name="grace_days"),
        CheckConstraint("credit_hundredths > 0", name="credit_hundredths"),
    )

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    provider: Mapped[str] = mapped_column(Text)
    url: Mapped[str] = mapped_column(Text, default="")
    minutes: Mapped[int | None] = mapped_column(Integer)
    language: Mapped[str] = mapped_column(Text, default="")
    valid_months: Mapped[int | None] = mapped_column(Integer)
    lapses_each: Mapped[str | None] = mapped_column(Text)  # "MM-DD": the last day of every yearly cycle
    renewal_days: Mapped[int | None] = mapped_column(Integer)  # before the end, in which doing it again renews from the end
    grace_days: Mapped[int | None] = mapped_column(Integer)  # after the end, in which it still holds
    credit_hundredths: Mapped[int | None] = mapped_column(Integer)
    credit_kind: Mapped[str | None] = mapped_column(Text)
    retired_on: Mapped[date | None] = mapped_column(Date)
    replaced_by_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("course.id"))


class ReferenceKind(StrEnum):
    CODE = "code"
    ID = "id"
    SLUG = "slug"
    TITLE = "title"


class CourseReference(Base):
    """What a course is called in feeds and by people, with case and outer spaces ignored. One title may name two courses,
    and then it finds neither."""

    __tablename__ = "course_reference"
    __table_args__ = (Index("ix_course_reference_course", "course_id"),)

    kind: Mapped[ReferenceKind] = mapped_column(Word(ReferenceKind), primary_key=True)
    value: Mapped[str] = mapped_column(Text, primary_key=True)
    course_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"), primary_key=True)


class Equivalent(Base):
    """``course`` stands for ``stands_for`` when completed in ``[from_on, until_on)``: one way, one step."""

    __tablename__ = "equivalent"
    __table_args__ = (CheckConstraint("course_id <> stands_for_id", name="not_itself"),)

    id: Mapped[Id]
    course_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"), index=True)
    stands_for_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"), index=True)
    from_on: Mapped[date | None] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


class LearningPath(Base):
    """A path's lasting identity; what it asks stands in its versions."""

    __tablename__ = "learning_path"

    id: Mapped[Id]
    code: Mapped[str] = mapped_column(Text, unique=True)
    title: Mapped[str] = mapped_column(Text)
    description: Mapped[str] = mapped_column(Text, default="")
    url: Mapped[str] = mapped_column(Text, default="")
    principle_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("principle.id"))
    target: Mapped[float | None] = mapped_column(Float)
    retired_on: Mapped[date | None] = mapped_column(Date)

    versions: Mapped[list[PathVersion]] = relationship(back_populates="path", order_by="PathVersion.number")


class PathVersion(Base):
    """What a path asks, once and for ever. ``from_on`` is None for the first version: it holds for all days."""

    __tablename__ = "path_version"
    __table_args__ = (Index("uq_path_version_number", "path_id", "number", unique=True),)

    id: Mapped[Id]
    path_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("learning_path.id"))
    number: Mapped[int] = mapped_column(Integer)
    lookback_months: Mapped[int | None] = mapped_column(Integer)
    from_on: Mapped[date | None] = mapped_column(Date)
    change: Mapped[ChangePolicy] = mapped_column(Word(ChangePolicy))
    grace_on: Mapped[date | None] = mapped_column(Date)
    rules: Mapped[Any] = mapped_column(JSON)  # what was asked, by course code: compared when the file is applied again
    applied_at: Mapped[datetime] = mapped_column(Moment)
    applied_by: Mapped[int | None] = mapped_column(BigInteger)

    path: Mapped[LearningPath] = relationship(back_populates="versions")
    sections: Mapped[list[Section]] = relationship(order_by="Section.position")


class Section(Base):
    """Courses of a version, and how many of them it needs."""

    __tablename__ = "section"

    id: Mapped[Id]
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("path_version.id"), index=True)
    position: Mapped[int] = mapped_column(SmallInteger)
    title: Mapped[str] = mapped_column(Text)
    need: Mapped[NeedKind] = mapped_column(Word(NeedKind))
    number: Mapped[int] = mapped_column(Integer, default=0)
    within_months: Mapped[int | None] = mapped_column(Integer)  # of a cycle of credits
    of_kinds: Mapped[Any | None] = mapped_column(JSON(none_as_null=True), nullable=True)  # kind → at least so much of it

    courses: Mapped[list[SectionCourse]] = relationship(order_by="SectionCourse.position")


class SectionCourse(Base):
    __tablename__ = "section_course"

    section_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("section.id"), primary_key=True)
    course_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"), primary_key=True, index=True)
    position: Mapped[int] = mapped_column(SmallInteger)

    course: Mapped[Course] = relationship()


class AppliedText(Base):
    """Each text that was applied, whole: ``kind`` is ``catalogue`` or ``policy``. The newest of a kind is in force."""

    __tablename__ = "applied_text"
    __table_args__ = (Index("ix_applied_text_kind", "kind", "id"),)

    id: Mapped[Id]
    kind: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(Text)
    content: Mapped[str] = mapped_column(Text)
    applied_at: Mapped[datetime] = mapped_column(Moment)
    applied_by: Mapped[int | None] = mapped_column(BigInteger)


class CourseAlias(Base):
    """A course as a provider's reports call it, which a person recognised. ``value`` is its
    ``operations.matching.course_name``; ``course_id`` None: none of ours, and its rows are set aside."""

    __tablename__ = "course_alias"

    value: Mapped[str] = mapped_column(Text, primary_key=True)
    course_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("course.id"), index=True)
    shown: Mapped[str] = mapped_column(Text)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
