"""Saved profiles: kept under a name, replaced, removed, and each act in the audit trail."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import select

from tests.operations.conftest import Desk
from tracker.intake.completions import PROFILES
from tracker.intake.linkedin_api.elements import PROFILE as API
from tracker.intake.mapping import PROFILE, SOURCE
from tracker.intake.reading import Reading
from tracker.models import AuditEntry
from tracker.operations.actor import OPERATOR
from tracker.operations.profiles import BUILT_IN, SavedProfile, find_profile, profiles_of, remove_profile, save_profile
from tracker.operations.refused import Refused

READING = Reading(
    columns={"email": "Mail", "course": "Title", "completed_on": "When"},
    values={"percent": {"Attended": "100"}},
    date_order="dmy",
    member="0123",
    profile="canonical",
).as_json()


def save(desk: Desk, name: str, kind: str = "completions", reading: dict[str, Any] = READING) -> SavedProfile:
    with desk.write() as session:
        return save_profile(session, name, kind, reading, ["Mail", "", "Title", "When"], OPERATOR, desk.now)


def entries(desk: Desk) -> list[tuple[str, dict[str, Any]]]:
    with desk.session() as session:
        found = session.scalars(select(AuditEntry).where(AuditEntry.object_kind == "import_profile").order_by(AuditEntry.id))
        return [(each.action, each.detail) for each in found]


def test_a_profile_keeps_how_a_file_is_read_but_not_whose_it_was(desk: Desk) -> None:
    save(desk, "  Acme   LMS ")
    with desk.session() as session:
        (found,) = profiles_of(session, "completions")
        assert find_profile(session, "acme lms") == found
        assert profiles_of(session, "roster") == []
    assert (found.name, found.kind, found.headers) == ("Acme LMS", "completions", ("Mail", "Title", "When"))
    reading = Reading.from_json(found.reading)
    assert (reading.columns, reading.date_order, reading.member, reading.profile) == (READING["columns"], "dmy", "", "")
    assert reading.values == {"percent": {"Attended": "100"}}


def test_saving_again_under_the_name_replaces_it_and_both_are_in_the_audit_trail(desk: Desk) -> None:
    save(desk, "Acme")
    save(desk, "ACME", reading=READING | {"date_order": "mdy"})
    with desk.session() as session:
        (found,) = profiles_of(session)
    assert (found.name, found.reading["date_order"]) == ("Acme", "mdy")
    (first, made), (second, changed) = entries(desk)
    assert (first, second) == ("save_profile", "save_profile")
    assert made["before"] is None and changed["before"] == made["after"]
    assert changed["after"]["reading"]["date_order"] == "mdy"


@pytest.mark.parametrize(
    "name", ["", "  ", "x" * 61, "a/b", "a\nb\x07", "-x", "<b>", "a;b", "Canonical", "linkedin", "xapi", "table"]
)
def test_a_name_that_cannot_be_one_is_refused(desk: Desk, name: str) -> None:
    with pytest.raises(Refused) as refused:
        save(desk, name)
    assert (refused.value.code, refused.value.field) == ("profile_name", "save_profile")
    assert entries(desk) == []


@pytest.mark.parametrize("name", ["Acme (2026)", "Société d'exemple", "learn & earn +", "3M", "x" * 60])
def test_a_name_may_be_what_people_call_it(desk: Desk, name: str) -> None:
    assert save(desk, name).name == name


def test_a_name_means_one_kind_of_file(desk: Desk) -> None:
    save(desk, "Acme")
    with pytest.raises(Refused) as refused:
        save(desk, "Acme", kind="roster")
    assert refused.value.code == "profile_taken"


def test_there_must_be_something_to_save(desk: Desk) -> None:
    with pytest.raises(Refused) as refused:
        save(desk, "Acme", reading=Reading().as_json())
    assert refused.value.code == "nothing_mapped"


def test_a_profile_that_is_removed_is_gone_and_only_the_trail_remembers_it(desk: Desk) -> None:
    save(desk, "Acme")
    with desk.write() as session:
        remove_profile(session, "acme", OPERATOR, desk.now)
    with desk.session() as session:
        assert profiles_of(session) == []
    assert [action for action, _ in entries(desk)] == ["save_profile", "remove_profile"]
    with pytest.raises(Refused) as refused, desk.write() as session:
        remove_profile(session, "acme", OPERATOR, desk.now)
    assert (refused.value.code, refused.value.field) == ("unknown_profile", "profile")


def test_no_saved_profile_can_pass_for_what_is_built_in() -> None:
    assert {*PROFILES, API, PROFILE, SOURCE} <= BUILT_IN
