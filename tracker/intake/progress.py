"""How far an import has come in its own process, told by small files: the database may be held off by that very import.

A job's process holds a lock on one of them for as long as it lives, however it ends: so every other process can tell whether
it still runs.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, TypeVar

T = TypeVar("T")

_PAUSE = 0.3  # seconds from one note to the next
_TRIES, _MOMENT = 5, 0.02  # seconds
_LOOK = 64  # rows from one look at the clock to the next


class Progress(NamedTuple):
    """How far a job is in the step it does now. ``rows`` is how many there are, as far as is known; times are seconds."""

    step: str
    done: int
    rows: int
    began: float
    at: float

    @property
    def percent(self) -> int | None:
        """How much of the step is done; None where nobody knows how long it is."""
        return min(99, 100 * self.done // self.rows) if self.rows else None

    @property
    def seconds_left(self) -> int | None:
        """How long the step takes still, if it goes on as it went; None where that cannot be told yet."""
        took = self.at - self.began
        if not self.rows or not self.done or took < 2 * _PAUSE:
            return None
        return max(1, round(took * max(0, self.rows - self.done) / self.done))


class Telling:
    """Notes how far a job is: the ``watch`` of an import that runs in a process of its own."""

    def __init__(self, folder: Path, job_id: int) -> None:
        self._file = _note(folder, job_id)

    def __call__(self, label: str, rows: Iterable[T], length: int, /) -> Iterator[T]:
        began = told = time.time()
        self.tell(label, 0, length, began)
        for done, row in enumerate(rows):
            if done % _LOOK == 0 and (now := time.time()) - told >= _PAUSE:
                self.tell(label, done, length, began)
                told = now
            yield row
        self.tell(label, length, length, began)

    def tell(self, step: str, done: int = 0, rows: int = 0, began: float | None = None) -> None:
        """Note it, whole or not at all. A disk that is full does not end an import for the sake of its bar."""
        now = time.time()
        part = self._file.with_suffix(".part")
        with suppress(OSError):
            part.write_text(json.dumps([step, done, rows, now if began is None else began, now]))
            part.replace(self._file)


def progress_of(folder: Path, job_id: int) -> Progress | None:
    """What a job noted last; None where it has noted nothing yet."""
    try:
        return Progress(*json.loads(_note(folder, job_id).read_text()))
    except (OSError, ValueError, TypeError):
        return None


def hold(folder: Path, job_id: int) -> int | None:
    """Take a job's lock, to be kept by whoever holds the open file and by the processes that inherit it.

    Returns:
        The open file's descriptor; None where another process holds the lock.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = os.open(folder / f"{job_id}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    for _ in range(_TRIES):  # whoever only looks holds it for a moment, too
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return descriptor
        time.sleep(_MOMENT)
    os.close(descriptor)
    return None


def is_running(folder: Path, job_id: int) -> bool:
    """Whether a process is at work on the job."""
    try:
        descriptor = os.open(folder / f"{job_id}.lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)  # shared: who looks does not disturb who looks
    except OSError:
        return True
    finally:
        os.close(descriptor)
    return False


def forget(folder: Path, job_id: int) -> None:
    """Remove what a job left behind that is done."""
    for file in (_note(folder, job_id), folder / f"{job_id}.part", folder / f"{job_id}.queued", folder / f"{job_id}.lock"):
        with suppress(OSError):
            file.unlink()


def _note(folder: Path, job_id: int) -> Path:
    return folder / f"{job_id}.json"
