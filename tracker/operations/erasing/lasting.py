"""What of an erasure outlives the database: the lines by which a restored backup is put right, and files that must go."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Erasure, Evidence, Member
from tracker.operations.actor import Actor
from tracker.operations.erasing.erasing import erase_member
from tracker.operations.evidence import file_of
from tracker.operations.lasting_files import write_lasting

_AGAIN = Actor(None, "operator", "the operator")
_REASON = "erased before, and brought back by a backup"
_UNTOUCHED = timedelta(days=1)  # a file that somebody has just sent may not have its row yet: the sweep takes it a day later


class ErasedLine(NamedTuple):
    """That a member was erased, as the file beside the database says it: opaque ids and a moment, nothing else."""

    erasure_id: int
    member_id: int
    at: datetime


def erasures_file(instance: Path) -> Path:
    """Where the lines stand, in the installation's own folder."""
    return instance / "erasures"


def keep_erasures(session: Session, file: Path) -> int:
    """Add the lines of every erasure that the file does not hold yet, so that they outlive a power cut. A line that could
    not be written after its erasure is written by the next call.

    Returns:
        How many were added.

    Raises:
        OSError: the disk is full, or cannot be written.
        ValueError: a line of the file cannot be read.
    """
    text = file.read_text("utf-8") if file.is_file() else ""
    known = {each.erasure_id for each in erased_lines(text.splitlines())}
    missing = [each for each in session.scalars(select(Erasure).order_by(Erasure.id)) if each.id not in known]
    if not missing:
        return 0
    said = [json.dumps({"erasure": each.id, "member": each.member_id, "at": each.erased_at.isoformat()}) for each in missing]
    file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    whole = text if not text or text.endswith("\n") else text[: text.rfind("\n") + 1]  # the last was cut off
    write_lasting(file, (whole + "".join(f"{each}\n" for each in said)).encode())
    return len(said)


def erased_lines(lines: Iterable[str]) -> list[ErasedLine]:
    """What lines say. One that was cut off by a power cut is the last, and its erasure stands in the database.

    Raises:
        ValueError: another line cannot be read.
    """
    found: list[ErasedLine] = []
    said = [each for each in lines if each.strip()]
    for number, line in enumerate(said, start=1):
        try:
            row = json.loads(line)
            found.append(ErasedLine(int(row["erasure"]), int(row["member"]), datetime.fromisoformat(row["at"])))
        except (ValueError, KeyError, TypeError) as error:
            if number < len(said):
                raise ValueError(f"line {number} of the erasures cannot be read") from error
    return found


def reapply_erasures(session: Session, lines: Iterable[str], now: datetime, today: date | None = None) -> int:
    """Erase whoever was erased and is there again, as after a backup was restored. Doing it again changes nothing.

    Args:
        lines: of the file (:func:`erasures_file`).

    Returns:
        How many members were erased. Their files of evidence are the sweep's to remove.

    Raises:
        ValueError: a line cannot be read.

    Needs ``writing(alone=True)``.
    """
    said = {each.member_id: each.erasure_id for each in erased_lines(lines)}
    done = set(session.scalars(select(Erasure.member_id)))
    count = 0
    for member_id in sorted(said.keys() - done):
        if member_id in done or session.get(Member, member_id) is None:
            continue
        erased = erase_member(session, member_id, _REASON, _AGAIN, today=today or now.date(), now=now, erasure_ids=said)
        done.update(erased.ids)
        count += len(erased.ids)
    return count


def drop_files(session: Session, folder: Path, hashes: Iterable[str], now: datetime) -> int:
    """Remove files of evidence after an erasure is committed, but for what a row names, or somebody sent this very day.

    Returns:
        How many were removed.
    """
    wanted = sorted(set(hashes))
    known = set(session.scalars(select(Evidence.sha256).where(Evidence.sha256.in_(wanted))))
    count = 0
    for each in wanted:
        file = file_of(folder, each)
        if each in known or not file.is_file() or file.stat().st_mtime > (now - _UNTOUCHED).timestamp():
            continue
        file.unlink(missing_ok=True)
        count += 1
    return count
