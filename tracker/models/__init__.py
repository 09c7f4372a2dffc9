"""The tables. Facts are stored, states derived: see docs/design.md section 3."""

from tracker.models.accounts import RoleGrant, SignInFailure, User
from tracker.models.audit import AuditEntry
from tracker.models.base import Base, Fact, db, trying, writing
from tracker.models.catalogue import (
    AppliedText,
    Course,
    CourseReference,
    Equivalent,
    LearningPath,
    PathVersion,
    Principle,
    ReferenceKind,
    Section,
    SectionCourse,
)
from tracker.models.ids import new_id, new_ids
from tracker.models.intake import Batch, BatchOutcome, RowFault, WaitingCompletion
from tracker.models.learning import (
    Assignment,
    AssignmentRule,
    BalanceDay,
    Completion,
    Evidence,
    Exemption,
    LedgerBalance,
    LedgerDelta,
    Review,
    ScopeSpan,
    StandingSpan,
)
from tracker.models.members import Identifier, IdentifierKind, Member, Membership
from tracker.models.union import Craft, Unit, UnitClosure

__all__ = [
    "AppliedText",
    "Assignment",
    "AssignmentRule",
    "AuditEntry",
    "BalanceDay",
    "Base",
    "Batch",
    "BatchOutcome",
    "Completion",
    "Course",
    "CourseReference",
    "Craft",
    "Equivalent",
    "Evidence",
    "Exemption",
    "Fact",
    "Identifier",
    "IdentifierKind",
    "LearningPath",
    "LedgerBalance",
    "LedgerDelta",
    "Member",
    "Membership",
    "PathVersion",
    "Principle",
    "ReferenceKind",
    "Review",
    "RoleGrant",
    "RowFault",
    "ScopeSpan",
    "Section",
    "SectionCourse",
    "SignInFailure",
    "StandingSpan",
    "Unit",
    "UnitClosure",
    "User",
    "WaitingCompletion",
    "db",
    "new_id",
    "new_ids",
    "trying",
    "writing",
]
