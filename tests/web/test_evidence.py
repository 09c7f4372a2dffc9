"""Files of evidence: sent with a course, and read by those who may, one at a time."""

from __future__ import annotations

import io
import queue
import re
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from little_union import LONG_AGO, Browser, World, token_on
from PIL import Image
from sqlalchemy import select
from test_my_record import text_of
from training_union import days_ago, member_id
from werkzeug.test import TestResponse

from tracker.curriculum.words import Role
from tracker.models import AuditEntry, Completion, Evidence, Membership, Unit, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.evidence import Quota, checking
from tracker.operations.passwords import password_hash

NEW = "/my/completions/new"


def photo(size: tuple[int, int] = (60, 40)) -> bytes:
    drawn = io.BytesIO()
    with Image.new("RGB", size, (200, 30, 30)) as image:
        image.save(drawn, "JPEG")
    return drawn.getvalue()


def send(browser: Browser, name: str = "photo.jpg", content: bytes | None = None, **fields: object) -> TestResponse:
    """Log a course with a file, as a browser sends it."""
    sent = {
        "csrf_token": token_on(browser.get(NEW).text),
        "course": "ethics",
        "completed_on": days_ago(3).isoformat(),
        "file": (io.BytesIO(photo() if content is None else content), name),
        **fields,
    }
    return browser.client.post("/my/completions", data=sent)


def note_on(page: str) -> str:
    found = re.search(r'name="kept"[^>]* value="([^"]+)"', page)
    assert found, "nothing is kept"
    return found[1]


@pytest.fixture
def ana(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("ana")


@pytest.fixture
def address(app: Flask, ana: Browser) -> str:
    """Of a file that Ana sent."""
    assert send(ana).status_code == 303
    with app.app_context():
        kept = db.session.scalars(select(Evidence)).one()
        return f"/evidence/{kept.member_id}/{kept.id}"


def new_user(app: Flask, name: str, role: Role, unit: str | None = None, member: str = "") -> None:
    with app.app_context(), writing() as session:
        where = session.scalars(select(Unit).where(Unit.number == unit)).one() if unit else None
        whose = member_id(member) if member else None
        user = add_user(session, f"{name}@example.org", role, where, whose, OPERATOR, LONG_AGO)
        user.password_hash = password_hash("backstage-demo", "")


def openings(app: Flask) -> list[tuple[str, str, object]]:
    with app.app_context():
        rows = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "open_evidence").order_by(AuditEntry.id))
        return [(row.actor_role, row.action, row.member_id) for row in rows]


def test_a_photo_is_sent_with_a_course_and_shown_on_its_line(app: Flask, ana: Browser, address: str, tmp_path: Path) -> None:
    page = ana.get("/my/").text
    assert f'href="{address}"' in page
    with app.app_context():
        kept = db.session.scalars(select(Evidence)).one()
        assert (kept.review.value, kept.media_type, kept.url) == ("waiting", "image/jpeg", None)
        logged = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "log_completion")).one()
        assert logged.detail["sha256"] == kept.sha256
        assert (tmp_path / "evidence" / (kept.sha256 or "")[:2] / (kept.sha256 or "")).is_file()


def test_a_file_is_given_to_be_kept_and_never_to_be_run(ana: Browser, address: str) -> None:
    with ana.get(address) as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "image/jpeg"
        assert re.fullmatch(r"attachment; filename=evidence-[0-9a-f]{8}\.jpg", answer.headers["Content-Disposition"])
        assert answer.headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cache-Control"] == "no-store"
        assert "ETag" not in answer.headers


@pytest.mark.parametrize(
    ("who", "status", "role"),
    [
        ("ana", 200, None),
        ("sam", 200, "staff"),
        ("otto", 200, "auditor"),
        ("ben", 200, "local-lead"),
        ("dora", 404, None),
        ("noor", 404, None),
        ("bo", 404, None),
        ("vic", 404, None),
        ("lea", 404, None),
    ],
)
def test_who_reads_a_file_of_anas(
    app: Flask, address: str, signed_in: Callable[[str], Browser], who: str, status: int, role: str | None
) -> None:
    new_user(app, "bo", Role.MEMBER, member="34")
    new_user(app, "vic", Role.LOCAL_VIEWER, "80")
    new_user(app, "lea", Role.LOCAL_LEAD, "600")
    with signed_in(who).get(address) as answer:
        assert answer.status_code == status
    with app.app_context():
        ana_id = member_id("12")
    assert openings(app) == ([(role, "open_evidence", ana_id)] if role else []), "each reading by another leaves a trace"


def test_a_stranger_is_shown_the_way_in(address: str, stranger: Browser) -> None:
    assert stranger.get(address).status_code == 303


def test_what_is_not_theirs_reads_like_what_is_not_there(app: Flask, ana: Browser, address: str) -> None:
    *_, whose, its_id = address.split("/")
    with app.app_context():
        other = member_id("34")
    for path in (f"/evidence/{other}/{its_id}", f"/evidence/{whose}/{int(its_id) + 1}", f"/evidence/{other}/1"):
        assert ana.get(path).status_code == 404
    assert ana.get("/evidence/1/99999999999999999999").status_code == 404
    assert ana.client.post(address, data={"csrf_token": token_on(ana.get(NEW).text), "reason": "x"}).status_code == 404


def test_a_link_alone_is_no_file(app: Flask, ana: Browser) -> None:
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/c/1"}
    ana.send("/my/completions", sent, page=NEW)
    with app.app_context():
        kept = db.session.scalars(select(Evidence)).one()
    assert ana.get(f"/evidence/{kept.member_id}/{kept.id}").status_code == 404


def test_a_lead_reads_no_more_once_the_card_or_the_role_has_ended(
    app: Flask, address: str, signed_in: Callable[[str], Browser]
) -> None:
    ben = signed_in("ben")
    with ben.get(address) as answer:
        assert answer.status_code == 200
    with app.app_context(), writing() as session:
        session.scalars(select(Membership).where(Membership.member_id == member_id("12"))).one().until_on = days_ago(1)
    assert ben.get(address).status_code == 404


def test_an_administrator_cannot_read_evidence_without_leaving_a_trace(
    app: Flask, address: str, signed_in: Callable[[str], Browser]
) -> None:
    ada = signed_in("ada")
    asked = ada.get(address)
    assert asked.status_code == 200
    assert asked.mimetype == "text/html"
    assert "Why you need to see it" in text_of(asked.text)
    assert "Ana" not in asked.text
    silent = ada.send(address, {"reason": "   "}, page=address)
    assert silent.status_code == 422
    assert ada.send(address, {"reason": "x" * 201}, page=address).status_code == 422
    assert openings(app) == []
    with ada.send(address, {"reason": "A complaint of the member's"}, page=address) as given:
        assert given.mimetype == "image/jpeg"
        assert given.headers["Content-Security-Policy"].startswith("sandbox")
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "open_evidence")).one()
        assert (entry.actor_role, entry.member_id, entry.detail["reason"]) == (
            "admin", member_id("12"), "A complaint of the member's",
        )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("photo.jpg", b"<html><script>alert(1)</script></html>", "not a photo or a PDF"),
        ("photo.svg", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "not a photo or a PDF"),
        ("photo.jpg", b"\xff\xd8\xff\xe0" + b"\0" * 50, "cannot be opened"),
        ("photo.jpg", b"", "is empty"),
        ("IMG.HEIC", b"\x00\x00\x00\x18ftypheic" + b"\0" * 50, "HEIC"),
        ("../../x\0.html", photo(), "does not end as its content asks"),
    ],
)
def test_a_hostile_upload_is_refused_beside_its_field_and_the_rest_stays(
    app: Flask, ana: Browser, name: str, content: bytes, said: str
) -> None:
    answer = send(ana, name, content, evidence_url="https://example.org/c/1")
    assert answer.status_code == 422
    assert 'id="file-error"' in answer.text
    assert said in answer.text
    assert 'value="ethics"' in answer.text
    assert 'value="https://example.org/c/1"' in answer.text
    with app.app_context():
        assert db.session.scalars(select(Completion)).all() == []


def test_two_hundred_megabytes_are_not_taken_in(ana: Browser) -> None:
    answer = ana.client.post(
        "/my/completions",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(200 * 2**20)},
    )
    assert answer.status_code == 413


def test_a_file_survives_a_fault_elsewhere_in_the_form(app: Flask, ana: Browser) -> None:
    faulty = send(ana, course="No such course")
    assert faulty.status_code == 422
    assert "Kept already: evidence-" in faulty.text
    note = note_on(faulty.text)
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat(), "kept": note}
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Evidence)).one().sha256


def test_a_note_of_a_file_is_its_senders_own(app: Flask, ana: Browser, signed_in: Callable[[str], Browser]) -> None:
    """Else one could have another person's file by its hash."""
    note = note_on(send(ana, course="No such course").text)
    new_user(app, "bo", Role.MEMBER, member="34")
    bo = signed_in("bo")
    for days, trick in enumerate((note, note[:-2] + "xx", "[1]", "eyJ", "\0")):
        sent = {"course": "ethics", "completed_on": days_ago(days).isoformat(), "kept": trick}
        assert bo.send("/my/completions", sent, page=NEW).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Evidence)).all() == []


def test_one_of_photo_and_file_is_sent(ana: Browser, tmp_path: Path) -> None:
    both = send(ana, photo=(io.BytesIO(photo((9, 9))), "image.jpg"))
    assert both.status_code == 422
    assert "Send one of the two" in both.text
    assert "Kept already" not in both.text
    assert not (tmp_path / "evidence").exists(), "neither is kept: nobody knows which was meant"


def test_the_proof_of_what_is_recorded_already_can_be_added(app: Flask, ana: Browser) -> None:
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat()}
    ana.send("/my/completions", sent, page=NEW)
    again = send(ana)
    assert again.status_code == 409
    assert "Add this proof to it" in again.text
    with app.app_context():
        claim = db.session.scalars(select(Completion)).one()
    way = f"/my/completions/{claim.id}/proof"
    assert f'action="{way}"' in again.text
    assert ana.send(way, {"kept": note_on(again.text)}, page=NEW).status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Evidence)).one().completion_id == claim.id


def test_a_file_that_is_gone_is_not_there(ana: Browser, address: str, tmp_path: Path) -> None:
    for file in (tmp_path / "evidence").rglob("*"):
        if file.is_file():
            file.unlink()
    assert ana.get(address).status_code == 404


def test_other_pages_answer_while_many_photos_come(app: Flask, ana: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    """One is drawn and two wait. Whoever else comes is told so at once, and has their thread back."""
    ready, answers = threading.Event(), queue.Queue[TestResponse]()
    redraw = checking._redraw

    def slow(*given: Any) -> bytes:
        assert ready.wait(100)
        return redraw(*given)

    monkeypatch.setattr(checking, "_redraw", slow)
    monkeypatch.setattr(checking, "_LONGEST_WAIT", 100)
    token, cookie = token_on(ana.get(NEW).text), ana.client.get_cookie("tracker")
    assert cookie

    def upload(days: int) -> None:
        client = app.test_client()
        client.set_cookie("tracker", cookie.value)
        sent = {"csrf_token": token, "course": "ethics", "completed_on": days_ago(days).isoformat()}
        answers.put(client.post("/my/completions", data={**sent, "file": (io.BytesIO(photo((60, days))), "photo.jpg")}))

    threads = [threading.Thread(target=upload, args=(days,)) for days in range(1, 9)]
    try:
        for each in threads:
            each.start()
        refused = [answers.get(timeout=100) for _each in range(5)]
        assert ana.get("/my/").status_code == 200
        assert answers.empty(), "the others still wait"
    finally:
        ready.set()
        for each in threads:
            each.join(100)
    for answer in refused:
        assert answer.status_code == 503
        assert "Try again in a moment" in answer.text
        assert 'value="ethics"' in answer.text
    assert [answers.get(timeout=1).status_code for _each in range(3)] == [303] * 3


def test_forms_that_are_refused_keep_no_more_than_a_person_may_send(
    app: Flask, ana: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tracker.web.members.sending.OF_A_MEMBER", Quota(2, 10**9))
    for size in (50, 51):
        assert send(ana, content=photo((size, size)), course="No such course").status_code == 422
    over = send(ana, content=photo((52, 52)))
    assert over.status_code == 429
    assert "as many files as can be taken within a day" in text_of(over.text)
    assert 'id="file-error"' in over.text
    assert 'value="ethics"' in over.text
    assert len([each for each in (tmp_path / "evidence").rglob("*") if each.is_file()]) == 2
    sent = {"course": "ethics", "completed_on": days_ago(3).isoformat(), "evidence_url": "https://example.org/1"}
    assert ana.send("/my/completions", sent, page=NEW).status_code == 303, "a link is no file"
    with app.app_context():
        assert db.session.scalars(select(Evidence)).one().url == "https://example.org/1"


def test_a_form_with_a_file_may_be_as_large_as_its_files(ana: Browser) -> None:
    """What is too large for a file is said at its field, and what is too large for the address with what it takes."""
    token = token_on(ana.get(NEW).text).encode()
    head = b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token + b"\r\n"
    file = b'--x\r\nContent-Disposition: form-data; name="file"; filename="c.pdf"\r\n\r\n%PDF-1.7'
    for size, status, said in ((20, 422, "larger than 10 MB"), (23, 413, "at most 22 MB")):
        body = head + file + bytes(size * 2**20) + b"\r\n--x--\r\n"
        answer = ana.client.post("/my/completions", data=body, content_type="multipart/form-data; boundary=x")
        assert answer.status_code == status
        assert said in answer.text
