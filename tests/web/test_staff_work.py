"""The staff's first page, and the lists it counts."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from importing import tried
from little_union import Browser, World
from sqlalchemy import select
from training_union import days_ago, now, today

from tracker.coverage.catalogue import find_course
from tracker.curriculum.words import Assurance
from tracker.models import Batch, Course, Member, Notice, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion
from tracker.operations.notices import notify


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def test_an_empty_tracker_teaches_what_to_load(world: World, signed_in: Callable[[str], Browser]) -> None:
    page = signed_in("sam").get("/staff/").text
    assert "tracker catalogue apply" in page
    assert "Setting up" in page


def test_before_a_policy_an_import_says_what_to_load_first(world: World, signed_in: Callable[[str], Browser]) -> None:
    sam = signed_in("sam")
    page = sam.get(tried(sam, "member_number,local\n1,80\n", "roster")).text
    assert "cannot be taken" in page
    assert "tracker catalogue apply" in page


def test_when_nothing_waits_it_says_what_comes_next(sam: Browser) -> None:
    page = sam.get("/staff/").text
    assert "Nothing waits" in page
    assert "Setting up" not in page


def test_a_claim_waits_until_someone_surer_says_so(union: World, sam: Browser, signed_in: Callable[[str], Browser]) -> None:
    on = days_ago(3).isoformat()
    signed_in("ana").send("/my/completions", {"course": "ethics", "completed_on": on}, page="/my/completions/new")
    assert "Review 1 claim" in sam.get("/staff/").text
    page = sam.get("/staff/reviews").text
    assert "AI Ethics" in page
    assert "Ana Example" in page
    record = f"/staff/members/{union.ana}/completions/new"
    sam.send(record, {"course": "ethics", "completed_on": on}, page=record)
    assert "Nothing waits" in sam.get("/staff/").text
    assert "No claim waits" in sam.get("/staff/reviews").text


def test_a_path_with_a_retired_course_is_on_the_list(app: Flask, sam: Browser) -> None:
    with app.app_context():
        db.session.scalars(select(Course).where(Course.code == "ethics")).one().retired_on = today()
        db.session.commit()
    page = sam.get("/staff/").text
    assert "Mend AI Fundamentals" in page
    assert "it asks for AI Ethics" in page


@pytest.mark.parametrize(
    "path", ["/staff/", "/staff/desk", "/staff/reviews", "/staff/members", "/staff/imports", "/staff/voids"]
)
def test_a_stranger_is_shown_the_way_in_and_an_auditor_reads(
    union: World, stranger: Browser, signed_in: Callable[[str], Browser], path: str
) -> None:
    assert stranger.get(path).location == f"/login?next={path}"
    assert signed_in("otto").get(path).status_code == 200


def test_a_report_that_has_not_come_for_two_weeks_is_overdue(app: Flask, sam: Browser) -> None:
    with app.app_context():
        batch = {"kind": "completions", "profile": "linkedin-learner-detail", "file_name": "l.csv", "sha256": "0", "id": 1}
        db.session.add(Batch(**batch, recorded_at=now() - timedelta(days=13)))
        db.session.commit()
    page = sam.get("/staff/").text
    assert "Nothing waits" in page
    assert "last came on" in page
    with app.app_context():
        db.session.get_one(Batch, 1).recorded_at = now() - timedelta(days=14)
        db.session.commit()
    page = sam.get("/staff/").text
    assert "Import LinkedIn’s newest report" in page
    assert "none for 14 days" in page
    assert "counts as overdue after 14 days" in page


def test_mail_that_could_not_be_sent_is_on_the_list(app: Flask, sam: Browser) -> None:
    with app.app_context(), writing() as session:
        notify(session, "ana@example.org", None, "Hello", "Hello", now())
        session.flush()
        session.scalars(select(Notice)).one().failure = "no such mailbox"
    assert "Look at 1 mail that could not be sent" in sam.get("/staff/").text


def test_the_oldest_is_told_in_days(app: Flask, union: World, sam: Browser) -> None:
    with app.app_context(), writing() as session:
        member, course = session.get_one(Member, (union.ana,)), find_course(session, "ethics")
        said = {"completed_on": days_ago(9), "assurance": Assurance.CLAIMED, "actor": OPERATOR, "today": today()}
        log_completion(session, member=member, course=course, now=now() - timedelta(days=9), **said)
    page = sam.get("/staff/").text
    assert "Review 1 claim" in page
    assert "the oldest for 9 days" in page
