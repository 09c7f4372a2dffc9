"""A window fetched whole, as a file of one element a line: what is recorded is what came, and memory stays flat."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, TypeAlias

from tracker.intake.linkedin_api.client import LinkedIn, TooLong
from tracker.intake.linkedin_api.elements import PROFILE, SOURCE, row_of
from tracker.intake.linkedin_api.windows import LONGEST, Window, next_window
from tracker.intake.reports import CompletionReader

# Is told after every page how many pages and how many elements of the window have come.
Told: TypeAlias = Callable[[Window, int, int], None]


class Fetched(NamedTuple):
    """A window, and a file of its elements."""

    window: Window
    file: BinaryIO

    @property
    def file_name(self) -> str:
        return f"linkedin {self.window}.jsonl"

    def reader(self, latest: date) -> CompletionReader:
        """Its rows from the beginning. ``latest`` is the last day anything can have been completed on."""
        rows = (row_of(line, element, latest) for line, element in each_element(self.file))
        return CompletionReader(PROFILE, SOURCE, [], rows)


@contextmanager
def fetched(linkedin: LinkedIn, window: Window, folder: Path, told: Told) -> Iterator[Fetched]:
    """All of a window, in a file that nobody else can open and that is gone afterwards, even after a kill.

    Raises:
        TooLong, Refused: as :meth:`LinkedIn.pages`.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        elements = 0
        for page, each in enumerate(linkedin.pages(window), start=1):
            for element in each:
                file.write(_text(element) + b"\n")
            elements += len(each)
            told(window, page, elements)
        yield Fetched(window, file)


def each_window(linkedin: LinkedIn, begin: datetime, now: datetime, folder: Path, told: Told) -> Iterator[Fetched]:
    """Every window from ``begin`` until now, each fetched whole before it is given out.

    Where LinkedIn has an internal error for a window again and again, it and the following ones are half as long.
    """
    longest = LONGEST
    while begin < now:
        window = next_window(begin, now, longest)
        try:
            with fetched(linkedin, window, folder, told) as whole:
                yield whole
        except TooLong:
            longest = window.days // 2
            continue
        begin = window.until_at


def each_element(file: BinaryIO) -> Iterator[tuple[int, Any]]:
    """Every element of such a file with its line, from the beginning."""
    file.seek(0)
    return ((line, _element(text)) for line, text in enumerate(file, start=1))


_TOO_DEEP = "nested too deeply to be read"


def _text(element: Any) -> bytes:
    try:
        return json.dumps(element).encode("ascii")
    except RecursionError:
        return json.dumps(_TOO_DEEP).encode("ascii")


def _element(text: bytes) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):  # it was written by us: no JSON is what another hand made of it
        return _TOO_DEEP
