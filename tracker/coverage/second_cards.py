"""Whose second cards make the locals add up to more than the people of the unit above them.

In scope through cards in n locals under a unit, a person counts once in the unit and in n of its locals: n − 1 too many.
Summed over these people that is exactly what the locals add up to more than the unit's distinct people.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.coverage.exports import Column, Document, Kind, Table, facts_asked
from tracker.coverage.figures import end_of, is_restated_since
from tracker.coverage.paging import Page
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.words import Assurance
from tracker.language import _, lazy, mark, number
from tracker.models import Craft, LearningPath, Member, Unit
from tracker.models.loading import in_chunks, read_rows

_PAGE = 50
_UNDER = "unit_id IN (SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?)"


class SeveralLocals(NamedTuple):
    """Someone in scope through cards in several locals."""

    member: Member
    locals: Sequence[Unit]  # by number


@dataclass(frozen=True)
class SecondCards:
    """Everyone in scope of a path through cards in several locals under a unit, on a day."""

    unit: Unit
    path: LearningPath
    as_of: date
    known: date | None
    craft: Craft | None
    locals_of: dict[int, Sequence[int]]  # by member, in the order of their names: the locals' ids

    @property
    def people(self) -> int:
        return len(self.locals_of)

    @property
    def excess(self) -> int:
        """What the locals add up to more than the unit's people."""
        return sum(len(locals_) - 1 for locals_ in self.locals_of.values())


def second_cards(
    session: Session, unit: Unit, path: LearningPath, *, as_of: date, known: date | None, craft: Craft | None = None
) -> SecondCards:
    """Who counts in several locals under a unit.

    Args:
        known: count only facts recorded by the end of that day, UTC. None: all.
        craft: only cards of this craft.
    """
    if known is not None and is_restated_since(session, known):
        locals_of = _derived(session, unit, path, as_of, known, craft)
    else:
        locals_of = _kept(session, unit, path, as_of, craft)
    order = _by_name(session, locals_of)
    return SecondCards(unit, path, as_of, known, craft, {member: sorted(locals_of[member]) for member in order})


def second_cards_page(
    session: Session, found: SecondCards, after: int | None = None, size: int | None = _PAGE
) -> Page[SeveralLocals]:
    """Some of them by name, from the one after the member ``after``; all of them without a ``size``."""
    ids = list(found.locals_of)
    start = ids.index(after) + 1 if after in found.locals_of else 0
    end = len(ids) if size is None else start + size
    shown = ids[start:end]
    members: dict[int, Member] = {}
    for chunk in in_chunks(shown, 500):
        members.update({each.member_id: each for each in session.scalars(select(Member).where(Member.member_id.in_(chunk)))})
    units = {each.id: each for each in session.scalars(select(Unit))}
    rows = [
        SeveralLocals(
            members[member],
            sorted((units[each] for each in found.locals_of[member]), key=lambda each: natural(each.number)),
        )
        for member in shown
    ]
    return Page(rows, str(shown[-1]) if shown and end < len(ids) else None)


def second_cards_document(found: SecondCards, rows: Sequence[SeveralLocals], floor: Assurance) -> Document:
    """The people as a file: the first table is all of them."""
    columns = (
        Column("member_number"),
        Column("last_name"),
        Column("first_name"),
        Column("locals"),
        Column("counted", Kind.COUNT, lazy("Counted in locals")),
    )
    table = Table(
        columns,
        [
            (
                row.member.number,
                row.member.last_name,
                row.member.first_name,
                ", ".join(each.number for each in row.locals),
                len(row.locals),
            )
            for row in rows
        ],
        _("Second cards"),
    )
    values = {"scope": found.unit.title, "path": found.path.title}
    scope = (
        _("%(scope)s, %(path)s, craft %(craft)s", **values, craft=found.craft.name)
        if found.craft
        else _("%(scope)s, %(path)s", **values)
    )
    finding = _(
        "The locals add up to %(excess)s more than the people: %(people)s hold cards in several of them.",
        excess=number(found.excess),
        people=number(found.people),
    )
    return Document(
        _("Second cards"),
        facts_asked(scope, found.as_of, found.known, floor),
        [table],
        (
            mark(
                "Everyone in scope of the path through cards in several locals: each counts once here, and once in each"
                " local."
            ),
        ),
        findings=(finding,),
    )


def _kept(session: Session, unit: Unit, path: LearningPath, day: date, craft: Craft | None) -> dict[int, set[int]]:
    which, values = f"path_id = ? AND from_on <= ? AND until_on > ? AND {_UNDER}", [path.id, day, day, unit.id]
    if craft is not None:
        which, values = f"{which} AND craft_id = ?", [*values, craft.id]
    several = (
        f"SELECT member_id FROM (SELECT member_id, unit_id FROM scope WHERE {which} GROUP BY member_id, unit_id) AS held"
        " GROUP BY member_id HAVING count(*) > 1"
    )
    sql = f"SELECT member_id, unit_id FROM scope WHERE {which} AND member_id IN ({several})"
    locals_of: dict[int, set[int]] = {}
    for member, local in read_rows(session, sql, [*values, *values]):
        locals_of.setdefault(member, set()).add(local)
    return locals_of


def _derived(
    session: Session, unit: Unit, path: LearningPath, day: date, known: date, craft: Craft | None
) -> dict[int, set[int]]:
    """The same from the facts known then, of those who held cards in several locals."""
    moment = end_of(known)
    world = world_as_known(session, moment)
    values: list[Any] = [unit.id, day, day, moment, moment]
    sql = (
        f"SELECT member_id FROM (SELECT member_id, unit_id FROM membership WHERE {_UNDER} AND from_on <= ?"
        " AND (until_on IS NULL OR until_on > ?) AND recorded_at <= ? AND (voided_at IS NULL OR voided_at > ?)"
        " GROUP BY member_id, unit_id) AS held GROUP BY member_id HAVING count(*) > 1"
    )
    members = [member for (member,) in read_rows(session, sql, values)]
    locals_of: dict[int, set[int]] = {}
    for member, facts in facts_of(session, world, members, known_at=moment):
        held = {
            row.unit
            for row in derive(facts, world).scope
            if row.path == path.id
            and row.from_on <= day < row.until_on
            and unit.id in world.above[row.unit]
            and (craft is None or row.craft == craft.id)
        }
        if len(held) > 1:
            locals_of[member] = held
    return locals_of


def _by_name(session: Session, ids: dict[int, set[int]]) -> list[int]:
    names: list[tuple[str, int]] = []
    for chunk in in_chunks(ids, 500):
        found = session.execute(select(Member.name_key, Member.member_id).where(Member.member_id.in_(chunk)))
        names += [(name, member) for name, member in found]
    return [member for _, member in sorted(names)]
