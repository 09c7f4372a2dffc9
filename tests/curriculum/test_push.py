"""Whom to call: no smaller group reaches the target, and of all groups of its size none is nearer to finishing."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.push import Candidate, Push, Remaining, fewest_people, people_to_go

DAY = date(2026, 3, 31)


def who(key: int, *courses: int, minutes: int = 0, due_on: date | None = None, name: str = "") -> Candidate[int]:
    return Candidate(key, Remaining(courses, minutes), due_on, name or f"{key:03}")


def stuck(key: int) -> Candidate[int]:
    return Candidate(key, Remaining(None), None, f"{key:03}")


def keys(chosen: tuple[Candidate[int], ...]) -> list[int]:
    return [each.key for each in chosen]


def test_the_nearest_to_finishing_come_first() -> None:
    push = fewest_people(
        [
            who(1, 10, 11, minutes=60),
            who(2, 10, minutes=60),
            who(3, 12, minutes=40, due_on=DAY, name="zed"),
            who(4, 12, minutes=40, name="abe"),
            who(5, 12, minutes=40, due_on=DAY, name="abe"),
            who(6, 13, minutes=90),
            who(7),
        ],
        6,
    )
    assert keys(push.waiting) == [7], "done, and only waits: no call"
    assert keys(push.calls) == [5, 3, 4, 2, 1], "minutes, then the nearest due day, then the name; then courses"
    assert push.beyond == 1
    assert push.is_enough
    assert keys(push.chosen) == [7, 5, 3, 4, 2, 1]


def test_who_only_waits_comes_before_a_course_of_unknown_length() -> None:
    push = fewest_people([who(1, 10, minutes=0, name="a"), who(2, name="b")], 1)
    assert keys(push.chosen) == [2]


def test_who_cannot_finish_is_told_apart_and_all_the_others_may_not_be_enough() -> None:
    push = fewest_people([stuck(3), who(1, 10, minutes=30), stuck(2)], 2)
    assert keys(push.chosen) == [1]
    assert keys(push.stuck) == [2, 3]
    assert not push.is_enough
    assert push.beyond == 0


def test_a_target_that_is_reached_calls_no_one() -> None:
    push: Push[int] = fewest_people([who(1, 10, minutes=30)], 0)
    assert push.chosen == ()
    assert push.is_enough
    assert push.beyond == 1


@pytest.mark.parametrize(
    ("target", "in_scope", "covered", "to_go"),
    [
        (0.8, 10, 7, 1),
        (0.8, 10, 8, 0),
        (0.8, 10, 10, 0),
        (0.8, 512, 312, 98),
        (1.0, 3, 0, 3),
        (0.07, 100, 6, 1),  # as binary fractions 0.07 × 100 is more than 7
        (0.07, 100, 7, 0),
        (0.5, 0, 0, 0),
    ],
)
def test_how_many_are_to_go(target: float, in_scope: int, covered: int, to_go: int) -> None:
    assert people_to_go(target, in_scope, covered) == to_go


PEOPLE = st.lists(
    st.tuples(st.sampled_from([None, (), (1,), (2,), (1, 2), (1, 2, 3)]), st.sampled_from([0, 10, 30, 40])), max_size=8
)


@given(people=PEOPLE, covered=st.integers(0, 6), percent=st.integers(1, 100))
def test_no_smaller_group_reaches_the_target_and_no_group_of_its_size_is_nearer(
    people: list[tuple[tuple[int, ...] | None, int]], covered: int, percent: int
) -> None:
    candidates = [
        Candidate(key, Remaining(courses, minutes if courses else 0), None, str(key))
        for key, (courses, minutes) in enumerate(people)
    ]
    in_scope = covered + len(candidates)
    push = fewest_people(candidates, people_to_go(percent / 100, in_scope, covered))

    def reaches(group: tuple[Candidate[int], ...]) -> bool:
        done = covered + sum(1 for each in group if each.remaining.courses is not None)
        return not in_scope or Fraction(done, in_scope) >= Fraction(percent, 100)

    def minutes(group: tuple[Candidate[int], ...]) -> int:
        return sum(each.remaining.minutes for each in group)

    reaching = [group for size in range(len(candidates) + 1) for group in combinations(candidates, size) if reaches(group)]
    assert push.is_enough == bool(reaching)
    if reaching:
        fewest = min(len(group) for group in reaching)
        assert reaches(push.chosen)
        assert len(push.chosen) == fewest
        assert minutes(push.chosen) == min(minutes(group) for group in reaching if len(group) == fewest)
    else:
        able = [each for each in candidates if each.remaining.courses is not None]
        assert sorted(keys(push.chosen)) == [each.key for each in able]
    assert len(push.chosen) + push.beyond + len(push.stuck) == len(candidates)
