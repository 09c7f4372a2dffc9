"""LinkedIn's Learner Detail report: only whole courses are completions, on the Los Angeles day."""

from __future__ import annotations

import io
from datetime import date, datetime
from pathlib import Path

import pytest
import xlsxwriter

from tracker.curriculum.words import Assurance
from tracker.intake.completions import read_completions
from tracker.intake.reading import Reading
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

FILES = Path(__file__).parent / "files"
TODAY = date(2026, 11, 21)
HEADER = "Name,Email,Unique User ID,Content Name,Content Type,Content ID,Percent Completed,Completed At (PST/PDT)\n"


def only_row(
    kind: str = "Course",
    percent: str = "100%",
    completed_at: str = "2026-03-09 20:01:44",
    learner: str = "Ana,ana@example.org,IA-1",
    title: str = "What Is Generative AI?",
    content_id: str = "0000001",
    header: str = HEADER,
) -> CompletionRow | NotACompletion | RowFaults:
    line = f'{learner},{title},{kind},{content_id},"{percent}","{completed_at}"\n'
    (row,) = read_completions((header + line).encode(), "detail.csv", TODAY)
    return row


def test_the_sample_report_holds_one_completion() -> None:
    reader = read_completions((FILES / "linkedin_learner_detail.csv").read_bytes(), "detail.csv", TODAY)
    assert (reader.profile, reader.source, reader.dropped) == ("linkedin-learner-detail", "linkedin", [])
    assert list(reader) == [
        CompletionRow(
            2,
            "",
            "IA-0000001",
            "testy.mcgaffer@example.org",
            "Testy McGaffer",
            "0000001",
            "What Is Generative AI?",
            date(2026, 3, 9),
            Assurance.PROVIDER,
            "",
            "",
            "Local 999",
        ),
        NotACompletion(3, "a learning path"),
        NotACompletion(4, "a video"),
    ]


@pytest.mark.parametrize(
    ("kind", "percent", "reason"),
    [
        ("Video", "100%", "a video"),
        ("LEARNING PATH", "100%", "a learning path"),
        ("Audio", "100%", "an audio"),
        ("Article", "", "an article"),
        ("Course", "33%", "33 % of the course"),
        ("Course", "99,5 %", "99.5 % of the course"),
        ("Course", "1%", "1 % of the course"),
        ("Course", "0", "0 % of the course"),
        ("Course", "", "0 % of the course"),
    ],
)
def test_anything_but_a_whole_course_is_not_a_completion(kind: str, percent: str, reason: str) -> None:
    assert only_row(kind, percent, completed_at="") == NotACompletion(2, reason)


@pytest.mark.parametrize("percent", ["100%", "100", "100.0 %", "100,0%", "100 %"])
@pytest.mark.parametrize("kind", ["Course", "course", "COURSE"])
def test_a_whole_course_is_a_completion_however_it_is_spelt(kind: str, percent: str) -> None:
    assert isinstance(only_row(kind, percent), CompletionRow)


@pytest.mark.parametrize(
    "text",
    [
        "2026-03-09",
        "2026-03-09 23:59",
        "2026-03-09 23:59:59",
        "2026-03-09T23:59:59.123",
        "2026-03-09 11:59 PM",
        "3/9/2026",
        "03/09/2026",
        "3/9/26",
        "3/9/2026 23:59",
        "3/9/2026 23:59:59",
        "3/9/2026 11:59 PM",
        "3/9/26 12:00 am",
        "3/9/2026, 11:59:59 p.m.",
        "3/9/2026, 8:01\u202fPM",
        "2026-03-10T06:59:00Z",
        "2026-03-10 02:59:00-04:00",
    ],
)
def test_the_day_is_the_one_in_los_angeles(text: str) -> None:
    row = only_row(completed_at=text)
    assert isinstance(row, CompletionRow) and row.completed_on == date(2026, 3, 9)


@pytest.mark.parametrize(
    ("zone", "day"),
    [("PST/PDT", date(2026, 3, 9)), ("PT", date(2026, 3, 9)), ("UTC", date(2026, 3, 8))],
)
def test_a_report_in_utc_is_turned_into_the_los_angeles_day(zone: str, day: date) -> None:
    row = only_row(completed_at="2026-03-09 03:00:00", header=HEADER.replace("PST/PDT", zone))
    assert isinstance(row, CompletionRow) and row.completed_on == day


def test_the_heading_needs_no_zone() -> None:
    assert isinstance(only_row(header=HEADER.replace(" (PST/PDT)", "").upper()), CompletionRow)


@pytest.mark.parametrize(
    ("name", "row", "column"),
    [
        ("complete without a day", only_row(completed_at=""), "Completed At"),
        ("a European day", only_row(completed_at="25/03/2026"), "Completed At"),
        ("no day", only_row(completed_at="yesterday"), "Completed At"),
        ("no such day", only_row(completed_at="2/30/2026"), "Completed At"),
        ("no such hour", only_row(completed_at="2026-03-09 24:01"), "Completed At"),
        ("no such half day", only_row(completed_at="3/9/2026 13:00 PM"), "Completed At"),
        ("out of the calendar", only_row(completed_at="0001-01-01T00:00:00+00:00"), "Completed At"),
        ("in the future", only_row(completed_at="2026-11-22"), "Completed At"),
        ("long ago", only_row(completed_at="1949-12-31"), "Completed At"),
        ("no learner", only_row(learner="Ana,,"), "Unique User ID"),
        ("no course", only_row(title="", content_id=""), "Content Name"),
        ("no kind", only_row(kind=""), "Content Type"),
        ("no percentage", only_row(percent="all"), "Percent Completed"),
        ("more than all", only_row(percent="150%"), "Percent Completed"),
        ("less than nothing", only_row(percent="-5%"), "Percent Completed"),
        ("a fraction from a spreadsheet", only_row(percent="1"), "Percent Completed"),
        ("an invisible character", only_row(title="What\x07"), "Content Name"),
    ],
)
def test_a_row_that_cannot_be_trusted_is_faulty(name: str, row: RowFaults, column: str) -> None:
    assert isinstance(row, RowFaults)
    assert [fault.column for fault in row.faults] == [column]
    assert row.line == 2 and row.faults[0].reason


def test_one_name_for_the_learner_and_one_for_the_course_are_enough() -> None:
    assert isinstance(only_row(learner="Ana,ana@example.org,", content_id=""), CompletionRow)
    assert isinstance(only_row(learner=",,IA-1", title=""), CompletionRow)


def test_columns_the_report_is_not_known_to_have_are_dropped_by_name() -> None:
    content = HEADER.replace("Content ID", "Skills,Manager,Content ID").encode()
    assert read_completions(content, "detail.csv", TODAY).dropped == ["Manager"]


def test_the_report_saved_as_a_workbook_reads_the_same() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, HEADER.strip().split(","))
    sheet.write_row(1, 0, ["Ana", "ana@example.org", "IA-1", "What Is Generative AI?", "Course", 1, "100%"])
    sheet.write_datetime(1, 7, datetime(2026, 3, 9, 20, 1), book.add_format({"num_format": "m/d/yy hh:mm"}))
    book.close()
    (row,) = read_completions(content.getvalue(), "detail.xlsx", TODAY)
    assert isinstance(row, CompletionRow)
    assert (row.course_id, row.completed_on) == ("1", date(2026, 3, 9))


@pytest.mark.parametrize(
    "file_name",
    ["linkedin_learner_summary.csv", "linkedin_organization_summary.csv", "linkedin_users_upload_2016.csv"],
)
def test_linkedin_s_other_downloads_are_refused_with_the_one_to_fetch(file_name: str) -> None:
    with pytest.raises(Refused) as refused:
        read_completions((FILES / file_name).read_bytes(), file_name, TODAY)
    assert refused.value.code == "wrong_report"
    assert '"Learner Detail"' in refused.value.message


def test_two_columns_of_one_name_are_refused() -> None:
    with pytest.raises(Refused) as refused:
        only_row(header=HEADER.replace("Content ID", "Completed At (UTC)"))
    assert refused.value.code == "duplicate_header"


@pytest.mark.parametrize(
    ("now", "then", "local"),
    [
        ("Local 999, Lighting", "Local 998", "Local 999"),
        ("Lighting", "IATSE Local 998 (Grips), Sound", "IATSE Local 998 (Grips)"),
        ("", "", ""),
        ("Local 998, Local 999, Local 998", "", "Local 998, Local 999"),
        ("Local One", "", "Local One"),
        ("Locally grown 5, Lighting", "", ""),
        ("Local 9" + "9" * 300, "", ""),
        ("Local\x07 9", "", ""),
    ],
)
def test_the_groups_that_name_a_local_are_kept_to_recognise_the_learner_by(now: str, then: str, local: str) -> None:
    header = HEADER.replace("\n", ",Groups (At Time Of Engagement),Groups (Current Membership)\n")
    line = f'Ana,ana@example.org,IA-1,Sound,Course,1,100%,2026-03-09,"{then}","{now}"\n'
    (row,) = read_completions((header + line).encode(), "detail.csv", TODAY)
    assert isinstance(row, CompletionRow) and row.learner_local == local


def test_what_a_person_is_sure_of_goes_before_the_provider_s_word() -> None:
    line = "Ana,ana@example.org,IA-1,Sound,Course,1,100%,2026-03-09\n"
    (row,) = read_completions((HEADER + line).encode(), "detail.csv", TODAY, Reading(assurance=Assurance.CLAIMED))
    assert isinstance(row, CompletionRow) and row.assurance is Assurance.CLAIMED
