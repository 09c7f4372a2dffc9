"""How each row of a file ended, by its line: a byte a line, so that a file of millions can be kept whole."""

from __future__ import annotations

import json
import struct
import zlib
from array import array
from collections.abc import Iterator
from typing import NamedTuple

from tracker.curriculum.words import Outcome

_BITS = 12
_PAGE = 1 << _BITS  # lines that are kept together: a line far down a file of blank lines costs one page
_OUTCOMES = tuple(Outcome)  # only ever added to at the end: their places are stored
_PLACE = {outcome: place for place, outcome in enumerate(_OUTCOMES, start=1)}
_MOST_REASONS = 60_000
_HEAD = struct.Struct(">I?")


class Line(NamedTuple):
    """How one row ended. ``reason`` says more where there is more to say."""

    line: int
    outcome: Outcome
    reason: str


class Lines:
    """Outcomes by line, in any order; the last word on a line counts."""

    def __init__(self) -> None:
        self._codes: dict[int, bytearray] = {}
        self._notes: dict[int, array[int]] = {}
        self._reasons: dict[str, int] = {"": 0}

    def note(self, line: int, outcome: Outcome, reason: str = "") -> None:
        number, place = line >> _BITS, line & (_PAGE - 1)
        codes = self._codes.get(number)
        if codes is None:
            codes = self._codes[number] = bytearray(_PAGE)
        codes[place] = _PLACE[outcome]
        if reason:
            notes = self._notes.get(number)
            if notes is None:
                notes = self._notes[number] = array("H", bytes(2 * _PAGE))
            if reason not in self._reasons and len(self._reasons) >= _MOST_REASONS:
                reason = ""
            notes[place] = self._reasons.setdefault(reason, len(self._reasons))

    def __iter__(self) -> Iterator[Line]:
        """Every line noted, in rising order."""
        reasons = list(self._reasons)
        for number in sorted(self._codes):
            notes = self._notes.get(number)
            for place, code in enumerate(self._codes[number]):
                if code:
                    yield Line(number * _PAGE + place, _OUTCOMES[code - 1], reasons[notes[place]] if notes else "")

    def get(self, line: int) -> Line | None:
        """How the row on that line ended; None where no row begins there."""
        number, place = divmod(line, _PAGE)
        code = self._codes[number][place] if number in self._codes else 0
        if not code:
            return None
        notes = self._notes.get(number)
        return Line(line, _OUTCOMES[code - 1], list(self._reasons)[notes[place]] if notes else "")

    def packed(self) -> bytes:
        """All of it as bytes, for ``batch_rows``."""
        squeeze = zlib.compressobj(6)
        parts = [squeeze.compress(json.dumps(list(self._reasons)).encode() + b"\n")]
        for number in sorted(self._codes):
            notes = self._notes.get(number)
            parts.append(squeeze.compress(_HEAD.pack(number, notes is not None) + self._codes[number]))
            if notes is not None:
                parts.append(squeeze.compress(b"".join(each.to_bytes(2, "big") for each in notes)))
        parts.append(squeeze.flush())
        return b"".join(parts)

    @classmethod
    def unpacked(cls, packed: bytes) -> Lines:
        """What :meth:`packed` made."""
        lines = cls()
        content = memoryview(zlib.decompress(packed))
        end = bytes(content).index(b"\n") + 1
        lines._reasons = {reason: place for place, reason in enumerate(json.loads(bytes(content[:end])))}
        while end < len(content):
            number, has_notes = _HEAD.unpack_from(content, end)
            end += _HEAD.size
            lines._codes[number] = bytearray(content[end : end + _PAGE])
            end += _PAGE
            if has_notes:
                lines._notes[number] = array(
                    "H", (byte for (byte,) in struct.iter_unpack(">H", content[end : end + 2 * _PAGE]))
                )
                end += 2 * _PAGE
        return lines
