"""What a roster changes, person by person: joined, left, moved; another status, name or e-mail.

Judged by the cards that hold on one day. Who has, before or after, a card whose status counts is judged by such cards alone,
so that a retirement is a leaving; everyone else by any card.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from tracker.coverage.saying import local_called
from tracker.language import _, in_list, mark, word

MOST_PEOPLE = 50  # of each kind that a diff names


class ChangeKind(StrEnum):
    """How a person's place in the union changes. One person may change in several ways."""

    JOINED = mark("joined")
    LEFT = mark("left")
    MOVED = mark("moved")
    STATUS = mark("changed status")
    CARD = mark("changed days or details of a card")
    NAME = mark("changed name")
    EMAIL = mark("changed e-mail")


class HeldCard(Protocol):
    """What of a card decides."""

    @property
    def unit_id(self) -> int: ...
    @property
    def status(self) -> str: ...
    @property
    def from_on(self) -> date: ...
    @property
    def until_on(self) -> date | None: ...


class Compared(NamedTuple):
    """One person's cards before and after, by local.

    ``left_counted`` and ``joined_counted`` are the locals that lose or win someone who counts; ``leaves`` and ``joins`` tell
    the same of the union.
    """

    gained: frozenset[int]
    lost: frozenset[int]
    statuses: tuple[tuple[int, str, str], ...]  # local, before, after
    left_counted: frozenset[int]
    joined_counted: frozenset[int]
    leaves: bool
    joins: bool


def compare(before: Iterable[HeldCard], after: Iterable[HeldCard], counting: Collection[str], day: date) -> Compared:
    """What differs on the day."""
    was, now = _statuses_on(before, day), _statuses_on(after, day)
    if not was and len(now) == 1:  # who joins with one card: most people of a first roster
        ((unit, statuses),) = now.items()
        local = frozenset((unit,))
        is_counted = not statuses.isdisjoint(counting)
        return Compared(local, _NOWHERE, (), _NOWHERE, local if is_counted else _NOWHERE, False, is_counted)
    was_counted = frozenset([unit for unit, statuses in was.items() if not statuses.isdisjoint(counting)])
    counted = frozenset([unit for unit, statuses in now.items() if not statuses.isdisjoint(counting)])
    held, holds = (was_counted, counted) if was_counted or counted else (frozenset(was), frozenset(now))
    changed = tuple(
        [
            (unit, in_list(sorted(map(word, was[unit]))), in_list(sorted(map(word, now[unit]))))
            for unit in was
            if unit in now and was[unit] != now[unit]
        ]
    )
    return Compared(
        gained=holds - held,
        lost=held - holds,
        statuses=changed,
        left_counted=was_counted - counted,
        joined_counted=counted - was_counted,
        leaves=bool(was_counted) and not counted,
        joins=bool(counted) and not was_counted,
    )


_NOWHERE: frozenset[int] = frozenset()


def _statuses_on(cards: Iterable[HeldCard], day: date) -> dict[int, set[str]]:
    held: dict[int, set[str]] = {}
    for card in cards:
        if card.from_on <= day and (card.until_on is None or day < card.until_on):
            held.setdefault(card.unit_id, set()).add(card.status)
    return held


class Who(NamedTuple):
    """A person in a diff. ``member_id`` is 0 for someone who is no member yet."""

    member_id: int
    number: str
    name: str


class PersonChange(NamedTuple):
    """One person's change. ``line`` is 0 where no line says it: the file does not name them, or it was not kept."""

    line: int
    member_id: int
    number: str
    name: str
    what: str


@dataclass
class RosterDiff:
    """Who changes and how: everyone counted, the first :data:`MOST_PEOPLE` of each kind named.

    In ``locals`` whoever moves has joined one and left the other.
    """

    counts: Counter[ChangeKind] = field(default_factory=Counter)
    locals: dict[str, Counter[ChangeKind]] = field(default_factory=dict)
    people: dict[ChangeKind, list[PersonChange]] = field(default_factory=dict)

    @property
    def is_empty(self) -> bool:
        return not self.counts.total()

    def add(self, kind: ChangeKind, line: int, who: Who, what: Callable[[], str], locals_: Iterable[str] = ()) -> None:
        """Count a person, and name them if they are among the first."""
        self.counts[kind] += 1
        people = self.people.setdefault(kind, [])
        if len(people) < MOST_PEOPLE:
            people.append(PersonChange(line, *who, what()))
        for number in locals_:
            self.add_in(number, kind)

    def add_in(self, local: str, kind: ChangeKind) -> None:
        """Count a change in one local."""
        counts = self.locals.get(local)
        if counts is None:
            counts = self.locals[local] = Counter()
        counts[kind] += 1

    def add_cards(self, compared: Compared, who: Who, lines: Mapping[int, int], numbers: Mapping[int, str]) -> None:
        """Count what became of one person's cards.

        Args:
            lines: by local, the line that said so.
            numbers: by local, what it is called.
        """
        gained, lost, statuses = compared.gained, compared.lost, compared.statuses
        if gained or lost:
            kind = ChangeKind.MOVED if gained and lost else ChangeKind.JOINED if gained else ChangeKind.LEFT
            line = lines.get(min(gained or lost), 0)
            self.add(
                kind, line, who, lambda: " → ".join(_listed(each, numbers, statuses) for each in (lost, gained) if each)
            )
            for unit in gained:
                self.add_in(numbers[unit], ChangeKind.JOINED)
            for unit in lost:
                self.add_in(numbers[unit], ChangeKind.LEFT)
        others = [unit for unit, _, _ in statuses if unit not in gained and unit not in lost] if statuses else []
        if others:
            named = [numbers[unit] for unit in others]
            self.add(ChangeKind.STATUS, lines.get(others[0], 0), who, lambda: _listed(others, numbers, statuses), named)
        if not (gained or lost or others):
            line = min(lines.values(), default=0)
            self.add(ChangeKind.CARD, line, who, lambda: _listed(lines, numbers, ()), [numbers[unit] for unit in lines])

    def in_order(self) -> RosterDiff:
        """With the named people of each kind by line, and the locals with the most changes first."""
        people = {kind: sorted(self.people[kind]) for kind in ChangeKind if kind in self.people}
        busiest = sorted(self.locals.items(), key=lambda item: (-item[1].total(), item[0]))
        return RosterDiff(self.counts, dict(busiest), people)

    def as_json(self) -> dict[str, Any]:
        """As plain JSON, for a job."""
        return {
            "counts": {kind.value: count for kind, count in self.counts.items()},
            "locals": {local: {kind.value: n for kind, n in counts.items()} for local, counts in self.locals.items()},
            "people": {kind.value: [list(each) for each in people] for kind, people in self.people.items()},
        }

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> RosterDiff:
        """What :meth:`as_json` wrote."""
        return cls(
            Counter({ChangeKind(kind): count for kind, count in plain["counts"].items()}),
            {local: Counter({ChangeKind(kind): n for kind, n in each.items()}) for local, each in plain["locals"].items()},
            {ChangeKind(kind): [PersonChange(*each) for each in people] for kind, people in plain["people"].items()},
        )


def _listed(units: Iterable[int], numbers: Mapping[int, str], statuses: Iterable[tuple[int, str, str]]) -> str:
    """Locals by number, each with the status that changed there."""
    changed = {unit: (was, now) for unit, was, now in statuses}
    told = []
    for unit in sorted(units):
        called = local_called(numbers[unit])
        if unit in changed:
            was, now = changed[unit]
            called = _("%(local)s (%(before)s → %(now)s)", local=called, before=was, now=now)
        told.append(called)
    return ", ".join(told)
