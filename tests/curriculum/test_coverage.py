"""The ledger: one member's deltas, rolled up and summed, against counting distinct members day by day."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.curriculum.coverage import EVERY_CRAFT, Deltas, Figure, contribute, roll_up
from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import Standing
from tracker.curriculum.scope import InScope
from tracker.curriculum.words import STARTED, Assurance

INTERNATIONAL, DISTRICT, LOCAL_12, LOCAL_14, LOCAL_40 = 1, 2, 12, 14, 40
ABOVE = {
    LOCAL_12: (LOCAL_12, DISTRICT, INTERNATIONAL),
    LOCAL_14: (LOCAL_14, DISTRICT, INTERNATIONAL),
    LOCAL_40: (LOCAL_40, INTERNATIONAL),
}
GRIPS, SOUND = 7, 8
PATH = 1
CLAIMED, REVIEWED, PROVIDER = (int(each) for each in Assurance)
JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))


def figure(deltas: Deltas, unit: int, day: date, craft: int = EVERY_CRAFT) -> Figure:
    """The running sum of a key's deltas."""
    rows = [numbers for (of, by, _, on), numbers in deltas.items() if (of, by) == (unit, craft) and on <= day]
    return Figure(*(sum(row[column] for row in rows) for column in range(4)))


def ledger(*members: tuple[list[InScope], list[Standing]], sign: int = 1) -> Deltas:
    leaves: Deltas = {}
    wholes: Deltas = {}
    for scope, standings in members:
        contribute(leaves, wholes, scope, {PATH: standings}, ABOVE, sign)
    return roll_up(leaves, wholes, ABOVE)


def card(local: int, craft: int, from_on: date, until_on: date = FOREVER, membership: int = 1) -> InScope:
    return InScope(membership, PATH, local, craft, from_on, until_on)


CLAIM_THEN_REPORT = [
    Standing(JANUARY, FEBRUARY, STARTED),
    Standing(FEBRUARY, MARCH, CLAIMED),
    Standing(MARCH, APRIL, PROVIDER),
    Standing(APRIL, FOREVER, STARTED),
]


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), Figure(0, 0, 0, 0)),
        (JANUARY, Figure(1, 0, 0, 0)),
        (date(2026, 1, 31), Figure(1, 0, 0, 0)),
        (FEBRUARY, Figure(1, 1, 0, 0)),
        (date(2026, 2, 28), Figure(1, 1, 0, 0)),
        (MARCH, Figure(1, 1, 1, 1)),
        (date(2026, 3, 31), Figure(1, 1, 1, 1)),
        (APRIL, Figure(1, 0, 0, 0)),
    ],
)
def test_one_card_counts_at_each_floor_in_every_unit_above_it(day: date, expected: Figure) -> None:
    deltas = ledger(([card(LOCAL_12, GRIPS, JANUARY)], CLAIM_THEN_REPORT))
    for unit in ABOVE[LOCAL_12]:
        assert figure(deltas, unit, day) == expected
        assert figure(deltas, unit, day, GRIPS) == expected
    assert figure(deltas, LOCAL_40, day) == Figure(0, 0, 0, 0)


def test_one_card_waits_to_be_rolled_up_and_two_are_finished_at_once() -> None:
    leaves: Deltas = {}
    wholes: Deltas = {}
    contribute(leaves, wholes, [card(LOCAL_12, GRIPS, JANUARY)], {}, ABOVE)
    assert list(leaves) == [(LOCAL_12, GRIPS, PATH, JANUARY)]
    assert not wholes
    two = [card(LOCAL_12, GRIPS, JANUARY), card(LOCAL_40, SOUND, JANUARY, membership=2)]
    contribute({}, wholes, two, {}, ABOVE)
    assert (INTERNATIONAL, EVERY_CRAFT, PATH, JANUARY) in wholes


@pytest.mark.parametrize(
    "second",
    [
        card(LOCAL_14, GRIPS, FEBRUARY, membership=2),  # another local of the district
        card(LOCAL_40, GRIPS, FEBRUARY, membership=2),  # of none
        card(LOCAL_12, SOUND, FEBRUARY, membership=2),  # another craft in the same local
    ],
)
def test_who_holds_two_cards_counts_once_in_each_local_and_once_in_every_parent(second: InScope) -> None:
    deltas = ledger(([card(LOCAL_12, GRIPS, JANUARY), second], CLAIM_THEN_REPORT))
    for unit in (LOCAL_12, second.unit, DISTRICT, INTERNATIONAL):
        assert figure(deltas, unit, MARCH) == Figure(1, 1, 1, 1)
    for each in (card(LOCAL_12, GRIPS, JANUARY), second):
        assert figure(deltas, each.unit, MARCH, each.craft) == Figure(1, 1, 1, 1)
        assert figure(deltas, INTERNATIONAL, MARCH, each.craft) == Figure(1, 1, 1, 1)


@pytest.mark.parametrize(("day", "before", "after"), [(date(2026, 2, 28), 1, 0), (MARCH, 0, 1)])
def test_a_transfer_moves_a_member_without_a_day_twice_or_never(day: date, before: int, after: int) -> None:
    moved = [card(LOCAL_12, GRIPS, JANUARY, MARCH), card(LOCAL_40, GRIPS, MARCH, membership=2)]
    deltas = ledger((moved, []))
    assert figure(deltas, LOCAL_12, day).in_scope == before
    assert figure(deltas, LOCAL_40, day).in_scope == after
    assert figure(deltas, INTERNATIONAL, day).in_scope == 1


def test_days_covered_outside_scope_count_nowhere() -> None:
    deltas = ledger(([card(LOCAL_12, GRIPS, JANUARY, FEBRUARY)], [Standing(FEBRUARY, FOREVER, PROVIDER)]))
    assert figure(deltas, LOCAL_12, FEBRUARY) == Figure(0, 0, 0, 0)


def test_a_member_taken_away_leaves_nothing() -> None:
    leaves: Deltas = {}
    wholes: Deltas = {}
    for rows in ([card(LOCAL_12, GRIPS, JANUARY)], [card(LOCAL_12, GRIPS, JANUARY), card(LOCAL_40, SOUND, MARCH)]):
        for sign in (1, -1):
            contribute(leaves, wholes, rows, {PATH: CLAIM_THEN_REPORT}, ABOVE, sign)
    assert roll_up(leaves, wholes, ABOVE) == {}


@pytest.mark.parametrize(
    ("of", "floor", "share"),
    [
        (Figure(3, 3, 2, 1), Assurance.CLAIMED, 1.0),
        (Figure(3, 3, 2, 1), Assurance.REVIEWED, 0.666667),
        (Figure(3, 3, 2, 1), Assurance.PROVIDER, 0.333333),
        (Figure(3, 0, 0, 0), Assurance.CLAIMED, 0.0),
        (Figure(0, 0, 0, 0), Assurance.CLAIMED, None),  # no one is in scope, which is not 0 %
    ],
)
def test_a_share_is_covered_of_those_in_scope(of: Figure, floor: Assurance, share: float | None) -> None:
    assert of.share(floor) == share


days = st.integers(0, 20).map(lambda count: JANUARY + timedelta(days=count))
ends = days | st.just(FOREVER)
some_cards = st.lists(
    st.tuples(st.sampled_from(sorted(ABOVE)), st.sampled_from([GRIPS, SOUND]), days, ends)
    .filter(lambda row: row[2] < row[3])
    .map(lambda row: card(*row)),
    max_size=3,
)


@st.composite
def some_standing(draw: st.DrawFn) -> list[Standing]:
    edges = [*sorted(draw(st.sets(days, max_size=4))), FOREVER]
    levels = st.sampled_from([STARTED, CLAIMED, REVIEWED, PROVIDER])
    return [Standing(start, end, draw(levels)) for start, end in pairwise(edges)]


@settings(deadline=None)
@given(st.lists(st.tuples(some_cards, some_standing()), max_size=4))
def test_the_sum_of_deltas_is_the_count_of_distinct_members(
    members: list[tuple[list[InScope], list[Standing]]],
) -> None:
    deltas = ledger(*members)
    for day in (JANUARY + timedelta(days=count) for count in range(22)):
        for unit in (INTERNATIONAL, DISTRICT, LOCAL_12, LOCAL_14, LOCAL_40):
            for craft in (EVERY_CRAFT, GRIPS, SOUND):
                levels = [
                    next((row.level for row in standings if row.from_on <= day < row.until_on), STARTED)
                    for cards, standings in members
                    if any(
                        unit in ABOVE[row.unit] and craft in (EVERY_CRAFT, row.craft) and row.from_on <= day < row.until_on
                        for row in cards
                    )
                ]
                expected = [sum(level >= floor for level in levels) for floor in (STARTED, CLAIMED, REVIEWED, PROVIDER)]
                assert figure(deltas, unit, day, craft) == Figure(*expected)
