"""The words facts are written with (docs/design.md section 2)."""

from __future__ import annotations

from enum import IntEnum, StrEnum


class Assurance(IntEnum):
    """How sure we are of a completion. A larger number is surer, so a floor is a comparison."""

    CLAIMED = 1
    REVIEWED = 2
    PROVIDER = 3

    @property
    def word(self) -> str:
        return self.name.lower()

    @classmethod
    def from_word(cls, word: str) -> Assurance:
        """The assurance a word names, case and outer spaces ignored.

        Raises:
            ValueError: the word names none.
        """
        try:
            return cls[word.strip().upper()]
        except KeyError:
            known = ", ".join(each.word for each in cls)
            raise ValueError(f"{word!r} is not an assurance: use one of {known}") from None


# The level of a standing span in which a path was begun but is not complete at any floor.
STARTED = 0


class AssignmentKind(StrEnum):
    """What an assignment means. Only ``required`` puts anyone in scope."""

    REQUIRED = "required"
    RECOMMENDED = "recommended"
    VOLUNTARY = "voluntary"


class Leaving(StrEnum):
    """What becomes of an assignment when its card matches the rule no more. In scope they are then no longer, whichever."""

    END = "end"  # it ends with the card
    KEEP = "keep"  # it stays until its due day
    VOLUNTARY = "voluntary"  # it goes on as voluntary


class MembershipKind(StrEnum):
    MEMBER = "member"
    PERMIT = "permit"


class UnitKind(StrEnum):
    INTERNATIONAL = "international"
    DISTRICT = "district"
    LOCAL = "local"


class Role(StrEnum):
    """What a user may do, held per unit and dated (docs/design.md section 6)."""

    MEMBER = "member"
    LOCAL_VIEWER = "local-viewer"
    LOCAL_LEAD = "local-lead"
    DISTRICT_VIEWER = "district-viewer"
    STAFF = "staff"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Outcome(StrEnum):
    """How a row of an import ended. Every row ends as exactly one, so the counts add up to the rows."""

    RECORDED = "recorded"
    CORROBORATED = "corroborated"
    ALREADY_KNOWN = "already known"
    NOT_A_COMPLETION = "not a completion"
    UNMATCHED = "unmatched"
    UNKNOWN_COURSE = "unknown course"
    FAULTY = "faulty"
