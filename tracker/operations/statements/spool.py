"""Statements in files, until the database can take them: where only one may write at a time, and an import has its turn.

A file is whole or not there, survives a power cut, and is removed once what it holds is committed.
"""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tracker.models import new_id
from tracker.operations.statements.shapes import Statement

_log = logging.getLogger(__name__)


class Spooled(NamedTuple):
    """One call's statements, in their file."""

    file: Path
    client_id: int
    received_at: datetime
    statements: list[Statement]


def spool_folder(instance: Path) -> Path:
    """Where the files lie, in the installation's own folder."""
    return instance / "xapi"


def spool(folder: Path, statements: Sequence[Statement], client_id: int, received_at: datetime) -> None:
    """Keep statements in a file that only this program's user can read.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = folder / f"{new_id():020d}.json"
    part = file.with_suffix(".part")
    said = {"client": client_id, "received_at": received_at.isoformat(), "statements": list(statements)}
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as out:
            json.dump(said, out, ensure_ascii=False)
            out.flush()
            os.fsync(out.fileno())
        part.rename(file)
        _sync(folder)
    except OSError:
        part.unlink(missing_ok=True)
        raise


def spooled(folder: Path, most: int = 100) -> list[Spooled]:
    """The oldest files, in the order in which they came. One that cannot be read is set aside, for a person to look at."""
    found: list[Spooled] = []
    for file in sorted(folder.glob("*.json"))[:most]:
        try:
            said = json.loads(file.read_text("utf-8"))
            statements = [Statement(*each) for each in said["statements"]]
            found.append(Spooled(file, said["client"], datetime.fromisoformat(said["received_at"]), statements))
        except FileNotFoundError:
            continue  # another process has settled it
        except (ValueError, KeyError, TypeError):
            _log.exception("%s holds no statements: set aside", file)
            with suppress(FileNotFoundError):
                file.rename(file.with_suffix(".unreadable"))
    return found


def is_spooled(folder: Path) -> bool:
    """Whether any file waits."""
    try:
        with os.scandir(folder) as entries:
            return any(each.name.endswith(".json") for each in entries)
    except FileNotFoundError:
        return False


def drop(files: Sequence[Spooled]) -> None:
    """Remove files whose statements are committed."""
    for each in files:
        each.file.unlink(missing_ok=True)


def _sync(folder: Path) -> None:
    """The folder's list of files, onto the disk."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
