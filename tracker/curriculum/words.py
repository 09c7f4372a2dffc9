"""The words facts are written with (docs/design.md section 2)."""

from __future__ import annotations

from enum import IntEnum, StrEnum

from tracker.language import mark


class Assurance(IntEnum):
    """How sure we are of a completion. A larger number is surer, so a floor is a comparison."""

    CLAIMED = 1
    REVIEWED = 2
    PROVIDER = 3

    @property
    def word(self) -> str:
        """As addresses and files write it; pages draw it by :func:`tracker.language.word`."""
        return _ASSURANCES[self]

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


_ASSURANCES = {
    Assurance.CLAIMED: mark("claimed"),
    Assurance.REVIEWED: mark("reviewed"),
    Assurance.PROVIDER: mark("provider"),
}

# The level of a standing span in which a path was begun but is not complete at any floor.
STARTED = 0


class AssignmentKind(StrEnum):
    """What an assignment means. Only ``required`` puts anyone in scope."""

    REQUIRED = mark("required")
    RECOMMENDED = mark("recommended")
    VOLUNTARY = mark("voluntary")


class Leaving(StrEnum):
    """What becomes of an assignment when its card matches the rule no more. In scope they are then no longer, whichever."""

    END = "end"  # it ends with the card
    KEEP = "keep"  # it stays until its due day
    VOLUNTARY = "voluntary"  # it goes on as voluntary


class MembershipKind(StrEnum):
    MEMBER = mark("member")
    PERMIT = mark("permit")


class UnitKind(StrEnum):
    INTERNATIONAL = mark("international")
    DISTRICT = mark("district")
    LOCAL = mark("local")


class Role(StrEnum):
    """What a user may do, held per unit and dated (docs/design.md section 6)."""

    MEMBER = mark("member")
    LOCAL_VIEWER = mark("local-viewer")
    LOCAL_LEAD = mark("local-lead")
    DISTRICT_VIEWER = mark("district-viewer")
    STAFF = mark("staff")
    AUDITOR = mark("auditor")
    ADMIN = mark("admin")


PROGRAM = "client "  # begins what the trail calls a program's role; its name follows


class Outcome(StrEnum):
    """How a row of an import ended. Every row ends as exactly one, so the counts add up to the rows."""

    RECORDED = mark("recorded")
    CORROBORATED = mark("corroborated")
    ALREADY_KNOWN = mark("already known")
    NOT_A_COMPLETION = mark("not a completion")
    UNMATCHED = mark("unmatched")
    UNKNOWN_COURSE = mark("unknown course")
    FAULTY = mark("faulty")
