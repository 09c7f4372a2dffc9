"""The word for where a member stands on a path or a course on a day.

Of several words that fit, the first of these is the one that is said:

    exempt         they need not do it, whatever they hold
    complete       at the floor asked; "by equivalent" where another course stands for one; "expiring" where it lapses soon,
                   or has lapsed and holds by grace
    under review   complete too, but only by counting what is not yet as sure as the floor asks
    expired        it was complete at the floor and is so no longer
    overdue        the due day has ended
    due soon       it ends within the days that the policy says
    in progress    something counts
    not started    nothing does
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from enum import StrEnum

from tracker.curriculum.days import FOREVER, Span, union
from tracker.curriculum.paths import Credit, Standing
from tracker.curriculum.policy import Policy
from tracker.curriculum.words import STARTED, Assurance
from tracker.language import mark


class State(StrEnum):
    COMPLETE = mark("complete")
    BY_EQUIVALENT = mark("complete by equivalent")
    EXPIRING = mark("expiring")
    UNDER_REVIEW = mark("under review")
    EXPIRED = mark("expired")
    OVERDUE = mark("overdue")
    DUE_SOON = mark("due soon")
    IN_PROGRESS = mark("in progress")
    NOT_STARTED = mark("not started")
    EXEMPT = mark("exempt")
    RETURNED = mark("returned")  # of a piece of evidence: nothing here says it

    @property
    def is_complete(self) -> bool:
        """Whether it counts as covered on that day, at the floor that was asked."""
        return self in _COMPLETE


_COMPLETE = frozenset({State.COMPLETE, State.BY_EQUIVALENT, State.EXPIRING})


def path_state(
    *,
    day: date,
    floor: Assurance,
    standings: Sequence[Standing],
    due_on: date | None,
    is_exempt: bool,
    policy: Policy,
    by_equivalent: bool = False,
    in_grace: bool = False,
) -> State:
    """Where a member stands on a path.

    Args:
        standings: the member's standing on this path, as :func:`tracker.curriculum.paths.standing` returns it.
        due_on: the last day that is on time, if any.
        by_equivalent: whether, if it is complete, another course stands for one of its own.
        in_grace: whether, if it is complete, it would not be but for days of grace.
    """
    if is_exempt:
        return State.EXEMPT
    until_on = complete_until(standings, floor, day)
    if until_on is not None:
        if in_grace or lapses_soon(until_on, day, policy):
            return State.EXPIRING
        return State.BY_EQUIVALENT if by_equivalent else State.COMPLETE
    present = next((row for row in standings if row.from_on <= day < row.until_on), None)
    if present is not None and present.level > STARTED:
        return State.UNDER_REVIEW
    if any(row.level >= floor and row.until_on <= day for row in standings):
        return State.EXPIRED
    if due_on is not None and day > due_on:
        return State.OVERDUE
    if due_on is not None and due_on - day <= timedelta(days=policy.due_soon_within_days):
        return State.DUE_SOON
    return State.NOT_STARTED if present is None else State.IN_PROGRESS


def course_state(*, day: date, floor: Assurance, credits: Iterable[Credit], policy: Policy) -> State:
    """Where a member stands on one course of a path.

    Args:
        credits: those of this course alone that count toward the path (see :func:`tracker.curriculum.paths.counted`).
    """
    begun = [credit for credit in credits if credit.from_on <= day]
    held = [credit for credit in begun if day < credit.until_on]
    sure = [credit for credit in held if credit.assurance >= floor]
    if sure:
        until_on = _end_of_run(((each.from_on, each.until_on) for each in begun if each.assurance >= floor), day)
        in_grace = all(each.grace_on is not None and each.grace_on <= day for each in sure)
        if in_grace or (until_on is not None and lapses_soon(until_on, day, policy)):
            return State.EXPIRING
        return State.COMPLETE if any(each.through == each.course for each in sure) else State.BY_EQUIVALENT
    if held:
        return State.UNDER_REVIEW
    return State.EXPIRED if begun else State.NOT_STARTED


def complete_until(standings: Iterable[Standing], floor: Assurance, day: date) -> date | None:
    """The first day on which a path that is complete on ``day`` is so no longer (``FOREVER``: none); None if it is not."""
    return _end_of_run(((row.from_on, row.until_on) for row in standings if row.level >= floor), day)


def lapses_soon(until_on: date, day: date, policy: Policy) -> bool:
    return until_on != FOREVER and until_on - day <= timedelta(days=policy.expiring_within_days)


def _end_of_run(spans: Iterable[Span], day: date) -> date | None:
    """The end of the unbroken days around ``day``; None where it is not among them."""
    return next((end for start, end in union(spans) if start <= day < end), None)
