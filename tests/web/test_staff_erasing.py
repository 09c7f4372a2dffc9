"""What a member asks for on paper: their archive, and to be erased, from the staff's pages."""

from __future__ import annotations

import errno
import io
import os
import re
import zipfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select
from test_my_record import completed, text_of
from training_union import days_ago

from tracker.cli.purging import purge_all
from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, Erasure, Member, db


@pytest.fixture
def sam(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> Browser:
    completed(app, "12", "ethics", days_ago(3), Assurance.CLAIMED, "https://example.org/certificate")
    return signed_in("sam")


def page_of(union: World, what: str) -> str:
    return f"/staff/members/{union.ana}/{what}"


def erase(sam: Browser, union: World, **fields: str) -> tuple[int, str]:
    page = page_of(union, "erase")
    answer = sam.send(page, {"reason": "asked by letter", "number": "0012"} | fields, page=page)
    return answer.status_code, text_of(answer.text) if answer.status_code == 422 else ""


def test_the_preview_says_in_counts_what_goes_and_what_stays_and_does_nothing(
    app: Flask, union: World, sam: Browser
) -> None:
    told = text_of(sam.get(page_of(union, "erase")).text)
    assert "Nothing has happened yet" in told
    assert re.search(r"Files and links behind courses\s*1", told)
    assert re.search(r"Completed courses\s*1", told)
    assert "They still hold 1 open card" in told
    with app.app_context():
        assert db.session.get_one(Member, union.ana).name == "Ana Example"
        assert db.session.scalars(select(Erasure)).all() == []


def test_the_number_and_a_reason_without_a_name_are_asked_for(app: Flask, union: World, sam: Browser) -> None:
    status, told = erase(sam, union, number="34")
    assert status == 422
    assert "This is not their number: it is 0012." in told
    status, told = erase(sam, union, reason="Ana wants it")
    assert status == 422
    assert "The reason names them" in told
    status, told = erase(sam, union, reason="")
    assert status == 422
    with app.app_context():
        assert db.session.get_one(Member, union.ana).number == "0012"


def test_once_confirmed_the_page_says_when_they_were_erased(
    app: Flask, union: World, sam: Browser, signed_in: Callable[[str], Browser], tmp_path: Path
) -> None:
    ana = signed_in("ana")
    assert ana.get("/my/").status_code == 200
    assert erase(sam, union)[0] == 303
    told = text_of(sam.get(f"/staff/members/{union.ana}").text)
    assert "Every figure is what it was" in told
    assert "Erased on" in told
    assert "Ana" not in told
    assert "ana@example.org" not in sam.get(f"/staff/members/{union.ana}/history").text
    assert ana.get("/my/").status_code == 303  # the session ended with the sign-in
    assert len((tmp_path / "erasures").read_text().splitlines()) == 1
    again = sam.get(page_of(union, "erase"))
    assert again.status_code == 409
    assert "This member was erased already." in again.text
    for name in ("ada", "otto"):
        assert "ana@example.org" not in signed_in(name).get("/admin/audit").text


def test_where_the_disk_is_full_the_page_says_that_the_erasure_stands(
    app: Flask, union: World, sam: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        assert erase(sam, union)[0] == 303
    told = text_of(sam.get(f"/staff/members/{union.ana}").text)
    assert "Every figure is what it was" in told
    assert "The erasure stands, but the files beside the database could not all be written" in told
    assert "could not be written down in erasures" in caplog.text
    assert not (tmp_path / "erasures").exists()
    with app.app_context():
        purge_all(app.config["SETTINGS"], datetime.now(UTC))
    assert str(union.ana) in (tmp_path / "erasures").read_text()


def test_staff_with_a_role_are_not_erased_before_it_ended(app: Flask, union: World, sam: Browser) -> None:
    from training_union import today

    from tracker.curriculum.words import Role
    from tracker.models import writing
    from tracker.operations.accounts import add_user
    from tracker.operations.actor import OPERATOR

    with app.app_context(), writing() as session:
        add_user(session, "ana@example.org", Role.AUDITOR, None, None, OPERATOR, today())
    page = sam.get(page_of(union, "erase"))
    assert page.status_code == 409
    assert "They still hold a role: auditor." in text_of(page.text)


@pytest.mark.parametrize("what", ["erase", "archive"])
def test_only_the_training_staff_find_these_pages(union: World, signed_in: Callable[[str], Browser], what: str) -> None:
    for name in ("ana", "ben", "dora", "ada", "noor"):
        assert signed_in(name).get(page_of(union, what)).status_code == 404, name
    assert signed_in("otto").client.post(page_of(union, what)).status_code in (400, 404)


def test_staff_make_the_archive_for_a_member_who_can_see_that(
    app: Flask, union: World, sam: Browser, signed_in: Callable[[str], Browser]
) -> None:
    page = page_of(union, "archive")
    assert "The courses you completed, as each source says: 1 row" in text_of(sam.get(page).text)
    with sam.send(page, page=page) as answer:
        assert answer.status_code == 200
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="training-record-')
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert "data/completion.csv" in archive.namelist()
    assert sam.send(page, page=page).status_code == 429
    with app.app_context():
        entry = db.session.scalars(select(AuditEntry).where(AuditEntry.action == "take_archive")).one()
        assert (entry.actor_role, entry.member_id) == ("staff", union.ana)
    assert "the union’s training staff" in signed_in("ana").get("/my/opened").text
