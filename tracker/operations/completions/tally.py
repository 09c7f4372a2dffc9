"""What became of an import's rows."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from tracker.curriculum.words import Outcome
from tracker.operations.completions.lines import Lines
from tracker.operations.faulty import Faults
from tracker.operations.rows import RowFaults

LAPSED = "known, and lapsed since: a report that repeats it is no renewal"


@dataclass
class CompletionsRecorded:
    """How a report's rows ended. The outcomes' counts add up to the rows; ``lines`` says it row by row."""

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)
    lines: Lines = field(default_factory=Lines)
    members: int = 0  # who got a new completion
    lapsed: int = 0  # already known rows of a provider whose course has lapsed since: they cannot renew it
    set_aside: int = 0  # unmatched rows and unknown courses of which a person said that they are none of ours

    def note(self, line: int, outcome: Outcome, reason: str = "") -> None:
        self.outcomes[outcome] += 1
        self.lines.note(line, outcome, reason)

    def note_faults(self, row: RowFaults) -> None:
        self.note(row.line, Outcome.FAULTY, "; ".join(f"{each.column} {each.reason}".strip() for each in row.faults[:3]))
        self.faults.take(row.faults)
