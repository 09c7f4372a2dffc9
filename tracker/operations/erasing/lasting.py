"""What of an erasure outlives the database: the lines by which a restored backup is put right, and files that must go."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.checks import Finding
from tracker.models import Erasure, Evidence, Member
from tracker.models.loading import in_chunks
from tracker.operations.actor import Actor
from tracker.operations.erasing.erasing import erase_member
from tracker.operations.evidence import file_of
from tracker.operations.lasting_files import alone_with, write_lasting

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
        ValueError: a line of the file cannot be read. The others are added all the same.
    """
    rows = list(session.scalars(select(Erasure).order_by(Erasure.id)))
    if not rows:
        return 0
    said = [json.dumps({"erasure": each.id, "member": each.member_id, "at": each.erased_at.isoformat()}) for each in rows]
    with alone_with(file):
        added = add_lines(file, said)
    erased_lines(_text(file).splitlines())
    return added


def add_lines(file: Path, lines: Iterable[str]) -> int:
    """Add to the file the lines whose erasures it does not hold yet. None that it holds is ever left out, not even one
    that cannot be read. Needs to be alone with the file.

    Returns:
        How many were added.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    text = _text(file)
    known = {each.erasure_id for each in map(_read, text.splitlines()) if each}
    added = [line for line in lines if (read := _read(line)) and read.erasure_id not in known]
    if added:
        whole = text if not text or text.endswith("\n") else text[: text.rfind("\n") + 1]  # the last was cut off
        write_lasting(file, (whole + "".join(f"{each}\n" for each in added)).encode())
    return len(added)


def erased_lines(lines: Iterable[str]) -> list[ErasedLine]:
    """What lines say. One that was cut off by a power cut is the last, and its erasure stands in the database.

    Raises:
        ValueError: another line cannot be read.
    """
    found: list[ErasedLine] = []
    said = [each for each in lines if each.strip()]
    for number, line in enumerate(said, start=1):
        read = _read(line)
        if read is not None:
            found.append(read)
        elif number < len(said):
            raise ValueError(f"line {number} of the erasures cannot be read")
    return found


def readable_lines(file: Path) -> list[str]:
    """The file's lines, without those that cannot be read: of them the doctor tells (:func:`examine_erasures`)."""
    return [each for each in _text(file).splitlines() if _read(each)]


def examine_erasures(session: Session, file: Path) -> Iterator[Finding]:
    """Whoever is there although a line says that they were erased: a backup brought them back, and whoever restored it did
    not come to erasing them anew. Which erasure has no line, for it was ended in between: a backup from before would bring
    them back for good. And whether the lines can be read at all."""
    erased = session.execute(select(Erasure.id, Erasure.member_id).order_by(Erasure.id)).all()  # before the file is read
    try:
        erased_lines(_text(file).splitlines())
    except ValueError as error:
        yield Finding(True, f"{file.name}: {error}")
    lines = erased_lines(readable_lines(file))
    known = {line.erasure_id for line in lines}
    for its_id, member_id in erased:
        if its_id not in known:
            yield Finding(
                True, f"{file.name}: no line says that member {member_id} was erased: `tracker doctor --fix` adds it"
            )
    for member_id in _brought_back(session, {line.member_id for line in lines}):
        yield Finding(True, f"member {member_id} was erased, and is there again: `tracker doctor --fix` erases them anew")


def _text(file: Path) -> str:
    return file.read_text("utf-8", "replace") if file.is_file() else ""


def _read(line: str) -> ErasedLine | None:
    try:
        row = json.loads(line)
        return ErasedLine(int(row["erasure"]), int(row["member"]), datetime.fromisoformat(row["at"]))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None


def _brought_back(session: Session, member_ids: Iterable[int]) -> list[int]:
    """Of members who were erased, those who are there without an erasure."""
    waiting = sorted(set(member_ids) - set(session.scalars(select(Erasure.member_id))))
    found: list[int] = []
    for chunk in in_chunks(waiting, 500):
        found += session.scalars(select(Member.member_id).where(Member.member_id.in_(chunk)).order_by(Member.member_id))
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
    done: set[int] = set()
    for member_id in _brought_back(session, said):
        if member_id in done:
            continue
        erased = erase_member(session, member_id, _REASON, _AGAIN, today=today or now.date(), now=now, erasure_ids=said)
        done.update(erased.ids)
    return len(done)


def settle_files(
    session: Session, erasures: Path, evidence: Path, hashes: Iterable[str], now: datetime
) -> dict[Path, Exception]:
    """Write down a committed erasure beside the database, and remove its files of evidence: each as far as it can be. The
    purge makes up for the rest.

    Args:
        erasures: the file of their lines.
        evidence: the folder of such files.
        hashes: of the files that no other row names.

    Returns:
        What was in the way, by that file or folder.
    """
    trouble: dict[Path, Exception] = {}
    try:
        keep_erasures(session, erasures)
    except (OSError, ValueError) as error:  # a full disk; a list that was damaged
        trouble[erasures] = error
    try:
        drop_files(session, evidence, hashes, now)
    except OSError as error:
        trouble[evidence] = error
    return trouble


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
