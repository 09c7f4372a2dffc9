"""How a write says no."""

from __future__ import annotations

from collections.abc import Sequence

from tracker.curriculum.faults import Fault


class Refused(Exception):
    """A write that must not happen, with a code for programs and a sentence for people.

    ``field`` names the form's or the command's field at fault; ``faults`` lists what is wrong in a file, place by place.
    Nothing was written: the door rolls back.
    """

    def __init__(self, code: str, message: str, *, field: str | None = None, faults: Sequence[Fault | str] = ()) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field
        self.faults = tuple(faults)
