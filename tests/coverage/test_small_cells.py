"""One craft's figures for readers without names: a table of units and crafts, whose hidden cells nothing gives away."""

from __future__ import annotations

from itertools import product

import pytest

from tracker.coverage.heatmap.small_cells import hidden_crafts
from tracker.curriculum.coverage import Figure

PATH, DISTRICT = 1, 100
GRIP, SOUND, PROPS = 7, 8, 9


def table(cells: dict[int, dict[int, int]]) -> dict[tuple[int, int, int], Figure]:
    """Locals with so many in scope by craft, and above them their district."""
    figures: dict[tuple[int, int, int], Figure] = {}
    for local, crafts in cells.items():
        for craft, number in crafts.items():
            figures[local, craft, PATH] = Figure(number, 0, 0, 0)
            above = figures.get((DISTRICT, craft, PATH), Figure(0, 0, 0, 0))
            figures[DISTRICT, craft, PATH] = Figure(above.in_scope + number, 0, 0, 0)
    return figures


def hidden(cells: dict[int, dict[int, int]]) -> set[tuple[int, int]]:
    under = {DISTRICT: list(cells), **{local: [] for local in cells}}
    return hidden_crafts(table(cells), PATH, under, (GRIP, SOUND, PROPS), 5)


def test_large_groups_are_shown() -> None:
    assert hidden({1: {GRIP: 20, SOUND: 9}, 2: {GRIP: 5, SOUND: 6}}) == set()


def test_a_small_group_takes_with_it_what_would_give_it_away() -> None:
    cells = {1: {GRIP: 20, SOUND: 3}, 2: {GRIP: 30, SOUND: 40}, 3: {GRIP: 50, SOUND: 60}}
    found = hidden(cells)
    assert (1, SOUND) in found
    assert (1, GRIP) in found, "the local's own figure less its grips"
    assert len({key for key in found if key[1] == SOUND}) >= 2, "the district's sound less the other locals'"


def test_a_craft_of_which_there_is_no_one_is_no_small_group() -> None:
    assert hidden({1: {GRIP: 20, SOUND: 0}, 2: {GRIP: 30}}) == set()


@pytest.mark.parametrize("numbers", list(product((0, 3, 8), repeat=4)))
def test_no_hidden_cell_is_a_total_less_the_cells_shown(numbers: tuple[int, ...]) -> None:
    cells = {1: {GRIP: numbers[0], SOUND: numbers[1], PROPS: 12}, 2: {GRIP: numbers[2], SOUND: numbers[3], PROPS: 15}}
    found = hidden(cells)
    assert {(local, craft) for local, crafts in cells.items() for craft, number in crafts.items() if 0 < number < 5} <= found
    for local, crafts in cells.items():
        assert len([1 for craft, number in crafts.items() if number and (local, craft) in found]) != 1
    for craft in (GRIP, SOUND, PROPS):
        in_column = [local for local in cells if cells[local][craft] and (local, craft) in found]
        assert len(in_column) != 1 or (DISTRICT, craft) in found
