"""Statements in files, until the database can take them: where only one may write at a time, and an import has its turn.

A file is whole or not there, survives a power cut, and is removed once what it holds is committed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from tracker.models import new_id
from tracker.operations.lasting_files import any_wait, waiting_in, write_lasting
from tracker.operations.statements.shapes import Statement


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
    said = {"client": client_id, "received_at": received_at.isoformat(), "statements": list(statements)}
    write_lasting(file, json.dumps(said, ensure_ascii=False).encode())


def spooled(folder: Path, most: int = 100) -> list[Spooled]:
    """The oldest files, in the order in which they came. One that cannot be read is set aside, for a person to look at."""
    return waiting_in(folder, most, _spooled)


def _spooled(file: Path, said: Any) -> Spooled:
    statements = [Statement(*each) for each in said["statements"]]
    return Spooled(file, said["client"], datetime.fromisoformat(said["received_at"]), statements)


def is_spooled(folder: Path) -> bool:
    """Whether any file waits."""
    return any_wait(folder)


def drop(files: Sequence[Spooled]) -> None:
    """Remove files whose statements are committed."""
    for each in files:
        each.file.unlink(missing_ok=True)
