"""On which days a card is asked for a path: both edges of every day."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.days import FOREVER, Span
from tracker.curriculum.scope import Ask, Card, Excuse, InScope, asked_of, in_scope

INTERNATIONAL, DISTRICT, LOCAL_12, LOCAL_40 = 1, 2, 12, 40
ABOVE = {
    INTERNATIONAL: (INTERNATIONAL,),
    DISTRICT: (DISTRICT, INTERNATIONAL),
    LOCAL_12: (LOCAL_12, DISTRICT, INTERNATIONAL),
    LOCAL_40: (LOCAL_40, INTERNATIONAL),
}
GRIPS, SOUND = 7, 8
SAFETY, AI = 1, 2

JANUARY, FEBRUARY, MARCH, APRIL = (date(2026, month, 1) for month in (1, 2, 3, 4))
CARD = Card(1, LOCAL_12, GRIPS, FEBRUARY, FOREVER, counts=True)
SECOND = Card(2, LOCAL_40, SOUND, MARCH, FOREVER, counts=True)
TO_THE_PERSON = Ask(SAFETY, None, JANUARY, FOREVER)


def days_in_scope(cards: list[Card], asks: list[Ask], excuses: list[Excuse]) -> list[tuple[int, date, date]]:
    return [(row.membership, row.from_on, row.until_on) for row in in_scope(cards, asks, excuses, ABOVE)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ((JANUARY, FOREVER), (FEBRUARY, APRIL)),  # rule before card: asked from the card's first day
        ((MARCH, FOREVER), (MARCH, APRIL)),  # card before rule: asked from the rule's first day
        ((JANUARY, MARCH), (FEBRUARY, MARCH)),  # the rule closes first
        ((JANUARY, FEBRUARY), None),  # the rule's last day is the day before the card's first
        ((date(2026, 3, 31), FOREVER), (date(2026, 3, 31), APRIL)),
        ((APRIL, FOREVER), None),  # the card no longer holds that day
    ],
)
def test_a_rule_asks_a_card_while_both_last(rule: Span, expected: Span | None) -> None:
    assert asked_of(Card(1, LOCAL_12, GRIPS, FEBRUARY, APRIL, counts=True), *rule) == expected


@pytest.mark.parametrize(
    ("asks", "expected"),
    [
        ([], []),
        ([TO_THE_PERSON], [(1, FEBRUARY, FOREVER), (2, MARCH, FOREVER)]),
        ([Ask(SAFETY, 1, JANUARY, FOREVER)], [(1, FEBRUARY, FOREVER)]),
        ([Ask(SAFETY, 2, JANUARY, APRIL)], [(2, MARCH, APRIL)]),
        ([Ask(SAFETY, 1, FEBRUARY, MARCH), Ask(SAFETY, 1, MARCH, APRIL)], [(1, FEBRUARY, APRIL)]),
        (
            [Ask(SAFETY, 1, FEBRUARY, APRIL), Ask(SAFETY, None, MARCH, FOREVER)],
            [(1, FEBRUARY, FOREVER), (2, MARCH, FOREVER)],
        ),
        ([Ask(SAFETY, 2, JANUARY, MARCH)], []),
    ],
)
def test_one_made_to_the_person_reaches_every_card_and_another_only_its_own(
    asks: list[Ask], expected: list[tuple[int, date, date]]
) -> None:
    assert days_in_scope([CARD, SECOND], asks, []) == expected


@pytest.mark.parametrize(
    ("excuse", "expected"),
    [
        (Excuse(SAFETY, None, MARCH, APRIL), [(1, FEBRUARY, MARCH), (1, APRIL, FOREVER), (2, APRIL, FOREVER)]),
        (Excuse(SAFETY, LOCAL_12, MARCH, APRIL), [(1, FEBRUARY, MARCH), (1, APRIL, FOREVER), (2, MARCH, FOREVER)]),
        (Excuse(SAFETY, DISTRICT, MARCH, FOREVER), [(1, FEBRUARY, MARCH), (2, MARCH, FOREVER)]),
        (Excuse(SAFETY, LOCAL_40, MARCH, FOREVER), [(1, FEBRUARY, FOREVER)]),
        (Excuse(SAFETY, INTERNATIONAL, JANUARY, FOREVER), []),
        (Excuse(AI, None, JANUARY, FOREVER), [(1, FEBRUARY, FOREVER), (2, MARCH, FOREVER)]),  # another path
    ],
)
def test_an_exemption_holds_everywhere_or_on_the_cards_under_its_unit(
    excuse: Excuse, expected: list[tuple[int, date, date]]
) -> None:
    assert days_in_scope([CARD, SECOND], [TO_THE_PERSON], [excuse]) == expected


def test_a_status_that_does_not_count_puts_no_day_in_scope() -> None:
    assert days_in_scope([CARD._replace(counts=False), SECOND], [TO_THE_PERSON], []) == [(2, MARCH, FOREVER)]


def test_a_transfer_ends_one_card_on_the_day_the_next_begins() -> None:
    before, after = CARD._replace(until_on=MARCH), SECOND
    assert days_in_scope([before, after], [TO_THE_PERSON], []) == [(1, FEBRUARY, MARCH), (2, MARCH, FOREVER)]


def test_each_path_is_decided_by_itself() -> None:
    asks = [TO_THE_PERSON, Ask(AI, 1, MARCH, APRIL)]
    assert in_scope([CARD], asks, [Excuse(AI, None, date(2026, 3, 31), FOREVER)], ABOVE) == [
        InScope(1, SAFETY, LOCAL_12, GRIPS, FEBRUARY, FOREVER),
        InScope(1, AI, LOCAL_12, GRIPS, MARCH, date(2026, 3, 31)),
    ]


days = st.integers(0, 30).map(lambda count: JANUARY + timedelta(days=count))
units, paths = st.sampled_from(sorted(ABOVE)), st.sampled_from([SAFETY, AI])
some_cards = st.lists(
    st.builds(Card, st.integers(1, 9), units, st.just(GRIPS), days, days, st.booleans()),
    max_size=3,
    unique_by=lambda card: card.membership,
)
some_asks = st.lists(st.builds(Ask, paths, st.none() | st.integers(1, 9), days, days), max_size=4)
some_excuses = st.lists(st.builds(Excuse, paths, st.none() | units, days, days), max_size=3)


@given(some_cards, some_asks, some_excuses)
def test_scope_is_what_asking_day_by_day_finds(cards: list[Card], asks: list[Ask], excuses: list[Excuse]) -> None:
    rows = in_scope(cards, asks, excuses, ABOVE)
    for day in (JANUARY + timedelta(days=count) for count in range(32)):
        expected = {
            (card.membership, path)
            for card in cards
            for path in (SAFETY, AI)
            if card.counts
            and card.from_on <= day < card.until_on
            and any(
                ask.path == path and ask.membership in (None, card.membership) and ask.from_on <= day < ask.until_on
                for ask in asks
            )
            and not any(
                excuse.path == path
                and (excuse.unit is None or excuse.unit in ABOVE[card.unit])
                and excuse.from_on <= day < excuse.until_on
                for excuse in excuses
            )
        }
        found = [(row.membership, row.path) for row in rows if row.from_on <= day < row.until_on]
        assert sorted(found) == sorted(expected)
