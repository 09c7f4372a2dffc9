"""Staff ask many for a path: seen first, then done, and ended."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import func, select
from training_union import days_ago, member_id, today

from tracker.models import Assignment, AssignmentRule, AuditEntry, Craft, ScopeSpan, db

SENT = {
    "path": "safe",
    "who": "unit",
    "target": "Local 80",
    "kind": "required",
    "on": "2025-01-01",
    "due": "",
    "within_days": "",
}


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def counts(app: Flask) -> tuple[int, ...]:
    with app.app_context():
        tables = (AssignmentRule, Assignment, ScopeSpan, AuditEntry, Craft)
        return tuple(db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def preview(browser: Browser, **changed: str) -> str:
    return browser.send("/staff/assign", SENT | changed, page="/staff/assign").text


def test_a_preview_counts_and_writes_nothing(app: Flask, sam: Browser) -> None:
    before = counts(app)
    page = sam.send("/staff/assign", SENT, page="/staff/assign")
    assert page.status_code == 200
    assert re.search(r"Members it reaches</th><td class=\"number\">3<", page.text)
    assert re.search(r"newly asked for this path</th><td class=\"number\">3<", page.text)
    assert "Assign to 3 members" in page.text
    assert counts(app) == before


def test_a_preview_of_a_new_craft_makes_none(app: Flask, sam: Browser) -> None:
    before = counts(app)
    page = preview(sam, who="craft", target="wigs & <b>hair</b>")
    assert "It reaches nobody today" in page
    assert "<b>hair" not in page
    assert counts(app) == before


def test_confirming_does_it_once(app: Flask, sam: Browser) -> None:
    before = counts(app)
    answer = sam.send("/staff/assign/apply", SENT, page="/staff/assign")
    assert answer.status_code == 303
    after = counts(app)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)
    assert "3 members asked" in sam.get("/staff/assign").text
    again = sam.send("/staff/assign/apply", SENT, page="/staff/assign")
    assert again.status_code == 422
    assert "Exactly this is asked already" in again.text
    assert counts(app) == after
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "assign_path")).all()[-1]
        assert entry.actor_role == "staff"


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"who": "everyone", "target": ""}, "Assign to 4 members"),
        ({"who": "craft", "target": "SOUND"}, "Assign to 1 member"),
        ({"who": "member", "target": "56"}, "Assign to 1 member"),
        ({"target": ""}, "Say which one"),
        ({"target": "999"}, "No local or district is known as 999"),
        ({"who": "member", "target": "nobody@example.org"}, "No member, or more than one"),
        ({"who": ""}, "Say who is asked"),
        ({"who": "the queen"}, "Not a valid choice"),
        ({"path": "nothing"}, "Not a valid choice"),
        ({"kind": "ordered"}, "Not a valid choice"),
        ({"on": ""}, "Give the first day"),
        ({"due": "2024-12-31"}, "before it begins"),
        ({"due": "2027-12-31", "within_days": "30"}, "not both"),
        ({"within_days": "0"}, "Give 1 to 3,660 days"),
        ({"within_days": "soon"}, "Give a whole number of days"),
    ],
)
def test_what_a_form_may_say(app: Flask, sam: Browser, changed: dict[str, str], message: str) -> None:
    before = counts(app)
    assert message in preview(sam, **changed)
    assert counts(app) == before


def test_what_was_typed_survives_a_change_of_mind(sam: Browser) -> None:
    page = preview(sam, due=(today() + timedelta(days=30)).isoformat())
    back = re.search(r'href="(/staff/assign\?[^"]+)"', page)
    assert back
    form = sam.get(back[1].replace("&amp;", "&")).text
    assert 'value="Local 80"' in form
    assert 'value="2025-01-01"' in form
    assert re.search(r'<option selected value="safe"', form)


def test_ending_a_rule(app: Flask, sam: Browser) -> None:
    sam.send("/staff/assign/apply", SENT, page="/staff/assign")
    with app.app_context():
        rule_id = db.session.scalars(select(AssignmentRule.id).order_by(AssignmentRule.id.desc())).first()
    path = f"/staff/assign/{rule_id}/end"
    assert "asks 3 members today" in sam.get(path).text
    assert sam.send(path, {"on": today().isoformat(), "reason": ""}, page=path).status_code == 422
    assert sam.send(path, {"on": today().isoformat(), "reason": "season over"}, page=path).status_code == 303
    assert path not in sam.get("/staff/assign").text
    again = sam.send(path, {"on": today().isoformat(), "reason": "again"}, page=path)
    assert "ended on" in again.text
    assert sam.get("/staff/assign/1/end").status_code == 404


def test_one_member_asked_by_name_and_no_more(app: Flask, sam: Browser) -> None:
    by_name = SENT | {"who": "member", "target": "0056", "on": days_ago(10).isoformat()}
    assert sam.send("/staff/assign/apply", by_name, page="/staff/assign").status_code == 303
    assert "Exactly this is asked already" in sam.send("/staff/assign/apply", by_name, page="/staff/assign").text
    with app.app_context():
        cy = member_id("56")
        assignment = db.session.scalars(select(Assignment).where(Assignment.member_id == cy)).one()
        ruled = db.session.scalars(select(Assignment).where(Assignment.rule_id.is_not(None))).first()
        assert ruled
    path = f"/staff/members/{cy}/assignments/{assignment.id}/end"
    assert path in sam.get(f"/staff/members/{cy}").text
    assert sam.send(path, {"on": today().isoformat(), "reason": "moved on"}, page=path).status_code == 303
    assert "No path is asked of them" in sam.get(f"/staff/members/{cy}").text
    assert sam.get(f"/staff/members/{cy}/assignments/{ruled.id}/end").status_code == 404
    of_another = f"/staff/members/{ruled.member_id}/assignments/{ruled.id}/end"
    assert sam.get(of_another).status_code == 404, "what a rule asks ends with the rule"


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "ada", "otto"])
def test_nobody_else_assigns(app: Flask, union: World, signed_in: Callable[[str], Browser], who: str) -> None:
    browser, before = signed_in(who), counts(app)
    for path in ("/staff/assign", "/staff/assign/apply"):
        assert browser.send(path, SENT, page="/account/password").status_code == 404
    assert counts(app)[:3] == before[:3]
    assert browser.get("/staff/assign").status_code == (200 if who == "otto" else 404)
