"""The fewest minutes that finish a path."""

from __future__ import annotations

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
)


@given(st.lists(_sections, min_size=1, max_size=3), st.sets(st.sampled_from(list(TERMS))))
def test_no_other_choice_is_cheaper(sections: list[Section], held: set[int]) -> None:
    version = PathVersion(1, tuple(sections))
    tries = [
        sum(COST[course] for course in choice)
        for size in range(len(TERMS) + 1)
        for choice in combinations(sorted(TERMS.keys() - held), size)
        if is_complete(version, held | set(choice), TERMS)
    ]
    left = fewest_minutes(version, held, TERMS, COST)
    assert (left is None) == (not tries)
    if left is not None:
        assert is_complete(version, held | set(left), TERMS)
        assert sum(COST[course] for course in left) == min(tries)


def test_only_as_many_as_a_section_needs_are_used_the_surest_first() -> None:
    version = PathVersion(1, (BOTH, TWO))
    assert used(version, {1: 3, 2: 1, 3: 2, 5: 3}, TERMS) == [1, 2, 5, 3]
    assert used(PathVersion(1, (TWO,)), {2: 1, 3: 2, 5: 3}, TERMS) == [5, 3]
    assert used(PathVersion(1, (HOURS,)), {1: 1, 5: 3}, TERMS) == [5]
    assert used(version, {}, TERMS) == []
