"""The union's units: what a file may do to those that are there, and what it does to whom rules ask."""

from __future__ import annotations

from datetime import date

import pytest
from sqlalchemy import select

from tests.operations.conftest import TODAY, Desk
from tracker.models import Unit, UnitClosure
from tracker.operations.refused import Refused

HEADER = "number,name,kind,parent,city,region,country,sector,time_zone\n"


def above(desk: Desk) -> dict[str, list[str]]:
    """Every unit and what stands above it, nearest first."""
    with desk.session() as session:
        names = {unit.id: unit.number for unit in session.scalars(select(Unit))}
        rows = session.scalars(select(UnitClosure).order_by(UnitClosure.depth)).all()
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(names[row.descendant_id], []).append(names[row.ancestor_id])
    return found


def test_every_unit_stands_under_itself_and_all_above(desk: Desk) -> None:
    assert above(desk) == {
        "IA": ["IA"],
        "D1": ["D1", "IA"],
        "D2": ["D2", "IA"],
        "80": ["80", "D2", "IA"],
        "700": ["700", "D2", "IA"],
        "15": ["15", "D1", "IA"],
    }


def test_the_same_file_again_changes_nothing_and_a_unit_left_out_stays(desk: Desk) -> None:
    assert desk.units() == (0, 0, 6)
    assert desk.units(HEADER + "80,Grips of the Studios,local,D2,,,,,\n44,New,local,D1,,,,,\n") == (1, 1, 0)
    assert above(desk)["44"] == ["44", "D1", "IA"]
    assert above(desk)["15"] == ["15", "D1", "IA"]


IMPOSSIBLE = [
    ("D1,D1,district,D2,,,,,\nD2,D2,district,D1,,,,,\n", "a circle in the file"),
    ("D2,D2,district,D3,,,,,\n", "a circle through a unit that the file does not name"),
    ("44,New,local,80,,,,,\n", "a unit under a local that the file does not name"),
    ("D2,D2,local,IA,,,,,\n", "a district with locals that becomes a local"),
]


@pytest.mark.parametrize("rows", [rows for rows, _ in IMPOSSIBLE], ids=[what for _, what in IMPOSSIBLE])
def test_a_tree_that_cannot_be_is_refused_and_nothing_moves(desk: Desk, rows: str) -> None:
    desk.units(HEADER + "D3,D3,district,D2,,,,,\n")
    before = above(desk)
    with pytest.raises(Refused) as refused:
        desk.units(HEADER + rows)
    assert refused.value.code == "faulty_units"
    assert above(desk) == before
    assert desk.wrong() == []


def test_a_unit_that_moves_takes_its_past_with_it(desk: Desk) -> None:
    """Where a unit stands has no days: figures of past days follow."""
    desk.roster("5,Eve,,,15,stagehand,active,,2020-01-01,,\n")
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    for district, figures in (("D1", (1, 0)), ("D2", (0, 1))):
        desk.units(HEADER + f"15,Seattle Stagehands,local,{district},,,,,\n")
        for day in (date(2026, 1, 5), TODAY):
            assert (desk.figure("ai-hours", "D1", day)[0], desk.figure("ai-hours", "D2", day)[0]) == figures
        assert desk.figure("ai-hours", "IA")[0] == 1
    assert desk.wrong() == []


def test_a_unit_that_moves_is_asked_by_the_rules_of_where_it_stands_now(desk: Desk) -> None:
    """Local 15 moves from District 1 to District 2: whoever a district's rule asks is asked anew."""
    desk.roster("5,Eve,,,15,stagehand,active,,2020-01-01,,\n")
    desk.assign("ai-hours", units=["D1"], on=date(2026, 1, 5))
    desk.assign("ai-fundamentals", units=["D2"], on=date(2026, 1, 5))
    assert (desk.figure("ai-hours", "D1"), desk.figure("ai-fundamentals", "D2")) == ((1, 0, 0, 0), (0, 0, 0, 0))
    desk.units(HEADER + "15,Seattle Stagehands,local,D2,,,,,\n")
    assert desk.figure("ai-hours", "IA") == (0, 0, 0, 0)
    assert (desk.figure("ai-fundamentals", "D2"), desk.figure("ai-fundamentals", "15")) == ((1, 0, 0, 0), (1, 0, 0, 0))
    assert desk.wrong() == []
