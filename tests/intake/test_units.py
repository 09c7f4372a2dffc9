"""A union file is read as a whole or refused with everything wrong in it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

import pytest

from tracker.curriculum.words import UnitKind
from tracker.intake.units import read_units
from tracker.operations.refused import Refused
from tracker.operations.rows import UnitRow

WORKED_EXAMPLE = Path(__file__).parent.parent / "worked_example"
TOP = "IA,International,international,\n"


def faults(text: str, known: Collection[str] = ()) -> list[tuple[int, str, str]]:
    """Line, column and value of everything wrong under the usual four headings."""
    with pytest.raises(Refused) as refused:
        read_units(f"number,name,kind,parent,time_zone\n{text}".encode(), "union.csv", known)
    assert refused.value.code == "faulty_units"
    assert all(fault.reason for fault in refused.value.faults)
    return [(fault.line, fault.column, fault.value) for fault in refused.value.faults]


def test_the_worked_example_is_read_as_it_stands() -> None:
    units = read_units((WORKED_EXAMPLE / "union.csv").read_bytes(), "union.csv")
    assert [unit.number for unit in units] == ["IA", "D1", "D2", "80", "700", "15"]
    assert units[3] == UnitRow(
        5,
        "80",
        "Studio Grips",
        UnitKind.LOCAL,
        "D2",
        "Burbank",
        "CA",
        "US",
        "Motion Picture & TV production",
        "America/Los_Angeles",
    )


def test_parents_may_stand_later_and_capitals_do_not_matter() -> None:
    text = "80,Grips,LOCAL,D2\nD2,District 2,District,IA\n" + TOP
    units = read_units(f"Number,NAME,kind,Parent\n{text}".encode(), "union.csv")
    assert [unit.kind for unit in units] == [UnitKind.LOCAL, UnitKind.DISTRICT, UnitKind.INTERNATIONAL]


def test_a_file_may_hang_new_units_under_known_ones() -> None:
    units = read_units(b"number,name,kind,parent\n81,New Local,local,D2\n", "union.csv", known={"IA", "D2"})
    assert units[0].parent == "D2"


def test_a_file_may_repeat_the_known_top() -> None:
    assert len(read_units(f"number,name,kind,parent\n{TOP}".encode(), "union.csv", known={"IA"})) == 1


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("no number", TOP + ",Grips,local,IA\n", [(3, "number", "")]),
        ("no name", TOP + "80,,local,IA\n", [(3, "name", "")]),
        ("no such kind", TOP + "80,Grips,lodge,IA\n", [(3, "kind", "lodge")]),
        ("no kind", TOP + "80,Grips,,IA\n", [(3, "kind", "")]),
        ("a number twice", TOP + "80,Grips,local,IA\n80,Grips,local,IA\n", [(4, "number", "80")]),
        ("no such parent", TOP + "80,Grips,local,D9\n", [(3, "parent", "D9")]),
        ("a local under a local", TOP + "80,Grips,local,IA\n81,Best boys,local,80\n", [(4, "parent", "80")]),
        ("a circle", TOP + "D1,One,district,D2\nD2,Two,district,D1\n80,Grips,local,D2\n", [(3, "parent", "D2")]),
        ("its own parent", TOP + "D1,One,district,D1\n", [(3, "parent", "D1")]),
        ("two tops", TOP + "XX,Other,international,\n", [(3, "parent", "")]),
        ("a local without a parent", "80,Grips,local,\n" + TOP, [(2, "parent", "")]),
        ("no top", "80,Grips,local,\n", [(2, "parent", "")]),
        ("no unit", "", [(1, "", "")]),
        ("a bad time zone", TOP + "80,Grips,local,IA,Pacific\n", [(3, "time_zone", "Pacific")]),
        ("too many cells", TOP + "80,Grips,local,IA,,Burbank\n", [(3, "", "Burbank")]),
        ("a line break", TOP + '80,"Studio\nGrips",local,IA\n', [(3, "name", "Studio\nGrips")]),
        (
            "all at once",
            ",Grips,lodge,IA,Mars\n80,,local,IA\n",
            [(2, "number", ""), (2, "kind", "lodge"), (2, "time_zone", "Mars"), (3, "name", "")],
        ),
    ],
)
def test_every_fault_is_named_with_its_place(name: str, text: str, expected: list[tuple[int, str, str]]) -> None:
    assert faults(text) == expected


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a second top", "XX,Other,international,\n", [(2, "number", "XX")]),
        ("a local without a parent", "81,Grips,local,\n", [(2, "parent", "")]),
    ],
)
def test_a_known_union_has_its_top(name: str, text: str, expected: list[tuple[int, str, str]]) -> None:
    assert faults(text, known=["IA"]) == expected


def test_missing_columns_are_faults_of_the_header() -> None:
    with pytest.raises(Refused) as refused:
        read_units(b"number,parent\n80,D2\n", "union.csv")
    assert refused.value.code == "faulty_units"
    assert [(fault.line, fault.column) for fault in refused.value.faults] == [(1, "name"), (1, "kind")]
    assert "Found: number, parent." in refused.value.message
