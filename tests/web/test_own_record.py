"""Whoever is training staff and a member decides nothing of their own record: by no page, and in no two steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from little_union import LONG_AGO, Browser, World
from sqlalchemy import select
from training_union import days_ago, member_id, now, today

from tracker.coverage.catalogue import find_path
from tracker.curriculum.words import Role
from tracker.intake.imports import import_completions, import_roster
from tracker.models import (
    Assignment,
    Completion,
    HeldChange,
    Member,
    RoleGrant,
    WaitingCompletion,
    db,
    new_id,
    writing,
)
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.assignments import Plan, assign_path

SignIn = Callable[[str], Browser]
ROSTER = "member_number,first_name,last_name,email,local,craft,status,from_on\n"
REPORT = "member_number,email,course,completed_on,assurance\n"


@pytest.fixture
def ana(app: Flask, union: World) -> Actor:
    """Ana, member 12, is of the training staff as well."""
    with app.app_context(), writing() as session:
        session.add(
            RoleGrant(
                id=new_id(), user_id=union.users["ana"], role=Role.STAFF, unit_id=None, from_on=LONG_AGO, until_on=None
            )
        )
    return Actor(union.users["ana"], "staff", "ana@example.org")


def bring(app: Flask, rows: str, by: Actor) -> None:
    with app.app_context(), writing(alone=True) as session:
        import_completions(session, (REPORT + rows).encode(), "report.csv", by, today=today(), now=now())


def bring_roster(app: Flask, rows: str, by: Actor) -> None:
    with app.app_context(), writing(alone=True) as session:
        import_roster(session, (ROSTER + rows).encode(), "roster.csv", by, today=today(), now=now())


def recorded(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Completion.id).where(Completion.member_id == member_id("12"))).all())


def the_one(app: Flask, column: object) -> int:
    with app.app_context():
        found: int = db.session.scalars(select(column)).one()  # type: ignore[call-overload]
        return found


def test_a_course_that_they_map_lets_nothing_of_their_own_in(app: Flask, ana: Actor, signed_in: SignIn) -> None:
    bring(app, f"0012,,Mystery,{days_ago(9)},provider\n0034,,Mystery,{days_ago(9)},provider\n", ana)
    with app.app_context():
        mystery = db.session.scalars(select(WaitingCompletion.id).order_by(WaitingCompletion.id)).all()[0]
    page = f"/staff/desk/courses/{mystery}"
    assert signed_in("ana").send(f"{page}/map", {"course": "basics"}, page=page).status_code == 303
    assert recorded(app) == 0
    with app.app_context():
        assert len(db.session.scalars(select(Completion)).all()) == 1, "the other's counts"
    bring_roster(app, "0099,New,Person,,80,grip,active,2020-01-01\n", ana)
    assert recorded(app) == 0, "nor does a roster that settles what waits"


def test_a_course_that_somebody_else_maps_lets_it_in(app: Flask, ana: Actor, signed_in: SignIn) -> None:
    bring(app, f"0012,,Mystery,{days_ago(9)},provider\n", ana)
    page = f"/staff/desk/courses/{the_one(app, WaitingCompletion.id)}"
    assert signed_in("sam").send(f"{page}/map", {"course": "basics"}, page=page).status_code == 303
    assert recorded(app) == 1


@pytest.mark.parametrize(
    ("waits", "changed"),
    [
        (",ghost@example.org", "0012,Ana,Example,ghost@example.org"),
        ("9999,", "9999,Ana,Example,ana@example.org"),
    ],
)
def test_what_they_are_known_by_somebody_else_says(
    app: Flask, ana: Actor, signed_in: SignIn, waits: str, changed: str
) -> None:
    bring(app, f"{waits},basics,{days_ago(9)},provider\n", ana)
    bring_roster(app, f"{changed},80,grip,active,2020-01-01\n", ana)
    page = f"/staff/held/{the_one(app, HeldChange.id)}/accept"
    browser = signed_in("ana")
    answer = browser.send(page, page=page)
    shown = answer if answer.status_code != 303 else browser.get(answer.location)
    assert "This is your own record" in shown.text
    assert recorded(app) == 0
    assert signed_in("sam").send(page, page=page).status_code == 303
    assert recorded(app) == 1, "for two people said so"


def test_what_is_asked_of_them_by_name_somebody_else_ends_or_takes_back(app: Flask, ana: Actor, signed_in: SignIn) -> None:
    with app.app_context(), writing(alone=True) as session:
        member, path = session.get_one(Member, member_id("12")), find_path(session, "safe")
        assign_path(session, Plan(path, on=date(2024, 1, 1), members=[member]), OPERATOR, today=today(), now=now())
        its_id, mine = member.member_id, Assignment.member_id == member.member_id
    by_name = select(Assignment.id).where(mine, Assignment.rule_id.is_(None), Assignment.voided_at.is_(None))
    with app.app_context():
        assignment = db.session.scalars(by_name).one()
    asked = f"/staff/members/{its_id}/assignments/{assignment}"
    for who, counts in (("ana", 1), ("sam", 0)):
        browser = signed_in(who)
        answers = [
            browser.send(f"{asked}/end", {"on": "2024-01-01", "reason": "a slip"}, page=f"{asked}/end"),
            browser.send(f"{asked}/undo", {}, page="/staff/"),
        ]
        told = "".join(each.text if each.status_code != 303 else browser.get(each.location).text for each in answers)
        assert ("This is your own record" in told) == (who == "ana")
        with app.app_context():
            asks = by_name.where((Assignment.until_on.is_(None)) | (Assignment.until_on > date(2024, 1, 1)))
            assert len(db.session.scalars(asks).all()) == counts, who
