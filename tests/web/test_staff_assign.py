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

from tracker.coverage.figures import coverage_report
from tracker.models import Assignment, AssignmentRule, AuditEntry, Craft, DueDecision, ScopeSpan, db, writing

SENT = {
    "path": "safe",
    "who": "unit",
    "unit": "Local 80",
    "craft": "",
    "member": "",
    "kind": "required",
    "on": "2025-01-01",
    "until": "none",
    "due": "",
    "within_days": "",
    "leaving": "end",
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
    words = r"Members under Local 80.*: asked for Set Safety as required, from 1\W?January\W?2025, with no due date\."
    assert re.search(words, page.text)
    assert count_of(page.text, "members it reaches") == count_of(page.text, "newly asked for this path") == 3
    assert count_of(page.text, "told by their next digest") == 3
    assert "<li><bdi>Ana Example</bdi>" in page.text
    assert "Assign to 3 members" in page.text
    assert counts(app) == before


def count_of(page: str, label: str) -> int:
    found = re.search(rf'<span class="count">([\d,]+)</span> {re.escape(label)}<', page)
    assert found, f"{label} is not on the page"
    return int(found[1].replace(",", ""))


def test_a_craft_that_no_card_has_is_asked_about(app: Flask, sam: Browser) -> None:
    before = counts(app)
    page = preview(sam, who="craft", craft="gripp")
    assert "No card has the craft “gripp”. Make it anyway? The nearest that cards have: grip." in page
    assert 'name="new_craft"' in page
    assert "No card has the craft" in preview(sam, who="craft", craft="wigs & <b>hair</b>")
    assert "It reaches nobody today" in preview(sam, who="craft", craft="wigs & <b>hair</b>", new_craft="y")
    assert "<b>hair" not in preview(sam, who="craft", craft="wigs & <b>hair</b>", new_craft="y")
    assert counts(app) == before
    made = sam.send("/staff/assign/apply", SENT | {"who": "craft", "craft": "Wigs", "new_craft": "y"}, page="/staff/assign")
    assert made.status_code == 303
    assert counts(app)[4] == before[4] + 1


def test_confirming_does_it_once(app: Flask, sam: Browser) -> None:
    before = counts(app)
    answer = sam.send("/staff/assign/apply", SENT, page="/staff/assign")
    assert answer.status_code == 303
    after = counts(app)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 3)
    assert "3 members are asked" in sam.get(answer.location).text
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
        ({"who": "everyone"}, "Assign to 4 members"),
        ({"who": "craft", "craft": "SOUND"}, "Assign to 1 member"),
        ({"who": "craft", "craft": "SOUND", "unit": "nowhere"}, "Assign to 1 member"),  # not asked for, not looked at
        ({"who": "craft-unit", "craft": "grip", "unit": "80"}, "Assign to 3 members"),
        ({"who": "craft-unit", "craft": "grip", "unit": "80"}, "Members of the craft grip under Local 80"),
        ({"who": "craft-unit", "craft": "grip", "unit": "600"}, "It reaches nobody today"),
        ({"who": "member", "member": "56"}, "Assign to 1 member"),
        ({"unit": ""}, "Say which unit"),
        ({"who": "craft", "craft": " "}, "Say which craft"),
        ({"who": "member", "member": ""}, "Say which member"),
        ({"unit": "999"}, "No local or district is known as 999"),
        ({"who": "member", "member": "nobody@example.org"}, "No member, or more than one"),
        ({"who": ""}, "Say who is asked"),
        ({"who": "the queen"}, "Not a valid choice"),
        ({"path": "nothing"}, "Not a valid choice"),
        ({"kind": "ordered"}, "Not a valid choice"),
        ({"leaving": "shredded"}, "Not a valid choice"),
        ({"on": ""}, "Give the first day"),
        ({"until": "day"}, "Give the due day"),
        ({"until": "days"}, "Give the number of days"),
        ({"until": "day", "due": "2024-12-31"}, "before it begins"),
        ({"until": "day", "due": "2025-12-31", "within_days": "30"}, "The due day has passed already"),
        ({"until": "days", "within_days": "0"}, "Give 1 to 3,660 days"),
        ({"until": "days", "within_days": "soon"}, "Give a whole number of days"),
        ({"until": "none", "within_days": "soon"}, "Assign to 3 members"),
        ({"until": "days", "within_days": "90", "leaving": "keep"}, "keeps it until it is due"),
        ({"leaving": "voluntary"}, "Who no longer matches keeps it as voluntary."),
    ],
)
def test_what_a_form_may_say(app: Flask, sam: Browser, changed: dict[str, str], message: str) -> None:
    before = counts(app)
    assert message in preview(sam, **changed)
    assert counts(app) == before


def test_what_was_typed_survives_a_change_of_mind(sam: Browser) -> None:
    page = preview(sam, until="day", due=(today() + timedelta(days=30)).isoformat(), leaving="keep")
    back = re.search(r'href="(/staff/assign\?[^"]+)"', page)
    assert back
    form = sam.get(back[1].replace("&amp;", "&")).text
    assert 'value="Local 80"' in form
    assert 'value="2025-01-01"' in form
    assert re.search(r'<option selected value="safe"', form)
    assert re.search(r'<input checked[^>]* name="leaving"[^>]* value="keep"', form)


def test_undoing_within_a_day(app: Flask, sam: Browser) -> None:
    with app.app_context():
        before = coverage_report(db.session(), as_of=today()).rows
    rule = sam.send("/staff/assign/apply", SENT, page="/staff/assign").location
    page = sam.get(rule).text
    assert "It asks 3 members today." in page
    assert "Undo this assignment" in page
    answer = sam.send(f"{rule}/undo", page=rule)
    assert answer.status_code == 303
    assert "every figure is as it was before" in sam.get(rule).text
    with app.app_context():
        assert coverage_report(db.session(), as_of=today()).rows == before
    assert "This rule was undone already." in sam.send(f"{rule}/undo", page="/staff/assign").text
    assert "undone on" in sam.get("/staff/assign/rules?show=ended").text
    assert rule not in sam.get("/staff/assign/rules").text


def test_undoing_later_is_told_how_to_end_it_instead(app: Flask, sam: Browser) -> None:
    rule = sam.send("/staff/assign/apply", SENT, page="/staff/assign").location
    with app.app_context(), writing() as session:
        made = session.get_one(AssignmentRule, int(rule.rsplit("/", 1)[1]))
        made.recorded_at -= timedelta(hours=24)
    page = sam.get(rule).text
    assert "Undo this assignment" not in page
    assert f"{rule}/end" in page
    late = sam.send(f"{rule}/undo", page="/staff/assign")
    assert late.status_code == 422
    assert "End it instead" in late.text


def test_the_rules_are_sentences_that_a_search_finds(sam: Browser) -> None:
    sam.send("/staff/assign/apply", SENT | {"who": "craft", "craft": "sound"}, page="/staff/assign")
    page = sam.get("/staff/assign/rules").text
    assert "Members of the craft sound: asked for Set Safety as required" in page
    assert "since" in page
    assert "Set Safety" not in sam.get("/staff/assign/rules?q=fundamentals").text
    assert "craft sound" in sam.get("/staff/assign/rules?q=SAFETY+sound").text
    assert "No rule has these words" in sam.get("/staff/assign/rules?q=<b>x</b>").text


def test_ending_a_rule(app: Flask, sam: Browser) -> None:
    rule = sam.send("/staff/assign/apply", SENT, page="/staff/assign").location
    path = f"{rule}/end"
    assert "It asks 3 members today." in sam.get(path).text
    assert sam.send(path, {"on": today().isoformat(), "reason": ""}, page=path).status_code == 422
    assert sam.send(path, {"on": today().isoformat(), "reason": "season over"}, page=path).status_code == 303
    assert rule not in sam.get("/staff/assign/rules").text
    assert rule in sam.get("/staff/assign/rules?show=ended").text
    again = sam.send(path, {"on": today().isoformat(), "reason": "again"}, page=path)
    assert "ended on" in again.text
    assert sam.get("/staff/assign/1/end").status_code == 404
    assert sam.get("/staff/assign/1").status_code == 404


def test_due_dates_that_cannot_be_met(app: Flask, sam: Browser) -> None:
    said = SENT | {"on": "2019-01-01", "until": "day", "due": "2019-12-31"}
    assert count_of(preview(sam, **said), "joined after the due date") == 3
    rule = sam.send("/staff/assign/apply", said, page="/staff/assign").location
    assert "3 members wait" in sam.get("/staff/assign/due").text
    page = f"/staff/assign/due/{rule.rsplit('/', 1)[1]}"
    waits = re.findall(r'name="assignment" value="(\d+)"', sam.get(page).text)
    assert len(waits) == 3
    assert "Say when it is due." in sam.send(page, {"who": "all"}, page=page).text
    assert "Give the number of days." in sam.send(page, {"who": "all", "way": "days"}, page=page).text
    assert "Tick those it is about" in sam.send(page, {"who": "some", "way": "none"}, page=page).text
    strange = {"who": "some", "way": "none", "assignment": "12345"}
    assert "This was decided already" in sam.send(page, strange, page=page).text
    one = {"who": "some", "way": "none", "assignment": waits[0]}
    assert sam.send(page, one, page=page).status_code == 303
    rest = {"who": "all", "way": "day", "due": (today() + timedelta(days=30)).isoformat()}
    assert sam.send(page, rest, page=page).status_code == 303
    assert "Every due date can be met" in sam.get("/staff/assign/due").text
    assert "Nobody waits here any more" in sam.get(page).text
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(DueDecision)) == 3


def test_one_member_asked_by_name_and_no_more(app: Flask, sam: Browser) -> None:
    by_name = SENT | {"who": "member", "member": "0056", "on": days_ago(10).isoformat()}
    made = sam.send("/staff/assign/apply", by_name, page="/staff/assign").location
    assert "Cy Example: asked for Set Safety as required" in sam.get(made).text
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
    assert browser.get("/staff/assign").status_code == (303 if who == "otto" else 404)
    with app.app_context():
        rule = db.session.scalars(select(AssignmentRule.id)).first()
    for path in ("/staff/assign/rules", f"/staff/assign/{rule}", "/staff/assign/due"):
        assert browser.get(path).status_code == (200 if who == "otto" else 404)
    for path in (f"/staff/assign/{rule}/undo", f"/staff/assign/{rule}/end", f"/staff/assign/due/{rule}"):
        assert browser.send(path, {"on": "2026-01-01", "reason": "x"}, page="/account/password").status_code == 404
    assert counts(app)[:3] == before[:3]


def test_one_member_asked_by_name_and_undone(app: Flask, sam: Browser) -> None:
    made = sam.send("/staff/assign/apply", SENT | {"who": "member", "member": "0056"}, page="/staff/assign").location
    assert sam.send(f"{made}/undo", page=made).status_code == 303
    assert sam.get(made).status_code == 404
    assert sam.send(f"{made}/undo", page="/staff/assign").status_code == 404
    with app.app_context():
        assert db.session.scalars(select(ScopeSpan).where(ScopeSpan.member_id == member_id("56"))).all() == []
