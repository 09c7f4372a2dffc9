"""My record: what is asked, what counted and why, what is missing."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import ask, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_course
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.models import Evidence, Member, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion


def completed(app: Flask, number: str, course: str, on: date, assurance: Assurance, link: str = "") -> None:
    with app.app_context(), writing() as session:
        log_completion(
            session,
            member=session.get_one(Member, member_id(number)),
            course=find_course(session, course),
            completed_on=on,
            assurance=assurance,
            actor=OPERATOR,
            today=today(),
            now=now(),
            evidence_url=link,
        )


def text_of(page: str) -> str:
    """What a reader reads: no tags, single spaces."""
    inside = re.search(r"<main.*</main>", page, re.DOTALL)
    assert inside
    return " ".join(re.sub(r"<[^>]+>", " ", inside[0]).replace("\xa0", " ").split())


def test_it_says_what_is_asked_and_until_when(union: World, signed_in: Callable[[str], Browser]) -> None:
    told = text_of(signed_in("ana").get("/my/").text)
    assert "Ana Example · Local 80 · grip" in told
    assert "required by Local 80" in told
    assert "(12 days left)" in told
    assert "due soon" in told
    assert "0 of 3 courses count · 135 minutes to go" in told


def test_every_way_a_course_counts_is_told(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    completed(app, "12", "creatives", days_ago(40), Assurance.REVIEWED)
    completed(app, "12", "ethics", days_ago(30), Assurance.CLAIMED)
    completed(app, "12", "ethics", days_ago(10), Assurance.PROVIDER)
    completed(app, "12", "prompts", days_ago(5), Assurance.CLAIMED)
    told = text_of(signed_in("ana").get("/my/").text)
    assert "by equivalent: AI for Creatives" in told
    assert "AI for Creatives counts as AI Basics." in told
    assert re.search(r"logged \d+ \w+ \d{4}, confirmed by LinkedIn Learning \d+ \w+ \d{4}", told)
    assert "waiting for review" in told
    assert "2 of 3 courses count · 1 waits for review" in told
    assert "Pictures" in told
    assert "under review" in told


def test_a_lapse_is_told_before_and_after(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    with app.app_context():
        ask("safe", "80")
    completed(app, "12", "safety", days_ago(350), Assurance.REVIEWED)
    assert "expires on" in text_of(signed_in("ana").get("/my/").text)
    completed(app, "12", "safety", days_ago(800), Assurance.REVIEWED)
    assert "expires on" in text_of(signed_in("ana").get("/my/").text), "an older one changes nothing"


def test_what_counts_toward_no_path_is_there_too(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    completed(app, "12", "safety", days_ago(20), Assurance.REVIEWED)
    told = text_of(signed_in("ana").get("/my/").text)
    assert "Also completed Counts toward no path that is asked, and stays on record. Safety" in told


def test_nothing_asked_is_said_kindly(app: Flask, world: World, signed_in: Callable[[str], Browser]) -> None:
    from training_union import train

    with app.app_context():
        train()
        from tracker.coverage.rules import open_rules
        from tracker.operations.assignments import end_assignment

        rule = open_rules(db.session(), today())[0].rule.id
        with writing(alone=True) as session:
            end_assignment(session, rule, today(), "over", OPERATOR, today=today(), now=now())
    assert "No path is asked of you" in signed_in("ana").get("/my/").text


def test_before_there_is_a_curriculum_it_says_so(world: World, signed_in: Callable[[str], Browser]) -> None:
    answer = signed_in("ana").get("/my/")
    assert answer.status_code == 503
    assert "There is no curriculum yet" in answer.text


@pytest.mark.parametrize("who", ["ben", "dora", "sam", "ada", "otto"])
def test_who_has_no_record_has_no_such_page(union: World, signed_in: Callable[[str], Browser], who: str) -> None:
    for path in ("/my/", "/my/completions/new", "/my/completions"):
        assert signed_in(who).get(path).status_code == 404
    assert signed_in(who).send("/my/completions", page="/account/password").status_code == 404


def test_a_stranger_is_shown_the_way_in(union: World, stranger: Browser) -> None:
    assert stranger.get("/my/").location == "/login?next=/my/"
    assert stranger.get("/paths/ai").location == "/login?next=/paths/ai"


def test_a_link_of_a_certificate_is_a_link_and_nothing_else(
    app: Flask, union: World, signed_in: Callable[[str], Browser]
) -> None:
    completed(app, "12", "ethics", days_ago(3), Assurance.CLAIMED, 'https://example.org/"><script>alert(1)</script>')
    page = signed_in("ana").get("/my/").text
    assert "<script>alert" not in page
    assert 'rel="noreferrer noopener nofollow"' in page
    with app.app_context():
        assert db.session.scalar(select(Evidence.review)) == "waiting"


def test_a_path_says_what_it_asks_of_anyone_signed_in(union: World, signed_in: Callable[[str], Browser]) -> None:
    told = text_of(signed_in("ben").get("/paths/ai").text)
    assert "AI Fundamentals" in told
    assert "Members have a right to training." in told
    assert "Foundations all 2 courses" in told
    assert "any 1 of 2 courses" in told
    assert "Where you stand" not in told
    assert "Log AI Basics" not in told


def test_a_path_says_where_its_member_stands(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    ana = signed_in("ana")
    told = text_of(ana.get("/paths/AI").text)
    assert "Where you stand" in told
    assert "required by Local 80" in told
    completed(app, "12", "safety", days_ago(20), Assurance.REVIEWED)
    told = text_of(ana.get("/paths/safe").text)
    assert "Not asked of you" in told
    assert "1 of 1 course counts" in told
    assert ana.get("/paths/none").status_code == 404


def test_two_reasons_for_one_path_are_shown_once(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    with app.app_context():
        ask("ai", "2", due_on=today())
    page = signed_in("ana").get("/my/").text
    assert page.count('id="path-ai"') == 1
    told = text_of(page)
    assert "required by Local 80, required by 2 · you have until" in told
    assert "today is the last day" in told, "the nearer of the two days"
    assert AssignmentKind.REQUIRED.value in told
