"""What of the instance folder a backup keeps, and what is made anew or belongs elsewhere."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

# What waits to be written into the database, and what tells of its past: read before it, so that nothing falls between and
# nothing is told that is not in it yet.
BEFORE = ("audit-heads", "openings", "xapi")
# What the database names, and whom it must forget: read after it, so that all of it is there.
AFTER = ("erasures", "evidence", "frozen", "imports")
KEPT = (*BEFORE, *AFTER)
# For whoever adds a folder: one of both must name it, and a test asks.
LEFT_OUT = {
    "cache": "made anew from what is installed",
    "demo-secret-key": "a secret; and a demonstration's at that",
    "exports": "asked for again by whoever wants it",
    "jobs": "how far processes have come that are gone by then",
    "queue.db": "jobs that wait; whoever asked asks again",
    "restoring": "a restore on its way",
    "simulations": "trials; asked for again",
    "tracker.db": "the database, which is read in its own way",
}
_CHUNK = 1 << 20


def files_of(instance: Path, name: str) -> Iterator[tuple[str, BinaryIO]]:
    """The files under one name of the instance folder, in the order of their names, each open to be read.

    Left out are parts of files on their way, locks, and what another process removed just now.
    """
    place = instance / name
    if place.is_symlink() or not place.exists():
        return
    for file in _walked(place):
        if file.suffix in (".part", ".lock") or file.parent.suffix == ".part":
            continue
        try:
            stream = os.fdopen(os.open(file, os.O_RDONLY | os.O_NOFOLLOW), "rb")
        except OSError:
            if file.is_symlink() or not file.exists():
                continue
            raise
        with stream:
            yield str(file.relative_to(instance)), stream


def _walked(place: Path) -> Iterator[Path]:
    if place.is_file():
        yield place
        return
    for folder, folders, files in os.walk(place):
        folders.sort()
        yield from (Path(folder, each) for each in sorted(files))


def pieces(stream: BinaryIO) -> Iterator[bytes]:
    """A file's bytes, piece by piece."""
    while chunk := stream.read(_CHUNK):
        yield chunk


def filled(instance: Path) -> list[str]:
    """Of the names that a backup keeps, those under which any file lies."""
    return [name for name in KEPT if any(_walked(instance / name))]


def clear(instance: Path) -> None:
    """Remove all that a backup keeps."""
    for name in KEPT:
        place = instance / name
        if place.is_file():
            place.unlink()
        else:
            shutil.rmtree(place, ignore_errors=True)
