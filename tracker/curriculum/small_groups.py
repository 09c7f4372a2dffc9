"""Small groups: which figures stay hidden, so that no one's record can be read from a table of counts.

**Small** is a cell with ``0 < in scope < smallest`` (policy's ``small_group``, 5 unless the union decides otherwise). Of so
few, any share tells something of each: 0 % and 100 % of everyone, the rest of everyone to whom the others are known. So a
hidden cell hides all of it: in scope, covered, share, and the parts by assurance.

**What is not hidden**: 0 in scope (about no one), and a small count *within* a group that is not small: "1 of 40 covered",
"39 of 40", "2 of them claimed". It does not say who, and hiding it would blank the slowest and the best results alike.
Pages and frozen packs do the same.

**Complementary hiding**: a hidden cell could be worked out from a total less the cells shown beside it. So further cells are
hidden, the smallest that serve, until the totals that are shown neither give any hidden cell away nor show that it is small:
as far as they tell, each could be ``smallest`` people or more, and could be at least two different numbers. Totals that are
small themselves are hidden too. Proof against who subtracts, solves all the equations at once, or narrows every cell by
every total over and over; in trees and in tables with both margins, against any reckoning that finds a cell's very number.
Not against who knows the people, or holds another table of the same cells.

**Second cards** make parts add up to more than their total. Totals are taken as if everyone knew by how much: that protects
more than it need.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Key = TypeVar("Key", bound=Hashable)

_ROUNDS = 200  # of narrowing: each can only tell more, and more than so many tell no more in tables of real size
_PRIME = (1 << 61) - 1


def is_small(in_scope: int, smallest: int) -> bool:
    """Whether a figure is about so few people that it stays hidden."""
    return 0 < in_scope < smallest


def hide(
    cells: Mapping[Key, int],
    totals: Iterable[Collection[Key]],
    smallest: int,
    *,
    wholes: Iterable[tuple[Key, Collection[Key]]] = (),
    also: Collection[Key] = (),
) -> set[Key]:
    """Which cells stay hidden.

    Args:
        cells: how many are in scope in each cell of the table; those of 0 are always shown.
        totals: for each total that is shown in any case, its cells (as: a local's crafts, where the local's figure stands
            above them). Where such a total is itself small, its cells are all hidden and it still gives them away: hand it
            in among ``wholes`` instead.
        smallest: a group of fewer is small.
        wholes: totals that are cells themselves, and are hidden where they must be: the whole and its parts (as: a district
            and its locals; the same district and its crafts).
        also: cells that are hidden whatever their count, such as those that were hidden in an earlier table.

    Returns:
        The keys of the cells to hide; the same ones for the same table, in whatever order it comes.
    """
    place = {key: number for number, key in enumerate(sorted(cells, key=lambda each: (cells[each], repr(each))))}
    lines = [_Line(tuple(parts), None) for parts in totals] + [_Line(tuple(parts), whole) for whole, parts in wholes]
    lines.sort(key=lambda line: sorted(place[key] for key in line.keys))
    whole_keys = {line.whole for line in lines}
    hidden = {key for key, count in cells.items() if is_small(count, smallest)} | {*also}
    _fill_lines(cells, lines, hidden, smallest, place)
    while exposed := _exposed(cells, lines, hidden, smallest):
        touched: set[Key] = set()  # this round: what else is exposed there may be so no more
        added = set()
        for key in sorted(exposed, key=place.__getitem__):
            if key in touched:
                continue
            lengths = _shown_near({key}, cells, lines, hidden) if len(exposed) > 1 else {}
            lengths = lengths or _shown_near(exposed, cells, lines, hidden)
            if not lengths:
                return hidden  # given away by totals that are shown in any case: nothing is left to hide with them
            chosen = min(lengths, key=lambda each: (each in whole_keys, lengths[each], place[each]))
            added.add(chosen)
            touched.update(*(line.keys for line in lines if chosen in line.keys or key in line.keys))
        hidden |= added
    return hidden


@dataclass(frozen=True)
class _Line(Generic[Key]):
    """One total: its parts add up to it, but for second cards. ``whole`` is None where it is always shown."""

    parts: tuple[Key, ...]
    whole: Key | None

    @property
    def keys(self) -> tuple[Key, ...]:
        return self.parts if self.whole is None else (*self.parts, self.whole)


def _fill_lines(
    cells: Mapping[Key, int], lines: Collection[_Line[Key]], hidden: set[Key], smallest: int, place: Mapping[Key, int]
) -> None:
    """Hide beside each hidden cell what its own totals need: nearly all there is to do, and the quickest way to it."""
    waiting = {number: line for number, line in enumerate(lines) if not hidden.isdisjoint(line.keys)}
    holding: dict[Key, list[int]] = {}
    for number, line in enumerate(lines):
        for key in line.keys:
            holding.setdefault(key, []).append(number)
    by_number = list(lines)
    while waiting:
        line = waiting.pop(min(waiting))
        behind = [cells[key] for key in line.parts if key in hidden]
        shown = sorted((key for key in line.parts if key not in hidden and cells[key] > 0), key=place.__getitem__)
        is_whole_hidden = line.whole is not None and line.whole in hidden
        while shown and not (behind if is_whole_hidden else _keeps(behind, smallest)):
            key = shown.pop(0)
            hidden.add(key)
            behind.append(cells[key])
            waiting.update((number, by_number[number]) for number in holding[key] if by_number[number] is not line)


def _keeps(behind: Sequence[int], smallest: int) -> bool:
    """Whether the sum of these hidden cells gives none of them away, nor that it is small."""
    return not behind or (len(behind) > 1 and sum(behind) - (len(behind) - 1) >= smallest)


def _shown_near(
    exposed: Collection[Key], cells: Mapping[Key, int], lines: Iterable[_Line[Key]], hidden: set[Key]
) -> dict[Key, int]:
    """The cells that could be hidden beside exposed ones, each with how many its shortest total hides already: those in the
    exposed ones' totals, or else in totals that hidden cells tie to them."""
    reached, rest = {*exposed}, list(lines)
    while near := [line for line in rest if not reached.isdisjoint(line.keys)]:
        lengths: dict[Key, int] = {}
        for line in near:
            hides = sum(key in hidden for key in line.keys)
            for key in line.keys:
                if key not in hidden and cells[key] > 0:
                    lengths[key] = min(hides, lengths.get(key, hides))
        if lengths:
            return lengths
        rest = [line for line in rest if reached.isdisjoint(line.keys)]
        reached |= {key for line in near for key in line.keys if key in hidden}
    return {}


def _exposed(cells: Mapping[Key, int], lines: Iterable[_Line[Key]], hidden: set[Key], smallest: int) -> set[Key]:
    """The hidden cells that what is shown gives away, or shows to be small."""
    equations = []
    for line in lines:
        signs = {key: 1 for key in line.parts if key in hidden}
        if line.whole is not None and line.whole in hidden:
            signs[line.whole] = -1
        if signs:
            equations.append((signs, sum(sign * cells[key] for key, sign in signs.items())))
    narrow = _narrowed(cells, equations, hidden)
    exposed = {key for key, (low, high) in narrow.items() if low >= high or high < smallest}
    if exposed:
        return exposed
    terms = [signs for signs, _ in equations]
    stuck = _stuck(cells, terms)
    return _solved(terms) if stuck is None else stuck


def _narrowed(
    cells: Mapping[Key, int], equations: list[tuple[dict[Key, int], int]], hidden: set[Key]
) -> dict[Key, tuple[float, float]]:
    """Between which numbers each hidden cell must lie, from every equation in turn until none tells more."""
    bounds: dict[Key, tuple[float, float]] = {key: (min(cells[key], 1), math.inf) for key in hidden}
    for _ in range(_ROUNDS):
        before = dict(bounds)
        for signs, total in equations:
            # each term lies in [least, most]; a cell is the total less the other terms
            terms = {key: bounds[key] if sign > 0 else (-bounds[key][1], -bounds[key][0]) for key, sign in signs.items()}
            open_below = sum(least == -math.inf for least, _ in terms.values())
            open_above = sum(most == math.inf for _, most in terms.values())
            least_of_all = sum(least for least, _ in terms.values() if least != -math.inf)
            most_of_all = sum(most for _, most in terms.values() if most != math.inf)
            for key, (least, most) in terms.items():
                others_open_below = open_below - (least == -math.inf)
                others_open_above = open_above - (most == math.inf)
                others_least = least_of_all - (least if least != -math.inf else 0)
                others_most = most_of_all - (most if most != math.inf else 0)
                high = math.inf if others_open_below else total - others_least
                low = -math.inf if others_open_above else total - others_most
                if signs[key] < 0:
                    low, high = -high, -low
                bounds[key] = (max(bounds[key][0], low), min(bounds[key][1], high))
        if bounds == before:
            break
    return bounds


def _stuck(cells: Mapping[Key, int], equations: Sequence[Mapping[Key, int]]) -> set[Key] | None:
    """The cells that no other table with the same totals changes, exactly; None where one stands in three totals or more.

    Where each cell stands in two totals at most, changes flow from total to total as in a net of pipes: a cell can be one
    more if something can flow back round to it through others that may be more, or less and still be someone.
    """
    ends: dict[Key, list[tuple[int, int]]] = {}
    for number, signs in enumerate(equations):
        for key, sign in signs.items():
            ends.setdefault(key, []).append((number, sign))
    side = _sides(ends, equations)
    if side is None:
        return None
    pipes = {}
    for key, at in ends.items():
        heads = [number for number, sign in at if sign * side[number] > 0]
        tails = [number for number, sign in at if sign * side[number] < 0]
        pipes[key] = (tails[0] if tails else -1, heads[0] if heads else -1)  # -1: where anything may come from or go to
    flows: dict[int, list[tuple[int, Key]]] = {}
    for key, (tail, head) in pipes.items():
        flows.setdefault(tail, []).append((head, key))
        if cells[key] > 1:
            flows.setdefault(head, []).append((tail, key))

    def flows_round(start: int, end: int, without: Key) -> bool:
        seen, rest = {start}, [start]
        while rest and end not in seen:
            for there, key in flows.get(rest.pop(), ()):
                if key != without and there not in seen:
                    seen.add(there)
                    rest.append(there)
        return end in seen

    return {
        key
        for key, (tail, head) in pipes.items()
        if not flows_round(head, tail, key) and not (cells[key] > 1 and flows_round(tail, head, key))
    }


def _sides(ends: Mapping[Key, list[tuple[int, int]]], equations: Sequence[Mapping[Key, int]]) -> dict[int, int] | None:
    """The totals in two camps (1, -1), so that what a cell gives to one it takes from another; None where it cannot be."""
    side: dict[int, int] = {}
    for start in range(len(equations)):
        if start in side:
            continue
        side[start], rest = 1, [start]
        while rest:
            number = rest.pop()
            for key, sign in equations[number].items():
                if len(ends[key]) > 2:
                    return None
                for other, its_sign in ends[key]:
                    if other == number:
                        continue
                    wanted = -sign * its_sign * side[number]
                    if other not in side:
                        side[other] = wanted
                        rest.append(other)
                    elif side[other] != wanted:
                        return None
    return side


def _solved(equations: list[dict[Key, int]]) -> set[Key]:
    """The unknowns that have one solution only: those that stand alone once the equations are reduced.

    Reckoned in whole numbers modulo a large prime, which tells the same of equations whose coefficients are 1 and -1.
    """
    rows: dict[Key, dict[Key, int]] = {}  # by the unknown that each is solved for
    found_in: dict[Key, set[Key]] = {}  # unknown → the rows that hold it
    for equation in equations:
        row = {key: sign % _PRIME for key, sign in equation.items()}
        for pivot in [key for key in row if key in rows]:
            _subtract(row, rows[pivot], row[pivot])
        if not row:
            continue
        pivot = next(iter(row))
        scale = pow(row[pivot], -1, _PRIME)
        row = {key: value * scale % _PRIME for key, value in row.items()}
        for other in [*found_in.get(pivot, ())]:
            before = rows[other].keys() & row.keys()
            _subtract(rows[other], row, rows[other][pivot])
            for key in row:
                if key in rows[other]:
                    found_in.setdefault(key, set()).add(other)
                elif key in before:
                    found_in[key].discard(other)
        rows[pivot] = row
        for key in row:
            found_in.setdefault(key, set()).add(pivot)
    return {pivot for pivot, row in rows.items() if len(row) == 1}


def _subtract(row: dict[Key, int], known: Mapping[Key, int], times: int) -> None:
    for key, value in known.items():
        left = (row.get(key, 0) - times * value) % _PRIME
        if left:
            row[key] = left
        else:
            row.pop(key, None)
