"""My record in the awkward cases: each is told on the page in words, and nothing done is lost."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from test_my_record import completed, text_of
from training_union import COURSES, POLICY, ROSTER, ask, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_path
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.intake.imports import import_roster
from tracker.language import day
from tracker.models import Batch, Completion, Member, Membership, db, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import Plan, assign_path
from tracker.operations.catalogue import apply_catalogue
from tracker.operations.completions import void_completion

SignedIn = Callable[[str], Browser]


@pytest.fixture
def ana(union: World, signed_in: SignedIn) -> Browser:
    return signed_in("ana")


def record(browser: Browser) -> str:
    return text_of(browser.get("/my/").text)


def said(on: date) -> str:
    return day(on).replace("\xa0", " ")


def apply(app: Flask, text: str) -> None:
    with app.app_context(), writing(alone=True) as session:
        apply_catalogue(session, read_catalogue(text, "courses.yaml"), text, POLICY, OPERATOR, today=today(), now=now())


def test_different_requirements_in_the_two_locals_are_shown_once_with_both_reasons(app: Flask, ana: Browser) -> None:
    with app.app_context():
        rows = ROSTER + "0012,Ana,Example,ana@example.org,600,sound,active,member,2021-01-01,,no\n"
        with writing(alone=True) as session:
            import_roster(session, rows.encode(), "roster.csv", OPERATOR, today=today(), now=now())
        ask("ai", "600", due_on=today() + timedelta(days=40))
    page = ana.get("/my/").text
    assert page.count('id="path-ai"') == 1
    told = text_of(page)
    assert "required by Local 80, required by Local 600" in told
    assert f"you have until {said(today() + timedelta(days=12))}" in told, "the nearer of the two days"


def test_course_retired_by_provider_the_unfinished_get_the_replacement_and_finishers_keep_credit(
    app: Flask, ana: Browser, signed_in: SignedIn
) -> None:
    completed(app, "12", "ethics", days_ago(90), Assurance.PROVIDER)
    gone = days_ago(30).isoformat()
    retired = COURSES.replace("title: AI Ethics,", f"title: AI Ethics, retired_on: {gone}, replaced_by: creatives,").replace(
        "title: AI Basics,", f"title: AI Basics, retired_on: {gone}, replaced_by: prompts,"
    )
    apply(app, retired)
    told = record(ana)
    since = said(days_ago(30))
    assert f"AI Basics offered no more since {since}; AI for Creatives counts instead" in told
    assert f"offered no more since {since}; its provider offers AI for Creatives in its place" in told
    assert "1 of 3 courses counts" in told, "what was finished before still counts"


def test_equivalent_taken_instead_is_credited_by_rule(app: Flask, ana: Browser) -> None:
    completed(app, "12", "creatives", days_ago(20), Assurance.PROVIDER)
    told = record(ana)
    assert "by equivalent: AI for Creatives" in told
    assert "Why does it count? AI Basics AI for Creatives counts as AI Basics." in told


def test_completed_before_assignment_beyond_the_lookback_is_told_as_too_old(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", date(2021, 4, 2), Assurance.PROVIDER)
    completed(app, "12", "basics", date(2023, 4, 2), Assurance.PROVIDER)
    apply(app, COURSES.replace("    version: 1\n", "    version: 2\n    change: require\n    lookback_months: 24\n", 1))
    told = record(ana)
    assert "Too old to count here: done on 2 April 2021, and the limit is 24 months before it was asked." in told
    assert "1 of 3 courses counts" in told, "what lies within the look-back counts, though it came before"


def test_duplicates_in_the_export_are_one_line(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", days_ago(30), Assurance.CLAIMED)
    completed(app, "12", "ethics", days_ago(20), Assurance.PROVIDER)
    told = record(ana)
    assert f"logged {said(days_ago(30))}, confirmed by LinkedIn Learning {said(days_ago(20))}" in told


def test_completion_revoked_the_state_falls_back(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    assert "1 of 3 courses counts" in record(ana)
    with app.app_context(), writing() as session:
        void_completion(session, session.scalars(select(Completion)).one(), "not theirs", OPERATOR, now=now())
    assert "0 of 3 courses count" in record(ana)


def test_recommended_and_chosen_paths_stand_apart_from_required(app: Flask, ana: Browser) -> None:
    assert "path-group" not in ana.get("/my/").text, "of one kind alone there is nothing to tell apart"
    with app.app_context(), writing(alone=True) as session:
        path, mine = find_path(session, "safe"), session.get_one(Member, member_id("12"))
        assert path
        plan = Plan(path, kind=AssignmentKind.VOLUNTARY, on=days_ago(5), members=[mine])
        assign_path(session, plan, OPERATOR, today=today(), now=now())
    page = ana.get("/my/").text
    told = text_of(page)
    assert told.index("Required") < told.index("AI Fundamentals") < told.index("Chosen by you") < told.index("Set Safety")
    assert '<h3 id="path-ai">' in page, "headings stay in order"


def test_a_path_that_was_retired_says_so(app: Flask, ana: Browser) -> None:
    first, rest = COURSES.split("  - code: ai\n")
    apply(app, first + "  - code: safe\n" + rest.split("  - code: safe\n")[1])
    assert f"This path was retired on {said(today())}: it is asked of nobody new." in record(ana)
    assert "This path was retired" in text_of(ana.get("/paths/ai").text)


def test_a_member_without_a_card_today_keeps_all_that_was_done(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    with app.app_context(), writing() as session:
        mine = session.scalars(select(Membership).where(Membership.member_id == member_id("12"))).one()
        mine.until_on = days_ago(5)
    told = record(ana)
    assert "No card today" in told
    assert "AI Ethics" in told


def test_when_linkedins_data_last_came_is_told(app: Flask, ana: Browser) -> None:
    assert "What you finish at LinkedIn Learning shows here after its next report" in record(ana)
    with app.app_context(), writing() as session:
        came = now() - timedelta(days=3)
        said = {"kind": "completions", "profile": "linkedin-learner-detail", "file_name": "a.csv", "sha256": "0" * 64}
        session.add(Batch(id=new_id(), recorded_at=came, **said))
    assert "LinkedIn Learning’s data last came 3 days ago" in record(ana)


def test_every_row_has_its_way_to_say_that_something_is_wrong(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    completed(app, "12", "safety", days_ago(30), Assurance.PROVIDER)
    page = ana.get("/my/").text
    with app.app_context():
        path = find_path(db.session(), "ai")
        assert path
        assert f"/my/wrong?about=path&amp;object={path.id}" in page
    assert page.count("/my/wrong?about=course&amp;object=") == 2
    assert page.count("/my/wrong?about=missing") == 3 + 1, "a row each of what is missing, and one at the foot"
    link = re.search(r"/my/wrong\?about=missing&amp;course=[\w-]+", page)
    assert link, "the row's own course"
    form = ana.get(html.unescape(link[0])).text
    assert "Something is missing" in form
    assert ", completed on " in form, "its title is written already"
    assert "/my/wrong?about=name" in page
    for way in ("/my/paths", "/my/proofs", "/my/opened", "/my/archive"):
        assert f'href="{way}"' in page
    ways = {html.unescape(each) for each in re.findall(r'href="(/my/[^"]*)"', page)}
    assert any("about=card&object=" in way for way in ways)
    for way in ways:
        assert ana.get(way).status_code == 200, way


def test_a_name_that_reads_from_right_to_left_stays_in_its_place(app: Flask, ana: Browser) -> None:
    with app.app_context(), writing() as session:
        mine = session.get_one(Member, member_id("12"))
        mine.first_name, mine.last_name = "ליאת", "כהן"
    assert "<bdi>ליאת כהן</bdi>" in ana.get("/my/").text
