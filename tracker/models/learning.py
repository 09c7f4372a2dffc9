"""What is asked, what was done, and what follows from it: assignments, exemptions, completions; standings and the ledger."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Date,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Text,
    text,
)
from sqlalchemy.orm import Mapped, mapped_column

from tracker.curriculum.words import AssignmentKind, Assurance, Leaving
from tracker.models.base import AssuranceType, Base, Fact, Id, Moment, Word, unique_while_valid


class AssignmentRule(Base):
    """Who is asked for a path: everyone, or the cards of a unit, of a craft, or of both.

    ``unit_id`` and ``craft_id`` are None where the rule does not look at them. It asks a matching card from the later of its
    own ``from_on`` and the card's, until ``until_on``.
    """

    __tablename__ = "assignment_rule"
    __table_args__ = (CheckConstraint("within_days > 0", name="within_days"),)

    id: Mapped[Id]
    path_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("learning_path.id"), index=True)
    kind: Mapped[AssignmentKind] = mapped_column(Word(AssignmentKind))
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    craft_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("craft.id"))
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    within_days: Mapped[int | None] = mapped_column(Integer)
    leaving: Mapped[Leaving | None] = mapped_column(Word(Leaving))  # None: END
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    undone_at: Mapped[datetime | None] = mapped_column(Moment)  # taken back as if it had never been made
    undone_by: Mapped[int | None] = mapped_column(BigInteger)


class DueDecision(Fact, Base):
    """What a person decided of a due day that could not be met: another, or (``due_on`` None) none at all."""

    __tablename__ = "due_decision"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_due_decision_member"),
        unique_while_valid("uq_due_decision_key", "member_id", "rule_id", "membership_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    rule_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("assignment_rule.id"))
    membership_id: Mapped[int] = mapped_column(BigInteger)
    due_on: Mapped[date | None] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)


class Assignment(Fact, Base):
    """A member is asked for a path, and why: by a rule through one card, or by a person (then both are None).

    Pinned to the version in force on ``assigned_on``. Open in ``[assigned_on, until_on)``. ``due_on`` is None where none was
    set, or where the rule's day had passed before the member was asked.
    """

    __tablename__ = "assignment"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_assignment_member"),
        ForeignKeyConstraint(
            ["member_id", "membership_id"], ["membership.member_id", "membership.id"], name="fk_assignment_membership"
        ),
        CheckConstraint("until_on IS NULL OR until_on >= assigned_on", name="span"),
        CheckConstraint("(rule_id IS NULL) = (membership_id IS NULL)", name="reason"),
        unique_while_valid("uq_assignment_rule", "member_id", "rule_id", "membership_id", also="rule_id IS NOT NULL"),
        Index("ix_assignment_rule", "rule_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    path_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("learning_path.id"))
    version_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("path_version.id"))
    kind: Mapped[AssignmentKind] = mapped_column(Word(AssignmentKind))
    assigned_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)
    due_on: Mapped[date | None] = mapped_column(Date)
    rule_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("assignment_rule.id"))
    membership_id: Mapped[int | None] = mapped_column(BigInteger)


class Exemption(Fact, Base):
    """A member need not do a path in ``[from_on, until_on)``: everywhere, or only on the cards under one unit."""

    __tablename__ = "exemption"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_exemption_member"),
        CheckConstraint("until_on IS NULL OR until_on > from_on", name="span"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    path_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("learning_path.id"))
    unit_id: Mapped[int | None] = mapped_column(BigInteger, ForeignKey("unit.id"))
    reason: Mapped[str] = mapped_column(Text)
    approved_by: Mapped[int | None] = mapped_column(BigInteger)
    from_on: Mapped[date] = mapped_column(Date)
    until_on: Mapped[date | None] = mapped_column(Date)


_CLAIMS = text("assurance = 1 AND voided_at IS NULL")


class Completion(Fact, Base):
    """A member completed a course on a day, as one source says with one assurance."""

    __tablename__ = "completion"
    __table_args__ = (
        ForeignKeyConstraint(["member_id"], ["member.member_id"], name="fk_completion_member"),
        CheckConstraint("assurance BETWEEN 1 AND 3", name="assurance"),
        unique_while_valid("uq_completion_key", "member_id", "course_id", "completed_on", "assurance"),
        unique_while_valid("uq_completion_external", "member_id", "source", "external_id", also="external_id IS NOT NULL"),
        # the claims that may wait for someone to look at them, the oldest first
        Index("ix_completion_claims", "id", sqlite_where=_CLAIMS, postgresql_where=_CLAIMS),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    course_id: Mapped[int] = mapped_column(BigInteger, ForeignKey("course.id"))
    completed_on: Mapped[date] = mapped_column(Date)
    assurance: Mapped[Assurance] = mapped_column(AssuranceType)
    source: Mapped[str] = mapped_column(Text)
    external_id: Mapped[str | None] = mapped_column(Text)


class Review(StrEnum):
    """What became of a piece of evidence."""

    WAITING = "waiting"
    ACCEPTED = "accepted"
    RETURNED = "returned"
    REJECTED = "rejected"


class Evidence(Base):
    """A file or a link behind a completion, and its review."""

    __tablename__ = "evidence"
    __table_args__ = (
        ForeignKeyConstraint(
            ["member_id", "completion_id"], ["completion.member_id", "completion.id"], name="fk_evidence_completion"
        ),
        Index("ix_evidence_sha256", "sha256"),
        CheckConstraint("url IS NOT NULL OR sha256 IS NOT NULL", name="something"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    completion_id: Mapped[int] = mapped_column(BigInteger)
    url: Mapped[str | None] = mapped_column(Text)
    sha256: Mapped[str | None] = mapped_column(Text)
    media_type: Mapped[str | None] = mapped_column(Text)
    size: Mapped[int | None] = mapped_column(Integer)
    recorded_at: Mapped[datetime] = mapped_column(Moment)
    recorded_by: Mapped[int | None] = mapped_column(BigInteger)
    review: Mapped[Review] = mapped_column(Word(Review))
    reviewed_at: Mapped[datetime | None] = mapped_column(Moment)
    reviewed_by: Mapped[int | None] = mapped_column(BigInteger)
    review_reason: Mapped[str | None] = mapped_column(Text)
    file_name: Mapped[str | None] = mapped_column(Text)  # what a download is called: made by us, never a path


class ClaimReview(Base):
    """What was decided of a claim, by whom and why. The claim and what it became are completions of their own."""

    __tablename__ = "claim_review"
    __table_args__ = (
        ForeignKeyConstraint(
            ["member_id", "completion_id"], ["completion.member_id", "completion.id"], name="fk_claim_review_completion"
        ),
        Index("ix_claim_review_completion", "member_id", "completion_id"),
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    completion_id: Mapped[int] = mapped_column(BigInteger)  # the claim
    decision: Mapped[Review] = mapped_column(Word(Review))
    reason: Mapped[str] = mapped_column(Text)  # a stock reason's code, or ""
    words: Mapped[str] = mapped_column(Text)  # the reviewer's own, or ""
    decided_at: Mapped[datetime] = mapped_column(Moment)
    decided_by: Mapped[int | None] = mapped_column(BigInteger)


class ReviewLock(Base):
    """Someone looks at a claim until ``until_at``, and nobody else meanwhile."""

    __tablename__ = "review_lock"

    completion_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    user_id: Mapped[int] = mapped_column(BigInteger)
    until_at: Mapped[datetime] = mapped_column(Moment)


class StandingSpan(Base):
    """Derived: the days of one level of a member's standing on a path. ``level`` is the highest assurance at which the path
    is complete, or 0 where it is only begun. ``until_on`` is the calendar's last day where there is no end."""

    __tablename__ = "standing"
    __table_args__ = {"sqlite_with_rowid": False}

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    path_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    from_on: Mapped[date] = mapped_column(Date, primary_key=True)
    until_on: Mapped[date] = mapped_column(Date)
    level: Mapped[int] = mapped_column(SmallInteger)


class ScopeSpan(Base):
    """Derived: the days on which one card puts its member in scope of a path. ``until_on`` as in :class:`StandingSpan`."""

    __tablename__ = "scope"
    __table_args__ = (
        Index("ix_scope_unit", "unit_id", "path_id", "until_on", "from_on", "member_id"),
        {"sqlite_with_rowid": False},
    )

    member_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    membership_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    path_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    from_on: Mapped[date] = mapped_column(Date, primary_key=True)
    until_on: Mapped[date] = mapped_column(Date)
    unit_id: Mapped[int] = mapped_column(BigInteger)
    craft_id: Mapped[int] = mapped_column(BigInteger)


class _Counts:
    """A unit's counts on a path: in scope, and covered at each floor. ``craft_id`` 0 is every craft, people counted once."""

    day: Mapped[date] = mapped_column(Date, primary_key=True)
    craft_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    unit_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    path_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    in_scope: Mapped[int] = mapped_column(Integer)
    claimed: Mapped[int] = mapped_column(Integer)
    reviewed: Mapped[int] = mapped_column(Integer)
    provider: Mapped[int] = mapped_column(Integer)


class LedgerDelta(_Counts, Base):
    """Derived: by how much a unit's counts change on a day."""

    __tablename__ = "coverage_ledger"
    __table_args__ = {"sqlite_with_rowid": False}


class LedgerBalance(_Counts, Base):
    """Derived: the ledger's sums at the end of a few chosen days, so that a figure reads one row and the days since."""

    __tablename__ = "coverage_balance"
    __table_args__ = {"sqlite_with_rowid": False}


class LedgerEntry(Base):
    """Derived: a delta that one act appended, not yet added to the ledger, so that writers of one unit never wait for each
    other. A figure reads these too."""

    __tablename__ = "coverage_entry"
    __table_args__ = {"sqlite_with_rowid": False}

    unit_id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    day: Mapped[date] = mapped_column(Date)
    craft_id: Mapped[int] = mapped_column(BigInteger)
    path_id: Mapped[int] = mapped_column(BigInteger)
    in_scope: Mapped[int] = mapped_column(Integer)
    claimed: Mapped[int] = mapped_column(Integer)
    reviewed: Mapped[int] = mapped_column(Integer)
    provider: Mapped[int] = mapped_column(Integer)


class BalanceDay(Base):
    """The days that have balances."""

    __tablename__ = "balance_day"

    day: Mapped[date] = mapped_column(Date, primary_key=True)
