"""Stopping mails without signing in, and the staff's page about the mail that goes out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from flask import Flask
from little_union import Browser, World
from sqlalchemy import select

from tracker.coverage.notices import MOST_TRIES
from tracker.models import AuditEntry, Notice, NoticeStop, db, writing
from tracker.operations.notices import notify
from tracker.operations.notices.stopping import stop_token


def stops(app: Flask) -> list[tuple[str, str]]:
    with app.app_context():
        return [(each.address_key, each.kind) for each in db.session.scalars(select(NoticeStop))]


def path_of(app: Flask, address: str = "Ana@example.org", kind: str = "digest") -> str:
    return f"/notices/stop/{stop_token(app.config['SECRET_KEY'], address, kind)}"


def test_a_stop_link_works_without_signing_in_and_changes_nothing_by_being_opened(app: Flask, stranger: Browser) -> None:
    path = path_of(app)
    page = stranger.get(path)
    assert page.status_code == 200
    assert "ana@example.org" in page.text
    assert "the weekly mail about your courses" in page.text
    assert stops(app) == []
    answer = stranger.client.post(path, data={"stop": "yes"})
    assert answer.status_code == 303
    assert "These mails have stopped" in stranger.get(path).text
    assert stops(app) == [("ana@example.org", "digest")]
    assert "It had stopped already" in stranger.client.post(path, data={"stop": "yes"}, follow_redirects=True).text
    again = stranger.client.post(path, data={"resume": "yes"}, follow_redirects=True)
    assert "It comes again" in again.text
    assert stops(app) == []
    with app.app_context():
        actions = [
            each.action for each in db.session.scalars(select(AuditEntry).where(AuditEntry.action.contains("notices")))
        ]
    assert actions == ["stop_notices", "resume_notices"]


def test_a_mail_program_stops_them_with_one_click(app: Flask, stranger: Browser) -> None:
    answer = stranger.client.post(path_of(app, kind="roll-up"), data={"List-Unsubscribe": "One-Click"})
    assert answer.status_code == 200, "it follows no redirection"
    assert stops(app) == [("ana@example.org", "roll-up")]


def test_nobody_stops_another_s_mails(app: Flask, stranger: Browser) -> None:
    path = path_of(app)
    for forged in (
        path[:-1],
        path + "x",
        "/notices/stop/x",
        f"/notices/stop/{stop_token('x' * 32, 'ana@example.org', 'digest')}",
    ):
        assert stranger.get(forged).status_code == 404
        assert stranger.client.post(forged, data={"stop": "yes"}).status_code == 404
    assert stranger.get(path_of(app, kind="security")).status_code == 404, "these cannot be stopped"
    assert stops(app) == []


def leave(app: Flask, address: str, attempts: int, failure: str) -> None:
    now = datetime.now(UTC)
    with app.app_context(), writing() as session:
        its_id = notify(session, address, None, "Subject", "Body", now, kind="returned")
        session.flush()
        notice = session.get_one(Notice, its_id)
        notice.attempts, notice.failure = attempts, failure


def test_staff_see_what_waits_what_failed_and_why_and_try_it_again(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    sam = signed_in("sam")
    empty = sam.get("/staff/notices")
    assert empty.status_code == 200
    assert "Nothing failed" in empty.text
    assert "No mail server is set" in empty.text
    leave(app, "gone@example.org", MOST_TRIES, "550 <no> such mailbox")
    leave(app, "slow@example.org", 2, "451 later")
    page = sam.get("/staff/notices").text
    assert "550 &lt;no&gt; such mailbox" in page
    assert "given up after 14 tries" in page
    assert "a course sent back" in page
    answer = sam.send("/staff/notices", page="/staff/notices")
    assert answer.status_code == 303
    assert "2 mails are tried again." in sam.get("/staff/notices").text
    with app.app_context():
        assert [each.attempts for each in db.session.scalars(select(Notice))] == [0, 0]
    assert "Nothing had failed" not in sam.get("/staff/notices").text


def test_what_the_next_digests_hold_is_told_in_counts(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> None:
    page = signed_in("sam").get("/staff/notices?count=yes").text
    assert "As of now, 3 people would get one." in page
    assert "paths newly asked" in page
    assert "ana@example.org" not in page.partition("<main")[2]
    with app.app_context():
        assert db.session.scalars(select(Notice)).all() == []


def test_others_find_no_such_page_and_an_auditor_only_reads(
    app: Flask, world: World, signed_in: Callable[[str], Browser]
) -> None:
    for name in ("ana", "ben", "dora", "ada"):
        assert signed_in(name).get("/staff/notices").status_code == 404
    otto = signed_in("otto")
    assert otto.get("/staff/notices").status_code == 200
    assert '<form method="post"><input' not in otto.get("/staff/notices").text.partition("<main")[2]
    assert otto.send("/staff/notices", page="/admin/audit").status_code == 404
