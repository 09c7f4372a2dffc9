"""Which totals a reader who sees only totals may see: none that tells a single local's figure."""

from __future__ import annotations

import pytest

from tracker.coverage.heatmap import open_totals
from tracker.curriculum.coverage import Figure

DISTRICT, UNION, PATH = 100, 200, 1


def contributing(*locals_: int) -> dict[tuple[int, int], Figure]:
    return {(each, PATH): Figure(3, 1, 1, 1) for each in locals_}


@pytest.mark.parametrize(
    ("in_district", "elsewhere", "own", "opened"),
    [
        ([1, 2, 3, 4, 5], [], {1}, {DISTRICT, UNION}),  # five contribute; the union adds nothing to them
        ([1, 2, 3, 4], [], {1}, set()),  # four
        ([1, 2, 3, 4, 5], [6], {1}, {DISTRICT}),  # the union less the district would be one local
        ([1, 2, 3, 4, 5], [6, 7], {1}, {DISTRICT, UNION}),  # of two, neither is told
        ([1, 2, 3], [6, 7], {1}, {UNION}),  # the district is hidden, the union's five are not
        ([1, 2, 3, 4, 5], [], {1, 2, 3, 4}, set()),  # an officer of four of the five
    ],
)
def test_a_total_never_tells_one_locals_figure(
    in_district: list[int], elsewhere: list[int], own: set[int], opened: set[int]
) -> None:
    under = {DISTRICT: in_district, UNION: [*in_district, *elsewhere]}
    assert open_totals(contributing(*in_district, *elsewhere), PATH, under, own) == opened
