"""How the members of a unit stand on a path, in counts that a reader may see."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.coverage.figures import end_of, is_restated_since
from tracker.coverage.local.denominator import Denominator, LeftOut
from tracker.coverage.people import PersonHere
from tracker.curriculum.policy import Policy
from tracker.curriculum.small_groups import hide
from tracker.curriculum.states import State
from tracker.curriculum.words import Assurance
from tracker.models import Craft, LearningPath, Unit
from tracker.models.loading import read_rows

_BY_DAY = frozenset({State.OVERDUE, State.DUE_SOON})


class DueDay(NamedTuple):
    """So many are overdue since that day, or have until then."""

    state: State
    due_on: date
    members: int


@dataclass(frozen=True)
class Counts:
    """What a reader may see of how the members stand. Without names, small groups are hidden: then a count is None."""

    states: Mapping[State, int | None]
    due: Sequence[DueDay]  # the nearest day first; none where small groups are hidden
    with_card: int | None
    left_out: Sequence[LeftOut]  # those of groups that are shown
    too_few: int  # left out in groups that are hidden
    in_scope: int

    @property
    def hides(self) -> bool:
        return self.too_few > 0 or self.with_card is None or None in self.states.values()

    def due_in(self, state: State) -> list[DueDay]:
        return [each for each in self.due if each.state is state]


def counts_of(
    people: Iterable[PersonHere],
    states: Mapping[State, int],
    why: Denominator,
    *,
    day: date,
    floor: Assurance,
    policy: Policy,
    hides_small: bool,
    is_part: bool = False,
) -> Counts:
    """The counts, whole or with what is about too few people hidden.

    Args:
        states: how many in scope are in each state.
        hides_small: whether the reader is from outside the unit.
        is_part: whether they see a unit above it in this way too: of a part nothing is told then that the figure does not
            tell, for taken from the whole it would tell of another part.
    """
    if not hides_small:
        return Counts(states, _due_days(people, day, floor, policy), why.with_card, why.left_out, 0, why.in_scope)
    # the figure above tells how many are covered and how many wait for review: only what it does not tell can be hidden
    covered = [state for state in states if state.is_complete]
    rest = [state for state in states if not state.is_complete and state is not State.UNDER_REVIEW]
    lines = [line for line in (covered, rest) if len(line) > 1]
    cells = {state: states[state] for line in lines for state in line}
    hidden = {*cells, *rest} if is_part else hide(cells, lines, policy.small_group)
    shown = {state: None if state in hidden else number for state, number in states.items()}
    groups = {group.why: group.members for group in why.left_out}
    gone = why.with_card - why.in_scope
    if 0 < gone < policy.small_group:
        return Counts(shown, (), None, (), gone, why.in_scope)
    small = {*groups} if is_part else hide(groups, [list(groups)], policy.small_group)
    return Counts(
        shown,
        (),
        why.with_card,
        [group for group in why.left_out if group.why not in small],
        sum(groups[each] for each in small),
        why.in_scope,
    )


def _due_days(people: Iterable[PersonHere], day: date, floor: Assurance, policy: Policy) -> list[DueDay]:
    last = date.fromordinal(min(day.toordinal() + policy.due_soon_within_days, date.max.toordinal()))
    alike: dict[Hashable, State] = {}
    counts: Counter[tuple[State, date]] = Counter()
    for person in people:
        due_on = person.due_on
        if not person.is_in_scope or due_on is None or due_on > last:
            continue
        where = (due_on, *person.standings)
        state = alike.get(where) or alike.setdefault(where, person.state(day, floor, policy))
        if state in _BY_DAY:
            counts[state, due_on] += 1
    return sorted((DueDay(*key, number) for key, number in counts.items()), key=lambda each: (each.due_on, each.state))


def in_scope_through(
    session: Session,
    unit: Unit,
    path: LearningPath,
    craft: str,
    day: date,
    known: date | None = None,
    *,
    among: Collection[int] | None = None,
) -> set[int]:
    """The members in scope here through a card of that craft: those whom the craft's figure counts.

    Args:
        among: of these members alone; None: of all.
    """
    craft_id = session.scalar(select(Craft.id).where(Craft.name == craft))
    under = "(SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"
    if known is None or not is_restated_since(session, known):
        sql = (
            f"SELECT member_id FROM scope WHERE unit_id IN {under} AND path_id = ? AND craft_id = ?"
            " AND from_on <= ? AND until_on > ?"
        )
        return {member for (member,) in read_rows(session, sql, [unit.id, path.id, craft_id, day, day])}
    world = world_as_known(session, end_of(known))
    sql = f"SELECT DISTINCT member_id FROM membership WHERE unit_id IN {under} AND craft_id = ?"
    held = [member for (member,) in read_rows(session, sql, [unit.id, craft_id]) if among is None or member in among]
    return {
        member
        for member, facts in facts_of(session, world, held, known_at=end_of(known))
        for row in derive(facts, world).scope
        if row.path == path.id
        and row.craft == craft_id
        and unit.id in world.above[row.unit]
        and row.from_on <= day < row.until_on
    }
