"""What a statement says, in our words."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from typing import NamedTuple

from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults


class Statement(NamedTuple):
    """An xAPI statement as it came: its id, in the form in which two spellings are one, and its JSON."""

    statement_id: str
    raw: str

    @property
    def sent_id(self) -> str:
        """Its id as its sender writes it."""
        return str(json.loads(self.raw)["id"])


class Sender(NamedTuple):
    """The client that sends: the id of its row, and its name."""

    id: int
    name: str


class Reported(NamedTuple):
    """It says that someone completed a course; ``source`` is in whose name."""

    row: CompletionRow
    source: str


class Voiding(NamedTuple):
    """It takes another statement back."""

    statement_id: str


Meaning = Reported | Voiding | NotACompletion | RowFaults

# What reads a statement's JSON, with the moment it was received. Intake stands above the writes, so a door brings it along.
Reader = Callable[[str, datetime], Meaning]
