"""Hidden cells: which, and that no attacker works one out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.curriculum.small_groups import hide, is_small

SMALLEST = 5
counts = st.one_of(st.integers(0, 7), st.integers(0, 60))


@pytest.mark.parametrize(("in_scope", "small"), [(0, False), (1, True), (4, True), (5, False), (40, False)])
def test_a_group_of_a_few_is_small_and_no_one_is_not(in_scope: int, small: bool) -> None:
    assert is_small(in_scope, SMALLEST) is small


def test_a_small_cell_takes_the_next_smallest_with_it_where_their_total_is_shown() -> None:
    assert hide({"grip": 3, "sound": 40, "art": 60, "props": 0}, [["grip", "sound", "art", "props"]], SMALLEST) == {
        "grip",
        "sound",
    }


def test_small_cells_hide_one_another_only_when_enough_people_stand_behind_them() -> None:
    assert hide({"a": 3, "b": 4, "c": 40}, [["a", "b", "c"]], SMALLEST) == {"a", "b"}
    assert hide({"a": 1, "b": 1, "c": 40}, [["a", "b", "c"]], SMALLEST) == {"a", "b", "c"}
    # five people in five cells, none of which is empty: the total alone would say one each
    assert hide({"a": 1, "b": 1, "c": 1, "d": 1, "e": 1, "f": 40, "g": 41}, ["abcdefg"], SMALLEST) == set("abcdef")


def test_without_a_total_only_the_small_cell_is_hidden() -> None:
    assert hide({"grip": 3, "sound": 40}, [], SMALLEST) == {"grip"}


def test_a_whole_that_is_small_is_hidden_with_its_parts_and_another_district_keeps_it_company() -> None:
    cells = {"union": 100, "d1": 3, "d2": 97, "a": 3, "b": 0, "c": 50, "d": 47}
    wholes = [("union", ["d1", "d2"]), ("d1", ["a", "b"]), ("d2", ["c", "d"])]
    assert hide(cells, [], SMALLEST, wholes=wholes) == {"d1", "a", "d2", "d"}


def test_a_whole_with_one_part_is_hidden_with_it() -> None:
    assert hide({"all": 3, "only": 3}, [], SMALLEST, wholes=[("all", ["only"])]) == {"all", "only"}


def test_what_was_hidden_before_stays_hidden_and_protected() -> None:
    assert hide({"a": 9, "b": 10, "c": 40}, [["a", "b", "c"]], SMALLEST, also={"a"}) == {"a", "b"}


def test_a_bridge_between_two_squares_is_no_hiding_place() -> None:
    # each row and column of the hidden cells has two of them, and still the one between the squares could be solved
    rows, columns = 4, 4
    small = {(0, 0), (0, 1), (1, 0), (1, 1), (2, 2), (2, 3), (3, 2), (3, 3), (1, 2)}
    cells = {(row, column): 4 if (row, column) in small else 30 for row in range(rows) for column in range(columns)}
    totals = [*_rows(rows, columns), *_columns(rows, columns)]
    hidden = hide(cells, totals, SMALLEST)
    assert small < hidden
    assert not _solvable(hidden, totals)


@settings(max_examples=300)
@given(st.lists(counts, min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_same_table_hides_the_same_cells_in_whatever_order_it_comes(numbers: list[int], chance: object) -> None:
    cells = dict(enumerate(numbers))
    turned = dict(reversed(cells.items()))
    assert hide(cells, [list(cells)], SMALLEST) == hide(turned, [list(turned)], SMALLEST)


@settings(max_examples=300, deadline=None)
@given(st.lists(counts, min_size=1, max_size=7))
def test_no_cell_under_one_total_can_be_placed(numbers: list[int]) -> None:
    cells = dict(enumerate(numbers))
    hidden = hide(cells, [list(cells)], SMALLEST)
    assert {key for key, count in cells.items() if 0 < count < SMALLEST} <= hidden
    assert not any(cells[key] == 0 for key in hidden)
    total = sum(cells.values())
    if hidden and sum(1 for count in numbers if count) > 1 and total >= SMALLEST + len(numbers):
        behind = total - sum(count for key, count in cells.items() if key not in hidden)
        assert len(hidden) >= 2
        # any one of them could be all but one each of the others: as far as the total tells none is small
        assert behind - (len(hidden) - 1) >= SMALLEST


@settings(max_examples=200, deadline=None)
@given(st.lists(st.lists(counts, min_size=1, max_size=4), min_size=1, max_size=4))
def test_no_cell_of_a_tree_can_be_placed(districts: list[list[int]]) -> None:
    cells: dict[object, int] = {}
    wholes: list[tuple[object, list[object]]] = [("union", [f"d{number}" for number in range(len(districts))])]
    for number, numbers in enumerate(districts):
        parts: list[object] = [(number, place) for place in range(len(numbers))]
        cells.update(zip(parts, numbers, strict=True))
        cells[f"d{number}"] = sum(numbers)
        wholes.append((f"d{number}", parts))
    cells["union"] = sum(map(sum, districts))
    hidden = hide(cells, [], SMALLEST, wholes=wholes)
    assert not _solvable(hidden, [[*parts, whole] for whole, parts in wholes], {whole for whole, _ in wholes})
    if cells["union"] >= SMALLEST and len(hidden) > 1 and "union" not in hidden:
        for key, (least, most) in _placed(cells, hidden, wholes).items():
            assert least < most, key


@settings(max_examples=150, deadline=None)
@given(st.integers(2, 3), st.integers(2, 4), st.data())
def test_no_cell_of_a_table_with_both_margins_can_be_placed(rows: int, columns: int, data: st.DataObject) -> None:
    numbers = data.draw(st.lists(st.integers(0, 9), min_size=rows * columns, max_size=rows * columns))
    cells = dict(zip(product(range(rows), range(columns)), numbers, strict=True))
    totals = [*_rows(rows, columns), *_columns(rows, columns)]
    wholes = [(("total", number), parts) for number, parts in enumerate(totals)]
    table = {**cells, **{whole: sum(cells[key] for key in parts) for whole, parts in wholes}}
    hidden = hide(table, [], SMALLEST, wholes=wholes)  # type: ignore[arg-type]
    assert not _solvable(hidden, [[*parts, whole] for whole, parts in wholes], {whole for whole, _ in wholes})
    free = [key for key in cells if key in hidden]
    shown = [(parts, table[whole]) for whole, parts in wholes if whole not in hidden]
    for key in free:
        assert _could_be_another(key, free, cells, shown), (cells, hidden, key)


# --- the attackers -------------------------------------------------------------------------------------------------


def _rows(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    return [[(row, column) for column in range(columns)] for row in range(rows)]


def _columns(rows: int, columns: int) -> list[list[tuple[int, int]]]:
    return [[(row, column) for row in range(rows)] for column in range(columns)]


def _solvable(hidden: set[object], lines: Sequence[Sequence[object]], wholes: set[object] = frozenset()) -> set[object]:  # type: ignore[assignment]
    """The hidden cells with one solution only: a column that no vector of the null space moves."""
    unknowns = sorted(hidden, key=repr)
    matrix = [
        [Fraction((-1 if key in wholes and key == line[-1] else 1) if key in line else 0) for key in unknowns]
        for line in lines
    ]
    pivots: list[int] = []
    row = 0
    for column in range(len(unknowns)):
        chosen = next((each for each in range(row, len(matrix)) if matrix[each][column]), None)
        if chosen is None:
            continue
        matrix[row], matrix[chosen] = matrix[chosen], matrix[row]
        matrix[row] = [value / matrix[row][column] for value in matrix[row]]
        for other in range(len(matrix)):
            if other != row and matrix[other][column]:
                factor = matrix[other][column]
                matrix[other] = [left - factor * right for left, right in zip(matrix[other], matrix[row], strict=True)]
        pivots.append(column)
        row += 1
    free = [column for column in range(len(unknowns)) if column not in pivots]
    return {unknowns[pivot] for place, pivot in enumerate(pivots) if not any(matrix[place][each] for each in free)}


def _placed(
    cells: Mapping[object, int], hidden: set[object], wholes: Sequence[tuple[object, Sequence[object]]]
) -> dict[object, tuple[int, int]]:
    """Each hidden cell's least and greatest number: exact in a tree, where narrowing line by line tells all there is."""
    bounds = {key: (1, 10_000) if key in hidden else (count, count) for key, count in cells.items()}
    while True:
        before = dict(bounds)
        for whole, parts in wholes:
            low, high = sum(bounds[key][0] for key in parts), sum(bounds[key][1] for key in parts)
            bounds[whole] = (max(bounds[whole][0], low), min(bounds[whole][1], high))
            for key in parts:
                least = bounds[whole][0] - (high - bounds[key][1])
                most = bounds[whole][1] - (low - bounds[key][0])
                bounds[key] = (max(bounds[key][0], least), min(bounds[key][1], most))
        if bounds == before:
            return {key: bounds[key] for key in hidden}


def _could_be_another(
    key: object, free: Sequence[object], cells: Mapping[object, int], shown: Sequence[tuple[Sequence[object], int]]
) -> bool:
    """Whether another table of numbers from 1 up fits every total shown, with another number in this cell.

    Of tables with two margins it is enough to try steps of one up, one down or none in each hidden cell: any other table is
    reached by such steps.
    """
    lines = [[each for each in free if each in parts] for parts, _ in shown]
    last = [max((free.index(each) for each in line), default=-1) for line in lines]

    def fill(place: int, steps: dict[object, int]) -> bool:
        if any(end == place - 1 and sum(steps[each] for each in line) for line, end in zip(lines, last, strict=True)):
            return False
        if place == len(free):
            return True
        each = free[place]
        choices = [step for step in (0, 1, -1) if cells[each] + step >= 1 and (each != key or step)]
        return any(fill(place + 1, {**steps, each: step}) for step in choices)

    return fill(0, {})
