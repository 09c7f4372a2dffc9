"""An empty installation tells the next step, until its first report stands."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from flask import Flask
from little_union import PASSWORD, Browser, World, settings
from sqlalchemy import select

from tracker import create_app
from tracker.coverage.first_steps import FirstSteps, first_steps
from tracker.curriculum.words import Role
from tracker.models import Completion, Member, User, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR

TODAY = date(2026, 3, 1)


def steps_of(app: Flask) -> FirstSteps:
    with app.app_context():
        return first_steps(db.session(), datetime.now(UTC).date())


@pytest.fixture
def empty(tmp_path: Path) -> Flask:
    app = create_app(settings(tmp_path))
    with app.app_context():
        db.create_all()
    return app


def test_a_sign_in_page_without_any_user_says_what_to_run(empty: Flask) -> None:
    assert "tracker user add you@example.org --role admin" in empty.test_client().get("/login").text
    with empty.app_context(), writing() as session:
        add_user(session, "ada@example.org", Role.ADMIN, None, None, OPERATOR, TODAY, PASSWORD)
    assert "tracker user add" not in empty.test_client().get("/login").text


def test_the_first_administrator_is_led_from_step_to_step(empty: Flask) -> None:
    with empty.app_context(), writing() as session:
        add_user(session, "ada@example.org", Role.ADMIN, None, None, OPERATOR, TODAY, PASSWORD)
    assert steps_of(empty) == (False,) * 6
    ada = Browser(empty.test_client())
    ada.sign_in("ada")
    assert ada.get("/").location == "/admin/"
    page = ada.get("/admin/").text
    for command in ("union apply", "catalogue apply", "user add", "roster import", "assign", "completions import"):
        assert f"tracker {command}" in page
    assert 'href="/staff/' not in page, "an administrator opens none of the staff's pages"
    assert re.search(r'aria-current="step">.*?units', page, re.DOTALL)
    assert page.count('aria-current="step"') == 1


def test_what_is_done_is_ticked_and_staff_find_their_pages(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    steps = steps_of(app)
    assert (steps.units, steps.staff, steps.courses, steps.next_step) == (True, True, False, "courses")
    sam = signed_in("sam")
    assert sam.get("/").location == "/start"
    page = sam.get("/start").text
    assert page.count("state-complete") == 3, "units, staff, and the member who is there"
    assert 'href="/staff/assign"' in page
    assert 'href="/staff/imports"' in page
    assert 'href="/staff/"' in page, "and the way to their work all the same"


def test_once_the_first_report_stands_everyone_starts_at_their_work(
    app: Flask, union: World, signed_in: Callable[[str], Browser]
) -> None:
    with app.app_context():
        there = db.session.scalars(select(Completion.id)).first()
    assert steps_of(app).report == (there is not None)
    if there is None:
        _complete_something(app, union)
    assert steps_of(app).are_done
    assert signed_in("sam").get("/").location == "/staff/"
    assert "On the way to the first report" not in signed_in("ada").get("/admin/").text
    assert "The first report stands" in signed_in("ada").get("/start").text


def _complete_something(app: Flask, union: World) -> None:
    from tracker.coverage.catalogue import course_choices, find_course
    from tracker.curriculum.words import Assurance
    from tracker.operations.completions import log_completion

    now = datetime.now(UTC)
    with app.app_context(), writing() as session:
        course = find_course(session, course_choices(session)[0].value)
        member = session.scalars(select(Member).where(Member.member_id == union.ana)).one()
        log_completion(
            *(session,),
            member=member,
            course=course,
            completed_on=now.date(),
            assurance=Assurance.CLAIMED,
            actor=OPERATOR,
            today=now.date(),
            now=now,
        )


@pytest.mark.parametrize("who", ["ana", "ben", "otto", "noor"])
def test_how_far_the_installation_is_concerns_nobody_else(signed_in: Callable[[str], Browser], who: str) -> None:
    assert signed_in(who).get("/start").status_code == 404


def test_staff_whose_role_is_over_or_suspended_count_for_no_step(app: Flask, world: World) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, world.users["sam"]).is_active = False
    assert steps_of(app).staff is False, "and the role of Noor has ended"
