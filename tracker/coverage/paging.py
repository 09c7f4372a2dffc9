"""Lists a page at a time, by key: the last page costs as little as the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Row = TypeVar("Row")


@dataclass(frozen=True)
class Page(Generic[Row]):
    """Some rows, and the key to ask for the rows after them with (None: these are the last)."""

    rows: list[Row]
    next_key: str | None
