"""Staff and members: finding one, their record, recording, exempting, voiding."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import func, select
from training_union import days_ago, member_id, now, today

from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Completion, Exemption, Member, db, new_ids


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def id_of(app: Flask, number: str) -> int:
    with app.app_context():
        return member_id(number)


def last_action(app: Flask) -> tuple[str, str]:
    with app.app_context():
        acts = select(AuditEntry).where(AuditEntry.action != "open_record").order_by(AuditEntry.id.desc())
        entry = db.session.scalars(acts).first()
        assert entry
        return entry.action, entry.actor_role


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("q=example", ["Ana", "Bo", "Cy"]),
        ("q=EXAMPLE+bo", ["Bo"]),
        ("q=0056", ["Cy"]),
        ("q=56", ["Cy"]),
        ("q=ana@example.org", ["Ana"]),
        ("local=Local+80", ["Dee", "Ana", "Bo"]),
        ("local=80&q=example", ["Ana", "Bo"]),
        ("q=%25", []),
    ],
)
def test_members_are_found(sam: Browser, query: str, found: list[str]) -> None:
    page = sam.get(f"/staff/members?{query}").text
    assert re.findall(r'href="/staff/members/\d+"><bdi>(\w+)', page) == found


def test_an_unknown_local_and_a_name_that_is_markup(sam: Browser) -> None:
    assert "No local is known as" in sam.get("/staff/members?local=999").text
    page = sam.get("/staff/members?q=dee").text
    assert "<b>Markup</b>" not in page
    assert "&lt;b&gt;Markup&lt;/b&gt;" in page
    assert "<script>" not in sam.get("/staff/members?q=<script>&local=<script>").text


def test_the_list_goes_on_after_the_last_member_shown(app: Flask, sam: Browser) -> None:
    with app.app_context():
        db.session.add_all(
            Member(member_id=its_id, number=f"9{its_id}", first_name="Same", last_name="Name", name_key="name same",
                   created_at=now())
            for its_id in new_ids(60)
        )  # fmt: skip
        db.session.commit()
    seen: list[str] = []
    path: str | None = "/staff/members?q=same"
    while path:
        page = sam.get(path).text
        seen += re.findall(r'href="/staff/members/(\d+)"', page)
        following = re.search(r'href="([^"]+)" rel="next"', page)
        path = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 60


def test_recording_a_course_counts_at_once(app: Flask, sam: Browser) -> None:
    bo = id_of(app, "34")
    path = f"/staff/members/{bo}/completions/new"
    sent = {"course": "AI Ethics", "completed_on": days_ago(4).isoformat()}
    answer = sam.send(path, sent, page=path)
    assert (answer.status_code, answer.location) == (303, f"/staff/members/{bo}")
    page = sam.get(f"/staff/members/{bo}").text
    assert "1 of 3 courses counts" in page
    with app.app_context():
        completion = db.session.scalars(select(Completion)).one()
        assert (completion.assurance, completion.source, completion.member_id) == (Assurance.REVIEWED, "staff", bo)
    assert last_action(app) == ("log_completion", "staff")
    again = sam.send(path, sent, page=path)
    assert again.status_code == 422
    assert "is already recorded" in again.text


def test_exempting_takes_the_path_off_them(app: Flask, sam: Browser) -> None:
    bo = id_of(app, "34")
    path = f"/staff/members/{bo}/exempt"
    sent = {
        "path": "ai",
        "reason": "On leave",
        "note": "until the show closes <3",
        "from_on": today().isoformat(),
        "until": "",
        "unit": "",
    }
    assert 'id="reason-error"' in sam.send(path, sent | {"reason": ""}, page=path).text
    assert 'id="note-error"' in sam.send(path, sent | {"reason": "other", "note": " "}, page=path).text
    backwards = sam.send(path, sent | {"until": days_ago(1).isoformat()}, page=path)
    assert backwards.status_code == 422
    assert 'id="until-error"' in backwards.text
    unknown = sam.send(path, sent | {"unit": "999"}, page=path)
    assert 'id="unit-error"' in unknown.text
    assert sam.send(path, sent, page=path).status_code == 303
    page = sam.get(f"/staff/members/{bo}").text
    assert "state-exempt" in page
    assert "On leave: until the show closes &lt;3" in page
    assert last_action(app) == ("exempt_member", "staff")
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Exemption)) == 1


def test_voiding_asks_why_and_keeps_the_record(app: Flask, sam: Browser) -> None:
    bo = id_of(app, "34")
    new = f"/staff/members/{bo}/completions/new"
    sam.send(new, {"course": "ethics", "completed_on": days_ago(4).isoformat()}, page=new)
    with app.app_context():
        completion_id = db.session.scalars(select(Completion.id)).one()
    path = f"/staff/members/{bo}/completions/{completion_id}/void"
    assert sam.get(path).status_code == 200
    assert sam.send(path, {"reason": ""}, page=path).status_code == 422
    assert sam.send(path, {"reason": "wrong person"}, page=path).status_code == 303
    page = sam.get(f"/staff/members/{bo}").text
    assert "0 of 3 courses count" in page
    assert "wrong person" in page
    assert "sam@example.org" in page
    assert last_action(app) == ("void_completion", "staff")
    again = sam.send(path, {"reason": "again"}, page=path)
    assert again.status_code == 422
    assert "voided on" in again.text
    ana = id_of(app, "12")
    assert sam.get(f"/staff/members/{ana}/completions/{completion_id}/void").status_code == 404, "it is not Ana's"


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "ada"])
def test_to_everyone_else_there_is_no_such_page(
    app: Flask, union: World, signed_in: Callable[[str], Browser], who: str
) -> None:
    browser, bo = signed_in(who), id_of(app, "34")
    for path in (
        "members",
        f"members/{bo}",
        f"members/{bo}/completions/new",
        f"members/{bo}/exempt",
        "",
        "waiting",
        "reviews",
    ):
        assert browser.get(f"/staff/{path}").status_code == 404, path
    own = id_of(app, "12")
    assert browser.get(f"/staff/members/{own}").status_code == 404, "their own record is at /my/"


def test_an_auditor_reads_and_is_offered_no_act(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    otto, bo = signed_in("otto"), id_of(app, "34")
    page = otto.get(f"/staff/members/{bo}")
    assert page.status_code == 200
    assert "Record a completed course" not in page.text
    assert "Exempt from" not in page.text
    for act in ("completions/new", "exempt"):
        assert otto.get(f"/staff/members/{bo}/{act}").status_code == 404
        assert otto.send(f"/staff/members/{bo}/{act}", page="/admin/audit").status_code == 404


def test_a_member_who_is_not_there(sam: Browser) -> None:
    assert sam.get("/staff/members/1").status_code == 404
    assert sam.get("/staff/members?after=1").status_code == 200
