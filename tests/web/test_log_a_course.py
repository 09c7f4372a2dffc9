"""A member logs a completed course."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from little_union import Browser, World, token_on
from sqlalchemy import select
from test_my_record import completed, text_of
from training_union import days_ago, member_id, now, today

from tracker.curriculum.words import Assurance, Role
from tracker.models import AuditEntry, ClaimReview, Completion, Evidence, Review, db, new_id, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash

NEW = "/my/completions/new"


@pytest.fixture
def ana(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("ana")


def completions(app: Flask) -> list[Completion]:
    with app.app_context():
        return list(db.session.scalars(select(Completion)))


def test_logging_a_course(app: Flask, ana: Browser) -> None:
    sent = {"course": "AI Ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/c/1"}
    answer = ana.send("/my/completions", sent, page=NEW)
    assert (answer.status_code, answer.location) == (303, "/my/")
    page = ana.get("/my/").text
    assert "Logged: AI Ethics" in page
    assert "waiting for review" in page
    [completion] = completions(app)
    assert completion.assurance is Assurance.CLAIMED
    assert completion.source == "self"
    with app.app_context():
        assert completion.member_id == member_id("12")
        evidence = db.session.scalars(select(Evidence)).one()
        assert (evidence.url, evidence.review.value) == ("https://example.org/c/1", "waiting")
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "log_completion")).one()
        assert (entry.actor_role, entry.member_id) == ("member", completion.member_id)


def test_the_same_again_is_recorded_already(app: Flask, ana: Browser) -> None:
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat()}
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303
    again = ana.send("/my/completions", sent, page=NEW)
    assert again.status_code == 409
    told = text_of(again.text)
    assert "It is already recorded" in told
    assert "AI Ethics" in told
    assert "waiting for review since" in told
    assert "nothing was recorded twice" in told
    assert 'href="/my/"' in again.text
    assert len(completions(app)) == 1


@pytest.mark.parametrize(
    ("changed", "message", "field"),
    [
        ({"course": ""}, "Say which course", "course"),
        ({"course": "No such course"}, "No course has that code or title", "course"),
        ({"completed_on": ""}, "Give the day", "completed_on"),
        ({"completed_on": "31.3.2026"}, "Write the day as", "completed_on"),
        ({"completed_on": "0026-03-01"}, "look at the year", "completed_on"),
        ({"completed_on": (today() + timedelta(days=2)).isoformat()}, "is in the future", "completed_on"),
        ({"evidence_url": "javascript:alert(1)"}, "begins with https://", "evidence_url"),
        ({"evidence_url": "https://example.org/" + "x" * 2000}, "begins with https://", "evidence_url"),
    ],
)
def test_a_fault_stands_beside_its_field_and_keeps_what_was_typed(
    app: Flask, ana: Browser, changed: dict[str, str], message: str, field: str
) -> None:
    sent = {"course": "AI Ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/c/1"}
    answer = ana.send("/my/completions", sent | changed, page=NEW)
    assert answer.status_code == 422
    assert f'id="{field}-error"' in answer.text
    assert message in answer.text
    for name, value in sent.items():
        assert (changed.get(name, value) or "") in answer.text.replace("&#39;", "'")
    assert completions(app) == []


def test_a_link_on_the_record_fills_in_the_course(ana: Browser) -> None:
    page = ana.get("/my/").text
    assert f'href="{NEW}?course=ethics"' in page
    assert 'value="AI Ethics"' in ana.get(f"{NEW}?course=ethics").text
    assert "<script>" not in ana.get(f"{NEW}?course=<script>").text


def test_every_course_is_offered_to_choose_from(ana: Browser) -> None:
    page = ana.get(NEW).text
    assert '<option value="AI for Creatives">AI for Creatives · Training Trust Fund</option>' in page
    assert f'max="{today().isoformat()}"' in page


def test_nobody_logs_for_another_or_surer_than_a_claim(app: Flask, ana: Browser) -> None:
    with app.app_context():
        other = str(member_id("34"))
    sent = {
        "course": "ethics",
        "completed_on": days_ago(3).isoformat(),
        "assurance": "3",
        "member": other,
        "member_id": other,
    }
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303
    [completion] = completions(app)
    assert completion.assurance is Assurance.CLAIMED
    with app.app_context():
        assert completion.member_id == member_id("12")


def test_without_the_token_nothing_is_recorded(app: Flask, ana: Browser) -> None:
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat()}
    assert ana.client.post("/my/completions", data=sent).status_code == 400
    assert completions(app) == []
    assert ana.get("/my/completions").location == NEW


# --- Searching as it is typed ---------------------------------------------------------------------------------------------


def found(ana: Browser, query: str) -> list[str]:
    return [each["title"] for each in ana.get(f"/my/courses.json?q={query}").json["courses"]]


def test_a_search_finds_words_anywhere_without_case_and_accents(ana: Browser) -> None:
    assert found(ana, "fund+trust+SAFE") == ["Safety"], "title and provider, in any order"
    assert found(ana, "b%C3%A1sics") == ["AI Basics"]
    assert found(ana, "no-such-course") == []
    assert ana.get("/my/courses.json?q=" + "x" * 5_000).status_code == 200


def test_what_is_asked_and_missing_stands_first(app: Flask, ana: Browser) -> None:
    assert found(ana, "")[:4] == ["AI Basics", "AI Ethics", "Prompting", "Pictures"]
    completed(app, "12", "basics", days_ago(10), Assurance.PROVIDER)
    assert found(ana, "ai")[0] == "AI Ethics", "it is held: no more wanted"
    first = ana.get("/my/courses.json?q=ethics").json["courses"][0]
    assert first == {"value": "AI Ethics", "title": "AI Ethics", "note": "LinkedIn Learning · 45 minutes · asked of you"}


def test_the_search_is_a_members_own(union: World, signed_in: Callable[[str], Browser]) -> None:
    assert signed_in("ben").get("/my/courses.json?q=a").status_code == 404


# --- Few taps, nothing twice, nothing lost -------------------------------------------------------------------------------


def test_from_the_record_a_course_is_logged_with_two_taps_and_nothing_typed(app: Flask, ana: Browser) -> None:
    assert f'href="{NEW}?course=ethics"' in ana.get("/my/").text
    page = ana.get(f"{NEW}?course=ethics").text
    assert 'value="AI Ethics"' in page
    assert f'value="{today().isoformat()}"' in page, "the day is today unless it is changed"
    sent = {"course": "AI Ethics", "completed_on": today().isoformat()}
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303
    assert len(completions(app)) == 1


def test_the_page_s_script_gets_the_way_on_as_json(ana: Browser) -> None:
    sent = {"course": "ethics", "completed_on": today().isoformat()}
    token = {"csrf_token": token_on(ana.get(NEW).text)}
    answer = ana.client.post("/my/completions", data=token | sent, headers={"Accept": "application/json"})
    assert answer.json == {"next": "/my/"}
    assert "data-draft-sent" in ana.get("/my/").text
    assert "data-draft-sent" not in ana.get("/my/").text, "told once"


def test_a_course_held_at_the_providers_word_says_so_first(app: Flask, ana: Browser) -> None:
    completed(app, "12", "ethics", days_ago(30), Assurance.PROVIDER)
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/c/1"}
    asked = ana.send("/my/completions", sent, page=NEW)
    assert asked.status_code == 409
    told = text_of(asked.text)
    assert "You hold this course already" in told
    assert "reported by LinkedIn Learning" in told
    assert "It does not lapse" in told
    assert len(completions(app)) == 1
    assert ana.send("/my/completions", sent | {"sure": "yes"}, page=NEW).status_code == 303
    assert len(completions(app)) == 2


def test_a_course_that_lapses_can_be_logged_as_a_renewal(app: Flask, ana: Browser) -> None:
    completed(app, "12", "safety", days_ago(100), Assurance.PROVIDER)
    sent = {"course": "safety", "completed_on": days_ago(3).isoformat()}
    told = text_of(ana.send("/my/completions", sent, page=NEW).text)
    assert "It holds until" in told
    assert "Log it as a renewal" in told


def test_a_renewal_of_what_expires_soon_is_logged_without_a_question(app: Flask, ana: Browser) -> None:
    completed(app, "12", "safety", days_ago(350), Assurance.PROVIDER)
    sent = {"course": "safety", "completed_on": days_ago(3).isoformat()}
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303


def test_a_draft_on_a_device_that_others_use_is_ones_own(
    app: Flask, ana: Browser, signed_in: Callable[[str], Browser]
) -> None:
    with app.app_context(), writing() as session:
        bo = add_user(session, "bo@example.org", Role.MEMBER, None, member_id("34"), OPERATOR, days_ago(1))
        bo.password_hash = password_hash("backstage-demo", "")

    def draft(browser: Browser) -> str:
        found = re.search(r'data-draft="([0-9a-f]+)"', browser.get(NEW).text)
        assert found
        return found[1]

    assert draft(ana) == draft(ana)
    assert draft(ana) != draft(signed_in("bo"))


# --- What was sent back ---------------------------------------------------------------------------------------------------


def sent_back(app: Flask, decision: Review, words: str, days: int = 1) -> int:
    """What a reviewer's decision leaves behind of Ana's only claim."""
    with app.app_context(), writing() as session:
        claim = session.scalars(select(Completion).where(Completion.voided_at.is_(None))).one()
        claim.voided_at, claim.void_reason = now() - timedelta(days=days), "returned"
        session.add(
            ClaimReview(
                member_id=claim.member_id, id=new_id(), completion_id=claim.id, decision=decision, reason="", words=words,
                decided_at=now() - timedelta(days=days),
            )
        )  # fmt: skip
        return claim.id


def test_evidence_rejected_member_sees_reason_and_may_resubmit_or_appeal(app: Flask, ana: Browser) -> None:
    first = {"course": "ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/c/1"}
    ana.send("/my/completions", first, page=NEW)
    claim = sent_back(app, Review.RETURNED, "The picture shows <another> course.")
    page = ana.get("/my/").text
    told = text_of(page)
    assert "1 course was sent back to you" in told
    assert "The picture shows &lt;another&gt; course." in told
    assert f'href="{NEW}?again={claim}"' in page
    assert f'href="/my/wrong?about=review&amp;object={claim}"' in page
    assert "0 of 3 courses count" in told, "it does not count meanwhile"

    form = ana.get(f"{NEW}?again={claim}").text
    assert 'value="AI Ethics"' in form
    assert 'value="https://example.org/c/1"' in form
    assert f'value="{first["completed_on"]}"' in form
    assert "What you logged was sent back:" in form

    again = first | {"evidence_url": "https://example.org/c/2", "again": str(claim)}
    assert ana.send("/my/completions", again, page=NEW).status_code == 303
    after = text_of(ana.get("/my/").text)
    assert "sent back" not in after
    assert "waiting for review" in after


def test_a_rejected_claim_is_told_with_its_reason(app: Flask, ana: Browser) -> None:
    ana.send("/my/completions", {"course": "ethics", "completed_on": days_ago(3).isoformat()}, page=NEW)
    sent_back(app, Review.REJECTED, "It is somebody else's.")
    told = text_of(ana.get("/my/").text)
    assert "rejected" in told
    assert "It is somebody else" in told
    assert "Ask for another look" in told


def test_what_was_sent_back_is_nobody_elses(app: Flask, ana: Browser, signed_in: Callable[[str], Browser]) -> None:
    ana.send("/my/completions", {"course": "ethics", "completed_on": days_ago(3).isoformat()}, page=NEW)
    claim = sent_back(app, Review.RETURNED, "Unclear.")
    with app.app_context(), writing() as session:
        bo = add_user(session, "bo@example.org", Role.MEMBER, None, member_id("34"), OPERATOR, days_ago(1))
        bo.password_hash = password_hash("backstage-demo", "")
    bos = signed_in("bo")
    page = bos.get(f"{NEW}?again={claim}").text
    assert "Unclear." not in page
    assert bos.get(f"/my/completions/{claim}/proof").status_code == 404


def test_more_proof_can_be_added_while_it_waits(app: Flask, ana: Browser) -> None:
    ana.send("/my/completions", {"course": "ethics", "completed_on": days_ago(3).isoformat()}, page=NEW)
    [claim] = completions(app)
    way = f"/my/completions/{claim.id}/proof"
    assert f'href="{way}"' in ana.get("/my/").text
    nothing = ana.send(way, {}, page=way)
    assert nothing.status_code == 422
    assert "Choose a photo or a file, or give a link." in nothing.text
    assert ana.send(way, {"evidence_url": "https://example.org/c/9"}, page=way).status_code == 303
    with app.app_context():
        proof = db.session.scalars(select(Evidence)).one()
        assert (proof.url, proof.review) == ("https://example.org/c/9", Review.WAITING)
        assert (
            db.session.scalars(select(AuditEntry).where(AuditEntry.action == "attach_evidence")).one().actor_role == "member"
        )
