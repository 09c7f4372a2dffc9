"""How much a person had kept within a day, whatever became of the forms: counted in a file of each, beside the evidence.

Not in the database: a form that is refused writes nothing there, and one that is sent while an import holds the writers off
must not wait for a count.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from tracker.language import _, number
from tracker.operations.lasting_files import alone_with, write_lasting
from tracker.operations.refused import Refused

_WINDOW = 24 * 60 * 60.0  # seconds


class Quota(NamedTuple):
    """What one person may have kept within a day."""

    files: int
    size: int  # bytes


OF_A_MEMBER = Quota(30, 200 * 2**20)
OF_WHO_RECORDS = Quota(300, 2 * 2**30)  # sign-in sheets of classes


@dataclass(frozen=True)
class Tally:
    """A person's count: each content once, so that the same form sent again counts for nothing more.

    Args:
        folder: all tallies' own (:func:`tally_folder`).
        user_id: whose sign-in it is.
    """

    folder: Path
    user_id: int
    most: Quota

    def stop_if_full(self) -> None:
        """Before the work of looking at another file.

        Raises:
            Refused: ``evidence_quota``.
        """
        self._stop_if_over(self._counted(time.time()), Quota(0, 0))

    def count(self, sha256: str, size: int) -> None:
        """Count a file that is about to be kept.

        Raises:
            Refused: ``evidence_quota``: it is not counted then, and must not be kept.
            OSError: the disk is full, or cannot be written.
        """
        with alone_with(self._place):
            now = time.time()
            counted = self._counted(now)
            if sha256 in counted:
                return
            self._stop_if_over(counted, Quota(1, size))
            counted[sha256] = (now, size)
            lines = (f"{at} {its_size} {its_hash}\n" for its_hash, (at, its_size) in counted.items())
            write_lasting(self._place, "".join(lines).encode())

    @property
    def _place(self) -> Path:
        return self.folder / str(self.user_id)

    def _counted(self, now: float) -> dict[str, tuple[float, int]]:
        """What was kept within the day: when, and how large, by its hash."""
        found = {}
        with suppress(FileNotFoundError):
            for line in self._place.read_text("ascii").splitlines():
                at, size, sha256 = line.split(" ")
                if float(at) > now - _WINDOW:
                    found[sha256] = (float(at), int(size))
        return found

    def _stop_if_over(self, counted: dict[str, tuple[float, int]], more: Quota) -> None:
        size = sum(each for _at, each in counted.values()) + more.size
        if len(counted) + max(more.files, 1) <= self.most.files and size <= self.most.size:
            return
        raise Refused(
            "evidence_quota",
            _(
                "You have sent as many files as can be taken within a day: %(files)s, or %(size)s MB together. Send this "
                "one tomorrow.",
                files=number(self.most.files),
                size=number(self.most.size // 2**20),
            ),
            field="file",
        )


def tally_folder(instance: Path) -> Path:
    """Where all tallies lie."""
    return instance / "evidence-tally"


def sweep_tallies(folder: Path) -> None:
    """Remove the tallies that count nothing any more."""
    for each in folder.glob("*"):
        with suppress(OSError):
            if each.stat().st_mtime < time.time() - _WINDOW:
                os.unlink(each)
