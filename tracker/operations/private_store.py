"""A database of this process alone: on disk, without a name, gone with the process however it ends.

What an import lays out between reading and recording stands here: it keeps no one waiting, and no file fills the memory. It
is SQLite on either engine.
"""

from __future__ import annotations

import sqlite3
from types import TracebackType
from typing import Self


class PrivateStore:
    """Tables made by these statements. Close it, or use it as a context."""

    def __init__(self, *tables: str) -> None:
        self._store = sqlite3.connect("", isolation_level=None)  # no name: a file that nobody else can open
        for command in (
            "PRAGMA journal_mode = OFF",
            "PRAGMA synchronous = OFF",
            "PRAGMA cache_size = -16384",
            *tables,
            "BEGIN",
        ):
            self._store.execute(command)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        self._store.close()
