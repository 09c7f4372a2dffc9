"""A mapping: what of it cannot be meant, how columns are named, and every fault under the file's own heading."""

from __future__ import annotations

import io
import tracemalloc
from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.curriculum.words import Assurance
from tracker.intake.completions import read_completions
from tracker.intake.fields import KINDS
from tracker.intake.reading import Reading
from tracker.intake.roster import read_roster
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

TODAY = date(2026, 11, 21)
HEADER = "Card;E-mail;Badge;Who;Title;Code;Finished;Done;Sure;Proof;Record\n"
_FIELDS = "member_number email learner_id name course course_id completed_on percent assurance evidence_url external_id"
COLUMNS = dict(zip(_FIELDS.split(), HEADER.strip().split(";"), strict=True))


def only_row(line: str, **said: Any) -> CompletionRow | NotACompletion | RowFaults:
    reading = Reading(**{"columns": COLUMNS, "date_order": "mdy"} | said)
    (row,) = read_completions((HEADER + line + "\n").encode(), "x.csv", TODAY, reading)
    return row


def refusal(content: str = HEADER, **said: Any) -> Refused:
    with pytest.raises(Refused) as refused:
        read_completions(content.encode(), "x.csv", TODAY, Reading(**{"columns": COLUMNS} | said))
    return refused.value


def test_every_field_is_read_from_its_column() -> None:
    row = only_row("0123;a@b.org;IA-1;Example, Ana;OSHA 10;o-1;3/9/2026;100 %;Reviewed;https://x.org/1;r-1")
    assert row == CompletionRow(
        *(2, "0123", "IA-1", "a@b.org", "Ana Example", "o-1", "OSHA 10", date(2026, 3, 9), Assurance.REVIEWED),
        *("https://x.org/1", "r-1"),
    )


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("no learner", ";;;;T;;3/9/2026;;;;", [("Card", "")]),
        ("a learner who is nothing", "N/A;-;null;;T;;3/9/2026;;;;", [("Card", "")]),
        ("no course", "1;;;;;;3/9/2026;;;;", [("Title", "")]),
        ("no day", "1;;;;T;;;100;;;", [("Finished", "")]),
        ("no such day", "1;;;;T;;2/30/2026;100;;;", [("Finished", "2/30/2026")]),
        ("no day at all", "1;;;;T;;soon;100;;;", [("Finished", "soon")]),
        ("the year 26", "1;;;;T;;0026-03-09;100;;;", [("Finished", "0026-03-09")]),
        ("tomorrow", "1;;;;T;;11/22/2026;100;;;", [("Finished", "11/22/2026")]),
        ("the other order", "1;;;;T;;25/3/2026;100;;;", [("Finished", "25/3/2026")]),
        ("a word for progress that is not known", "1;;;;T;;3/9/2026;Attended;;;", [("Done", "Attended")]),
        ("no such assurance", "1;;;;T;;3/9/2026;;sure;;", [("Sure", "sure")]),
        ("no link", "1;;;;T;;3/9/2026;;;javascript:x;", [("Proof", "javascript:x")]),
        ("an invisible character", "1;;;;T\x07;;3/9/2026;;;;", [("Title", "T\x07")]),
        ("a text too long", f"1;;;;T;;3/9/2026;;;;{'r' * 201}", [("Record", "r" * 79 + "…")]),
        ("a cell without end", f"1;;;{'w' * 900_000};T;;3/9/2026;;;;", [("Who", "w" * 79 + "…")]),
        (
            "several",
            ";;;;;;soon;all;sure;x;",
            [(each, "") for each in ("Card", "Title")]
            + [("Done", "all"), ("Finished", "soon"), ("Sure", "sure"), ("Proof", "x")],
        ),
    ],
)
def test_a_faulty_row_names_each_fault_by_the_file_s_heading(name: str, line: str, expected: list[tuple[str, str]]) -> None:
    row = only_row(line)
    assert isinstance(row, RowFaults)
    assert [(fault.column, fault.value) for fault in row.faults] == expected
    assert row.line == 2 and all(fault.line == 2 and fault.reason for fault in row.faults)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("1;;;;T;;;;;;", "not begun"),
        ("1;;;;T;;3/9/2026;99;;;", "99 % of the course"),
        ("1;;;;T;;soon;In progress;;;", "in progress"),
        ("1;;;;T;;Not completed;;;;", "not completed"),
    ],
)
def test_what_is_not_complete_is_no_fault_whatever_else_it_says(line: str, reason: str) -> None:
    assert only_row(line) == NotACompletion(2, reason)


def test_a_blank_percentage_beside_a_day_is_a_completion() -> None:
    assert isinstance(only_row("1;;;;T;;3/9/2026;;;;"), CompletionRow)


def test_without_a_column_of_progress_a_row_without_a_day_is_faulty() -> None:
    columns = {field: heading for field, heading in COLUMNS.items() if field != "percent"}
    row = only_row("1;;;;T;;;;;;", columns=columns)
    assert isinstance(row, RowFaults) and [fault.column for fault in row.faults] == ["Finished"]


def test_words_are_translated_whatever_their_case_and_constants_fill_what_is_blank() -> None:
    said = {"values": {"percent": {" Attended ": "100"}, "course": {"t": "osha-10"}}, "constants": {"learner_id": "IA-9"}}
    row = only_row(";;;;T;;3/9/2026;ATTENDED;;;", **said)
    assert isinstance(row, CompletionRow) and (row.course, row.provider_id) == ("osha-10", "IA-9")
    row = only_row(";;IA-1;;T;;3/9/2026;attended;;;", **said)
    assert isinstance(row, CompletionRow) and row.provider_id == "IA-1"


def test_a_surer_word_of_the_person_goes_before_the_column() -> None:
    row = only_row("1;;;;T;;3/9/2026;;provider;;", assurance=Assurance.CLAIMED)
    assert isinstance(row, CompletionRow) and row.assurance is Assurance.CLAIMED


def test_a_file_that_names_nobody_may_be_one_member_s() -> None:
    reading = Reading(columns={"course": "Title", "completed_on": "Finished"}, member="a@b.org")
    (row,) = read_completions(b"Title,Finished\nT,2026-03-09\n", "x.csv", TODAY, reading)
    assert isinstance(row, CompletionRow) and row.email == "a@b.org"


@pytest.mark.parametrize(
    ("said", "code", "field", "words"),
    [
        ({"columns": {"courses": "Title"}}, "unknown_field", "columns", "'courses'"),
        ({"constants": {"birth": "x"}}, "unknown_field", "constants", "'birth'"),
        ({"values": {"birth": {}}}, "unknown_field", "values", "'birth'"),
        ({"columns": {"course": "Title"}}, "field_missing", "columns", "completed_on"),
        ({"columns": COLUMNS | {"course": "Titel"}}, "unknown_column", "columns", "'Titel'"),
        ({"columns": COLUMNS | {"course": "Title #2"}}, "unknown_column", "columns", "'Title #2'"),
        ({"columns": COLUMNS | {"course": "#12"}}, "unknown_column", "columns", "'#12'"),
        ({"time_zone": "Los Angeles"}, "unknown_zone", "time_zone", "'Los Angeles'"),
        ({"time_zone": "../../etc/passwd"}, "unknown_zone", "time_zone", "passwd"),
        ({"time_zone": "America"}, "unknown_zone", "time_zone", "'America'"),
        ({"date_order": "ydm"}, "unknown_date_order", "date_order", "'ydm'"),
        ({"constants": {"completed_on": "soon"}}, "wrong_constant", "constants", "'soon'"),
        ({"constants": {"completed_on": "3/4/2026"}}, "wrong_constant", "constants", "'3/4/2026'"),
        ({"constants": {"assurance": "sure"}}, "wrong_constant", "constants", "'sure'"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(said: dict[str, Any], code: str, field: str, words: str) -> None:
    refused = refusal(**said)
    assert (refused.code, refused.field) == (code, field)
    assert words in refused.message


def test_an_unknown_column_is_answered_with_those_there_are() -> None:
    assert "'Card', 'E-mail'" in refusal(columns=COLUMNS | {"course": "Titel"}).message


def test_a_heading_that_stands_twice_is_named_with_its_number() -> None:
    content = "Name;Name;Day\na@b.org;T;2026-03-09\n"
    columns = {"email": "Name", "course": "Name", "completed_on": "Day"}
    refused = refusal(content, columns=columns)
    assert refused.code == "duplicate_header" and "'Name #1' or 'Name #2'" in refused.message
    reading = Reading(columns={"email": "name #1", "course": "NAME #2", "completed_on": "#3"})
    (row,) = read_completions(content.encode(), "x.csv", TODAY, reading)
    assert isinstance(row, CompletionRow) and (row.email, row.course) == ("a@b.org", "T")


def test_a_heading_may_itself_end_with_a_number() -> None:
    reading = Reading(columns={"email": "Mail", "course": "Attempt #2", "completed_on": "Day"})
    (row,) = read_completions(b"Mail,Attempt #2,Day\na@b.org,T,2026-03-09\n", "x.csv", TODAY, reading)
    assert isinstance(row, CompletionRow) and row.course == "T"


def test_cells_without_end_are_not_remembered() -> None:
    cells = [f"{number}{'x' * 100_000}" for number in range(300)]
    content = "\n".join(["Mail,Title,Day,Done", *(f"a@b.org,T,{cell},{cell}" for cell in cells)]).encode()
    columns = {"email": "Mail", "course": "Title", "completed_on": "Day", "percent": "Done"}
    stream = io.BytesIO(content)
    del content, cells
    tracemalloc.start()
    try:
        rows = sum(isinstance(row, RowFaults) for row in read_completions(stream, "x.csv", TODAY, Reading(columns=columns)))
        assert rows == 300 and tracemalloc.get_traced_memory()[1] < 30_000_000
    finally:
        tracemalloc.stop()


def test_a_column_without_a_heading_is_named_by_its_place_and_so_are_its_faults() -> None:
    reading = Reading(columns={"email": "Mail", "course": "#2", "completed_on": "Day"})
    (row,) = read_completions(b"Mail,,Day\na@b.org,,2026-03-09\n", "x.csv", TODAY, reading)
    assert isinstance(row, RowFaults) and row.faults[0].column == "#2"


def test_a_file_is_read_from_its_beginning_however_often_it_was_looked_at() -> None:
    stream = io.BytesIO((HEADER + "1;;;;T;;25/3/2026;;;;\n").encode())
    stream.read()
    for _ in range(2):
        (row,) = read_completions(stream, "x.csv", TODAY, Reading(columns=COLUMNS))
        assert isinstance(row, CompletionRow) and row.completed_on == date(2026, 3, 25)


def test_the_reader_says_how_it_read() -> None:
    content = (HEADER + "1;;;;T;;25/3/2026;;;;\n").encode()
    reader = read_completions(content, "x.csv", TODAY, Reading(columns=COLUMNS))
    assert (reader.profile, reader.source, reader.headers) == ("mapping", "table", HEADER.strip().split(";"))
    assert reader.reading.date_order == "dmy"
    assert Reading.from_json(reader.reading.as_json()) == reader.reading


def test_a_form_s_blank_fields_say_nothing() -> None:
    assert Reading(columns={"course": " ", "email": " Mail "}, constants={"local": ""}) == Reading(columns={"email": "Mail"})


_CELL = st.text(st.characters(exclude_characters='";\r\n\0', exclude_categories=["Cs"]), max_size=30) | st.sampled_from(
    [
        "3/9/2026",
        "25.03.2026",
        "2026-03-09T01:00:00Z",
        "100 %",
        "0.5",
        "1",
        "-",
        "Completed",
        "a@b.org",
        "=1+1",
        "yes",
        "46090",
    ]
)


@given(st.lists(st.lists(_CELL, min_size=3, max_size=3), max_size=6), st.sampled_from(("completions", "roster")), st.data())
def test_no_table_and_no_mapping_is_an_accident(rows: list[list[str]], kind: str, data: st.DataObject) -> None:
    content = "\n".join(["Alpha;Beta;Gamma", *(";".join(row) for row in rows)]).encode()
    fields = data.draw(st.permutations(KINDS[kind].fields))[:3]
    columns = dict(zip(fields, ("Alpha", "Beta", "Gamma"), strict=True))
    wanted = [each.fields[0] for each in KINDS[kind].wanted if each.fields[0] not in columns]
    reading = Reading(columns=columns, constants=dict.fromkeys(wanted, "2026-01-02"), date_order="dmy", time_zone="UTC")
    if kind == "completions":
        found = list(read_completions(content, "x.csv", TODAY, reading))
    else:
        found = list(read_roster(content, "x.csv", reading))  # type: ignore[arg-type]
    assert len(found) == sum(any(cell.strip() for cell in row) for row in rows)
    for row in found:
        if isinstance(row, RowFaults):
            assert row.faults and all(fault.reason and fault.line == row.line for fault in row.faults)
