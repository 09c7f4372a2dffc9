"""Keeping what follows from the facts: scope, standings and the ledger, for exactly the members an act touched.

Every operation that changes facts ends here, in the same transaction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import (
    MEMBERS_AT_ONCE,
    Derived,
    MemberFacts,
    World,
    current_world,
    derive,
    facts_of,
    kept,
)
from tracker.curriculum.coverage import Deltas, contribute, roll_up
from tracker.curriculum.paths import Standing
from tracker.curriculum.words import STARTED
from tracker.models import Member, ScopeSpan, StandingSpan
from tracker.models.loading import in_chunks, many_rows, replace_rows
from tracker.operations.ledger import add_deltas, append_deltas, clear_ledger, settle_balances

# Deltas wait in memory up to this many keys; then they go to the ledger.
_DELTAS_AT_ONCE = 30_000


@dataclass
class StateChanges:
    """How many members a change turns, by path, on the day it tells."""

    members: set[int] = field(default_factory=set)
    gained: Counter[int] = field(default_factory=Counter)  # complete now, at any floor, and not before
    lost: Counter[int] = field(default_factory=Counter)  # complete before and no longer
    other: Counter[int] = field(default_factory=Counter)  # begun or not begun, or complete at another floor

    def note(self, member: int, path: int, before: int | None, after: int | None) -> None:
        if before == after:
            return
        self.members.add(member)
        was, now = (before or 0) > STARTED, (after or 0) > STARTED
        kind = self.other if was == now else self.gained if now else self.lost
        kind[path] += 1


def level_on(rows: Iterable[Standing], day: date) -> int | None:
    """The level of the span that holds the day; None where the path is not begun."""
    return next((row.level for row in rows if row.from_on <= day < row.until_on), None)


class Refresh:
    """Compares what is kept with what follows, member by member, and writes the difference.

    Take members with :meth:`take`, some thousands at a time, and end with :meth:`finish`.

    Args:
        today: given where this is the only writer (``writing(alone=True)``): the balances are then brought to that day.
        judged: count whose state changes, for these paths on these days, for every other path today.
    """

    def __init__(
        self,
        session: Session,
        world: World,
        today: date | None = None,
        *,
        judged: Mapping[int, date] | None = None,
    ) -> None:
        self._session = session
        self._world = world
        self._today = today
        self._leaves: Deltas = {}
        self._wholes: Deltas = {}
        self.changed = 0  # members whose spans changed
        self._judged = judged
        self.states = StateChanges()

    def take(self, facts: Mapping[int, MemberFacts]) -> None:
        """Bring the derived rows of these members to their facts."""
        before = kept(self._session, facts.keys())
        after = {member: derive(each, self._world) for member, each in facts.items()}
        stale_scope, stale_standing = [], []
        scope_rows: list[tuple[object, ...]] = []
        standing_rows: list[tuple[object, ...]] = []
        for member, new in after.items():
            old = before[member]
            scope_differs = sorted(old.scope) != sorted(new.scope)
            standing_differs = old.standings != new.standings
            if not scope_differs and not standing_differs:
                continue
            self.changed += 1
            if self._judged is not None and self._today is not None and standing_differs:
                self._judge(member, old, new, self._judged, self._today)
            self._count(old, -1)
            self._count(new, 1)
            if scope_differs:
                if old.scope:
                    stale_scope.append(member)
                scope_rows += [
                    (member, row.membership, row.path, row.from_on, row.until_on, row.unit, row.craft) for row in new.scope
                ]
            if standing_differs:
                if old.standings:
                    stale_standing.append(member)
                standing_rows += [
                    (member, path, row.from_on, row.until_on, row.level)
                    for path, rows in new.standings.items()
                    for row in rows
                ]
        for table, stale, columns, rows in (
            ("scope", stale_scope, _SCOPE_COLUMNS, scope_rows),
            ("standing", stale_standing, _STANDING_COLUMNS, standing_rows),
        ):
            if stale or rows:
                replace_rows(self._session, table, stale, columns, rows)
        if len(self._leaves) + len(self._wholes) > _DELTAS_AT_ONCE:
            self._spill()

    def finish(self) -> None:
        """Write what still waits in memory."""
        self._spill()
        if self._today is not None:
            settle_balances(self._session, self._today)

    def _spill(self) -> None:
        deltas = roll_up(self._leaves, self._wholes, self._world.above)
        if self._today is None:
            append_deltas(self._session, deltas)
        else:
            add_deltas(self._session, deltas, settles=True)
        self._leaves, self._wholes = {}, {}

    def _judge(self, member: int, old: Derived, new: Derived, judged: Mapping[int, date], today: date) -> None:
        for path in old.standings.keys() | new.standings.keys():
            day = judged.get(path, today)
            before, after = old.standings.get(path, ()), new.standings.get(path, ())
            self.states.note(member, path, level_on(before, day), level_on(after, day))

    def _count(self, derived: Derived, sign: int) -> None:
        contribute(self._leaves, self._wholes, derived.scope, derived.standings, self._world.above, sign)


_SCOPE_COLUMNS = ("member_id", "membership_id", "path_id", "from_on", "until_on", "unit_id", "craft_id")
_STANDING_COLUMNS = ("member_id", "path_id", "from_on", "until_on", "level")


@many_rows()
def refresh_standings(session: Session, member_ids: Iterable[int], today: date | None = None) -> int:
    """Refresh everything derived for these members (``today``: as :class:`Refresh` takes it).

    Returns:
        How many of them changed.
    """
    world = current_world(session)
    refresh = Refresh(session, world, today)
    for facts in _in_chunks(facts_of(session, world, member_ids)):
        refresh.take(facts)
    refresh.finish()
    return refresh.changed


@many_rows()
def rebuild(session: Session, today: date) -> None:
    """Make every derived table anew from the facts. Needs ``writing(alone=True)``."""
    clear_ledger(session)
    for model in (ScopeSpan, StandingSpan):
        session.execute(delete(model))
    refresh_standings(session, session.scalars(select(Member.member_id)).all(), today)


def _in_chunks(people: Iterator[tuple[int, MemberFacts]]) -> Iterator[dict[int, MemberFacts]]:
    for chunk in in_chunks(people, MEMBERS_AT_ONCE):
        yield dict(chunk)
