"""Claims as staff judge them: the queue, one at a time, and what becomes of each; with the awkward cases of evidence."""

from __future__ import annotations

import io
import re
from collections.abc import Callable

import pytest
from flask import Flask
from importing import recorded, tried
from little_union import Browser, World
from PIL import Image
from sqlalchemy import select, update
from training_union import days_ago, member_id, today

from tracker.curriculum.words import Assurance
from tracker.models import ClaimReview, Completion, Member, Notice, Review, ReviewLock, User, db

SignedIn = Callable[[str], Browser]


@pytest.fixture
def sam(union: World, signed_in: SignedIn) -> Browser:
    return signed_in("sam")


@pytest.fixture
def kim(app: Flask, union: World, signed_in: SignedIn) -> Browser:
    """Noor's old role is hers again: a second member of the training staff."""
    with app.app_context():
        user = db.session.get_one(User, union.users["noor"])
        user.grants[0].until_on = None
        db.session.commit()
    return signed_in("noor")


def log(browser: Browser, course: str, days: int = 3, **more: object) -> None:
    sent = {"course": course, "completed_on": days_ago(days).isoformat(), **more}
    assert browser.send("/my/completions", sent, page="/my/completions/new").status_code == 303  # type: ignore[arg-type]


def address(app: Flask, number: str = "12") -> str:
    """Where the oldest claim of that member that was not decided stands."""
    with app.app_context():
        claim = db.session.scalars(
            select(Completion)
            .where(Completion.member_id == member_id(number), Completion.assurance == Assurance.CLAIMED)
            .order_by(Completion.voided_at.is_not(None), Completion.id)
        ).first()
        assert claim
        return f"/staff/reviews/{claim.member_id}/{claim.id}"


def picture() -> io.BytesIO:
    content = io.BytesIO()
    Image.new("RGB", (60, 40), "teal").save(content, "PNG")
    content.seek(0)
    return content


def test_a_claim_is_taken_judged_and_the_next_opens(app: Flask, sam: Browser, signed_in: SignedIn) -> None:
    ana = signed_in("ana")
    log(ana, "ethics", evidence_url="https://example.org/certificate")
    log(ana, "prompts", days=2)
    assert "Review 2 claims" in sam.get("/staff/").text
    opened = sam.send("/staff/reviews/next", page="/staff/reviews")
    assert opened.status_code == 303
    assert opened.location.endswith("#content")
    page = sam.get(opened.location).text
    assert "Did Ana Example complete AI Ethics?" in page
    for told in ("0012", "Local 80 · grip", "LinkedIn Learning", "https://example.org/certificate", "Nobody else looks at"):
        assert told in page, told
    first = address(app)
    following = sam.send(f"{first}/accept", page=first)
    assert following.status_code == 303
    page = sam.get(following.location).text
    assert "Accepted: AI Ethics of Ana Example" in page
    assert "Did Ana Example complete Prompting?" in page
    with app.app_context():
        second = following.location.partition("#")[0]
    done = sam.send(
        f"{second}/return", {"return-reason": "nothing-shown", "return-words": "A screenshot will do."}, page=second
    )
    assert done.location == "/staff/reviews"
    page = sam.get("/staff/reviews").text
    assert "No more claims wait for you here." in page
    assert "No claim waits" in page
    record = ana.get("/my/").text
    assert "A screenshot will do." in record
    with app.app_context():
        assert db.session.scalars(select(Notice.kind)).all() == ["returned"]


def test_a_file_is_shown_and_downloaded_and_the_same_file_of_another_is_flagged(
    app: Flask, union: World, sam: Browser, signed_in: SignedIn
) -> None:
    log(signed_in("ana"), "ethics", file=(picture(), "certificate.png"))
    with app.app_context():  # Bo signs in as well
        db.session.execute(update(User).where(User.id == union.users["ana"]).values(member_id=member_id("34")))
        db.session.commit()
    log(signed_in("ana"), "ethics", file=(picture(), "mine.png"))
    page = sam.get(address(app, "34")).text
    image = re.search(r'<img src="(/evidence/\d+/\d+)" alt="[^"]+"', page)
    assert image
    with sam.get(image[1]) as answer:
        assert answer.mimetype == "image/png"
        assert answer.headers["Content-Disposition"].startswith("attachment")
    assert "The same proof stands behind a course of someone else." in page
    assert "Ana Example</bdi></a> (0012): AI Ethics" in page
    assert "the same file" in page


def test_what_somebody_looks_at_is_told_and_cannot_be_decided_by_another(
    app: Flask, sam: Browser, kim: Browser, signed_in: SignedIn
) -> None:
    log(signed_in("ana"), "ethics")
    claim = address(app)
    assert sam.send(f"{claim}/take", page=claim).status_code == 303
    assert "sam@example.org is looking at this until" in kim.get("/staff/reviews").text
    page = kim.get(claim).text
    assert "sam@example.org is looking at this until" in page
    assert f"{claim}/accept" not in page
    told = kim.send(f"{claim}/accept", page=claim)
    assert told.status_code == 409
    assert "sam@example.org is looking at this claim" in told.text
    assert sam.send(f"{claim}/leave", {"on": "quietly"}, page=claim).status_code == 204
    assert kim.send(f"{claim}/accept", page=claim).status_code == 303
    late = sam.send(f"{claim}/reject", {"reject-words": "no"}, page="/staff/reviews")
    assert late.status_code == 409
    assert "noor@example.org has accepted this claim already" in late.text
    with app.app_context():
        assert len(db.session.scalars(select(ClaimReview)).all()) == 1
        assert db.session.scalars(select(ReviewLock)).all() == []


def test_a_form_sent_twice_says_already(app: Flask, sam: Browser, signed_in: SignedIn) -> None:
    log(signed_in("ana"), "ethics")
    claim = address(app)
    assert sam.send(f"{claim}/accept", page=claim).status_code == 303
    again = sam.send(f"{claim}/accept", page=claim)
    assert again.status_code == 409
    assert "sam@example.org has accepted this claim already" in again.text
    assert "sam@example.org accepted this on" in sam.get(claim).text


def test_a_return_without_a_reason_stands_at_its_field(app: Flask, sam: Browser, signed_in: SignedIn) -> None:
    log(signed_in("ana"), "ethics")
    claim = address(app)
    sam.send(f"{claim}/take", page=claim)
    page = sam.send(f"{claim}/return", {"return-reason": "", "return-words": ""}, page=claim)
    assert page.status_code == 422
    assert 'id="return-reason-error"' in page.text
    assert "<details open>" in page.text
    kept = sam.send(f"{claim}/reject", {"reject-reason": "nothing-shown", "reject-words": "Look again"}, page=claim)
    assert kept.status_code == 422
    assert "Look again" in kept.text


def test_evidence_rejected(app: Flask, union: World, sam: Browser, kim: Browser, signed_in: SignedIn) -> None:
    """The member sees the reason and may send it again or appeal; it does not count meanwhile; nobody reviews their own."""
    ana = signed_in("ana")
    log(ana, "ethics")
    claim = address(app)
    with app.app_context():  # Sam is Ana, by another sign-in
        db.session.execute(update(User).where(User.id == union.users["sam"]).values(member_id=union.ana))
        db.session.commit()
    assert "You cannot review this" in sam.get(claim).text
    own = sam.send(f"{claim}/accept", page=claim)
    assert own.status_code == 409
    assert "This is your own record" in own.text
    assert sam.send("/staff/reviews/next", page="/staff/reviews").location == "/staff/reviews", "it never opens for them"
    record = f"/staff/members/{union.ana}/completions/new"
    around = sam.send(record, {"course": "ethics", "completed_on": days_ago(3).isoformat()}, page=record)
    assert "This is your own record" in around.text

    assert kim.send(f"{claim}/reject", {"reject-reason": "somebody-else"}, page=claim).status_code == 303
    page = ana.get("/my/").text
    assert "What you added is somebody else" in page
    assert "0 of 3 courses count" in page
    log(ana, "ethics")
    assert "1 waits for review" in ana.get("/my/").text
    with app.app_context():
        decided = db.session.scalars(select(Completion).where(Completion.voided_at.is_not(None))).one()
        assert decided.void_reason == "rejected: What you added is somebody else’s."
        assert db.session.scalars(select(ClaimReview.decision)).one() is Review.REJECTED
    later = sam.get(address(app)).text
    assert "Earlier reviews" in later
    assert "rejected" in later


def test_claims_that_a_report_confirms_are_accepted_together_and_taken_back(
    app: Flask, sam: Browser, signed_in: SignedIn
) -> None:
    log(signed_in("ana"), "ethics", days=3)
    rows = f"member_number,course,completed_on,assurance\n0012,ethics,{days_ago(5).isoformat()},provider\n"
    recorded(sam, tried(sam, rows))
    assert "1 claim is confirmed by a provider" in sam.get("/staff/reviews").text
    page = sam.get("/staff/reviews/confirmed").text
    claim = re.search(r'name="claim" value="(\d+)"', page)
    assert claim
    assert sam.send("/staff/reviews/confirmed", page="/staff/reviews/confirmed").status_code == 422
    done = sam.send("/staff/reviews/confirmed", {"claim": claim[1]}, page="/staff/reviews/confirmed")
    assert done.status_code == 303
    page = sam.get(done.location).text
    assert "Ana Example" in page
    assert "No claim waits" in sam.get("/staff/reviews").text
    undone = sam.send(f"{done.location}/undo", page=done.location)
    assert undone.location == "/staff/reviews"
    assert "AI Ethics" in sam.get("/staff/reviews").text
    again = sam.send(f"{done.location}/undo", page=done.location)
    assert again.status_code == 422
    assert "taken back already" in again.text


def test_the_queue_is_narrowed_by_the_address_and_goes_on_so(app: Flask, sam: Browser, signed_in: SignedIn) -> None:
    log(signed_in("ana"), "ethics")
    for asked, is_there in (
        ("local=80", True),
        ("local=600", False),
        ("path=ai", True),
        ("path=safe", False),
        ("age=7", False),
        ("evidence=no", True),
        ("evidence=yes", False),
        ("path=ai&local=80&evidence=no", True),
        ("age=nonsense&evidence=nonsense&path=nonsense&after=nonsense", True),
    ):
        assert ("AI Ethics" in sam.get(f"/staff/reviews?{asked}").text) is is_there, asked
    assert "No local or district is known as" in sam.get("/staff/reviews?local=<script>").text
    claim = address(app)
    taken = sam.send(f"{claim}/take?local=80&path=ai", page=claim)
    assert "local=80" in taken.location
    assert "path=ai" in taken.location


def test_an_auditor_reads_claims_and_decides_nothing(app: Flask, union: World, signed_in: SignedIn) -> None:
    log(signed_in("ana"), "ethics")
    otto, claim = signed_in("otto"), address(app)
    for path in ("/staff/reviews", claim, "/staff/reviews/confirmed"):
        assert otto.get(path).status_code == 200, path
    assert "Decide" not in otto.get(claim).text
    for act in ("take", "leave", "accept", "return", "reject"):
        assert otto.send(f"{claim}/{act}", page="/staff/").status_code == 404, act
    assert otto.send("/staff/reviews/confirmed", page="/staff/").status_code == 404
    assert otto.send("/staff/reviews/next", page="/staff/").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(ReviewLock)).all() == []


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "ada"])
def test_to_everyone_else_there_is_no_such_claim(app: Flask, union: World, signed_in: SignedIn, who: str) -> None:
    log(signed_in("ana"), "ethics")
    claim, browser = address(app), signed_in(who)
    for path in (claim, "/staff/reviews/confirmed", "/staff/reviews/confirmed/1"):
        assert browser.get(path).status_code == 404, path
    assert browser.send(f"{claim}/accept", page="/").status_code == 404


def test_a_claim_of_someone_else_or_that_is_none_is_not_there(app: Flask, union: World, sam: Browser) -> None:
    record = f"/staff/members/{union.ana}/completions/new"
    sam.send(record, {"course": "ethics", "completed_on": days_ago(3).isoformat()}, page=record)
    with app.app_context():
        reviewed, bo = db.session.scalars(select(Completion.id)).one(), member_id("34")
    assert sam.get(f"/staff/reviews/{union.ana}/{reviewed}").status_code == 404, "a staff record is no claim"
    assert sam.get(f"/staff/reviews/{bo}/{reviewed}").status_code == 404
    assert sam.get("/staff/reviews/1/1").status_code == 404
    assert sam.get("/staff/reviews/confirmed/9223372036854775807").status_code == 404


def test_equivalent_taken_instead(app: Flask, union: World, sam: Browser) -> None:
    """By rule it is credited; where no rule says so, staff may grant it once, with the reason."""
    path = f"/staff/members/{union.ana}/completions/new"
    on = days_ago(4).isoformat()
    sam.send(path, {"course": "creatives", "completed_on": on}, page=path)
    assert "1 of 3 courses counts" in sam.get(f"/staff/members/{union.ana}").text, "by the rule of the catalogue"
    sent = {"course": "ethics", "completed_on": on, "instead": "The hall's ethics evening: <same> content."}
    assert sam.send(path, sent, page=path).status_code == 303
    page = sam.get(f"/staff/members/{union.ana}").text
    assert "2 of 3 courses count" in page
    assert "Another course was accepted in its place. The hall&#39;s ethics evening: &lt;same&gt; content." in page
    with app.app_context():
        granted = db.session.scalars(select(Completion).where(Completion.source == "granted")).one()
        assert granted.assurance is Assurance.REVIEWED
    history = sam.get(f"/staff/members/{union.ana}/history").text
    assert "The hall&#39;s ethics evening" in history


def test_the_whole_history_tells_what_was_known_when_and_by_whom(
    app: Flask, union: World, sam: Browser, signed_in: SignedIn
) -> None:
    log(signed_in("ana"), "ethics", evidence_url="https://example.org/1")
    claim = address(app)
    sam.send(f"{claim}/return", {"return-reason": "no-day"}, page=claim)
    exempt = f"/staff/members/{union.ana}/exempt"
    sam.send(exempt, {"path": "ai", "reason": "On leave", "from_on": today().isoformat()}, page=exempt)
    page = sam.get(f"/staff/members/{union.ana}/history").text
    for told in (
        "80 · grip, active, from",
        "AI Fundamentals, required, from",
        "by the rule for ",
        "AI Ethics, completed",
        "A link for AI Ethics",
        "Returned to the member: AI Ethics",
        "does not show the day",
        "No longer: AI Ethics",
        "Exempt from AI Fundamentals",
        "sam@example.org",
        "ana@example.org",
        "the operator",
    ):
        assert told in page, told
    assert signed_in("otto").get(f"/staff/members/{union.ana}/history").status_code == 200
    assert signed_in("ben").get(f"/staff/members/{union.ana}/history").status_code == 404
    with app.app_context():
        assert db.session.get_one(Member, (union.ana,))
