"""What of the instance folder a backup keeps, and what is made anew or belongs elsewhere."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from tracker.cli.keeping.archive import can_name
from tracker.operations.refused import Refused

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
    "evidence-tally": "who sent how much within a day",
    "exports": "asked for again by whoever wants it",
    "jobs": "how far processes have come that are gone by then",
    "queue.db": "jobs that wait; whoever asked asks again",
    "restoring": "a restore on its way",
    "restoring.lock": "that it is on its way",
    "simulations": "trials; asked for again",
    "tracker.db": "the database, which is read in its own way",
}
_CHUNK = 1 << 20


def files_of(instance: Path, name: str, strays: list[str]) -> Iterator[tuple[str, BinaryIO]]:
    """The files under one name of the instance folder, in the order of their names, each open to be read.

    The name itself may be a link, to a larger disk; no link under it is followed. Left out are parts of files on their way,
    locks, and what another process removed just now.

    Args:
        strays: takes the names of what is none of ours: links and pipes, and what no backup can name, such as an editor's
            or a network disk's own files.

    Raises:
        Refused: ``unreadable_file``. A backup without what cannot be read would look whole.
    """
    place = instance / name
    for file in _walked(place):
        if file.suffix in (".part", ".lock") or file.parent.suffix == ".part":
            continue
        inside = str(file.relative_to(instance))
        try:
            found = file.stat() if file == place else file.lstat()
            if not (stat.S_ISREG(found.st_mode) and can_name(inside)):
                strays.append(inside)
                continue
            stream = os.fdopen(os.open(file, os.O_RDONLY | (0 if file == place else os.O_NOFOLLOW)), "rb")
        except FileNotFoundError:
            continue
        except OSError as error:
            raise _unreadable(file, error) from error
        with stream:
            yield inside, stream


def _walked(place: Path) -> Iterator[Path]:
    """Every file under a place, and every link.

    Raises:
        Refused: ``unreadable_file``.
    """

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError) or os.path.lexists(error.filename):
            raise _unreadable(error.filename, error) from error  # else another process removed it just now

    try:
        is_file = place.is_file()
    except OSError as error:
        raise _unreadable(place, error) from error
    if is_file:
        yield place
        return
    for folder, folders, files in os.walk(place, onerror=refuse):
        folders.sort()
        links = (each for each in folders if Path(folder, each).is_symlink())
        yield from (Path(folder, each) for each in sorted([*files, *links]))


def pieces(stream: BinaryIO, file: Path) -> Iterator[bytes]:
    """A file's bytes, piece by piece.

    Raises:
        Refused: ``unreadable_file``.
    """
    while True:
        try:
            chunk = stream.read(_CHUNK)
        except OSError as error:
            raise _unreadable(file, error) from error
        if not chunk:
            return
        yield chunk


def _unreadable(file: Path | str, error: OSError) -> Refused:
    return Refused("unreadable_file", f"{file} cannot be read: {error.strerror}.")


def filled(instance: Path) -> list[str]:
    """Of the names that a backup keeps, those under which any file lies, or that are links: a restore makes folders.

    Raises:
        Refused: ``unreadable_file``.
    """
    return [name for name in KEPT if (instance / name).is_symlink() or any(_walked(instance / name))]


def clear(instance: Path) -> None:
    """Remove all that a backup keeps."""
    for name in KEPT:
        place = instance / name
        if place.is_file():
            place.unlink()
        else:
            shutil.rmtree(place, ignore_errors=True)
