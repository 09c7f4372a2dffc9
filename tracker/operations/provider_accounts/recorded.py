"""What a provider's list of accounts did, or would do."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tracker.curriculum.words import Outcome
from tracker.operations.completions.lines import Lines
from tracker.operations.faulty import Faults
from tracker.operations.rows import RowFaults


@dataclass
class AccountsRecorded:
    """How a list's rows ended. The outcomes' counts add up to the rows; ``lines`` says it row by row.

    Attributes:
        members: whose accounts changed.
        closed: accounts that a complete list does not name, and that are closed by it.
        kept_open: in a complete list whose faulty rows may name anybody: accounts it does not name, and that stay open.
        taught: provider's ids by which reports find their member from now on; the door goes on with ``settle_waiting``.
        set_aside: unmatched rows of which a person said that they are none of ours.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)
    lines: Lines = field(default_factory=Lines)
    members: int = 0
    closed: int = 0
    kept_open: int = 0
    taught: int = 0
    set_aside: int = 0

    def note(self, line: int, outcome: Outcome, reason: str = "") -> None:
        self.outcomes[outcome] += 1
        self.lines.note(line, outcome, reason)

    def note_faults(self, row: RowFaults) -> None:
        self.note(row.line, Outcome.FAULTY, "; ".join(f"{each.column} {each.reason}".strip() for each in row.faults[:3]))
        self.faults.take(row.faults)
