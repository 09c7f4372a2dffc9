"""What applying a catalogue did."""

from __future__ import annotations

from dataclasses import dataclass, field

from tracker.operations.standings import StateChanges


@dataclass
class CatalogueApplied:
    """What applying the file did, in sentences for people, and whom it touched."""

    changes: list[str] = field(default_factory=list)
    states: StateChanges = field(default_factory=StateChanges)
    courses_added: bool = False


def shown(value: object) -> str:
    return "none" if value in (None, "") else str(value)
