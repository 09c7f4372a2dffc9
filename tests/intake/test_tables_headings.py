"""The headings are found below titles and under groups, and no row of values is ever taken for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.test_tables import refusal
from tracker.intake.headings import guessed
from tracker.intake.tables import HeadedTable, read_table
from tracker.operations.rows import RowFaults

NAMES = "Name,E-mail,Course,Day,Local\n"
ROWS = "Ana Lee,ana@example.org,Literacy,2026-03-09,80\nBob,bob@example.org,Ethics,2026-03-10,B173\n"
GROUPS = "Learner,,Course,,\n"
NAMES_IN_GROUPS = "Name,E-mail,Name,Day,Local\n"


def table(text: str, *columns: str) -> HeadedTable:
    return read_table(text.encode(), "report.csv", columns=columns)


def lines(found: HeadedTable) -> list[int]:
    return [row.line if isinstance(row, RowFaults) else row[0] for row in found.rows]


@pytest.mark.parametrize(
    ("name", "above"),
    [
        ("nothing", ""),
        ("blank lines", "\n\n,,,,\n"),
        ("a title", "Completion report\n"),
        ("a title as wide as the table", "Completion report,,,,\n,,,,\n"),
        ("a title in the middle", ",,Completion report,,\n"),
        ("a day", "2026-03-01\n"),
        ("an address", "Questions: training@example.org\n"),
        ("titles and a blank line", "Completion report\nGenerated 2026-03-01 10:05\nConfidential\n\n"),
        ("a title with a comma", "Completion report, all locals\n"),
        ("a label and its value", "Completion report\nGenerated on,2026-03-01\n"),
        ("a label and its value further off", "Generated on,,2026-03-01\n"),
        ("labels and their values", "From:,2026-01-01,To:,2026-03-31\n"),
        ("as many as are looked through", "A title\n" * 28),
    ],
)
def test_what_stands_above_the_headings_is_passed_over(name: str, above: str) -> None:
    found = table(above + NAMES + ROWS)
    first = above.count("\n") + 1
    assert (found.header_line, found.headers) == (first, ["Name", "E-mail", "Course", "Day", "Local"])
    assert lines(found) == [first + 1, first + 2]


def test_headings_below_a_title_need_no_rows() -> None:
    found = table(f"Completion report\n\n{NAMES}")
    assert (found.header_line, lines(found)) == (3, [])


def test_two_columns_below_a_title_are_known_by_their_values() -> None:
    found = table("Completions\n\nName,Day\nAna,2026-03-09\nBob,2026-03-10\n")
    assert (found.header_line, lines(found)) == (3, [4, 5])


@pytest.mark.parametrize(
    ("name", "text", "headers"),
    [
        ("a row with commas unquoted", "a,b\nw,x,y,z\n", ["a", "b"]),
        ("one column with commas unquoted", "name\nSmith, John\nDoe, Jane\n", ["name"]),
        ("a column without a heading", "Name,,Day\nAna,Lee,unknown\nBob,Lee,2026-03-09\n", ["Name", "", "Day"]),
        ("columns without a heading", "Name,,,Day\nAna,Lee,x,unknown\nBob,Lee,y,2026-03-09\n", ["Name", "", "", "Day"]),
        ("a short first row", "Name,Local,Craft\nAna\nBob,80,Grip\n", ["Name", "Local", "Craft"]),
        ("an index without a heading", ",name,local\n0,Ana,80\n", ["", "name", "local"]),
        ("headings with numbers", "Name,2024,2025\nAna,1,2\n", ["Name", "2024", "2025"]),
        ("texts alone", "course,title\nLiteracy,Ethics\nMore,Less\n", ["course", "title"]),
        ("a value in brackets", "Name,Course\nAna,(none)\n", ["Name", "Course"]),
        ("nothing but values in brackets", "Name,Course,Hours\n(none),[N/A],(12)\n", ["Name", "Course", "Hours"]),
        ("a single column of brackets", "title\n(none)\n", ["title"]),
    ],
)
def test_a_first_row_that_may_be_the_headings_is(name: str, text: str, headers: list[str]) -> None:
    found = table(text)
    assert (found.header_line, found.headers) == (1, headers)
    assert lines(found) == list(range(2, text.count("\n") + 1))


WORDS = st.sampled_from(["Ana", "Grip", "Local 80", "2026-03-09", "80", "a@example.org", "(none)", "From:", "", "x y z"])


@given(
    st.integers(1, 6).flatmap(
        lambda width: st.lists(st.lists(WORDS, max_size=width), max_size=12).map(lambda below: (width, below))
    )
)
def test_where_the_first_row_names_every_column_no_other_does(shape: tuple[int, list[list[str]]]) -> None:
    width, below = shape
    names = [f"Column {letter}" for letter in "ABCDEF"[:width]]
    assert guessed([names, *below]) == (0, names)


@pytest.mark.parametrize(
    "text",
    [
        ROWS,
        "80,2026-03-09\nAna,Lee\n",
        f"Ana Lee,ana@example.org,Literacy,2026-03-09,80\nBob,,Ethics,unknown,Local 5\n{ROWS}",
        f"{ROWS}{NAMES}",
    ],
)
def test_rows_without_headings_above_them_are_refused(text: str) -> None:
    assert refusal(text.encode()).code == "no_header"


@pytest.mark.parametrize("above", ["", "Completion report\n\n"])
def test_groups_stand_in_front_of_names_that_are_the_same(above: str) -> None:
    found = table(above + GROUPS + NAMES_IN_GROUPS + ROWS)
    assert found.headers == ["Learner Name", "E-mail", "Course Name", "Day", "Local"]
    assert (found.header_line, lines(found)[0]) == (above.count("\n") + 2, above.count("\n") + 3)
    assert (found.place("course name"), found.place("e-mail")) == (2, 1)


def test_names_that_differ_need_no_group() -> None:
    assert table(GROUPS + NAMES + ROWS).headers == ["Name", "E-mail", "Course", "Day", "Local"]


def test_a_heading_as_tall_as_group_and_name_together_is_kept() -> None:
    found = table("No,Learner,,Course,\n,Name,E-mail,Name,Day\n1,Ana,ana@example.org,Literacy,2026-03-09\n")
    assert found.headers == ["No", "Learner Name", "E-mail", "Course Name", "Day"]
    assert lines(found) == [3]


@pytest.mark.parametrize(
    "below", ["(text),[address],(title),[yyyy-mm-dd],{number}\n", ",,,[yyyy-mm-dd],\n", NAMES, "name,(address),COURSE,,\n"]
)
def test_a_row_that_only_explains_the_headings_is_no_row_of_the_table(below: str) -> None:
    assert lines(table(NAMES + below + ROWS)) == [3, 4]


@pytest.mark.parametrize("below", ["(text),[address],Literacy,[yyyy-mm-dd],80\n", "(Ana) Lee,,,,\n"])
def test_a_row_that_says_more_is_one(below: str) -> None:
    assert lines(table(NAMES + below + ROWS)) == [2, 3, 4]


def test_only_the_row_right_below_explains() -> None:
    assert lines(table(NAMES + ROWS + "(text),(text),,,\n" + NAMES)) == [2, 3, 4, 5]


@pytest.mark.parametrize(
    ("name", "text", "columns", "header_line"),
    [
        ("in the first row", NAMES + ROWS, ["Day"], 1),
        ("in another spelling", NAMES + ROWS, ["e-MAIL", "LOCAL"], 1),
        ("below a table of another kind", f"Local,Members,Covered\n80,12,7\n\n{NAMES}{ROWS}", ["Name", "Day"], 4),
        (
            "below titles with commas",
            f"Report, March\nAll, of, us\n{NAMES.replace(',', ';')}{ROWS.replace(',', ';')}",
            ["Day"],
            3,
        ),
        ("with their groups", GROUPS + NAMES_IN_GROUPS + ROWS, ["Course Name", "Day"], 2),
        ("with groups that are hard to see", f"Learner,Course\nName,Name\n{ROWS}", ["Learner Name", "Course Name"], 2),
        ("nowhere", f"A title\n{NAMES}{ROWS}", ["Nothing"], 2),
    ],
)
def test_headings_that_someone_named_are_found(name: str, text: str, columns: list[str], header_line: int) -> None:
    assert table(text, *columns).header_line == header_line


def test_headings_that_someone_named_may_hold_what_looks_like_a_value() -> None:
    assert table("who@where,2026\na,b\n", "who@where").headers == ["who@where", "2026"]


def test_a_faulty_row_is_never_passed_over() -> None:
    found = table(f'Report\n"x "y" z",b\n{NAMES}{ROWS}', "Day")
    assert (found.header_line, lines(found)) == (1, [2, 3, 4, 5])
