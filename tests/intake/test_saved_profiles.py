"""A saved profile is found by its name, or by the headings of the file; where two fit, a person decides."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.curriculum.words import Assurance
from tracker.intake.accounts import read_accounts
from tracker.intake.completions import read_completions
from tracker.intake.reading import Reading
from tracker.intake.roster import read_roster
from tracker.operations.profiles import SavedProfile
from tracker.operations.refused import Refused
from tracker.operations.rows import AccountRow, CompletionRow, RosterRow

TODAY = date(2026, 11, 21)
CONTENT = b"Mail;Title;When;Extra\na@b.org;T;3/4/2026;x\n"
COLUMNS = {"email": "Mail", "course": "Title", "completed_on": "When"}


def saved(name: str, headers: str = "Mail;Title;When;Extra", kind: str = "completions", **said: object) -> SavedProfile:
    reading = Reading(**{"columns": COLUMNS, "date_order": "dmy"} | said)  # type: ignore[arg-type]
    return SavedProfile(name, kind, reading.as_json(), tuple(headers.split(";")))


def refusal(*profiles: SavedProfile, profile: str = "") -> Refused:
    with pytest.raises(Refused) as refused:
        read_completions(CONTENT, "x.csv", TODAY, Reading(profile=profile), profiles)
    return refused.value


def test_a_profile_is_found_by_its_headings_in_any_order_and_spelling() -> None:
    content = b"EXTRA;when;mail;Title\nx;3/4/2026;a@b.org;T\n"
    reader = read_completions(content, "x.csv", TODAY, profiles=[saved("Other", "a;b"), saved("Acme LMS")])
    assert (reader.profile, reader.source, reader.dropped) == ("Acme LMS", "Acme LMS", ["EXTRA"])
    (row,) = reader
    assert isinstance(row, CompletionRow) and row.completed_on == date(2026, 4, 3)


def test_a_profile_of_headings_that_repeat_is_found_by_the_names_they_were_given() -> None:
    columns = {"email": "Name #1", "course": "Name #2", "completed_on": "#3"}
    profiles = [
        saved("One", "Name #1;Name #2;#3", columns=columns),
        saved("Two", "Name #1;Name #2;#3;Day", columns=columns),
    ]
    reader = read_completions(b"Name;Name;;Day\na@b.org;T;2026-03-09;\n", "x.csv", TODAY, profiles=profiles)
    assert reader.profile == "Two"


def test_headings_that_repeat_are_no_fault_of_a_table_that_is_read_by_a_mapping() -> None:
    content = b"Email;Email;Course;Course;Local;Local;When\na@b.org;x;T;y;9;9;2026-03-09\n"
    columns = {"email": "Email #1", "course": "Course #1", "completed_on": "When"}
    profile = saved("Acme", "Email;Email;Course;Course;Local;Local;When", columns=columns)
    assert [row.line for row in read_completions(content, "x.csv", TODAY, profiles=[profile])] == [2]
    for read in (lambda: read_completions(content, "x.csv", TODAY), lambda: read_roster(content, "x.csv")):
        with pytest.raises(Refused) as refused:
            read()
        assert refused.value.code == "unknown_table"


def test_a_profile_is_found_by_its_name_and_what_is_said_besides_goes_before_it() -> None:
    reading = Reading(profile="acme lms", date_order="mdy", assurance=Assurance.REVIEWED, columns={"external_id": "Extra"})
    reader = read_completions(CONTENT, "x.csv", TODAY, reading, [saved("Acme LMS", "other")])
    (row,) = reader
    assert isinstance(row, CompletionRow)
    assert (row.completed_on, row.assurance, row.external_id) == (date(2026, 3, 4), Assurance.REVIEWED, "x")


def test_columns_without_a_name_are_read_by_no_profile() -> None:
    reader = read_completions(CONTENT, "x.csv", TODAY, Reading(columns=COLUMNS, date_order="mdy"), [saved("Acme LMS")])
    assert (reader.profile, reader.source) == ("mapping", "table")
    reader.call("New LMS")
    assert (reader.profile, reader.source) == ("New LMS", "New LMS")


def test_where_headings_were_added_the_profile_that_finds_most_columns_is_meant() -> None:
    more = saved("More", "Mail;Title;When", columns=COLUMNS | {"external_id": "Extra"})
    less = saved("Less", "Mail;Title")
    absent = saved("Absent", "Mail", columns=COLUMNS | {"external_id": "Gone", "percent": "Extra"})
    assert read_completions(CONTENT, "x.csv", TODAY, profiles=[less, more, absent]).profile == "More"
    assert read_completions(CONTENT, "x.csv", TODAY, profiles=[saved("Exact"), more]).profile == "Exact"


def test_two_that_fit_alike_are_named_and_not_chosen_between() -> None:
    refused = refusal(saved("One"), saved("Two"))
    assert (refused.code, refused.field) == ("ambiguous_profile", "profile")
    assert "'One'" in refused.message and "'Two'" in refused.message


def test_a_profile_of_another_kind_is_none() -> None:
    assert refusal(saved("Roster", kind="roster")).code == "unknown_table"
    refused = refusal(saved("Roster", kind="roster"), saved("Acme"), profile="Roster")
    assert (refused.code, refused.field) == ("unknown_profile", "profile")
    assert "canonical" in refused.message and "Acme" in refused.message


def test_the_columns_of_a_named_profile_must_be_there() -> None:
    assert refusal(saved("Acme", columns=COLUMNS | {"name": "Who"}), profile="Acme").code == "unknown_column"


def test_a_built_in_form_goes_before_a_saved_one() -> None:
    content = b"email,course,completed_on\na@b.org,T,2026-03-09\n"
    columns = {"email": "email", "course": "course", "completed_on": "completed_on"}
    profiles = [saved("Mine", "email;course;completed_on", columns=columns)]
    assert read_completions(content, "x.csv", TODAY, profiles=profiles).profile == "canonical"
    assert read_completions(content, "x.csv", TODAY, Reading(profile="Mine"), profiles).profile == "Mine"


def test_a_profile_finds_its_headings_under_what_hides_them() -> None:
    content = b"Mail;Title;Owner;Run\nall;all;me;2026-03-30\nMail;Title;When\na@b.org;T;3/4/2026\n"
    reader = read_completions(content, "x.csv", TODAY, profiles=[saved("Acme")])
    assert reader.profile == "Acme" and [row.line for row in reader] == [4]


def test_rosters_and_accounts_have_profiles_too() -> None:
    roster = saved("Local 9", "No;Who", "roster", columns={"member_number": "No", "name": "Who"}, constants={"local": "9"})
    (card,) = read_roster(b"No;Who\n1;Ana Example\n", "x.csv", profiles=[roster])
    assert isinstance(card, RosterRow) and (card.local, card.last_name) == ("9", "Example")
    people = saved("People", "Mail;On", "accounts", columns={"email": "Mail", "status": "On"})
    (account,) = read_accounts(b"Mail;On\na@b.org;no\n", "x.csv", profiles=[people])
    assert isinstance(account, AccountRow) and not account.is_open
    for read in (read_roster, read_accounts):
        with pytest.raises(Refused) as refused:
            read(b"a;b\n1;2\n", "x.csv", Reading(profile="None"), [people, roster])
        assert refused.value.code == "unknown_profile"
