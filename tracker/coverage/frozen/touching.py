"""Which facts were recorded or voided since a moment, and touch a day in a unit: what a restatement is made of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime
from typing import Any, NamedTuple, TypeAlias

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.coverage.people_told import Officer, holders
from tracker.curriculum.words import AssignmentKind
from tracker.language import _, ngettext, word
from tracker.models import Course, LearningPath, Member, Unit
from tracker.models.loading import read_rows

_UNDER = "(SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"
_PAGE = 50
_Key: TypeAlias = tuple[Any, ...]


class Touch(NamedTuple):
    """A fact that came or went since."""

    member_id: int
    kind: str  # membership, assignment, exemption, completion
    is_new: bool  # recorded since; else voided since
    at: datetime
    about: tuple[Any, ...]  # what it says: see `TouchLine.words`
    id: int


class TouchLine(NamedTuple):
    """A fact that came or went since, for who may see names."""

    member: Member
    words: str
    at: datetime


def touches(session: Session, unit_id: int, path_ids: Collection[int], *, as_of: date, since: datetime) -> list[Touch]:
    """The facts of those who hold or held a card in the unit on the day, that were recorded or voided after a moment and
    bear on the day; the newest first.

    What a rule asks through a card elsewhere, and what is excused on such a card alone, bears on no figure of the unit.
    A fact that was voided and recorded anew with the same meaning for that day (a card that ended later) is left out, as is
    one that came and went since.
    """
    found: list[Touch] = []
    for kind, sql, values in _queries(unit_id, path_ids, as_of, since):
        found.extend(_net(kind, read_rows(session, sql, values), since))
    return sorted(found, key=lambda touch: (touch.at, touch.id), reverse=True)


def counts_of(found: Iterable[Touch]) -> list[tuple[str, bool, int]]:
    """How many facts of each kind came (True) and went (False)."""
    counts = Counter((touch.kind, touch.is_new) for touch in found)
    return [(kind, is_new, counts[kind, is_new]) for kind in _KINDS for is_new in (True, False) if counts[kind, is_new]]


def count_words(kind: str, is_new: bool, count: int) -> str:
    """``3 completions recorded``, as :func:`counts_of` tells them."""
    match kind, is_new:
        case "completion", True:
            return ngettext("%(n)s completion recorded", "%(n)s completions recorded", count)
        case "completion", False:
            return ngettext("%(n)s completion voided", "%(n)s completions voided", count)
        case "membership", True:
            return ngettext("%(n)s membership recorded", "%(n)s memberships recorded", count)
        case "membership", False:
            return ngettext("%(n)s membership voided", "%(n)s memberships voided", count)
        case "assignment", True:
            return ngettext("%(n)s assignment recorded", "%(n)s assignments recorded", count)
        case "assignment", False:
            return ngettext("%(n)s assignment voided", "%(n)s assignments voided", count)
        case "exemption", True:
            return ngettext("%(n)s exemption recorded", "%(n)s exemptions recorded", count)
    return ngettext("%(n)s exemption voided", "%(n)s exemptions voided", count)


_KINDS = ("completion", "membership", "assignment", "exemption")


def _queries(
    unit_id: int, path_ids: Collection[int], as_of: date, since: datetime
) -> Iterator[tuple[str, str, Sequence[Any]]]:
    """Each gives member, id, recorded, voided, and then what the fact says of the day."""
    paths = ", ".join(str(int(each)) for each in path_ids) or "NULL"
    here = (
        "EXISTS (SELECT 1 FROM membership c WHERE c.member_id = f.member_id"
        f" AND c.unit_id IN {_UNDER} AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"
        " AND (c.voided_at IS NULL OR c.voided_at > ?))"
    )
    mine = (unit_id, as_of, as_of, since)
    came = "(f.recorded_at > ? OR f.voided_at > ?)"
    moments = (since, since)
    head = "SELECT f.member_id, f.id, f.recorded_at, f.voided_at"
    holds = "f.{} <= ? AND (f.until_on IS NULL OR f.until_on > ?)"
    yield (
        "membership",
        f"{head}, f.unit_id, f.craft_id, f.status FROM membership f WHERE {came} AND f.unit_id IN {_UNDER}"
        f" AND {holds.format('from_on')}",
        (*moments, unit_id, as_of, as_of),
    )
    yield (
        "assignment",
        f"{head}, f.path_id, f.version_id FROM assignment f WHERE {came} AND f.path_id IN ({paths}) AND f.kind = ?"
        f" AND {holds.format('assigned_on')} AND {here} AND (f.membership_id IS NULL OR EXISTS (SELECT 1 FROM membership m"
        f" WHERE m.member_id = f.member_id AND m.id = f.membership_id AND m.unit_id IN {_UNDER}))",
        (*moments, AssignmentKind.REQUIRED.value, as_of, as_of, *mine, unit_id),
    )
    yield (
        "exemption",
        f"{head}, f.path_id, f.unit_id FROM exemption f WHERE {came} AND f.path_id IN ({paths})"
        f" AND {holds.format('from_on')} AND {here} AND (f.unit_id IS NULL OR EXISTS (SELECT 1 FROM membership m"
        " JOIN unit_closure e ON e.descendant_id = m.unit_id WHERE m.member_id = f.member_id AND e.ancestor_id = f.unit_id"
        f" AND m.unit_id IN {_UNDER}))",
        (*moments, as_of, as_of, *mine, unit_id),
    )
    listed = (
        "SELECT sc.course_id FROM path_version v JOIN section s ON s.version_id = v.id"
        f" JOIN section_course sc ON sc.section_id = s.id WHERE v.path_id IN ({paths})"
    )
    yield (
        "completion",
        f"{head}, f.course_id, f.completed_on, f.assurance FROM completion f WHERE {came} AND f.completed_on <= ?"
        f" AND (f.course_id IN ({listed}) OR f.course_id IN (SELECT e.course_id FROM equivalent e"
        f" WHERE e.stands_for_id IN ({listed}))) AND {here}",
        (*moments, as_of, *mine),
    )


def _net(kind: str, rows: Iterable[tuple[Any, ...]], since: datetime) -> list[Touch]:
    """What changed of what was valid at a moment and is valid now: one that came for one alike that went is no change."""
    came: dict[_Key, list[Touch]] = {}
    went: dict[_Key, list[Touch]] = {}
    for member, its_id, recorded, voided, *about in rows:
        recorded_at, voided_at = _moment(recorded), _moment(voided) if voided is not None else None
        key = (member, *about)
        if recorded_at > since and voided_at is None:
            came.setdefault(key, []).append(Touch(member, kind, True, recorded_at, tuple(about), its_id))
        elif recorded_at <= since and voided_at is not None:
            went.setdefault(key, []).append(Touch(member, kind, False, voided_at, tuple(about), its_id))
    left: list[Touch] = []
    for key in came.keys() | went.keys():
        new, old = came.get(key, []), went.get(key, [])
        both = min(len(new), len(old))
        left += new[both:] + old[both:]
    return left


def _moment(value: Any) -> datetime:
    """A moment as either engine's driver gives it."""
    moment = datetime.fromisoformat(value) if isinstance(value, str) else value
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def touches_told(session: Session, found: Sequence[Touch], officer: Officer | None) -> list[Touch]:
    """Those of these facts that a list may name to its reader.

    All of them were recorded after the day they are about, so of whoever holds no card in the officer's locals any more none
    is told (as `people_told` tells nothing that came later); the counts hold them.

    Args:
        officer: who reads; None: someone to whom every unit is open.
    """
    if officer is None:
        return [*found]
    held = holders(session, officer)
    return [touch for touch in found if touch.member_id in held]


def touch_page(session: Session, found: Sequence[Touch], after: int = 0) -> Page[TouchLine]:
    """Some of these facts with names and words, from the ``after``-th on."""
    shown = found[after : after + _PAGE]
    ids = {touch.member_id for touch in shown}
    members = {each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(ids)))}
    names = _Names(session)
    lines = [TouchLine(members[touch.member_id], names.words(touch), touch.at) for touch in shown]
    return Page(lines, str(after + _PAGE) if after + _PAGE < len(found) else None)


class _Names:
    """What courses, paths and units are called."""

    def __init__(self, session: Session) -> None:
        self._courses = {row.id: row.title for row in session.execute(select(Course.id, Course.title))}
        self._paths = {row.id: row.title for row in session.execute(select(LearningPath.id, LearningPath.title))}
        self._units = {unit.id: unit.title for unit in session.scalars(select(Unit))}

    def words(self, touch: Touch) -> str:
        """ "Completion of AI Basics on 2026-01-10: recorded since"."""
        about = touch.about
        if touch.kind == "completion":
            said = _("completion of %(course)s on %(day)s", course=self._courses[about[0]], day=str(about[1])[:10])
        elif touch.kind == "membership":
            said = _("card in %(unit)s, %(status)s", unit=self._units[about[0]], status=word(about[2]))
        elif touch.kind == "exemption":
            said = _("exemption from %(path)s", path=self._paths[about[0]])
        else:
            said = _("assignment of %(path)s", path=self._paths[about[0]])
        return _("%(fact)s: recorded since", fact=said) if touch.is_new else _("%(fact)s: voided since", fact=said)
