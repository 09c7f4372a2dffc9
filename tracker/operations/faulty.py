"""The faults of a file's rows: all counted, the first ones kept in full."""

from __future__ import annotations

from collections.abc import Iterable

from tracker.curriculum.faults import Fault

# Beyond these a fault is counted, and its row marked in the file of outcomes: a wholly wrong file would otherwise fill the
# memory and the tables with what is wrong in it.
MOST_FAULTS = 10_000


class Faults(list[Fault]):
    """The first :data:`MOST_FAULTS` faults; ``in_all`` counts every one."""

    def __init__(self) -> None:
        super().__init__()
        self.in_all = 0

    def take(self, faults: Iterable[Fault]) -> None:
        for fault in faults:
            self.in_all += 1
            if len(self) < MOST_FAULTS:
                self.append(fault)
