"""Files that survive a power cut: each is whole or not there, and for this program's user alone. And folders in which such
files wait until the database can take what they hold."""

from __future__ import annotations

import fcntl
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, TypeVar

_log = logging.getLogger(__name__)

T = TypeVar("T")


def write_lasting(place: Path, content: bytes) -> None:
    """Put a file in place, whole and for good; one that is there already is replaced.

    Raises:
        OSError: the disk is full, or cannot be written. Nothing is left then.
    """
    part = place.with_name(f"{secrets.token_hex(8)}.part")
    try:
        write_synced(part, content)
        part.replace(place)
        settle(place.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


def write_synced(place: Path, content: bytes) -> None:
    """Write a new file onto the disk. Its name lasts once its folder is settled (:func:`settle`).

    Raises:
        OSError: it is there already, the disk is full, or cannot be written.
    """
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def settle(folder: Path) -> None:
    """Let the names in a folder outlive a power cut, where the system knows how."""
    opened = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(opened)
    except OSError:
        pass  # some shared folders cannot
    finally:
        os.close(opened)


@contextmanager
def alone_with(file: Path) -> Iterator[None]:
    """One process at a time, for a file that is read, changed and replaced."""
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with os.fdopen(os.open(f"{file}.lock", os.O_RDWR | os.O_CREAT, 0o600)) as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def any_wait(folder: Path) -> bool:
    """Whether any file waits in a folder."""
    try:
        with os.scandir(folder) as entries:
            return any(each.name.endswith(".json") for each in entries)
    except FileNotFoundError:
        return False


def waiting_in(folder: Path, most: int, read: Callable[[Path, Any], T]) -> list[T]:
    """What the oldest files in a folder hold, by their names. One that cannot be read is set aside, for a person to look at.

    Args:
        read: what a file holds, of its place and its JSON; raises ValueError, KeyError or TypeError where it is not ours.
    """
    found: list[T] = []
    for file in sorted(folder.glob("*.json"))[:most]:
        try:
            found.append(read(file, json.loads(file.read_text("utf-8"))))
        except FileNotFoundError:
            continue  # another process has taken it
        except (ValueError, KeyError, TypeError):
            _log.exception("%s holds nothing that can be read: set aside", file)
            with suppress(FileNotFoundError):
                file.rename(file.with_suffix(".unreadable"))
    return found
