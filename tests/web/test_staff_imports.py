"""Staff bring files in: seen first, then recorded."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World, token_on
from sqlalchemy import func, select
from training_union import days_ago
from werkzeug.test import TestResponse

from tracker.models import Batch, Completion, Member, RowFault, WaitingCompletion, db

REPORT = f"""member_number,email,course,completed_on,assurance,evidence_url,external_id
0012,,AI Ethics,{days_ago(9)},provider,,X1
0034,,AI Ethics,yesterday,provider,,X2
9999,,AI Ethics,{days_ago(9)},provider,,X3
0012,,Juggling,{days_ago(9)},provider,,X4
"""


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def upload(browser: Browser, content: str | bytes, kind: str = "completions", name: str = "report.csv") -> TestResponse:
    token = token_on(browser.get("/staff/imports").text)
    data = content.encode() if isinstance(content, str) else content
    fields = {"csrf_token": token, "kind": kind, "file": (io.BytesIO(data), name)}
    return browser.client.post("/staff/imports/preview", data=fields, content_type="multipart/form-data")


def hidden(page: str) -> dict[str, str]:
    return dict(re.findall(r'<input[^>]* name="(kind|sha256|file_name)" type="hidden" value="([^"]*)"', page))


def counts(app: Flask) -> tuple[int, ...]:
    with app.app_context():
        tables = (Batch, Completion, Member, RowFault, WaitingCompletion)
        return tuple(db.session.scalar(select(func.count()).select_from(table)) or 0 for table in tables)


def count_of(page: str, words: str) -> str | None:
    found = re.search(rf'{words}[^<]*</th><td class="number">(?:<a[^>]*>)?([\d,]+)', page)
    return found[1] if found else None


def test_a_preview_says_how_every_row_would_end_and_writes_nothing(app: Flask, sam: Browser, tmp_path: Path) -> None:
    before = counts(app)
    answer = upload(sam, REPORT)
    assert answer.status_code == 200
    page = answer.text
    assert count_of(page, "recorded") == "1"
    assert count_of(page, "wait: no member found") == "1"
    assert count_of(page, "wait: no course found") == "1"
    assert count_of(page, "left out: faulty") == "1"
    assert count_of(page, "rows in all") == "4"
    assert "yesterday" in page
    assert "Juggling" in page
    assert counts(app) == before
    [kept] = (tmp_path / "imports").iterdir()
    assert kept.name == hidden(page)["sha256"]
    assert kept.stat().st_mode & 0o077 == 0


def test_recording_what_was_previewed(app: Flask, sam: Browser) -> None:
    page = upload(sam, REPORT).text
    answer = sam.send("/staff/imports", hidden(page), page="/staff/imports")
    assert answer.status_code == 303
    outcome = sam.get(answer.location).text
    assert count_of(outcome, "rows in all") == "4"
    assert "9999" in outcome
    assert "sam@example.org" in outcome
    assert counts(app) == (2, 1, 4, 1, 2)
    assert "report.csv" in sam.get("/staff/imports").text
    assert "This very file was recorded on" in upload(sam, REPORT).text
    again = sam.send("/staff/imports", hidden(page), page="/staff/imports")
    assert count_of(sam.get(again.location).text, "known already") == "1"
    assert counts(app)[1] == 1


def test_the_waiting_rows_are_listed_and_a_roster_settles_them(app: Flask, sam: Browser) -> None:
    sam.send("/staff/imports", hidden(upload(sam, REPORT).text), page="/staff/imports")
    home = sam.get("/staff/").text
    assert "Settle 1 unmatched name" in home
    assert "Decide 1 row of an unknown course" in home
    assert "Juggling" in sam.get("/staff/waiting").text
    assert "Juggling" not in sam.get("/staff/waiting?reason=unmatched").text
    roster = "member_number,local\n9999,80\n"
    page = upload(sam, roster, "roster", "more.csv").text
    assert "1 new member." in page
    assert "1 reported completion that waited would find its member" in page
    sam.send("/staff/imports", hidden(page), page="/staff/imports")
    assert "Settle" not in sam.get("/staff/").text


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        ("", "roster", "empty"),
        ("name,colour\nAna,blue\n", "roster", "member_number"),
        (b"%PDF-1.7 ...", "completions", "PDF"),
        (REPORT, "", "Say what is in the file"),
        (REPORT, "gossip", "Not a valid choice"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    app: Flask, sam: Browser, content: str | bytes, kind: str, message: str
) -> None:
    before = counts(app)
    answer = upload(sam, content, kind)
    assert answer.status_code == 422
    assert message in answer.text
    assert "There is a problem" in answer.text
    assert counts(app) == before


def test_without_a_file(sam: Browser) -> None:
    answer = sam.send("/staff/imports/preview", {"kind": "roster"}, page="/staff/imports")
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


@pytest.mark.parametrize("sha256", ["0" * 64, "../tracker.db", "/etc/passwd", "ab"])
def test_only_what_was_previewed_can_be_recorded(app: Flask, sam: Browser, sha256: str) -> None:
    before = counts(app)
    sent = {"kind": "roster", "sha256": sha256, "file_name": "x.csv"}
    answer = sam.send("/staff/imports", sent, page="/staff/imports")
    assert answer.status_code == 422
    assert "choose it again" in answer.text
    assert counts(app) == before


def test_a_file_that_is_too_large_is_refused_before_it_is_read(app: Flask, sam: Browser, tmp_path: Path) -> None:
    app.config["MAX_CONTENT_LENGTH"] = 2_000
    answer = upload(sam, "x" * 3_000)
    assert answer.status_code == 413
    assert not (tmp_path / "imports").exists()


def test_what_a_file_says_is_shown_as_text(sam: Browser) -> None:
    page = upload(sam, "member_number,local,<script>alert(1)</script>\n<i>1</i>,<b>x</b>,y\n", "roster", "<u>a</u>.csv").text
    assert "alert(1)" in page
    assert not re.search(r"<(script>|i>|b>|u>)", page.partition("<main")[2])


@pytest.mark.parametrize("who", ["ana", "ben", "dora", "ada", "otto"])
def test_nobody_else_imports(app: Flask, union: World, signed_in: Callable[[str], Browser], who: str) -> None:
    browser, before = signed_in(who), counts(app)
    for path in ("/staff/imports", "/staff/imports/preview"):
        assert browser.send(path, {"kind": "roster"}, page="/account/password").status_code == 404
    assert counts(app) == before
    assert browser.get("/staff/imports").status_code == (200 if who == "otto" else 404)
    with app.app_context():
        batch_id = db.session.scalars(select(Batch.id)).first()
    assert browser.get(f"/staff/imports/{batch_id}").status_code == (200 if who == "otto" else 404)


def test_an_import_that_is_not_there(sam: Browser) -> None:
    assert sam.get("/staff/imports/1").status_code == 404
