"""Paths that a member takes because they want to, and leaves again."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select, update
from test_my_record import completed, text_of
from training_union import ask, days_ago, member_id, now, today

from tracker.coverage import published
from tracker.coverage.catalogue import find_path
from tracker.coverage.checks import examine
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.models import Assignment, LearningPath, Membership, ScopeSpan, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import Plan, assign_path
from tracker.operations.standings import refresh_standings


def figures(app: Flask) -> list[object]:
    with app.app_context():
        return list(coverage_report(db.session(), as_of=today()).rows)


@pytest.fixture
def ana(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("ana")


def join(browser: Browser, code: str, what: str = "join") -> str:
    answer = browser.send(f"/my/paths/{code}/{what}", page="/my/proofs/new")
    assert answer.status_code == 303
    return text_of(browser.get(answer.location).text)


def test_what_is_not_asked_is_open_with_its_minutes(ana: Browser) -> None:
    told = text_of(ana.get("/my/paths").text)
    assert "Set Safety 1 course · 120 minutes to go Join this path" in told
    assert "AI Fundamentals" not in told, "it is asked of her"


def test_joining_puts_it_on_the_record_and_in_no_figure(app: Flask, ana: Browser) -> None:
    before = figures(app)
    assert "Set Safety is on your record now." in join(ana, "safe")
    assert "Set Safety" in text_of(ana.get("/my/").text)
    completed(app, "12", "safety", days_ago(1), Assurance.PROVIDER)
    with app.app_context():
        joined = db.session.scalars(select(Assignment).where(Assignment.rule_id.is_(None))).one()
        assert (joined.kind, joined.due_on, joined.assigned_on) == (AssignmentKind.VOLUNTARY, None, today())
        path = select(LearningPath.id).where(LearningPath.code == "safe").scalar_subquery()
        assert db.session.scalar(select(ScopeSpan.member_id).where(ScopeSpan.path_id == path)) is None
        assert not list(examine(db.session(), today()))
    assert figures(app) == before, "never in required coverage, though it is complete"
    assert "complete" in text_of(ana.get("/my/").text)


def test_leaving_takes_it_off_and_keeps_what_was_done(app: Flask, ana: Browser) -> None:
    join(ana, "safe")
    completed(app, "12", "safety", days_ago(1), Assurance.PROVIDER)
    before = figures(app)
    told = join(ana, "safe", "leave")
    assert "You have left Set Safety." in told
    assert "Join this path" in told
    assert "Also completed" in text_of(ana.get("/my/").text)
    assert figures(app) == before
    assert "Set Safety is on your record now." in join(ana, "safe"), "and may join again"
    with app.app_context():
        assert not list(examine(db.session(), today()))


def test_sent_twice_it_says_already(app: Flask, ana: Browser) -> None:
    join(ana, "safe")
    assert "You have joined Set Safety already" in join(ana, "safe")
    join(ana, "safe", "leave")
    assert "You have left Set Safety already" in join(ana, "safe", "leave")
    with app.app_context():
        wanted = select(Assignment).where(Assignment.rule_id.is_(None), Assignment.voided_at.is_(None))
        assert len(list(db.session.scalars(wanted))) == 1


def test_what_is_asked_cannot_be_joined_nor_left(app: Flask, ana: Browser) -> None:
    assert "AI Fundamentals is on your record already." in join(ana, "ai")
    assert "You have left AI Fundamentals already" in join(ana, "ai", "leave")
    with app.app_context():
        kinds = set(db.session.scalars(select(Assignment.kind).where(Assignment.voided_at.is_(None))))
        assert kinds == {AssignmentKind.REQUIRED}


def test_a_retired_path_is_not_offered_and_one_that_is_not_there_is_nowhere(app: Flask, ana: Browser) -> None:
    with app.app_context(), writing() as session:
        session.execute(update(LearningPath).where(LearningPath.code == "safe").values(retired_on=days_ago(1)))
    published._published.clear()
    assert "There is no other path to join" in text_of(ana.get("/my/paths").text)
    assert "Set Safety is offered no more." in join(ana, "safe")
    assert ana.send("/my/paths/nothing/join", page="/my/proofs/new").status_code == 404
    published._published.clear()


def test_what_is_recommended_stands_first_by_its_reason(app: Flask, union: World, ana: Browser) -> None:
    with app.app_context(), writing(alone=True) as session:
        path, unit = find_path(session, "safe"), find_unit(session, "80")
        assert path and unit
        plan = Plan(path, AssignmentKind.RECOMMENDED, today(), units=[unit])
        assign_path(session, plan, OPERATOR, today=today(), now=now())
    told = text_of(ana.get("/my/paths").text)
    assert re.search(r"Recommended to you .* Set Safety .* recommended by Local 80 Open to you", told)


def test_awkward_retired_may_continue_as_voluntary(app: Flask, union: World, ana: Browser) -> None:
    with app.app_context():
        ask("safe", "80")
    with app.app_context(), writing() as session:
        session.execute(update(Membership).where(Membership.member_id == member_id("12")).values(status="retired"))
        refresh_standings(session, [member_id("12")])
    assert "Join this path" in text_of(ana.get("/my/paths").text), "nothing asks a retired member"
    assert "Set Safety is on your record now." in join(ana, "safe")
    assert "chosen by you" in text_of(ana.get("/my/").text)


def test_only_members_join(union: World, signed_in: Callable[[str], Browser]) -> None:
    for who in ("ben", "sam", "otto"):
        assert signed_in(who).get("/my/paths").status_code == 404
        assert signed_in(who).send("/my/paths/safe/join", page="/account/password").status_code == 404
