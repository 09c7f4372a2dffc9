"""A guess from headings and first rows: likely, never two fields for one column, and never against the values."""

from __future__ import annotations

import shlex
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.intake.completions import read_completions
from tracker.intake.fields import KINDS
from tracker.intake.guessing import guessed, look
from tracker.intake.reading import Reading
from tracker.intake.roster import read_roster
from tracker.intake.synonyms import FOREIGN_WORDS, SCORES, SYNONYMS, plain_heading
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow

TODAY = date(2026, 11, 21)
FILES = Path(__file__).parent / "files"


def guess(headings: str, *rows: str, kind: str = "completions") -> dict[str, str]:
    return guessed(headings.split(";"), [row.split(";") for row in rows], kind)


@pytest.mark.parametrize("kind", KINDS)
def test_our_own_names_are_their_own_guess(kind: str) -> None:
    fields = [field for field in KINDS[kind].fields if field != "name"]
    assert guessed(fields, [], kind) == {field: field for field in fields}


@pytest.mark.parametrize("kind", KINDS)
def test_the_lists_of_names_hold_fields_of_the_kind_in_plain_letters(kind: str) -> None:
    assert set(SYNONYMS[kind]) == set(KINDS[kind].fields)
    for names in SYNONYMS[kind].values():
        for name in (each.strip() for line in names.split("\n") for each in line.split("|")):
            assert name == plain_heading(name)


def test_the_other_lists_are_in_plain_letters() -> None:
    assert all(word == plain_heading(word) for word in FOREIGN_WORDS | SCORES)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("E-Mail Address", "email"),
        ("learner_email", "email"),
        ("Courriel", "email"),
        ("Correo electrónico", "email"),
        ("User Email Address (Primary)", "email"),
        ("Employee ID", "learner_id"),
        ("N° d'employé", "learner_id"),
        ("IATSE Card Number", "member_number"),
        ("Card No.", "member_number"),
        ("Learner", "name"),
        ("Participante", "name"),
        ("Course Title", "course"),
        ("Activity Name", "course"),
        ("Content", "course"),
        ("Intitulé de la formation", "course"),
        ("Course Code", "course_id"),
        ("Date Completed", "completed_on"),
        ("CompletionDate", "completed_on"),
        ("Completed Date (UTC)", "completed_on"),
        ("Finished On", "completed_on"),
        ("Fecha de finalización", "completed_on"),
        ("Training Completion Date", "completed_on"),
        ("% Complete", "percent"),
        ("Progress (%)", "percent"),
        ("Status", "percent"),
        ("Local", "local"),
        ("Certificate URL", "evidence_url"),
    ],
)
def test_a_heading_is_known_in_many_spellings(heading: str, field: str) -> None:
    assert guess(f"Alpha;{heading};Beta") == {field: heading}


@pytest.mark.parametrize(
    "heading",
    [
        *(
            "Manager Email",
            "Supervisor E-mail Address",
            "Start Date",
            "Due Date",
            "Enrollment Date",
            "Date of Birth",
            "Expiration Date",
        ),
        *("Work Title", "Job Title", "Company Name", "Course Hours", "Course Provider", "Instructor Name", "Notes", "Phone"),
    ],
)
def test_a_heading_of_something_else_is_left_alone(heading: str) -> None:
    assert guess(heading) == {}


def test_a_column_s_values_may_speak_against_its_heading() -> None:
    assert guess("Email;Completed", "jsmith;Yes", "adoe;No") == {"percent": "Completed"}
    assert guess("Date;Status", "x;Active", "y;Blue") == {}
    assert guess("Name;Date", "a@b.org;2026-03-09") == {"email": "Name", "completed_on": "Date"}
    assert guess("Type;Number", "Permit;1", "member;2", kind="roster") == {"member_number": "Number", "kind": "Type"}
    assert guess("Type;Number", "Stage;1", kind="roster") == {"member_number": "Number"}


def test_where_no_heading_helps_the_values_do_if_only_one_column_can_be_meant() -> None:
    assert guess("A;B;C", "a@b.org;x;2026-03-09", "c@b.org;y;9 mars 2026") == {"email": "A", "completed_on": "C"}
    assert guess("A;B", "a@b.org;c@b.org") == {}
    assert guess("Username;Title", "a@b.org;x") == {"email": "Username", "course": "Title"}
    assert guess("Start;End", "2026-03-01;2026-03-09") == {"completed_on": "End"}


def test_a_score_is_no_progress_where_a_day_says_that_it_was_completed() -> None:
    assert guess("Email;Course;Completion Date;Score", "a@b.org;x;2026-03-09;85") == {
        "email": "Email",
        "course": "Course",
        "completed_on": "Completion Date",
    }
    assert guess("Email;Course;Score", "a@b.org;x;85")["percent"] == "Score"


def test_a_whole_name_gives_way_to_its_parts() -> None:
    assert guess("Name;First Name;Last Name;Email") == {
        "email": "Email",
        "first_name": "First Name",
        "last_name": "Last Name",
    }


@given(
    st.lists(
        st.sampled_from(["Email", "E-mail", "Name", "Learner", "Course", "Title", "Status", "Date", "Completed", "ID", ""]),
        max_size=8,
    ),
    st.sampled_from(sorted(KINDS)),
)
def test_no_column_is_guessed_for_two_fields(headings: list[str], kind: str) -> None:
    labels = [f"{heading} #{place}" for place, heading in enumerate(headings)]
    found = guessed(labels, [], kind)
    assert len(set(found.values())) == len(found)
    assert set(found.values()) <= set(labels) and set(found) <= set(KINDS[kind].fields)


def test_an_unknown_table_is_refused_with_the_mapping_to_paste() -> None:
    content = b"Adresse courriel;Cours;Date;Avancement\na@b.org;osha-10;25/03/2026;100 %\n"
    with pytest.raises(Refused) as refused:
        read_completions(content, "x.csv", TODAY)
    assert refused.value.code == "unknown_table"
    options = shlex.split(refused.value.message.partition("add: ")[2])
    columns = dict(each.split("=", 1) for each in options[1::2])
    assert set(options[::2]) == {"--map"}
    (row,) = read_completions(content, "x.csv", TODAY, Reading(columns=columns))
    assert isinstance(row, CompletionRow) and str(row.completed_on) == "2026-03-25"


def test_what_nobody_can_guess_is_asked_for() -> None:
    with pytest.raises(Refused) as refused:
        read_completions(b"Courriel;Foo\na@b.org;osha-10\n", "x.csv", TODAY)
    message = refused.value.message
    assert "--map email=Courriel" in message
    assert "which course it was (course or course_id)" in message and "on which day" in message and "--set" in message
    with pytest.raises(Refused) as refused:
        read_roster(b"Foo;Bar\n1;2\n", "x.csv")
    assert "None of its columns is recognised. Say the member’s number (member_number)" in refused.value.message


def test_a_look_shows_the_first_rows_and_asks_what_is_open() -> None:
    rows = "".join(f"a{number}@b.org;T;3/4/2026 20:00 PST;Attended\n" for number in range(60))
    seen = look(f"Mail;Title;When;Status\n{rows}".encode(), "x.csv", "completions")
    assert seen.headers == ["Mail", "Title", "When", "Status"] and len(seen.rows) == 10
    assert seen.rows[0] == ["a0@b.org", "T", "3/4/2026 20:00 PST", "Attended"]
    assert seen.guess == {"email": "Mail", "course": "Title", "completed_on": "When"}
    assert [need.field for need in seen.needs] == ["date_order", "time_zone"]
    assert "3 April 2026 or 4 March 2026" in seen.needs[0].question and "--" not in seen.needs[0].question
    assert seen.date_examples == ["3/4/2026 20:00 PST"]


def test_a_look_at_what_a_person_has_said_asks_no_more() -> None:
    content = b"Mail;Title;When;Status\na@b.org;T;3/4/2026 20:00 PST;Attended\n"
    columns = {"email": "Mail", "course": "Title", "completed_on": "When", "percent": "Status"}
    seen = look(content, "x.csv", "completions", Reading(columns=columns, date_order="mdy", time_zone="UTC"))
    assert (seen.guess, seen.needs, seen.words) == (columns, [], {"percent": ["Attended"]})
    missing = look(content, "x.csv", "completions", Reading(columns={"email": "Mail"}))
    assert [need.field for need in missing.needs] == ["columns", "columns"]
    assert (
        look(content, "x.csv", "completions", Reading(columns={"course": "Title"}, member="1"))
        .needs[0]
        .question.startswith("Which column says on which day")
    )


def test_the_whole_file_is_looked_at_for_the_order_of_its_days() -> None:
    rows = "a@b.org;T;3/4/2026\n" * 500 + "a@b.org;T;25/4/2026\n"
    assert look(f"Mail;Title;Date\n{rows}".encode(), "x.csv", "completions").needs == []


def test_a_look_at_headings_that_repeat_or_are_blank_gives_each_a_name_to_map_by() -> None:
    seen = look(b"Name;Name;;Day\na@b.org;T;x;2026-03-09\n", "x.csv", "completions")
    assert seen.headers == ["Name #1", "Name #2", "#3", "Day"]
    assert seen.guess["email"] == "Name #1"


@pytest.mark.parametrize("name", ["linkedin_learner_detail.csv", "linkedin_learner_summary.csv", "roster_local_assumed.csv"])
@pytest.mark.parametrize("kind", KINDS)
def test_any_table_can_be_looked_at_as_any_kind(name: str, kind: str) -> None:
    seen = look((FILES / name).read_bytes(), name, kind)
    assert seen.headers and set(seen.guess.values()) <= set(seen.headers)
