"""The order of training, against an order made the slow way: every case tried, everyone sorted."""

from __future__ import annotations

import random

import pytest

from tracker.curriculum.priorities import Case, Placed, placed

CRAFTS = ("sound", "grip", "editing", "props", "camera")


def slow_ranks(rows: dict[str, dict[str, int]], steps: dict[str, int]) -> dict[str, int]:
    weights = {row: sum(people * steps.get(craft, 0) for craft, people in parts.items()) for row, parts in rows.items()}
    return {row: 1 + sum(1 for other in weights.values() if other > weight) for row, weight in weights.items()}


def slow_ranges(rows: dict[str, dict[str, int]], steps: dict[str, int], most: int) -> dict[str, tuple[int, int]]:
    """The highest and the lowest rank of each row over every case."""
    cases = [slow_ranks(rows, steps)]
    for craft, step in steps.items():
        for other in (step - 1, step + 1):
            if 0 <= other <= most:
                cases.append(slow_ranks(rows, steps | {craft: other}))
    return {row: (min(case[row] for case in cases), max(case[row] for case in cases)) for row in rows}


@pytest.mark.parametrize("seed", range(60))
def test_ranks_and_how_they_move_are_those_of_every_case_tried(seed: int) -> None:
    choose = random.Random(seed)
    most = choose.choice((2, 5))
    steps = {craft: choose.randint(0, most) for craft in CRAFTS if choose.random() < 0.8}
    rows = {
        str(number): {craft: choose.randint(1, 9) for craft in CRAFTS if choose.random() < 0.4}
        for number in range(choose.randint(1, 12))
    }
    found = placed(rows, steps, most)
    ranked = {row: parts for row, parts in rows.items() if parts.keys() & steps.keys()}
    assert found.keys() == ranked.keys()
    assert {row: place.rank for row, place in found.items()} == slow_ranks(ranked, steps)
    assert {row: (place.highest, place.lowest) for row, place in found.items()} == slow_ranges(ranked, steps, most)
    for row, place in found.items():
        for case in (place.best, place.worst):
            if case:
                assert slow_ranks(ranked, steps | {case.craft: case.step})[row] == case.rank


def test_a_craft_without_exposure_does_not_weigh_and_a_row_of_such_is_not_ranked() -> None:
    found = placed({"80": {"grip": 100, "sound": 1}, "600": {"grip": 500}}, {"sound": 2})
    assert found == {"80": Placed(1, 2)}


def test_step_nought_is_stated_and_so_ranked_last() -> None:
    found = placed({"80": {"grip": 100}, "600": {"sound": 1}}, {"grip": 0, "sound": 1})
    assert found["80"].rank == 2
    assert found["80"].weight == 0
    assert found["80"].best == Case(1, "grip", 1)


def test_equals_share_a_rank_and_leave_places_out_below_them() -> None:
    found = placed({"a": {"grip": 2}, "b": {"sound": 1}, "c": {"sound": 3}}, {"grip": 1, "sound": 2})
    assert {row: place.rank for row, place in found.items()} == {"c": 1, "a": 2, "b": 2}


def test_the_reason_given_is_a_craft_of_its_own_where_one_moves_it_as_far() -> None:
    found = placed({"a": {"grip": 10}, "b": {"sound": 9}}, {"grip": 3, "sound": 3})
    assert found["a"].worst == Case(2, "grip", 2)
    assert found["b"].best == Case(1, "sound", 4)


def test_whoever_is_far_ahead_stays_first_in_every_case() -> None:
    found = placed({"a": {"grip": 1000}, "b": {"sound": 1}}, {"grip": 3, "sound": 3})
    assert (found["a"].best, found["a"].worst) == (None, None)
