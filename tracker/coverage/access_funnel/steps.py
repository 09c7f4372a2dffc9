"""Where someone in scope of a path stands, and how many stand where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import IntEnum, StrEnum

from tracker.curriculum.words import STARTED, Assurance


class Step(IntEnum):
    """The furthest that someone in scope got."""

    NO_ACCOUNT = 0  # none, or a closed one
    NOT_ACTIVATED = 1
    NOT_BEGUN = 2
    BEGUN = 3
    COMPLETE = 4


class Who(StrEnum):
    """Some of those in scope: those at some of the steps."""

    CANNOT_GET_IN = "cannot-get-in"
    NOT_DONE = "not-done"
    NO_ACCOUNT = "no-account"
    NOT_ACTIVATED = "not-activated"
    NOT_BEGUN = "not-begun"
    BEGUN = "begun"
    COMPLETE = "complete"
    WITH_ACCOUNT = "with-account"
    ACTIVATED = "activated"
    STARTED = "started"
    IN_SCOPE = "in-scope"
    TWO_ACCOUNTS = "two-accounts"  # at one provider, both open, whatever the step

    @property
    def steps(self) -> frozenset[Step]:
        return _STEPS[self]


def _from(step: Step) -> frozenset[Step]:
    return frozenset(each for each in Step if each >= step)


_STEPS = {
    Who.CANNOT_GET_IN: frozenset({Step.NO_ACCOUNT, Step.NOT_ACTIVATED}),
    Who.NOT_DONE: frozenset({Step.NOT_BEGUN, Step.BEGUN}),
    Who.NO_ACCOUNT: frozenset({Step.NO_ACCOUNT}),
    Who.NOT_ACTIVATED: frozenset({Step.NOT_ACTIVATED}),
    Who.NOT_BEGUN: frozenset({Step.NOT_BEGUN}),
    Who.BEGUN: frozenset({Step.BEGUN}),
    Who.COMPLETE: frozenset({Step.COMPLETE}),
    Who.WITH_ACCOUNT: _from(Step.NOT_ACTIVATED),
    Who.ACTIVATED: _from(Step.NOT_BEGUN),
    Who.STARTED: _from(Step.BEGUN),
    Who.IN_SCOPE: _from(Step.NO_ACCOUNT),
    Who.TWO_ACCOUNTS: _from(Step.NO_ACCOUNT),
}


def step_of(level: int | None, floor: Assurance, *, has_account: bool, is_activated: bool) -> Step:
    """Where someone in scope stands.

    Args:
        level: their standing on the path on the day, as :func:`level_on` gives it.
        has_account: an open one.
    """
    if level is not None and level >= floor:
        return Step.COMPLETE
    if not has_account:
        return Step.NO_ACCOUNT
    if not is_activated:
        return Step.NOT_ACTIVATED
    return Step.NOT_BEGUN if level is None else Step.BEGUN


def level_on(spans: Iterable[tuple[date, date, int]], day: date) -> int | None:
    """The level of a standing on a day: ``STARTED`` where it has lapsed, None where nothing was begun."""
    return max((level if day < end else STARTED for start, end, level in spans if start <= day), default=None)


@dataclass(frozen=True)
class Funnel:
    """How many in scope stand at each step."""

    steps: Mapping[Step, int]
    done_without: int | None = 0  # of the complete: those without an open account; None: hidden
    hidden: frozenset[Step] = frozenset()  # from the reader: how many stand at each of these

    def told(self, who: Who) -> int | None:
        """How many that is, as far as the reader may know: None where it would tell one hidden step from another."""
        parts = self.hidden & who.steps
        return None if parts and parts != self.hidden else sum(self.steps.get(step, 0) for step in who.steps)

    def count(self, who: Who) -> int:
        """The same, for who is sure that it is told.

        Raises:
            ValueError: It is hidden.
        """
        number = self.told(who)
        if number is None:
            raise ValueError(f"how many are {who.value} is hidden")
        return number

    @property
    def hides(self) -> bool:
        return bool(self.hidden) or self.done_without is None

    @property
    def in_scope(self) -> int:
        return self.count(Who.IN_SCOPE)

    @property
    def cannot_get_in(self) -> int:
        return self.count(Who.CANNOT_GET_IN)

    @property
    def not_done(self) -> int:
        return self.count(Who.NOT_DONE)
