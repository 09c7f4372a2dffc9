"""The fewest minutes that finish a path."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.paths import CourseTerms, NeedKind, PathVersion, Section, is_complete
from tracker.curriculum.remaining import fewest_minutes, used

TERMS = {1: CourseTerms(60), 2: CourseTerms(30), 3: CourseTerms(45), 4: CourseTerms(), 5: CourseTerms(200)}
COST = {course: terms.minutes for course, terms in TERMS.items()}
BOTH = Section(NeedKind.ALL, frozenset({1, 2}))
TWO = Section(NeedKind.ANY, frozenset({2, 3, 5}), 2)
HOURS = Section(NeedKind.MINUTES, frozenset({1, 2, 3, 4, 5}), 100)

WORTH = {  # minutes, and credits of a kind
    1: CourseTerms(60, credit_hundredths=100, credit_kind="rigging"),
    2: CourseTerms(30, credit_hundredths=100),
    3: CourseTerms(45, credit_hundredths=150, credit_kind="rigging"),
    4: CourseTerms(credit_hundredths=50),
    5: CourseTerms(200, credit_hundredths=400, credit_kind="safety"),
}


def credits_of(number: int, *kinds: tuple[str, int], courses: frozenset[int] = frozenset(WORTH)) -> Section:
    return Section(NeedKind.CREDITS, courses, number, 12, kinds)


@pytest.mark.parametrize(
    ("sections", "held", "left"),
    [
        ((BOTH,), set(), (1, 2)),
        ((BOTH,), {1}, (2,)),
        ((BOTH,), {1, 2}, ()),
        ((TWO,), set(), (2, 3)),
        ((TWO,), {5}, (2,)),
        ((BOTH, TWO), set(), (1, 2, 3)),  # 2 is needed anyway, and counts in both
        ((HOURS,), set(), (1, 3)),  # 105 minutes, one less than 1 + 2 + …
        ((HOURS,), {1}, (3,)),  # 30 would leave ten
        ((HOURS,), {5}, ()),
    ],
)
def test_the_fewest_minutes(sections: tuple[Section, ...], held: set[int], left: tuple[int, ...]) -> None:
    assert fewest_minutes(PathVersion(1, sections), held, TERMS, COST) == left


def test_a_course_that_cannot_be_taken_is_not_proposed() -> None:
    without_2 = {course: cost for course, cost in COST.items() if course != 2}
    assert fewest_minutes(PathVersion(1, (TWO,)), set(), TERMS, without_2) == (3, 5)
    assert fewest_minutes(PathVersion(1, (BOTH,)), set(), TERMS, without_2) is None
    assert fewest_minutes(PathVersion(1, (BOTH,)), {2}, TERMS, without_2) == (1,)
    assert fewest_minutes(PathVersion(1, (HOURS,)), set(), TERMS, {4: 0}) is None


_courses = st.frozensets(st.sampled_from(list(TERMS)), min_size=1)
_sections = st.one_of(
    st.builds(lambda courses: Section(NeedKind.ALL, courses), _courses),
    st.builds(lambda courses, n: Section(NeedKind.ANY, courses, n), _courses, st.integers(1, 3)),
    st.builds(lambda courses, n: Section(NeedKind.MINUTES, courses, n), _courses, st.integers(1, 200)),
    st.builds(
        lambda courses, n, kinds: credits_of(n, *kinds, courses=courses),
        _courses,
        st.integers(1, 500),
        st.lists(st.tuples(st.sampled_from(("rigging", "safety")), st.integers(1, 300)), max_size=2),
    ),
)
_some = st.sets(st.sampled_from(list(TERMS)))


@given(st.lists(_sections, min_size=1, max_size=3), _some, _some)
def test_no_other_choice_is_cheaper(sections: list[Section], held: set[int], lately: set[int]) -> None:
    version = PathVersion(1, tuple(sections))

    def completes(choice: Iterable[int]) -> bool:
        return is_complete(version, held | set(choice), WORTH, {12: lately | set(choice)})

    tries = [
        sum(COST[course] for course in choice)
        for size in range(len(WORTH) + 1)
        for choice in combinations(sorted(WORTH), size)
        if completes(choice)
    ]
    left = fewest_minutes(version, held, WORTH, COST, {12: lately})
    assert (left is None) == (not tries)
    if left is not None:
        assert completes(left)
        assert sum(COST[course] for course in left) == min(tries)


@pytest.mark.parametrize(
    ("section", "held", "lately", "left"),
    [
        (credits_of(200), set(), set(), (3, 4)),  # 45 minutes, and one whose length is not known
        (credits_of(200, ("rigging", 200)), set(), set(), (1, 3)),
        (credits_of(200, ("rigging", 200)), set(), {1}, (3,)),
        (credits_of(250, ("rigging", 150)), set(), {3}, (2,)),
        (credits_of(100), {1}, set(), (2,)),  # held, but its credits have run out
        (credits_of(700, courses=frozenset({1, 2})), set(), set(), None),
    ],
)
def test_the_fewest_minutes_for_credits(
    section: Section, held: set[int], lately: set[int], left: tuple[int, ...] | None
) -> None:
    assert fewest_minutes(PathVersion(1, (section,)), held, WORTH, COST, {12: lately}) == left


def test_a_course_taken_for_one_section_brings_its_credits_too() -> None:
    version = PathVersion(1, (BOTH, credits_of(200)))
    assert fewest_minutes(version, set(), WORTH, COST, {12: set()}) == (1, 2)
    assert fewest_minutes(version, {1, 2}, WORTH, COST, {12: set()}) == (3, 4)
    assert fewest_minutes(version, {1, 2}, WORTH, COST, {12: {1, 2}}) == ()


def test_many_small_credits_are_added_up_in_a_blink() -> None:
    terms = {n: CourseTerms(30 + n % 7 * 15, credit_hundredths=10 + n % 37, credit_kind="ab"[n % 2]) for n in range(150)}
    section = Section(NeedKind.CREDITS, frozenset(terms), 2_000, 60, (("a", 700),))
    left = fewest_minutes(PathVersion(1, (section,)), (), terms, {n: each.minutes for n, each in terms.items()}, {60: ()})
    assert left is not None
    assert section.is_met(left, terms)


def test_of_credits_only_as_many_as_are_needed_are_used_the_surest_first() -> None:
    version = PathVersion(1, (credits_of(200, ("rigging", 100)),))
    assert used(version, {}, WORTH, {12: {5: 3, 1: 2, 2: 1}}) == [5, 1]
    assert used(version, {1: 3}, WORTH, {12: {2: 3}}) == [2]


def test_only_as_many_as_a_section_needs_are_used_the_surest_first() -> None:
    version = PathVersion(1, (BOTH, TWO))
    assert used(version, {1: 3, 2: 1, 3: 2, 5: 3}, TERMS) == [1, 2, 5, 3]
    assert used(PathVersion(1, (TWO,)), {2: 1, 3: 2, 5: 3}, TERMS) == [5, 3]
    assert used(PathVersion(1, (HOURS,)), {1: 1, 5: 3}, TERMS) == [5]
    assert used(version, {}, TERMS) == []
