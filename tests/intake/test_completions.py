"""The canonical table of completions, and how a table finds its reader."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.curriculum.words import Assurance
from tracker.intake.completions import PROFILES, read_completions
from tracker.intake.reading import Reading
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

HERE = Path(__file__).parent
TODAY = date(2026, 11, 21)
HEADER = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"


def only_row(line: str) -> CompletionRow | NotACompletion | RowFaults:
    (row,) = read_completions((HEADER + line + "\n").encode(), "done.csv", TODAY)
    return row


def test_the_worked_example_is_read_as_it_stands() -> None:
    content = (HERE.parent / "worked_example" / "completions.csv").read_bytes()
    reader = read_completions(content, "completions.csv", TODAY)
    assert (reader.profile, reader.source, reader.dropped) == ("canonical", "table", [])
    rows = list(reader)
    assert len(rows) == 28 and all(isinstance(row, CompletionRow) for row in rows)
    day = date(2026, 2, 3)
    assert rows[5] == CompletionRow(
        7, "", "", "BEN@example.org", "", "", "ai-for-creatives", day, Assurance.REVIEWED, "", ""
    )


def test_course_day_and_one_name_for_the_learner_are_enough() -> None:
    reader = read_completions(b"Completed On\tCourse\tE-mail\tEmail\n2026-01-02\tosha-10\tx\ta@b.org\n", "x.tsv", TODAY)
    assert reader.dropped == ["E-mail"]
    assert list(reader) == [
        CompletionRow(2, "", "", "a@b.org", "", "", "osha-10", date(2026, 1, 2), Assurance.CLAIMED, "", "")
    ]


@pytest.mark.parametrize(
    ("word", "assurance"),
    [("", Assurance.CLAIMED), ("claimed", Assurance.CLAIMED), ("Reviewed", Assurance.REVIEWED), ("PROVIDER", 3)],
)
def test_a_blank_assurance_is_claimed(word: str, assurance: Assurance) -> None:
    row = only_row(f"1,,osha-10,2026-01-02,{word},,")
    assert isinstance(row, CompletionRow) and row.assurance is Assurance(assurance)


@pytest.mark.parametrize("day", ["1950-01-01", "2024-02-29", "2026-11-21"])
def test_the_first_and_the_last_possible_day_are_read(day: str) -> None:
    row = only_row(f"1,,osha-10,{day},,,")
    assert isinstance(row, CompletionRow) and row.completed_on == date.fromisoformat(day)


@pytest.mark.parametrize(
    ("name", "line", "expected"),
    [
        ("no learner", ",,osha-10,2026-01-02,,,", [("member_number", "")]),
        ("no course", "1,,,2026-01-02,,,", [("course", "")]),
        ("no day", "1,,osha-10,,,,", [("completed_on", "")]),
        ("an American day", "1,,osha-10,3/9/2026,,,", [("completed_on", "3/9/2026")]),
        ("a moment", "1,,osha-10,2026-01-02 10:00,,,", [("completed_on", "2026-01-02 10:00")]),
        ("a day that is none", "1,,osha-10,2025-02-29,,,", [("completed_on", "2025-02-29")]),
        ("tomorrow", "1,,osha-10,2026-11-22,,,", [("completed_on", "2026-11-22")]),
        ("long ago", "1,,osha-10,1949-12-31,,,", [("completed_on", "1949-12-31")]),
        ("no such assurance", "1,,osha-10,2026-01-02,sure,,", [("assurance", "sure")]),
        ("a link that is none", "1,,osha-10,2026-01-02,,javascript:x,", [("evidence_url", "javascript:x")]),
        ("a link elsewhere", "1,,osha-10,2026-01-02,,ftp://a.b/c,", [("evidence_url", "ftp://a.b/c")]),
        (
            "an invisible character",
            "1,,osha\u200110\x00".replace("\x00", "\x01") + ",2026-01-02,,,",
            [("course", "osha\u200110\x01")],
        ),
        ("an id too long", f"1,,osha-10,2026-01-02,,,{'L' * 201}", [("external_id", "L" * 79 + "…")]),
        ("too many cells", "1,,Literacy, Ethics,2026-01-02,,,,more", [("", "more")]),
        (
            "several faults",
            ",,,soon,sure,,",
            [("member_number", ""), ("course", ""), ("completed_on", "soon"), ("assurance", "sure")],
        ),
    ],
)
def test_a_faulty_row_names_each_fault_and_is_one_row(name: str, line: str, expected: list[tuple[str, str]]) -> None:
    row = only_row(line)
    assert isinstance(row, RowFaults)
    assert [(fault.column, fault.value) for fault in row.faults] == expected
    assert row.line == 2 and all(fault.line == 2 and fault.reason for fault in row.faults)


def test_a_row_that_says_it_was_not_completed_is_no_completion_under_our_headings_either() -> None:
    content = (
        b"Email,Course,Completed on,Status,Passed\na@example.org,osha-10,2026-01-02,Failed,\n"
        b"b@example.org,osha-10,2026-01-02,Completed,yes\nc@example.org,osha-10,2026-01-02,,No\n"
        b"d@example.org,osha-10,2026-01-02,Active,\n"
    )
    found = list(read_completions(content, "x.csv", TODAY))
    assert found[::2] == [NotACompletion(2, "failed"), NotACompletion(4, "no")]
    assert [row.email for row in found[1::2] if isinstance(row, CompletionRow)] == ["b@example.org", "d@example.org"]


def test_tomorrow_is_in_the_future() -> None:
    row = only_row("1,,osha-10,2026-11-22,,,")
    assert isinstance(row, RowFaults) and row.faults[0].reason == "is in the future"


def test_a_course_may_be_given_by_a_long_link() -> None:
    url = "https://www.linkedin.com/learning/what-is-generative-ai?" + "u=76281980&" * 30
    row = only_row(f"1,,{url},2026-01-02,,{url},")
    assert isinstance(row, CompletionRow) and row.course == row.evidence_url == url


def test_rows_keep_their_lines_after_a_quoted_line_break_in_a_dropped_column() -> None:
    content = b'member_number,course,completed_on,note\n1,a,2026-01-02,"two\nlines"\n2,b,2026-01-02,\n'
    assert [row.line for row in read_completions(content, "x.csv", TODAY)] == [2, 4]


def test_an_unknown_table_is_refused_with_what_it_has_and_what_is_wanted() -> None:
    with pytest.raises(Refused) as refused:
        read_completions(b"Card,Class,Day\n1,2,3\n", "x.csv", TODAY)
    assert refused.value.code == "unknown_table"
    assert "Card, Class, Day" in refused.value.message
    assert all(profile in refused.value.message for profile in PROFILES)


def test_an_unknown_profile_is_refused_with_those_that_exist() -> None:
    with pytest.raises(Refused) as refused:
        read_completions(HEADER.encode(), "x.csv", TODAY, Reading(profile="excel"))
    assert (refused.value.code, refused.value.field) == ("unknown_profile", "profile")
    assert "canonical, linkedin-learner-detail" in refused.value.message


def test_a_named_profile_must_fit_the_headings() -> None:
    assert read_completions(HEADER.encode(), "x.csv", TODAY, Reading(profile="canonical")).profile == "canonical"
    with pytest.raises(Refused) as refused:
        read_completions(HEADER.encode(), "x.csv", TODAY, Reading(profile="linkedin-learner-detail"))
    assert refused.value.code == "unknown_table"


def test_a_needed_column_that_stands_twice_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        read_completions(b"member_number,course,Course,completed_on\n", "x.csv", TODAY)
    assert refused.value.code == "duplicate_header"


def test_what_a_person_is_sure_of_holds_for_every_row() -> None:
    content = (HEADER + "1,,osha-10,2026-01-02,,,\n2,,osha-10,2026-01-02,provider,,\n").encode()
    rows = read_completions(content, "x.csv", TODAY, Reading(assurance=Assurance.REVIEWED))
    assert [row.assurance for row in rows if isinstance(row, CompletionRow)] == [Assurance.REVIEWED] * 2


def test_the_canonical_columns_may_be_read_with_more_said_of_them() -> None:
    content = b"email,completed_on\na@b.org,3/25/2026\nc@b.org,3/4/2026\n"
    reader = read_completions(content, "x.csv", TODAY, Reading(constants={"course": "osha-10"}))
    assert (reader.profile, reader.reading.date_order) == ("canonical", "mdy")
    assert [(row.course, str(row.completed_on)) for row in reader if isinstance(row, CompletionRow)] == [
        ("osha-10", "2026-03-25"),
        ("osha-10", "2026-03-04"),
    ]
    named = Reading(profile="canonical", columns={"course": "Class"})
    rows = list(read_completions(b"email,Class,completed_on\na@b.org,x,2026-03-04\n", "x.csv", TODAY, named))
    assert [row.course for row in rows if isinstance(row, CompletionRow)] == ["x"]


def test_a_form_with_columns_of_its_own_takes_no_mapping() -> None:
    reading = Reading(profile="linkedin-learner-detail", columns={"course": "course"})
    with pytest.raises(Refused) as refused:
        read_completions(HEADER.encode(), "x.csv", TODAY, reading)
    assert (refused.value.code, refused.value.field) == ("fixed_form", "columns")
