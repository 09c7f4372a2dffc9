"""A member's own LinkedIn archive: whose it is must be said, and its courses are claims."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tracker.curriculum.words import Assurance
from tracker.intake.completions import read_completions
from tracker.intake.reading import Reading
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

FILES = Path(__file__).parent / "files"
TODAY = date(2026, 11, 21)
HEADER = (
    "Content Title,Content Description,Content Type,Content Last Watched Date (if viewed),"
    "Content Completed At (if completed),Content Saved,Notes taken on videos (if taken),\n"
)


def only_row(line: str, reading: Reading) -> CompletionRow | NotACompletion | RowFaults:
    (row,) = read_completions((HEADER + line + "\n").encode("utf-8-sig"), "Learning.csv", TODAY, reading)
    return row


@pytest.mark.parametrize(("member", "number", "email"), [("0123", "0123", ""), (" ana@example.org ", "", "ana@example.org")])
def test_the_sample_holds_one_course_on_its_los_angeles_day(member: str, number: str, email: str) -> None:
    content = (FILES / "linkedin_member_archive_Learning.csv").read_bytes()
    reader = read_completions(content, "Learning.csv", TODAY, Reading(member=member))
    assert (reader.profile, reader.source, reader.dropped) == ("linkedin-member-archive", "linkedin-archive", [])
    assert list(reader) == [
        CompletionRow(
            *(2, number, "", email, "", "", "What Is Generative AI?", date(2026, 3, 9), Assurance.CLAIMED, "", "")
        ),
        NotACompletion(3, "not completed"),
        NotACompletion(4, "a learning path"),
    ]


def test_an_archive_of_nobody_is_refused_with_what_to_say() -> None:
    with pytest.raises(Refused) as refused:
        only_row("AI,,Course,,2026-03-10 04:01 UTC,true,N/A,", Reading())
    assert (refused.value.code, refused.value.field) == ("member_missing", "member")
    assert "--member" in refused.value.message


def test_who_has_seen_the_certificates_may_say_so() -> None:
    row = only_row("AI,,Course,,2026-03-10 04:01 UTC,true,N/A,", Reading(member="1", assurance=Assurance.REVIEWED))
    assert isinstance(row, CompletionRow) and row.assurance is Assurance.REVIEWED


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("AI,,Course,,2026-13-10 04:01 UTC,true,N/A,", "Content Completed At (if completed)"),
        ("AI,,Course,,soon,true,N/A,", "Content Completed At (if completed)"),
        ("AI,,Course,,2027-03-10 04:01 UTC,true,N/A,", "Content Completed At (if completed)"),
        (",,Course,,2026-03-10 04:01 UTC,true,N/A,", "Content Title"),
        ("AI,,,,2026-03-10 04:01 UTC,true,N/A,", "Content Type"),
        ("A\x07I,,Course,,2026-03-10 04:01 UTC,true,N/A,", "Content Title"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_faulty(line: str, column: str) -> None:
    row = only_row(line, Reading(member="1"))
    assert isinstance(row, RowFaults) and [fault.column for fault in row.faults] == [column]
