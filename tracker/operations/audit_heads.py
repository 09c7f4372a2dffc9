"""The ends of the audit trail's chain, noted outside the database: `<instance>/audit-heads`, a line each.

    1042:9f2c… 2026-03-31T09:30:00+00:00

Whoever shortens the chain, or makes it anew, would have to change them too. Of a past day one line is kept, its last; of
today the newest. Copy the file elsewhere from time to time: a line on paper is beyond anybody who gets hold of the server.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from pathlib import Path

from tracker.coverage.chain import Head
from tracker.operations.lasting_files import alone_with, write_lasting

_LINE = re.compile(r"(\d+):([0-9a-f]{64}) (\S+)")


def heads_file(instance: Path) -> Path:
    """Where the heads are noted."""
    return instance / "audit-heads"


def kept_heads(file: Path) -> tuple[list[Head], list[int]]:
    """The heads that were noted, the earliest first, and the numbers of the lines that cannot be read."""
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return [], []
    found, unreadable = [], []
    for number, line in enumerate(lines, start=1):
        head = _read(line)
        if head is not None:
            found.append(head)
        elif line.strip():
            unreadable.append(number)
    return found, unreadable


def is_noted_today(file: Path, now: datetime) -> bool:
    """Whether a head was noted on this day (UTC) already."""
    heads, _unreadable = kept_heads(file)
    return bool(heads) and _day(heads[-1].at) == _day(now)


def note_head(file: Path, head: Head, now: datetime) -> bool:
    """Note where the chain ends; a head of the same day gives way to it.

    Returns:
        Whether it was noted. One behind what is noted already is not: the chain may have been cut, and the trace of
        it must stay.

    Raises:
        OSError: the disk is full, or cannot be written. The file is as it was then.
    """
    with alone_with(file):
        heads, unreadable = kept_heads(file)
        last = heads[-1] if heads else None
        if unreadable or (last is not None and not _goes_on(last, head)):
            return False
        if last is not None and _day(last.at) == _day(now):
            heads.pop()
        heads.append(Head(head.position, head.hash, now))
        write_lasting(file, "".join(f"{_written(each)}\n" for each in heads).encode())
        return True


def _goes_on(last: Head, head: Head) -> bool:
    """Whether a head may follow the last that was noted: the same, or one further on."""
    return head.position > last.position or (head.position, head.hash) == (last.position, last.hash)


def _written(head: Head) -> str:
    return f"{head.position}:{head.hash} {head.at.astimezone(UTC).isoformat(timespec='seconds')}"


def _read(line: str) -> Head | None:
    match = _LINE.fullmatch(line.strip())
    if match is None:
        return None
    try:
        at = datetime.fromisoformat(match[3])
    except ValueError:
        return None
    return Head(int(match[1]), match[2], at if at.tzinfo else at.replace(tzinfo=UTC))


def _day(moment: datetime) -> date:
    return moment.astimezone(UTC).date()
