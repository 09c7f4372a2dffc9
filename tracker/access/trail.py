"""The audit trail as administrators and auditors read it: asked by person, actor, action, batch, unit and days."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from tracker.coverage.exports import Column, Document, Kind, Table
from tracker.coverage.former import all_ids_of
from tracker.coverage.paging import Page
from tracker.curriculum.keys import email_key
from tracker.language import _, mark
from tracker.models import AuditEntry, AuditSeal, Unit, UnitClosure, User

_PAGE = 50

# What an administrator may read in full: entries about signing in, about mail, and about what is in force for everyone. The
# rest tells of people's learning, which is not theirs to read: of it they see who did what, and when.
_NOT_LEARNING = frozenset(
    {
        *("user", "client", "sign_in_link", "api_token", "second_factor", "outside_identity"),
        *("notice", "notice_stop", "units", "union", "catalogue", "policy", "import_profile"),
        *("page", "audit_entry", "errand", "backup", "site"),
    }
)

COLUMNS = (
    *("entry", "at", "actor", "actor_role", "action", "object_kind", "object_id", "member_id", "unit"),
    *("detail", "position", "hash"),
)
"""What an entry's row holds as a file, in order; ``position`` and ``hash`` are its seal's, empty where it waits for one."""

# What could reverse, hide or break a line where it is read as plain text, beyond what JSON writes out anyway.
_UNSEEN = re.compile("[\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]")


@dataclass(frozen=True)
class Asked:
    """Which entries are asked for; what is not given asks nothing."""

    member_id: int | None = None  # about this member, under whichever id
    actor: str = ""  # an e-mail address, or a role such as ``operator``
    action: str = ""
    batch_id: int | None = None
    unit_id: int | None = None  # it, and every unit under it
    since: datetime | None = None
    until: datetime | None = None  # not itself

    def as_json(self) -> dict[str, Any]:
        """What was asked, for the trail itself."""
        return {
            name: value.isoformat() if isinstance(value, datetime) else value
            for name, value in vars(self).items()
            if value not in (None, "")
        }


class AuditLine(NamedTuple):
    """An entry with what its ids mean to people, and as much of its details as its reader may see."""

    entry: AuditEntry
    actor_email: str | None
    unit: Unit | None
    detail: Mapping[str, Any]
    is_withheld: bool  # there is more, for others to read: its details, or on what it was done


def trail_page(session: Session, asked: Asked, before: int | None = None, *, with_learning: bool = True) -> Page[AuditLine]:
    """The entries asked for, newest first, from the one before ``before``.

    Args:
        with_learning: whether its reader may see what the entries say about people's learning.
    """
    wanted = (
        select(AuditEntry, User.email, Unit)
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Unit, Unit.id == AuditEntry.unit_id)
        .where(*_where(session, asked, with_learning))
        .order_by(AuditEntry.id.desc())
        .limit(_PAGE + 1)
    )
    if before is not None:
        wanted = wanted.where(AuditEntry.id < before)
    rows = [_line(*row, with_learning=with_learning) for row in session.execute(wanted)]
    return Page(rows[:_PAGE], str(rows[_PAGE - 1].entry.id) if len(rows) > _PAGE else None)


def _line(entry: AuditEntry, actor_email: str | None, unit: Unit | None, *, with_learning: bool) -> AuditLine:
    detail = entry.detail or {}
    is_open = with_learning or entry.object_kind in _NOT_LEARNING
    is_withheld = not is_open and (bool(detail) or entry.object_id is not None)
    return AuditLine(entry, actor_email, unit, detail if is_open else {}, is_withheld=is_withheld)


def trail_count(session: Session, asked: Asked, *, with_learning: bool = True) -> int:
    """How many entries are asked for."""
    return session.scalar(select(func.count()).select_from(AuditEntry).where(*_where(session, asked, with_learning))) or 0


def trail_rows(session: Session, asked: Asked, *, with_learning: bool = True) -> Iterator[tuple[Any, ...]]:
    """The entries asked for as rows of :data:`COLUMNS`, the earliest first, one after another: none is kept.

    Moments are ISO text in UTC and details JSON, so that a row reads the same wherever it was written.
    """
    wanted: Select[Any] = (
        select(
            *(AuditEntry.id, AuditEntry.at, User.email, AuditEntry.actor_id, AuditEntry.actor_role, AuditEntry.action),
            *(AuditEntry.object_kind, AuditEntry.object_id, AuditEntry.member_id, Unit.number, AuditEntry.detail),
            *(AuditSeal.position, AuditSeal.hash),
        )
        .outerjoin(User, User.id == AuditEntry.actor_id)
        .outerjoin(Unit, Unit.id == AuditEntry.unit_id)
        .outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
        .where(*_where(session, asked, with_learning))
        .order_by(AuditEntry.id)
    )
    for (
        its_id,
        at,
        email,
        actor_id,
        role,
        action,
        kind,
        object_id,
        member_id,
        unit,
        detail,
        place,
        hashed,
    ) in session.execute(wanted.execution_options(yield_per=1_000)):
        is_open = with_learning or kind in _NOT_LEARNING
        said = plain_json(detail) if is_open and detail else ("withheld" if detail else "")
        actor = email or (str(actor_id) if actor_id is not None else "")
        moment = at.astimezone(UTC).isoformat(timespec="microseconds")
        ids = (object_id, member_id) if is_open else ()  # of what is withheld they would say whose it is
        numbers = [None if each is None else str(each) for each in ids] or [None, None]  # longer than spreadsheets count
        yield (str(its_id), moment, actor, role, action, kind, *numbers, unit, said, place, hashed)


def trail_document(session: Session, asked: Asked, facts: list[tuple[str, str]], *, with_learning: bool) -> Document:
    """The entries asked for as a report's document."""
    kinds = {"position": Kind.COUNT}
    columns = [Column(name, kinds.get(name, Kind.TEXT)) for name in COLUMNS]
    rows = list(trail_rows(session, asked, with_learning=with_learning))
    return Document(_("Audit trail"), facts, [Table(columns, rows)], (mark("Moments are told in UTC."),))


def plain_json(value: Any) -> str:
    """A detail on one line, with every sign that is not seen written out: nothing in it can look like another line."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
    if isinstance(value, str):
        text = "".join(each if each >= " " else f"\\u{ord(each):04x}" for each in text)
    return _UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text)


def _where(session: Session, asked: Asked, with_learning: bool) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if asked.member_id is not None:
        wanted.append(AuditEntry.member_id.in_(all_ids_of(session, asked.member_id)))
        if not with_learning:  # whose acts of learning these are, whoever asks for one member would be told by finding them
            wanted.append(AuditEntry.object_kind.in_(_NOT_LEARNING))
    if "@" in asked.actor:
        users = select(User.id).where(User.email_key == email_key(asked.actor))
        wanted.append(AuditEntry.actor_id.in_(users))
    elif asked.actor:
        wanted.append(AuditEntry.actor_role == asked.actor)
    if asked.action:
        wanted.append(AuditEntry.action == asked.action)
    if asked.batch_id is not None:
        wanted += [AuditEntry.object_kind == "batch", AuditEntry.object_id == asked.batch_id]
    if asked.unit_id is not None:
        under = select(UnitClosure.descendant_id).where(UnitClosure.ancestor_id == asked.unit_id)
        wanted.append(AuditEntry.unit_id.in_(under))
    if asked.since is not None:
        wanted.append(AuditEntry.at >= asked.since)
    if asked.until is not None:
        wanted.append(AuditEntry.at < asked.until)
    return wanted
