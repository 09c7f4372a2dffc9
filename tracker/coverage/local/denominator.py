"""Why so many: whom a figure's denominator counts, and whom it leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.people import PersonHere, people_here
from tracker.curriculum.policy import Policy
from tracker.language import _, mark, word
from tracker.models import LearningPath, Unit

EXEMPT, NOT_ASKED = mark("exempt"), mark("not asked")


class LeftOut(NamedTuple):
    """How many who hold a card here are not in scope, and why: their status, "exempt" or "not asked"."""

    members: int
    why: str


@dataclass(frozen=True)
class Denominator:
    """Why so many: those with a card here on the day, less those left out, are those in scope."""

    with_card: int
    left_out: Sequence[LeftOut]
    in_scope: int


def denominator(
    session: Session, unit: Unit, path: LearningPath, day: date, policy: Policy, known: date | None = None
) -> Denominator:
    """Whom a figure's denominator counts, and whom it leaves out."""
    return denominator_of(people_here(session, unit, path.id, day, known), policy)


def denominator_of(people: Iterable[PersonHere], policy: Policy) -> Denominator:
    """Each person with a card here in exactly one group, so that it adds up."""
    counts = Counter(why_left_out(person, policy) for person in people)
    in_scope = counts.pop("", 0)
    order = sorted(counts, key=lambda why: (why in (EXEMPT, NOT_ASKED), why == NOT_ASKED, _place(why, policy)))
    return Denominator(in_scope + counts.total(), [LeftOut(counts[why], why) for why in order], in_scope)


def why_left_out(person: PersonHere, policy: Policy) -> str:
    """Why someone with a card here is not in scope; "" for who is.

    Someone with two cards here is told by the one that comes nearest to being counted: a card that counts before one that
    does not, one that is asked for the path before one that is not.
    """
    if person.is_in_scope:
        return ""
    if person.is_asked:
        return EXEMPT  # asked through a card that counts: only an exemption keeps them out
    if any(status in policy.counts for status in person.statuses):
        return NOT_ASKED
    return min(person.statuses, key=lambda status: _place(status, policy))


def left_out_for(people: Iterable[PersonHere], why: str, policy: Policy) -> list[PersonHere]:
    """Those of one group of the denominator."""
    return [person for person in people if not person.is_in_scope and why_left_out(person, policy) == why]


def why_words(why: str) -> str:
    """Why they are left out, as a line of the sum says it."""
    if why == EXEMPT:
        return _("exempt from this path")
    if why == NOT_ASKED:
        return _("not asked for this path")
    return _("with the status %(status)s", status=word(why))


def _place(status: str, policy: Policy) -> tuple[int, str]:
    """Where a status stands in the policy's own order."""
    place = policy.statuses.index(status) if status in policy.statuses else len(policy.statuses)
    return place, status
