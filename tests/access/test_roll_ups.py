"""The weekly roll-up: each officer's own units, in counts, as they may see them at that moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import TODAY, Desk, desk
from tracker.cli.posting.weekly import make_weekly
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Assurance, Role
from tracker.models import Notice, User
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.notices.stopping import stop_notices

__all__ = ["desk"]

ROSTER = (
    "0001,Ana,Alpha,ana@example.org,80,grip,active,member,2019-03-01,,yes\n"
    "0002,Ben,Bravo,ben@example.org,80,grip,active,member,2019-03-01,,yes\n"
    "0003,Cyd,Charlie,cyd@example.org,700,editing,active,member,2019-03-01,,yes\n"
    "0004,Dee,Delta,dee@example.org,15,stagehand,active,member,2019-03-01,,yes\n"
)


@pytest.fixture
def union(desk: Desk) -> Desk:
    """Two of Local 80 and one each of 700 and 15, all asked for set-safety; Ana has done it since Thursday."""
    desk.roster(ROSTER)
    desk.assign("set-safety", everyone=True, on=date(2026, 1, 5), due_on=TODAY + timedelta(days=20))
    desk.log("0001", "osha-10", date(2026, 2, 26), Assurance.REVIEWED, actor=OPERATOR)
    desk.log("0001", "fall-protection", date(2026, 2, 26), Assurance.REVIEWED, actor=OPERATOR)
    desk.log("0002", "osha-10", date(2026, 2, 26))
    return desk


def with_role(desk: Desk, email: str, role: Role, unit: str | None, language: str | None = None) -> User:
    with desk.write() as session:
        where = find_unit(session, unit) if unit else None
        user = add_user(session, email, role, where, None, OPERATOR, date(2020, 1, 1))
        user.language = language
        return user


def roll_ups(desk: Desk, on: date = TODAY) -> dict[str, Notice]:
    """By address, what was made on a day."""
    found = replace(desk.app.config["SETTINGS"], url="https://training.example.org")
    moment = datetime.combine(on, time(12), UTC)
    with desk.app.app_context():
        make_weekly(found, moment)
    with desk.session() as session:
        made = session.scalars(select(Notice).where(Notice.kind == "roll-up", Notice.recorded_at == moment))
        return {each.address: each for each in made}


def plain(notice: Notice) -> str:
    return notice.body.replace("\xa0", " ")


def test_a_lead_is_told_their_local_s_week_in_counts(union: Desk) -> None:
    with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80")
    (told,) = roll_ups(union).values()
    assert told.subject == "This week in Local 80 · Studio Grips"
    body = plain(told)
    assert "Set Safety: 50 % (1 of 2). A week ago: 0 % (0 of 2). 1 person newly complete." in body
    assert "1 person has a path due within 30 days." in body
    assert "1 course that a member logged waits for its review." in body
    assert "https://training.example.org/reports/locals/80" in body
    assert "because you hold a role" in body


def test_no_name_and_no_other_local_is_in_it(union: Desk) -> None:
    with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80")
    with_role(union, "viewer@example.org", Role.LOCAL_VIEWER, "700")
    for address, told in roll_ups(union).items():
        text = f"{told.subject}\n{told.body}"
        for name in ("Ana", "Alpha", "Ben", "Bravo", "Cyd", "Charlie", "Dee", "Delta", "@"):
            assert name not in text
        others = {"lead@example.org": ("700", "Local 15", "District"), "viewer@example.org": ("Local 80", "Local 15")}
        for other in others[address]:
            assert other not in text


def test_a_viewer_is_told_nothing_of_what_waits_for_the_lead(union: Desk) -> None:
    with_role(union, "viewer@example.org", Role.LOCAL_VIEWER, "80")
    (told,) = roll_ups(union).values()
    assert "review" not in told.body


def test_a_district_s_viewer_is_told_its_figures_and_nothing_about_a_few(union: Desk) -> None:
    with_role(union, "district@example.org", Role.DISTRICT_VIEWER, "D2")
    (told,) = roll_ups(union).values()
    body = plain(told)
    assert "Set Safety: 33 % (1 of 3). A week ago: 0 % (0 of 3)." in body
    assert "newly complete" not in body, "of three people it would tell who"
    assert "there are too few people" in body
    assert "https://training.example.org/reports/districts/D2" in body


def test_it_is_computed_with_what_its_reader_may_see_on_that_day(union: Desk) -> None:
    user = with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80")
    assert "Local 80" in roll_ups(union)["lead@example.org"].subject
    with union.write() as session:
        there = session.get_one(User, user.id)
        seattle = find_unit(session, "15")
        assert seattle is not None
        there.grants[0].unit_id = seattle.id
    later = roll_ups(union, TODAY + timedelta(days=7))["lead@example.org"]
    assert "Local 15" in later.subject
    assert "Local 80" not in later.body
    with union.write() as session:
        session.get_one(User, user.id).grants[0].until_on = TODAY + timedelta(days=8)
    assert roll_ups(union, TODAY + timedelta(days=14)) == {}


def test_who_looks_after_several_gets_one_mail(union: Desk) -> None:
    user = with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80")
    with union.write() as session:
        from tracker.models import RoleGrant, new_id

        seattle = find_unit(session, "15")
        assert seattle is not None
        session.add(
            RoleGrant(id=new_id(), user_id=user.id, role=Role.LOCAL_VIEWER, unit_id=seattle.id, from_on=TODAY, until_on=None)
        )
    (told,) = roll_ups(union).values()
    assert told.subject == "This week in 2 units"
    assert told.body.index("Local 15") < told.body.index("Local 80")


def test_it_says_so_when_there_is_nothing(desk: Desk) -> None:
    with_role(desk, "lead@example.org", Role.LOCAL_LEAD, "80")
    (told,) = roll_ups(desk).values()
    assert "No path asks anyone here yet." in told.body
    assert "Nothing changed this week, and nothing waits." in told.body


def test_once_a_week_and_not_to_who_stopped_it_is_suspended_or_is_no_officer(union: Desk) -> None:
    with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80")
    with_role(union, "staff@example.org", Role.STAFF, None)
    suspended = with_role(union, "gone@example.org", Role.LOCAL_LEAD, "80")
    with_role(union, "quiet@example.org", Role.LOCAL_LEAD, "80")
    with union.write() as session:
        session.get_one(User, suspended.id).is_active = False
        stop_notices(session, "quiet@example.org", "roll-up", OPERATOR, union.now)
    assert set(roll_ups(union)) == {"lead@example.org"}
    assert roll_ups(union, TODAY + timedelta(days=1)) == {}
    assert set(roll_ups(union, TODAY + timedelta(days=7))) == {"lead@example.org"}


def test_it_is_in_the_language_of_its_reader(union: Desk) -> None:
    with_role(union, "lead@example.org", Role.LOCAL_LEAD, "80", "fr_CA")
    (told,) = roll_ups(union).values()
    assert told.language == "fr_CA"
