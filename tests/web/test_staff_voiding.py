"""Voiding, as staff do it: one completion with its reason, many with a second person; and what a revoked one leaves."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import ROSTER, ask, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_course
from tracker.curriculum.words import Assurance
from tracker.intake.imports import import_roster
from tracker.models import Completion, Member, Proposal, User, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion

SignedIn = Callable[[str], Browser]
HEAD = ROSTER.splitlines()[0]


@pytest.fixture
def crowd(app: Flask, union: World) -> World:
    """Ten grips more in Local 80, of whom three completed Set Safety by their provider's report."""
    rows = [f"01{place:02},Nell{place},Crew,,80,grip,active,member,2020-01-01,," for place in range(10)]
    with app.app_context():
        with writing(alone=True) as session:
            import_roster(session, "\n".join([HEAD, *rows]).encode(), "crew.csv", OPERATOR, today=today(), now=now())
        ask("safe", "80")
        for number in ("0100", "0101", "0102"):
            complete(number)
        user = db.session.get_one(User, union.users["noor"])
        user.grants[0].until_on = None  # Noor is staff again: a second person
        db.session.commit()
    return union


def complete(number: str, course: str = "safety") -> None:
    with writing() as session:
        log_completion(
            session,
            member=session.get_one(Member, (member_id(number),)),
            course=find_course(session, course),
            completed_on=days_ago(20),
            assurance=Assurance.PROVIDER,
            actor=OPERATOR,
            today=today(),
            now=now(),
        )


ASKED = {"course": "safety", "from_on": "", "until": "", "unit": "80", "recorded_by": "", "assurance": "any", "batch": ""}


def propose(browser: Browser, **asked: str) -> str:
    """The address of a new proposal."""
    done = browser.send("/staff/voids", ASKED | {"reason": "The class never took place"} | asked, page="/staff/voids/new")
    assert done.status_code == 303, done.text
    return done.location


def valid(app: Flask) -> int:
    with app.app_context():
        return len(db.session.scalars(select(Completion.id).where(Completion.voided_at.is_(None))).all())


def test_many_are_voided_by_two_people_and_recorded_anew(app: Flask, crowd: World, signed_in: SignedIn) -> None:
    sam, noor = signed_in("sam"), signed_in("noor")
    preview = sam.send("/staff/voids/new", ASKED, page="/staff/voids/new")
    assert preview.status_code == 200
    for told in ("3 completions · 3 members", "Nell0 Crew", "Set Safety", "3 of 13 · 23", "0 of 13 · 0"):
        assert told in preview.text, told
    assert valid(app) == 3
    address = propose(sam)
    assert "Confirm or decline 1 proposal" in noor.get("/staff/").text
    own = sam.get(address).text
    assert "somebody else must confirm it" in own
    assert "Void 3 completions" not in own
    refused = sam.send(f"{address}/confirm", {"shown": "3"}, page=address)
    assert refused.status_code == 409
    assert "You proposed this yourself" in refused.text
    assert "Void 3 completions" in noor.get(address).text
    stale = noor.send(f"{address}/confirm", {"shown": "2"}, page=address)
    assert stale.status_code == 409
    assert "Look again" in stale.text
    assert noor.send(f"{address}/confirm", {"shown": "3"}, page=address).status_code == 303
    assert valid(app) == 0
    again = noor.send(f"{address}/confirm", {"shown": "3"}, page=address)
    assert again.status_code == 409
    assert "noor@example.org has confirmed this already" in again.text
    with app.app_context():
        nell = member_id("0100")
    page = sam.get(f"/staff/members/{nell}").text
    assert "The class never took place" in page
    assert "noor@example.org" in page
    assert "3 completions were voided" in sam.get(address).text
    assert sam.send(f"{address}/anew", page=address).status_code == 303
    assert valid(app) == 3
    assert "All of these are recorded again already" in sam.send(f"{address}/anew", page=address).text


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"course": ""}, "course-error"),
        ({"course": "no such"}, "course-error"),
        ({"unit": "999"}, "unit-error"),
        ({"recorded_by": "nobody@example.org"}, "recorded_by-error"),
        ({"from_on": "2026-02-02", "until": "2026-02-01"}, "until-error"),
        ({"from_on": "soon"}, "from_on-error"),
        ({"assurance": "sure"}, "assurance-error"),
    ],
)
def test_what_cannot_be_found_is_told_at_its_field(
    crowd: World, signed_in: SignedIn, wrong: dict[str, str], field: str
) -> None:
    page = signed_in("sam").send("/staff/voids/new", ASKED | wrong, page="/staff/voids/new")
    assert page.status_code == 422
    assert f'id="{field}"' in page.text


def test_nothing_like_that_is_told_and_a_proposal_needs_a_reason(app: Flask, crowd: World, signed_in: SignedIn) -> None:
    sam = signed_in("sam")
    nothing = sam.send("/staff/voids/new", ASKED | {"course": "ethics"}, page="/staff/voids/new")
    assert "Nothing that counts is recorded like that" in nothing.text
    bare = sam.send("/staff/voids", ASKED | {"reason": ""}, page="/staff/voids/new")
    assert bare.status_code == 422
    assert 'id="reason-error"' in bare.text
    assert "3 completions" in bare.text, "the preview stays"
    propose(sam)
    twice = sam.send("/staff/voids", ASKED | {"reason": "again"}, page="/staff/voids/new")
    assert "Exactly this is proposed already" in twice.text
    with app.app_context():
        assert len(db.session.scalars(select(Proposal)).all()) == 1


def test_a_proposal_is_declined_or_taken_back(app: Flask, crowd: World, signed_in: SignedIn) -> None:
    sam, noor = signed_in("sam"), signed_in("noor")
    first = propose(sam)
    assert sam.send(f"{first}/decline", page=first).status_code == 303
    second = propose(sam)
    assert noor.send(f"{second}/decline", page=second).status_code == 303
    assert "has declined this already" in noor.send(f"{second}/confirm", {"shown": "3"}, page=second).text
    assert valid(app) == 3
    assert noor.send(f"{second}/explode", page=second).status_code == 404
    assert noor.get("/staff/voids/1").status_code == 404


def test_an_auditor_reads_proposals_and_decides_nothing(app: Flask, crowd: World, signed_in: SignedIn) -> None:
    address, otto = propose(signed_in("sam")), signed_in("otto")
    assert "Set Safety" in otto.get(address).text
    assert "Decide" not in otto.get(address).text
    assert otto.get("/staff/voids").status_code == 200
    assert otto.get("/staff/voids/new").status_code == 404
    for act in ("confirm", "decline", "anew"):
        assert otto.send(f"{address}/{act}", {"shown": "3"}, page="/staff/").status_code == 404
    assert otto.send("/staff/voids", ASKED | {"reason": "x"}, page="/staff/").status_code == 404
    for who in ("ana", "ben", "dora", "ada"):
        assert signed_in(who).get(address).status_code == 404, who
    assert valid(app) == 3


def test_completion_revoked(app: Flask, crowd: World, signed_in: SignedIn, tmp_path: Path) -> None:
    """The state falls back, figures are restated at once; an earlier frozen report stays as it was, and is marked."""
    ben, sam, noor = signed_in("ben"), signed_in("sam"), signed_in("noor")
    page = "/reports/frozen/new?unit=80"
    said = {"title": "Before", "path": "", "as_of": today().isoformat(), "floor": "reviewed"}
    frozen = ben.send(page, said, page=page)
    assert frozen.status_code == 303, frozen.text
    report = frozen.location
    files = {each: hashlib.sha256(each.read_bytes()).digest() for each in (tmp_path / "frozen").rglob("*") if each.is_file()}
    assert "Not restated" in ben.get(report).text
    address = propose(sam)
    noor.send(f"{address}/confirm", {"shown": "3"}, page=address)
    page = re.sub(r"\s+", " ", ben.get(report).text.replace("\u00a0", " "))
    assert "Restated since" in page
    assert "Set Safety, 3 of 13 · 23 %, is now 0 of 13 · 0 %" in page
    assert files == {each: hashlib.sha256(each.read_bytes()).digest() for each in files}
    with app.app_context():
        nell = member_id("0100")
    assert "state-not-started" in sam.get(f"/staff/members/{nell}").text
