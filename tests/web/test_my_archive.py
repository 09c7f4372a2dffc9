"""Everything kept about oneself, taken from the page."""

from __future__ import annotations

import io
import json
import re
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World
from sqlalchemy import select, update
from test_my_record import completed, text_of
from training_union import days_ago

from tracker.curriculum.words import Assurance
from tracker.models import AuditEntry, User, db, writing


@pytest.fixture
def ana(app: Flask, union: World, signed_in: Callable[[str], Browser]) -> Browser:
    completed(app, "12", "ethics", days_ago(3), Assurance.CLAIMED, "https://example.org/certificate")
    return signed_in("ana")


def test_it_says_what_is_in_it_before_it_is_made(ana: Browser) -> None:
    told = text_of(ana.get("/my/archive").text)
    assert "The courses you completed, as each source says: 1 row" in told
    assert "Make the archive and download it" in ana.get("/my/archive").text


def test_it_comes_as_one_file_and_leaves_none_behind(app: Flask, ana: Browser, tmp_path: Path) -> None:
    before = {each.name for each in tmp_path.iterdir()}
    with ana.send("/my/archive", page="/my/archive") as answer:
        assert answer.status_code == 200
        assert answer.mimetype == "application/zip"
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="my-training-record-')
        assert answer.headers["Cache-Control"] == "no-store"
        content = answer.data
        assert int(answer.headers["Content-Length"]) == len(content)
    archive = zipfile.ZipFile(io.BytesIO(content))
    assert archive.testzip() is None
    assert json.loads(archive.read("data/evidence.json"))[0]["url"] == "https://example.org/certificate"
    account = json.loads(archive.read("data/user_account.json"))
    assert [each["email"] for each in account] == ["ana@example.org"]
    assert "password_hash" not in account[0]
    assert {each.name for each in tmp_path.iterdir()} <= before | {"tracker.db-wal", "tracker.db-shm"}


def test_it_is_made_once_a_minute_at_most_and_noted(app: Flask, ana: Browser) -> None:
    with ana.send("/my/archive", page="/my/archive") as first:
        assert first.status_code == 200
    again = ana.send("/my/archive", page="/my/archive")
    assert again.status_code == 429
    assert "less than a minute ago" in text_of(again.text)
    with app.app_context():
        entries = list(db.session.scalars(select(AuditEntry).where(AuditEntry.action == "take_archive")))
        assert [each.actor_role for each in entries] == ["member"]


def test_it_is_written_in_the_members_language(app: Flask, ana: Browser) -> None:
    with app.app_context(), writing() as session:
        session.execute(update(User).where(User.email == "ana@example.org").values(language="fr_CA"))
    with ana.send("/my/archive", page="/my/archive") as answer:
        archive = zipfile.ZipFile(io.BytesIO(answer.data))
    assert archive.read("README.txt").decode("utf-8-sig").count("Ana Example") == 1
    pdf = archive.read(next(each for each in archive.namelist() if each.endswith(".pdf")))
    assert re.search(rb"/Lang\s*\(fr-CA\)", pdf)


def test_nobody_else_has_one_of_a_member(ana: Browser, signed_in: Callable[[str], Browser]) -> None:
    for who in ("ben", "sam", "otto", "ada"):
        assert signed_in(who).get("/my/archive").status_code == 404
        assert signed_in(who).send("/my/archive", page="/account/password").status_code == 404


def test_a_link_alone_takes_nothing(ana: Browser) -> None:
    assert ana.client.post("/my/archive").status_code == 400, "it asks for the page's own token"
