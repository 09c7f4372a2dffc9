"""Noting that someone looked at another person's record, evidence, or took a list that names them: the trail of it.

No page fails because this cannot be written now. What finds the database busy is kept aside as a file, which is whole or not
there and survives a power cut, and is written later under the id it was given: twice comes to once.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import AuditEntry, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.lasting_files import any_wait, waiting_in, write_lasting

MOST_NAMED = 20_000  # of a longer list, who was in it is not kept: it may have held anybody
LONGEST_ADDRESS = 500  # characters of one that a list was taken from
_MOST_AT_ONCE = 500
# What of a question the trail keeps. Words that were looked for, and where on a list one was, may be a member's name,
# number, address or id, which would then outlive their erasure.
_KEPT_OF_QUESTION = frozenset(
    {
        *("as_of", "known", "then", "restated", "from", "to", "day", "floor", "path", "target", "limit", "header"),
        *("unit", "units", "local", "district", "sector", "country", "craft", "kind", "batch"),
        *("state", "left_out", "who", "show", "sort"),
    }
)


class Opened(StrEnum):
    """What was looked at, or taken."""

    RECORD = "record"
    EVIDENCE = "evidence"
    LIST = "list"

    @property
    def action(self) -> str:
        """As the audit trail names it."""
        return {"record": "open_record", "evidence": "open_evidence", "list": "download_list"}[self.value]


def address_kept(path: str, question: Iterable[tuple[str, str]]) -> str:
    """An address as the trail keeps it: with as much of its question as can name nobody.

    Args:
        question: the parameters, in their order.
    """
    asked = urlencode([(name, value) for name, value in question if name in _KEPT_OF_QUESTION])
    return (f"{path}?{asked}" if asked else path)[:LONGEST_ADDRESS]


def note_opening(
    session: Session,
    actor: Actor,
    member_id: int | Collection[int],
    what: str,
    unit_id: int | None,
    now: datetime,
    *,
    asked: str = "",
    entry_id: int | None = None,
) -> None:
    """Write down that ``actor`` looked at a member's record or evidence, or took a list of members.

    Args:
        member_id: whose it is; of a list, everyone in it.
        what: one of :class:`Opened`.
        unit_id: the unit through which they may see it, or of which the list is.
        asked: of a list, the address it was taken from, as :func:`address_kept` gives it.
        entry_id: the entry's own id, where it was chosen before.
    """
    opened = Opened(what)
    members = [member_id] if isinstance(member_id, int) else sorted(set(member_id))
    if opened is Opened.LIST:
        named = [str(each) for each in members] if len(members) <= MOST_NAMED else None
        audit(
            session,
            actor,
            opened.action,
            object_kind="unit",
            object_id=unit_id,
            unit_id=unit_id,
            detail={"names": len(members), "members": named, **({"asked": asked} if asked else {})},
            at=now,
            entry_id=entry_id,
        )
        return
    for each in members:
        audit(
            session,
            actor,
            opened.action,
            object_kind="member",
            object_id=each,
            member_id=each,
            unit_id=unit_id,
            at=now,
            entry_id=entry_id if len(members) == 1 else None,
        )


def note_file(session: Session, actor: Actor, page: str, asked: str, rows: int | None, now: datetime) -> None:
    """Write down that ``actor`` took a file that names nobody.

    Args:
        page: the kind of file, by its page's own name.
        asked: the address it was taken from, as :func:`address_kept` gives it.
        rows: how many it holds, where that is known.
    """
    detail = {"page": page, "asked": asked, "rows": rows}
    audit(session, actor, "export_report", object_kind="report", detail=detail, at=now)


@dataclass(frozen=True)
class Kept:
    """An opening that waits to be written, and its file."""

    entry_id: int
    actor: Actor
    members: tuple[int, ...]
    what: Opened
    unit_id: int | None
    at: datetime
    file: Path
    asked: str = ""


def openings_folder(instance: Path) -> Path:
    """Where openings wait, in the installation's own folder."""
    return instance / "openings"


def keep_opening(
    folder: Path,
    actor: Actor,
    member_id: int | Collection[int],
    what: str,
    unit_id: int | None,
    now: datetime,
    *,
    asked: str = "",
) -> None:
    """Keep an opening in a file that only this program's user can read.

    Raises:
        OSError: the disk is full, or cannot be written.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    members = [member_id] if isinstance(member_id, int) else sorted(set(member_id))
    ids = [new_id()] if Opened(what) is Opened.LIST else [new_id() for _ in members]
    for entry_id, whose in zip(ids, [members] if Opened(what) is Opened.LIST else [[each] for each in members], strict=True):
        said = {
            "at": now.isoformat(),
            "user": actor.user_id,
            "role": actor.role,
            "what": Opened(what).value,
            "unit": unit_id,
            "members": whose,
            "asked": asked,
        }
        write_lasting(folder / f"{entry_id:020d}.json", json.dumps(said).encode())


def are_kept(folder: Path) -> bool:
    """Whether any opening waits."""
    return any_wait(folder)


def kept_openings(folder: Path) -> list[Kept]:
    """The oldest openings that wait, some hundreds. A file that cannot be read is set aside, for a person to look at."""
    return waiting_in(folder, _MOST_AT_ONCE, _kept)


def _kept(file: Path, said: Any) -> Kept:
    actor = Actor(said["user"], said["role"], "")
    return Kept(
        *(int(file.stem), actor, tuple(said["members"]), Opened(said["what"]), said["unit"]),
        *(datetime.fromisoformat(said["at"]), file, said.get("asked", "")),
    )


def write_kept_openings(session: Session, kept: Collection[Kept]) -> None:
    """Write the openings that waited. Those that are there already, another process wrote: drop the files once committed."""
    known = set(session.scalars(select(AuditEntry.id).where(AuditEntry.id.in_([each.entry_id for each in kept]))))
    for each in kept:
        if each.entry_id not in known:
            whose = each.members if each.what is Opened.LIST else each.members[0]
            note_opening(
                *(session, each.actor, whose, each.what, each.unit_id, each.at), asked=each.asked, entry_id=each.entry_id
            )


def drop_kept_openings(kept: Collection[Kept]) -> None:
    """Remove the files of openings that are written."""
    for each in kept:
        each.file.unlink(missing_ok=True)
