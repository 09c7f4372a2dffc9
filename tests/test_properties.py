"""What no member, no union and no order of events can break, tried on whatever hypothesis thinks of."""

from __future__ import annotations

import itertools
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.curriculum.coverage import EVERY_CRAFT, Deltas, Figure, contribute, roll_up
from tracker.curriculum.days import FOREVER, Span
from tracker.curriculum.paths import (
    Asked,
    Completed,
    CourseTerms,
    Curriculum,
    Equivalent,
    NeedKind,
    PathVersion,
    Section,
    Standing,
    credits,
    standing,
)
from tracker.curriculum.scope import Ask, Card, Excuse, InScope, in_scope

PATH, UNION = 1, 100
ABOVE = {100: (100,), 10: (10, 100), 20: (20, 100), 11: (11, 10, 100), 12: (12, 10, 100), 21: (21, 20, 100)}
LOCALS, PARENTS = (11, 12, 21), {10: (11, 12), 20: (21,), 100: (10, 20)}
FIRST, LAST = date(2024, 1, 1), date(2026, 12, 31)

days = st.dates(FIRST, LAST)
ends = st.one_of(st.just(FOREVER), days)


@st.composite
def spans(draw: st.DrawFn) -> Span:
    start = draw(days)
    return start, draw(st.one_of(st.just(FOREVER), st.dates(start + timedelta(days=1), LAST + timedelta(days=400))))


COURSES = (1, 2, 3, 4)
sections = st.builds(
    lambda need, courses, number, months, kinds: Section(
        need, frozenset(courses), min(number, len(courses)) if need is NeedKind.ANY else number, months, kinds
    ),
    st.sampled_from(NeedKind),
    st.sets(st.sampled_from(COURSES), min_size=1),
    st.integers(1, 90),
    st.sampled_from((1, 12)),
    st.sampled_from(((), (("rigging", 30),))),
)
plain_terms = st.builds(CourseTerms, st.sampled_from((0, 30, 60)), st.sampled_from((None, 1, 12)))
awkward_terms = st.builds(
    lambda months, each, window, grace, credits, kind: CourseTerms(
        60, None if each else months, each, window, grace, credits, kind
    ),
    st.sampled_from((1, 12)),
    st.sampled_from((None, None, "12-31", "02-28")),
    st.sampled_from((0, 10, 28)),
    st.sampled_from((0, 5)),
    st.sampled_from((0, 30, 60)),
    st.sampled_from(("", "rigging")),
)
curricula = st.builds(
    lambda terms, equivalents, versions: Curriculum(
        dict(zip(COURSES, terms, strict=True)), tuple(equivalents), {PATH: (PathVersion(1, tuple(versions)),)}
    ),
    st.lists(plain_terms | awkward_terms, min_size=4, max_size=4),
    st.lists(st.builds(Equivalent, st.sampled_from((1, 2)), st.sampled_from((3, 4)), days, ends), max_size=2),
    st.lists(sections, min_size=1, max_size=3),
)
completions = st.lists(st.builds(Completed, st.sampled_from(COURSES), days, st.integers(1, 3)), max_size=8)


@st.composite
def people(draw: st.DrawFn) -> list[InScope]:
    """The days in scope of one member with up to three cards."""
    cards = [
        Card(place, draw(st.sampled_from(LOCALS)), draw(st.sampled_from((7, 8))), *draw(spans()), draw(st.booleans()))
        for place in range(draw(st.integers(0, 3)))
    ]
    asks = [Ask(PATH, draw(st.sampled_from((None, 0, 1, 2))), *draw(spans())) for _ in range(draw(st.integers(0, 3)))]
    units = st.sampled_from((None, 10, 11, 100))
    excuses = [Excuse(PATH, draw(units), *draw(spans())) for _ in range(draw(st.integers(0, 2)))]
    return in_scope(cards, asks, excuses, ABOVE)


def counted(members: list[tuple[list[InScope], list[Standing]]]) -> Deltas:
    leaves: Deltas = {}
    wholes: Deltas = {}
    for scope, levels in members:
        contribute(leaves, wholes, scope, {PATH: levels}, ABOVE)
    return roll_up(leaves, wholes, ABOVE)


def figure(deltas: Deltas, unit: int, craft: int, day: date) -> Figure:
    rows = [numbers for (u, c, _, since), numbers in deltas.items() if (u, c) == (unit, craft) and since <= day]
    return Figure(*(sum(row[column] for row in rows) for column in range(4)))


def standings(curriculum: Curriculum, done: list[Completed]) -> list[Standing]:
    return standing(PATH, Asked(FIRST, 1), credits(done, curriculum), curriculum)


unions = st.lists(st.tuples(people(), curricula, completions), max_size=4)


@settings(max_examples=150, deadline=None)
@given(unions, days)
def test_no_figure_is_impossible(members: list[tuple[list[InScope], Curriculum, list[Completed]]], day: date) -> None:
    deltas = counted([(scope, standings(curriculum, done)) for scope, curriculum, done in members])
    for craft in (EVERY_CRAFT, 7, 8):
        for unit in ABOVE:
            found = figure(deltas, unit, craft, day)
            assert 0 <= found.provider <= found.reviewed <= found.claimed <= found.in_scope <= len(members)
            assert figure(deltas, unit, craft, day).in_scope <= figure(deltas, unit, EVERY_CRAFT, day).in_scope
        for parent, children in PARENTS.items():
            below = [figure(deltas, child, craft, day) for child in children]
            for column in range(4):
                whole = figure(deltas, parent, craft, day)[column]
                assert max(each[column] for each in below) <= whole <= sum(each[column] for each in below)


@settings(max_examples=150, deadline=None)
@given(curricula, completions)
def test_the_days_of_a_standing_follow_one_another_and_never_overlap(curriculum: Curriculum, done: list[Completed]) -> None:
    rows = standings(curriculum, done)
    for row in rows:
        assert row.from_on < row.until_on
        assert 0 <= row.level <= 3
    for row, after in itertools.pairwise(rows):
        assert row.until_on == after.from_on
        assert row.level != after.level
    assert not rows or rows[-1].until_on == FOREVER


def level(rows: list[Standing], day: date) -> int:
    return next((row.level for row in rows if row.from_on <= day < row.until_on), -1)


@settings(max_examples=150, deadline=None)
@given(curricula, completions, completions, days, days)
def test_past_days_do_not_move_when_todays_facts_are_recorded(
    curriculum: Curriculum, done: list[Completed], news: list[Completed], today: date, past: date
) -> None:
    later = [each._replace(on=max(each.on, today)) for each in news]
    if past < today:
        assert level(standings(curriculum, done), past) == level(standings(curriculum, done + later), past)


@settings(max_examples=150, deadline=None)
@given(curricula, completions, completions, days)
def test_another_completion_never_takes_anything_away(
    curriculum: Curriculum, done: list[Completed], more: list[Completed], day: date
) -> None:
    assert level(standings(curriculum, done), day) <= level(standings(curriculum, done + more), day)


@settings(max_examples=150, deadline=None)
@given(curricula, completions, st.randoms())
def test_the_order_of_completions_does_not_matter(curriculum: Curriculum, done: list[Completed], chance: object) -> None:
    shuffled = list(done)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    assert standings(curriculum, shuffled) == standings(curriculum, done) == standings(curriculum, done + done)


@settings(max_examples=100, deadline=None)
@given(unions, people(), curricula, completions)
def test_taking_a_member_away_leaves_what_was_there_before(
    members: list[tuple[list[InScope], Curriculum, list[Completed]]],
    scope: list[InScope],
    curriculum: Curriculum,
    done: list[Completed],
) -> None:
    told = [(each, standings(theirs, completed)) for each, theirs, completed in members]
    leaves: Deltas = {}
    wholes: Deltas = {}
    mine = {PATH: standings(curriculum, done)}
    for each, levels in told:
        contribute(leaves, wholes, each, {PATH: levels}, ABOVE)
    for sign in (1, -1):
        contribute(leaves, wholes, scope, mine, ABOVE, sign)
    assert roll_up(leaves, wholes, ABOVE) == counted(told)
