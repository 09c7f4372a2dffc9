"""The audit trail's chain: how an entry is hashed, and whether the trail is still what was sealed.

Each seal holds ``sha256`` of a JSON array: the hash before it, its position, and all of its entry save the details, for
which their own hash stands. So whoever changes, removes, adds or swaps one must make every later seal anew, and then no
longer agrees with the heads that were noted outside the database. The bytes are the same on every engine.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker.coverage.erasures import ERASE, Erasings, Place, erasure_in
from tracker.models import AuditEntry, AuditSeal
from tracker.models.ids import first_id_now
from tracker.models.loading import read_rows

BEGINNING = "0" * 64  # what stands for the hash before the first
UNSEALED_FOR = timedelta(hours=1)  # an entry that waits longer for its seal is a fault
_MOST_FAULTS = 1_000  # told one by one; the rest are counted
_DAY_OF_IDS = (86_400_000) << 22  # ids begin with their millisecond: models/ids.py

Progress = Callable[[int], object]


class Head(NamedTuple):
    """The chain's end as it was at a moment."""

    position: int
    hash: str
    at: datetime


class Fault(NamedTuple):
    """What is not as it was sealed, in words."""

    position: int | None
    entry_id: int | None
    words: str


class Waiting(NamedTuple):
    """An entry without a seal, ready to be hashed: as the driver gives its columns."""

    id: int
    columns: tuple[Any, ...]
    detail: Any


@dataclass
class Verdict:
    """What became of the trail. It holds where there is no fault."""

    sealed: int = 0  # seals that were looked at
    erased: int = 0  # entries whose details went with their member, as they may
    waiting: int = 0  # entries that have no seal yet
    late: int = 0  # entries sealed more than an hour after their own moment: written down late, or long imports
    head: Head | None = None  # None: nothing is sealed yet
    faults: list[Fault] = field(default_factory=list)
    more: int = 0  # faults past the first thousand

    @property
    def holds(self) -> bool:
        """Whether everything is as it was sealed."""
        return not self.faults

    def find(self, words: str, position: int | None = None, entry_id: int | None = None) -> None:
        """One fault more."""
        if len(self.faults) < _MOST_FAULTS:
            self.faults.append(Fault(position, entry_id, words))
        else:
            self.more += 1


def entry_columns(session: Session) -> str:
    """What an entry is hashed from, as a SELECT reads it from ``audit_entry AS e``: the chain's columns, then the details.

    SQLite gives its texts as bytes, for one that was tampered with may be no text any more.
    """
    if session.get_bind().dialect.name != "sqlite":
        plain = "e.id, e.at, e.actor_id, e.actor_role, e.action, e.object_kind, e.object_id, e.member_id, e.unit_id"
        return f"{plain}, CAST(e.detail AS text)"
    return (
        "e.id, CAST(e.at AS BLOB), e.actor_id, CAST(e.actor_role AS BLOB), CAST(e.action AS BLOB), "
        "CAST(e.object_kind AS BLOB), e.object_id, e.member_id, e.unit_id, CAST(e.detail AS BLOB)"
    )


def hash_of(before: str, position: int, columns: Sequence[Any], detail_hash: str) -> str:
    """The hash of an entry in its place.

    Args:
        before: the hash of the place before it, :data:`BEGINNING` at the first.
        columns: the entry as :func:`entry_columns` reads it, without its details.
    """
    entry_id, at, *rest = columns
    said = [before, position, entry_id, _moment(at), *(_text(each) for each in rest), detail_hash]
    return hashlib.sha256(json.dumps(said, separators=(",", ":"), default=repr).encode()).hexdigest()


def hash_of_detail(detail: Any) -> str:
    """The hash of an entry's details, whichever way its engine writes JSON; of their text, where it is none."""
    if detail in ("{}", b"{}"):
        return _OF_NOTHING
    text = _text(detail)
    try:
        said = json.dumps(json.loads(text, object_pairs_hook=_once), sort_keys=True, separators=(",", ":"))
    except (ValueError, TypeError, RecursionError):
        said = json.dumps(["no JSON", repr(text)])
    return hashlib.sha256(said.encode()).hexdigest()


_OF_NOTHING = hashlib.sha256(b"{}").hexdigest()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object that says each thing once: one that says a thing twice could be read in two ways."""
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("said twice")
    return found


def _text(value: Any) -> Any:
    return value.decode("utf-8", "surrogateescape") if isinstance(value, bytes) else value


def _moment(at: Any) -> str:
    """``2026-03-31T09:30:00.000000Z``, from what either driver gives."""
    if isinstance(at, datetime):
        return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return f"{_text(at)}Z".replace(" ", "T", 1)


def chain_head(session: Session) -> Head | None:
    """Where the chain ends; None where nothing is sealed yet."""
    last = session.scalar(select(AuditSeal).order_by(AuditSeal.position.desc()).limit(1))
    return Head(last.position, last.hash, last.sealed_at) if last else None


def unsealed_from(session: Session, *, all_of: bool = False, onward: bool = False) -> int:
    """From which id on entries are looked at for having no seal: a day before the newest that has one, and never later than
    a day before now, for a clock that was ahead once must not hide what comes after it was put right.

    Ids rise with time, and an entry is written at its act's end under an id of its beginning: so one may come late, behind
    others that are sealed, but not a day late.

    Args:
        all_of: however late. It looks at the whole trail.
        onward: only what comes after the entry that was sealed last.
    """
    if all_of:
        return 0
    if onward:
        return session.scalar(select(AuditSeal.entry_id).order_by(AuditSeal.position.desc()).limit(1)) or 0
    newest = session.scalar(select(func.max(AuditSeal.entry_id))) or 0
    return max(min(newest, first_id_now()) - _DAY_OF_IDS, 0)


def unsealed(session: Session, since: int, most: int) -> list[Waiting]:
    """The entries after an id that wait for their seal, in the order of their ids."""
    sql = (
        f"SELECT {entry_columns(session)} FROM audit_entry AS e LEFT JOIN audit_seal AS s ON s.entry_id = e.id "
        "WHERE e.id > ? AND s.entry_id IS NULL ORDER BY e.id LIMIT ?"
    )
    return [Waiting(row[0], row[:-1], row[-1]) for row in read_rows(session, sql, (since, most))]


def waiting_count(session: Session) -> int:
    """How many entries of the last day wait for their seal."""
    since = unsealed_from(session)
    wanted = select(func.count()).select_from(AuditEntry).outerjoin(AuditSeal, AuditSeal.entry_id == AuditEntry.id)
    return session.scalar(wanted.where(AuditEntry.id > since, AuditSeal.entry_id.is_(None))) or 0


def verify_chain(
    session: Session,
    *,
    heads: Collection[Head] = (),
    now: datetime | None = None,
    progress: Progress = lambda rows: None,
) -> Verdict:
    """Whether every entry is still what was sealed, in its place, and none is missing or was slipped in; and whether details
    went with erasures that the trail itself tells of, and no more of them than it tells.

    It reads row by row: memory does not grow with the trail.

    Args:
        heads: ends of the chain that were noted outside the database. Without them nobody can tell that the last entries
            were cut off together with their seals.
        now: the moment by which an entry should be sealed; without it one that waits is never a fault.
        progress: is told of every thousand rows.
    """
    verdict, erasings = Verdict(), Erasings()
    noted = _by_position(heads)
    before, expected = BEGINNING, 1
    for number, (position, entry_id, detail_hash, kept, sealed_at, *entry) in enumerate(_sealed(session), start=1):
        verdict.sealed = number
        follows = position == expected
        if not follows:
            verdict.find(_gap(expected, position), position, entry_id)
        columns, detail = entry[:-1], entry[-1]
        if columns[0] is None:
            verdict.find(f"place {position} seals entry {entry_id}, and there is no such entry", position, entry_id)
        else:
            _judge(verdict, before if follows else None, position, columns, detail, detail_hash, kept, erasings)
            verdict.late += _seconds(columns[1], sealed_at) > UNSEALED_FOR.total_seconds()
        for head in noted.pop(position, ()):
            if head.hash != kept:
                verdict.find(
                    f"place {position} has the hash {kept}, and {head.hash} was noted on {_said(head.at)}: the chain was "
                    "made anew since, or comes from another database",
                    *(position, entry_id),
                )
        before, expected = kept, position + 1
        verdict.head = Head(position, kept, _as_moment(sealed_at))
        if number % 1_000 == 0:
            progress(1_000)
    progress(verdict.sealed % 1_000)
    for head in (each for position in sorted(noted) for each in noted[position]):
        where = f"the chain ends at place {expected - 1}" if head.position >= expected else f"place {head.position} is gone"
        noticed = f"on {_said(head.at)} place {head.position} was noted with the hash {head.hash}"
        verdict.find(f"{where}, and {noticed}", head.position)
    _judge_unsealed(session, verdict, erasings, now)
    for wrong in erasings.judge(session):
        if wrong.words:
            verdict.find(wrong.words, wrong.place.position, wrong.place.entry_id)
        else:
            verdict.more += wrong.more
    verdict.erased = erasings.erased
    return verdict


def _sealed(session: Session) -> Iterator[tuple[Any, ...]]:
    """Every seal in its order, with its entry beside it."""
    sql = (
        f"SELECT s.position, s.entry_id, s.detail_hash, s.hash, s.sealed_at, {entry_columns(session)} "
        "FROM audit_seal AS s LEFT JOIN audit_entry AS e ON e.id = s.entry_id ORDER BY s.position"
    )
    return read_rows(session, sql, cursor_name="audit_chain")


def _judge(
    verdict: Verdict,
    before: str | None,
    position: int,
    columns: Sequence[Any],
    detail: Any,
    detail_hash: str,
    kept: str,
    erasings: Erasings,
) -> None:
    """Look at one entry in its place. ``before`` is None where the seal before it is gone."""
    place = Place(position, columns[0], f"entry {columns[0]} of {_said(columns[1])} (place {position})")
    if before is not None and hash_of(before, position, columns, detail_hash) != kept:
        verdict.find(f"{place.what} is not what was sealed there, or its seal was changed", position, place.entry_id)
        return
    erasure = erasure_in(_text(detail))
    if erasure is not None:
        erasings.lost(erasure, columns[7], place)
    elif hash_of_detail(detail) != detail_hash:
        verdict.find(f"the details of {place.what} are not those that were sealed", position, place.entry_id)
        return
    _hear(erasings, columns, detail, place)


def _hear(erasings: Erasings, columns: Sequence[Any], detail: Any, place: Place) -> None:
    if _text(columns[4]) == ERASE:
        erasings.acted(columns[6], columns[7], _text(detail), place)


def _judge_unsealed(session: Session, verdict: Verdict, erasings: Erasings, now: datetime | None) -> None:
    """What waits, and what was sealed since the chain was read: an erasure may have been told of meanwhile."""
    sql = (
        f"SELECT s.position, {entry_columns(session)} FROM audit_entry AS e LEFT JOIN audit_seal AS s ON s.entry_id = e.id "
        "WHERE s.entry_id IS NULL OR s.position > ? ORDER BY e.id"
    )
    last = verdict.head.position if verdict.head else 0
    for position, *columns, detail in read_rows(session, sql, (last,), cursor_name="audit_unsealed"):
        entry_id, at = columns[:2]
        _hear(erasings, columns, detail, Place(position, entry_id, f"entry {entry_id} of {_said(at)}"))
        if position is not None:
            continue
        verdict.waiting += 1
        if now is not None and _seconds(at, now) > UNSEALED_FOR.total_seconds():
            verdict.find(f"entry {entry_id} of {_said(at)} was never sealed, or its seal is gone", None, entry_id)


def _gap(expected: int, found: int) -> str:
    if found < expected:
        return f"place {found} stands before the first"
    return f"place {expected} is gone" if found == expected + 1 else f"places {expected} to {found - 1} are gone"


def _by_position(heads: Collection[Head]) -> dict[int, list[Head]]:
    found: dict[int, list[Head]] = {}
    for head in heads:
        found.setdefault(head.position, []).append(head)
    return found


def _as_moment(at: Any) -> datetime:
    """A moment as either driver gives it; the earliest there is where it is none any more."""
    if isinstance(at, datetime):
        return at.astimezone(UTC)
    try:
        return datetime.fromisoformat(_text(at)).replace(tzinfo=UTC)
    except (ValueError, TypeError):
        return datetime.min.replace(tzinfo=UTC)


def _seconds(since: Any, until: Any) -> float:
    return (_as_moment(until) - _as_moment(since)).total_seconds()


def _said(at: Any) -> str:
    found = _as_moment(at)
    return f"{found:%Y-%m-%d %H:%M:%S} UTC" if found.year > 1 else "no moment"
