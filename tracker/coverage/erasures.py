"""Whether a member was erased, and whether the audit trail lost no more details than its erasures say.

What is left under an erased name says nothing of who they were. The trail itself tells how many entries each erasure took
the details of, in the sealed entry of the act: so an erasure that nobody did, or one made larger, is seen.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.models import Erasure
from tracker.models.loading import read_rows

ERASE = "erase_member"  # the act, as its entry in the trail calls it
_MOST_PLACES = 100  # of one member and erasure; the rest are counted


def erasure_of(session: Session, member_id: int) -> Erasure | None:
    """A member's erasure; None where they were not erased."""
    return session.scalar(select(Erasure).where(Erasure.member_id == member_id))


def erasure_in(detail: Any) -> int | None:
    """The erasure with which an entry's details went, if they did."""
    if not isinstance(detail, str) or '"erased"' not in detail or len(detail) > 100:
        return None
    said = _read(detail)
    gone = said.get("erased") if len(said) == 1 else None
    return int(gone) if isinstance(gone, int) or (isinstance(gone, str) and gone.isdecimal()) else None


class Place(NamedTuple):
    """An entry of the trail, and where in the chain it stands. ``what`` says it in words."""

    position: int | None
    entry_id: int
    what: str


class Wrong(NamedTuple):
    """What no erasure can have done. Without words it stands for so many ``more`` entries like the one before."""

    place: Place
    words: str
    more: int = 0


class _Act(NamedTuple):
    """An erasure as its sealed entry tells it."""

    place: Place
    object_id: int | None  # the erasure of who was erased; whoever was merged into them has another, of the same moment
    member_id: int | None
    detail: dict[str, Any]


@dataclass
class _Lost:
    count: int = 0
    places: list[Place] = field(default_factory=list)


class Erasings:
    """The entries that lost their details and the acts that say so, as whoever reads the trail meets them."""

    def __init__(self) -> None:
        self.erased = 0  # entries whose details went as they may; known once they are judged
        self._lost: dict[tuple[int, int | None], _Lost] = {}  # by erasure and the entry's own member
        self._acts: list[_Act] = []

    def lost(self, erasure_id: int, member_id: int | None, place: Place) -> None:
        """An entry's details went with an erasure."""
        found = self._lost.setdefault((erasure_id, member_id), _Lost())
        found.count += 1
        if len(found.places) < _MOST_PLACES:
            found.places.append(place)

    def acted(self, erasure_id: int | None, member_id: int | None, detail: Any, place: Place) -> None:
        """An entry tells of an erasure."""
        self._acts.append(_Act(place, erasure_id, member_id, _read(detail)))

    def judge(self, session: Session) -> Iterator[Wrong]:
        """What is wrong with what was lost. To be asked once everything was met: an act's entry comes after what it took."""
        whose = _erasures(session)
        said, tellers, excused = self._said(whose)
        found: dict[Any, list[_Lost]] = {}
        for (erasure_id, member_id), lost in self._lost.items():
            member, at = whose.get(erasure_id, (None, None))
            if at is None:
                yield from _each(lost, f", and there is no erasure {erasure_id}")
            elif member_id is not None and member_id != member:
                yield from _each(lost, " with another member than its own")
            elif at not in tellers:
                yield from _each(lost, f", and no entry of the trail tells that erasure {erasure_id} was done")
            else:
                found.setdefault(at, []).append(lost)
        for at, those in found.items():
            count = sum(each.count for each in those)
            if count > said[at] and at not in excused:
                where = _places(sorted(place.position or 0 for each in those for place in each.places), count)
                words = f"erasing took the details of {said[at]}, and those of {count} entries are gone: {where}"
                yield Wrong(tellers[at], f"{tellers[at].what} says that {words}")
                count = said[at]
            self.erased += count

    def _said(self, whose: dict[int, tuple[int, Any]]) -> tuple[Counter[Any], dict[Any, Place], set[Any]]:
        """By the moment of erasures: how many entries they took the details of, and where that is said.

        One act has several where others were merged into who was erased: an older entry tells their sum alone. The last
        are moments of which no sum is known: where erasing was done anew after a restore, an act on who was merged came
        first and lost its own details to the second. This happens no more.
        """
        moments = {str(its_id): at for its_id, (_member, at) in whose.items()}
        said: Counter[Any] = Counter()
        tellers: dict[Any, Place] = {}
        lost, sums = set[Any](), set[Any]()
        for act in self._acts:
            member, at = whose.get(act.object_id or 0, (None, None))
            if at is None or member != act.member_id:
                continue
            if "rows" not in act.detail:
                lost.add(at)
                continue
            tellers.setdefault(at, act.place)
            if "entries" in act.detail:
                for erasure_id, count in _counts(act.detail["entries"]).items():
                    said[moments.get(erasure_id, at)] += count
            else:
                said[at] += _counts(act.detail["rows"]).get("audit_entry", 0)
                if _counts(act.detail).get("ids", 1) > 1:
                    sums.add(at)
        return said, tellers, lost & sums


def _erasures(session: Session) -> dict[int, tuple[int, Any]]:
    """Of each erasure whose, and its moment, as the driver gives it: one that was tampered with may be none any more."""
    at = "CAST(erased_at AS BLOB)" if session.get_bind().dialect.name == "sqlite" else "erased_at"
    rows = read_rows(session, f"SELECT id, member_id, {at} FROM erasure")
    return {its_id: (member_id, moment) for its_id, member_id, moment in rows}


def _each(lost: _Lost, why: str) -> Iterator[Wrong]:
    for place in lost.places:
        yield Wrong(place, f"the details of {place.what} were erased{why}")
    if more := lost.count - len(lost.places):
        yield Wrong(lost.places[-1], "", more)


def _places(positions: list[int], count: int) -> str:
    """``places 3, 5 to 9``, of so many."""
    spans: list[list[int]] = []
    for each in positions:
        if spans and each == spans[-1][1] + 1:
            spans[-1][1] = each
        else:
            spans.append([each, each])
    told = ", ".join(str(first) if first == last else f"{first} to {last}" for first, last in spans)
    return f"places {told}" + (" and more" if count > len(positions) else "")


def _read(detail: Any) -> dict[str, Any]:
    try:
        said = json.loads(detail)
    except (ValueError, TypeError, RecursionError):
        return {}
    return said if isinstance(said, dict) else {}


def _counts(said: Any) -> dict[str, int]:
    """What of a JSON object are counts, for a made-up entry may say anything."""
    found = said.items() if isinstance(said, dict) else ()
    return {key: value for key, value in found if isinstance(value, int) and value >= 0}
