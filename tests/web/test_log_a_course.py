"""A member logs a completed course."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from training_union import days_ago, member_id, today

from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Completion, Evidence, db

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
    assert again.status_code == 422
    assert "is already recorded" in again.text
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
