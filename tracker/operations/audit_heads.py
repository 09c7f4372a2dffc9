"""The ends of the audit trail's chain, noted outside the database: `<instance>/audit-heads`, a line each.

    1042:9f2c… 2026-03-31T09:30:00+00:00

Whoever shortens the chain, or makes it anew, would have to change them too. Of a past day one line is kept, its last; of
today the newest. Copy the file elsewhere from time to time: a line on paper is beyond anybody who gets hold of the server.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.chain import Head
from tracker.coverage.checks import Finding
from tracker.models import AuditSeal
from tracker.operations.lasting_files import alone_with, write_lasting

ANOTHERS = "another database may answer than before, such as an old primary that came back. Run `tracker audit verify`"
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


def newest_head(file: Path) -> Head | None:
    """The head that was noted last; None where none can be read."""
    heads, _unreadable = kept_heads(file)
    return heads[-1] if heads else None


def goes_on_from(session: Session, head: Head | None) -> bool:
    """Whether the database's chain holds a head. One that does not was cut, or is another's: a backup's, an old primary's
    that came back, a standby's that had not come so far.

    Args:
        head: read before this transaction's first look at the chain, which others make longer.
    """
    return head is None or session.scalar(select(AuditSeal.hash).where(AuditSeal.position == head.position)) == head.hash


def examine_head(session: Session, file: Path, head: Head | None) -> Iterator[Finding]:
    """Whether this is the database whose chain was noted last; for ``head`` see :func:`goes_on_from`."""
    if head is not None and not goes_on_from(session, head):
        yield Finding(
            True,
            f"{file.name}: the database's chain does not hold the head of {head.at:%Y-%m-%d %H:%M} UTC: {ANOTHERS}",
        )


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
