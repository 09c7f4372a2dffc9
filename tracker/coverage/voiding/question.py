"""Which completions are meant: as a person asks for them, as a proposal keeps it, and as a condition."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.words import Assurance
from tracker.language import _, day, word
from tracker.models import Batch, Completion, Course, Membership, Unit, UnitClosure, User

MOST_VOIDED = 5_000  # at once; more than that is an import gone wrong, and is undone as one


@dataclass(frozen=True)
class VoidQuestion:
    """Which completions. What is None is not asked; at least a course, an import or a person must be."""

    course_id: int | None = None
    from_on: date | None = None  # completed on this day or later
    until_on: date | None = None  # and on this day at the latest
    unit_id: int | None = None  # by who held a card under it on the day of the completion
    batch_id: int | None = None
    recorded_by: int | None = None
    assurance: Assurance | None = None

    @property
    def is_bounded(self) -> bool:
        """Whether it asks for less than everything that was ever recorded."""
        return any(each is not None for each in (self.course_id, self.batch_id, self.recorded_by))

    def as_json(self) -> dict[str, Any]:
        """As a proposal keeps it."""
        told = {
            "course": self.course_id,
            "from": self.from_on.isoformat() if self.from_on else None,
            "until": self.until_on.isoformat() if self.until_on else None,
            "unit": self.unit_id,
            "batch": self.batch_id,
            "recorded_by": self.recorded_by,
            "assurance": self.assurance.word if self.assurance else None,
        }
        return {key: value for key, value in told.items() if value is not None}

    @classmethod
    def from_json(cls, told: dict[str, Any]) -> VoidQuestion:
        """What :meth:`as_json` gave."""
        return cls(
            told.get("course"),
            date.fromisoformat(told["from"]) if "from" in told else None,
            date.fromisoformat(told["until"]) if "until" in told else None,
            told.get("unit"),
            told.get("batch"),
            told.get("recorded_by"),
            Assurance.from_word(told["assurance"]) if "assurance" in told else None,
        )


def matching(question: VoidQuestion, recorded_by_moment: datetime | None = None) -> tuple[ColumnElement[bool], ...]:
    """The condition on a valid completion.

    Args:
        recorded_by_moment: only what was recorded by then: what came after a proposal is not what it is about.
    """
    return (Completion.voided_at.is_(None), *_named(question, recorded_by_moment))


def voided_by(question: VoidQuestion, at: datetime, until: datetime) -> tuple[ColumnElement[bool], ...]:
    """The condition on a completion that a proposal voided at that moment."""
    return (Completion.voided_at == at, Completion.voided_batch_id.is_(None), *_named(question, until))


def _named(question: VoidQuestion, recorded_by_moment: datetime | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if question.course_id is not None:
        wanted.append(Completion.course_id == question.course_id)
    if question.from_on is not None:
        wanted.append(Completion.completed_on >= question.from_on)
    if question.until_on is not None:
        wanted.append(Completion.completed_on <= question.until_on)
    if question.batch_id is not None:
        wanted.append(Completion.batch_id == question.batch_id)
    if question.recorded_by is not None:
        wanted.append(Completion.recorded_by == question.recorded_by)
    if question.assurance is not None:
        wanted.append(Completion.assurance == question.assurance)
    if recorded_by_moment is not None:
        wanted.append(Completion.recorded_at <= recorded_by_moment)
    if question.unit_id is not None:
        held = and_(
            Membership.from_on <= Completion.completed_on,
            or_(Membership.until_on.is_(None), Membership.until_on > Completion.completed_on),
        )
        wanted.append(
            exists().where(
                Membership.member_id == Completion.member_id,
                Membership.voided_at.is_(None),
                Membership.unit_id == UnitClosure.descendant_id,
                UnitClosure.ancestor_id == question.unit_id,
                held,
            )
        )
    return wanted


def count_of(session: Session, question: VoidQuestion, recorded_by_moment: datetime | None = None) -> int:
    """How many valid completions a question names."""
    return session.scalar(select(func.count()).select_from(Completion).where(*matching(question, recorded_by_moment))) or 0


def said_alike(session: Session, completion: Completion) -> list[Completion]:
    """The other valid records of the same member, course and day: a claim beside what it became, for one."""
    return list(
        session.scalars(
            select(Completion).where(
                Completion.member_id == completion.member_id,
                Completion.course_id == completion.course_id,
                Completion.completed_on == completion.completed_on,
                Completion.id != completion.id,
                Completion.voided_at.is_(None),
            )
        )
    )


def question_in_words(session: Session, question: VoidQuestion) -> str:
    """What a question asks for, part by part, in the language that is spoken now."""
    parts = []
    if question.course_id is not None:
        course = session.get(Course, question.course_id)
        parts.append(course.title if course else _("a course that is no more"))
    if question.from_on is not None:
        parts.append(_("completed on %(day)s or later", day=day(question.from_on)))
    if question.until_on is not None:
        parts.append(_("completed on %(day)s or before", day=day(question.until_on)))
    if question.unit_id is not None:
        unit = session.get(Unit, question.unit_id)
        parts.append(_("of %(unit)s", unit=unit.title if unit else "?"))
    if question.batch_id is not None:
        batch = session.get(Batch, question.batch_id)
        parts.append(_("from the import of %(file)s", file=batch.file_name if batch else "?"))
    if question.recorded_by is not None:
        user = session.get(User, question.recorded_by)
        parts.append(_("recorded by %(who)s", who=user.email if user else "?"))
    if question.assurance is not None:
        parts.append(_("%(assurance)s only", assurance=word(question.assurance.word)))
    return " · ".join(parts)
