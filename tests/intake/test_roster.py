"""A roster row is one membership, or one faulty row with all its faults."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.intake.roster import read_roster
from tracker.operations.refused import Refused
from tracker.operations.rows import RosterRow, RowFaults

HERE = Path(__file__).parent
HEADER = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"


def only_row(line: str) -> RosterRow | RowFaults:
    (row,) = read_roster((HEADER + line + "\n").encode(), "roster.csv")
    return row


def test_the_worked_example_is_read_as_it_stands() -> None:
    rows = list(read_roster((HERE.parent / "worked_example" / "roster.csv").read_bytes(), "roster.csv"))
    assert len(rows) == 11
    assert rows[3] == RosterRow(
        5,
        "0003",
        "Cleo",
        "Example",
        "cleo@example.org",
        "700",
        "editing",
        "active",
        "member",
        date(2018, 1, 1),
        date(2026, 4, 1),
        True,
    )


def test_a_local_s_own_headings_are_refused_with_what_is_wanted() -> None:
    with pytest.raises(Refused) as refused:
        read_roster((HERE / "files" / "roster_local_assumed.csv").read_bytes(), "local999.csv")
    assert refused.value.code == "unknown_table"
    assert "Card Number" in refused.value.message and "member_number" in refused.value.message


def test_blank_cells_and_missing_columns_mean_the_file_does_not_say() -> None:
    (row,) = read_roster(b"Local;Member Number\n600; 0123 \n", "roster.csv")
    assert row == RosterRow(2, "0123", "", "", "", "600", "", "", "", None, None, None)


def test_status_and_kind_are_lower_case() -> None:
    row = only_row("1,,,,80,Grip, Second Card ,PERMIT,,,")
    assert isinstance(row, RosterRow)
    assert (row.craft, row.status, row.kind) == ("Grip", "second card", "permit")


@pytest.mark.parametrize(
    ("text", "home"),
    [("yes", True), ("TRUE", True), ("1", True), ("No", False), ("false", False), ("0", False), ("", None)],
)
def test_home_is_yes_or_no_or_not_said(text: str, home: bool | None) -> None:
    row = only_row(f"1,,,,80,,,,,,{text}")
    assert isinstance(row, RosterRow) and row.home is home


def test_columns_that_are_not_kept_are_named() -> None:
    reader = read_roster(b"member_number,local,Birth Date,SSN,\n1,80,2000-01-01,x,\n", "roster.csv")
    assert reader.dropped == ["Birth Date", "SSN"]


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("no member number", ",Ana,,,80,,,,,,", [("member_number", "")]),
        ("no local", "1,Ana,,,,,,,,,", [("local", "")]),
        ("an American day", "1,,,,80,,,,06/14/2011,,", [("from_on", "06/14/2011")]),
        ("a day that is none", "1,,,,80,,,,2025-02-29,,", [("from_on", "2025-02-29")]),
        ("a week date", "1,,,,80,,,,2025-W10-1,,", [("from_on", "2025-W10-1")]),
        ("until is no day", "1,,,,80,,,,,soon,", [("until_on", "soon")]),
        ("until before from", "1,,,,80,,,,2025-02-02,2025-02-01,", [("until_on", "2025-02-01")]),
        ("until on the day of from", "1,,,,80,,,,2025-02-02,2025-02-02,", [("until_on", "2025-02-02")]),
        ("no such kind", "1,,,,80,,,boss,,,", [("kind", "boss")]),
        ("home is neither", "1,,,,80,,,,,,maybe", [("home", "maybe")]),
        ("an address without @", "1,,,ana.example.org,80,,,,,,", [("email", "ana.example.org")]),
        ("an address with a space", "1,,,ana @example.org,80,,,,,,", [("email", "ana @example.org")]),
        ("two addresses", "1,,,a@b.org;c@d.org,80,,,,,,", [("email", "a@b.org;c@d.org")]),
        ("an invisible character", "1,A\x07na,,,80,,,,,,", [("first_name", "A\x07na")]),
        ("a line break", '1,"A\nna",,,80,,,,,,', [("first_name", "A\nna")]),
        ("a text too long", f"1,{'A' * 201},,,80,,,,,,", [("first_name", "A" * 79 + "…")]),
        ("too many cells", "1,,,,80,,,,,,,more", [("", "more")]),
        (
            "several faults",
            ",,,ana,,,,boss,,,",
            [("member_number", ""), ("local", ""), ("email", "ana"), ("kind", "boss")],
        ),
    ],
)
def test_a_faulty_row_names_each_fault_and_is_one_row(name: str, line: str, expected: list[tuple[str, str]]) -> None:
    row = only_row(line)
    assert isinstance(row, RowFaults)
    assert [(fault.column, fault.value) for fault in row.faults] == expected
    assert row.line == 2 and all(fault.line == 2 and fault.reason for fault in row.faults)


@pytest.mark.parametrize("name", ["Zoë", "Nguyễn Thị", "O'Brien", "Jean\u00a0Paul", "李"])
def test_names_of_the_world_are_no_fault(name: str) -> None:
    row = only_row(f"1,{name},,,80,,,,,,")
    assert isinstance(row, RosterRow) and row.first_name == name


def test_long_rows_of_short_values_are_no_fault() -> None:
    assert isinstance(only_row(f"1,{'A' * 150},{'B' * 150},,80,,,,,,"), RosterRow)


def test_headings_alone_are_an_empty_roster() -> None:
    assert list(read_roster(HEADER.encode(), "roster.csv")) == []
