"""What a roster did, or would do."""

from __future__ import annotations

from array import array
from collections import Counter
from dataclasses import dataclass, field

from tracker.coverage.roster_changes import RosterDiff
from tracker.curriculum.faults import Fault
from tracker.curriculum.words import Outcome
from tracker.operations.completions.lines import Lines
from tracker.operations.faulty import Faults
from tracker.operations.roster.brake import Brake


@dataclass(frozen=True)
class Full:
    """The file is complete: whoever it does not name holds no card any more.

    ``units`` are the ids of the units it is complete for, with all that stands under them; None: for the whole union.
    """

    units: frozenset[int] | None = None


@dataclass
class RosterRecorded:
    """How a roster's rows ended, and who changes by them. The outcomes' counts add up to the rows.

    Attributes:
        members: whose facts changed.
        held: changes that wait for a person to decide, asked by this roster now or again.
        closed: cards closed because a complete roster does not name them.
        settled: in a preview, reported completions that waited and would find their member.
        leaving: people who would leave the union or a local: the number a person's word must say.
        brake: why it must not be recorded without such a word; None where it may.
    """

    outcomes: Counter[Outcome] = field(default_factory=Counter)
    faults: Faults = field(default_factory=Faults)
    lines: Lines = field(default_factory=Lines)
    members: array[int] = field(default_factory=lambda: array("q"))
    new_members: int = 0
    held: int = 0
    closed: int = 0
    settled: int = 0
    leaving: int = 0
    diff: RosterDiff = field(default_factory=RosterDiff)
    brake: Brake | None = None

    def note(self, line: int, outcome: Outcome, reason: str = "") -> None:
        self.outcomes[outcome] += 1
        self.lines.note(line, outcome, reason)

    def note_faults(self, line: int, faults: list[Fault]) -> None:
        self.note(line, Outcome.FAULTY, "; ".join(f"{fault.column} {fault.reason}".strip() for fault in faults[:3]))
        self.faults.take(faults)
