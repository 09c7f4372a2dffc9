"""Which steps stay hidden from a reader from outside: the rule is `curriculum.small_groups`, as for the states."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import replace

from tracker.coverage.access_funnel.report import UnitAccess
from tracker.coverage.access_funnel.steps import Step
from tracker.curriculum.small_groups import Key, hide

_NOT_COMPLETE = tuple(step for step in Step if step is not Step.COMPLETE)


def without_small_steps(
    found: UnitAccess, smallest: int, *, is_part: bool, named: Collection[int] = frozenset()
) -> UnitAccess:
    """A unit as a reader without its names may see it: no people, and no count that is about too few of them.

    The unit's figure tells how many are in scope and complete; only what it does not tell can be hidden.

    Args:
        smallest: a group of fewer is small.
        is_part: whether they see a unit above it in this way too: of a part nothing is told then that the figure does not
            tell, for taken from the whole it would tell of another part.
        named: the members whom the reader sees by name in a part. Less these, the counts tell of the others, so those
            are whom the groups are made of.
    """
    others = [each for each in found.people if each.person.member_id not in named]
    steps = Counter(each.step for each in others)
    complete = Counter(each.access.has_account for each in others if each.step is Step.COMPLETE)
    hidden = {*_NOT_COMPLETE} if is_part else _hidden({step: steps[step] for step in _NOT_COMPLETE}, smallest)
    hides_without = is_part or False in _hidden({has: complete[has] for has in (True, False)}, smallest)
    row = found.report.rows[0]
    funnel = replace(row.funnel, hidden=frozenset(hidden), done_without=None if hides_without else row.funnel.done_without)
    return UnitAccess(replace(found.report, rows=[row._replace(funnel=funnel)]), ())


def _hidden(cells: Mapping[Key, int], smallest: int) -> set[Key]:
    """Of cells whose sum is known: once all that hold anyone are hidden, an empty one would help to tell them."""
    hidden = hide(cells, [list(cells)], smallest)
    return {*cells} if hidden and not any(number for key, number in cells.items() if key not in hidden) else hidden
