"""The order of rows and of files does not matter, nor how often they come, where they do not contradict one another."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import NamedTuple

from flask import Flask
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from tests.conftest import make_settings
from tests.operations.conftest import Desk
from tracker import create_app
from tracker.models import Craft, Identifier, Member, Membership, Unit, db

SPELLINGS = {"80": ("80", "Local 80", "080"), "700": ("700", "IATSE Local 700", "Local #700"), "15": ("15", "Local Fifteen")}


class Fact(NamedTuple):
    """One card as all files say it."""

    member: int
    local: str
    craft: str
    from_on: date
    status: str
    until_on: date | None


@st.composite
def cards(draw: st.DrawFn) -> list[Fact]:
    """Cards of a few members, one for each key."""
    keys = draw(
        st.sets(
            st.tuples(
                st.integers(1, 6),
                st.sampled_from(sorted(SPELLINGS)),
                st.sampled_from(("grip", "sound")),
                st.sampled_from((date(2015, 1, 1), date(2020, 6, 1), date(2026, 5, 1))),
            ),
            min_size=1,
            max_size=12,
        )
    )
    return [
        Fact(
            *key,
            draw(st.sampled_from(("active", "apprentice", "retired"))),
            draw(st.sampled_from((None, date(2026, 8, 1), date(2027, 1, 1)))),
        )
        for key in sorted(keys)
    ]


@st.composite
def files(draw: st.DrawFn) -> tuple[list[str], list[str]]:
    """All rows in one file; and overlapping files that say the same: a row says all of its card, or leaves blanks."""
    facts = draw(cards())
    whole = [row(fact, fact.local, fact.craft, True) for fact in facts]
    pieces = []
    for _ in range(draw(st.integers(1, 3))):
        chosen = draw(st.lists(st.sampled_from(facts), max_size=10))
        pieces.append([spelled(draw, fact) for fact in chosen])
    pieces.append([spelled(draw, fact, in_full=True) for fact in facts])
    shuffled = draw(st.permutations(pieces))
    return whole, ["".join(draw(st.permutations(piece))) for piece in shuffled]


def spelled(draw: st.DrawFn, fact: Fact, *, in_full: bool = False) -> str:
    local = draw(st.sampled_from(SPELLINGS[fact.local]))
    craft = draw(st.sampled_from((fact.craft, fact.craft.upper())))
    return row(fact, local, craft, in_full or draw(st.booleans()))


def row(fact: Fact, local: str, craft: str, says_all: bool) -> str:
    """A row with a first day. One that does not say all leaves the status to those that do; who is new is then active."""
    number = f"{fact.member:04}" if says_all else str(fact.member)
    name = f"First{fact.member},Last" if says_all else ","
    status, until_on = (fact.status, fact.until_on or "") if says_all else ("", "")
    return f"{number},{name},m{fact.member}@example.org,{local},{craft},{status},,{fact.from_on},{until_on},\n"


def known(desk: Desk) -> tuple[set[tuple[object, ...]], set[tuple[object, ...]], set[tuple[object, ...]]]:
    """The valid cards, the names and the identifiers, whatever their ids."""
    with desk.session() as session:
        numbers = {
            each.member_id: each.value for each in session.scalars(select(Identifier).where(Identifier.kind == "number"))
        }
        valid = session.execute(
            select(Membership, Unit.number, Craft.key)
            .join(Unit, Unit.id == Membership.unit_id)
            .join(Craft, Craft.id == Membership.craft_id)
            .where(Membership.voided_at.is_(None))
        )
        return (
            {(numbers[c.member_id], unit, craft, c.from_on, c.until_on, c.status, c.kind) for c, unit, craft in valid},
            {(numbers[each.member_id], each.name) for each in session.scalars(select(Member))},
            {(numbers[each.member_id], each.kind, each.value) for each in session.scalars(select(Identifier))},
        )


@contextmanager
def desk_beside(template: Path, folder: Path) -> Iterator[Desk]:
    """A desk on a fresh copy of a database."""
    file = folder / "copy.db"
    shutil.copy(template, file)
    app = create_app(make_settings(folder, f"sqlite:///{file}"))
    yield Desk(app)
    with app.app_context():
        db.session.remove()
        db.engine.dispose()
    for each in folder.glob("copy.db*"):
        each.unlink()


def test_overlapping_files_in_any_order_any_number_of_times_say_the_same(sqlite_app: Flask, tmp_path: Path) -> None:
    desk = Desk(sqlite_app)
    desk.units()
    desk.catalogue()
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    with sqlite_app.app_context():
        file = Path(db.engine.url.database or "")
        with db.engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
        db.session.remove()
        db.engine.dispose()
    folder = tmp_path / "copies"
    folder.mkdir()

    @settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(files())
    def same(chosen: tuple[list[str], list[str]]) -> None:
        whole, pieces = chosen
        with desk_beside(file, folder) as one:
            one.roster("".join(whole), accept_leaving=None)
            expected = known(one)
            one.roster("".join(reversed(whole)))
            assert known(one) == expected
        with desk_beside(file, folder) as other:
            for piece in pieces:
                other.roster(piece)
            assert known(other) == expected
            for piece in pieces:
                other.roster(piece)
            assert known(other) == expected
            assert other.wrong() == []

    same()
