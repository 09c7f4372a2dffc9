"""Files of more rows than are answered at once: asked for, made by a process of their own, for whoever asked alone."""

from __future__ import annotations

import csv
import io
import os
import re
import signal
import stat
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from importing import process_of
from little_union import Browser, World
from python_calamine import CalamineWorkbook
from sqlalchemy import select
from training_union import today
from werkzeug.test import TestResponse

from tracker.intake.progress import is_running
from tracker.models import AuditEntry, ExportJob, JobState, RoleGrant, db, writing
from tracker.web import processes
from tracker.web.reports import door

Sign = Callable[[str], Browser]


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A world of a few people: a file of two rows is a long one."""
    monkeypatch.setattr(door, "MOST_ROWS", 1)


ADDRESS = "/reports/coverage.{}?kind=local"


def asked(browser: Browser, address: str) -> TestResponse:
    page = browser.get(address)
    assert page.status_code == 200
    assert "Content-Disposition" not in page.headers
    found = re.search(r'name="address" value="([^"]+)"', page.text)
    assert found, page.text
    return browser.send("/reports/exports", {"address": found[1].replace("&amp;", "&")}, page=address)


def made(app: Flask, browser: Browser, address: str) -> str:
    """Ask for a file and wait until its process has ended; the address of its page."""
    answer = asked(browser, address)
    assert answer.status_code == 303
    wait_for(app, answer.location)
    return answer.location


def wait_for(app: Flask, location: str) -> None:
    folder = app.config["SETTINGS"].instance / "jobs"
    for _ in range(600):
        if not is_running(folder, int(location.rsplit("/", 1)[1])):
            return
        time.sleep(0.1)
    raise AssertionError("the process does not end")


def fetched(browser: Browser, location: str) -> TestResponse:
    """The file itself, read to its end."""
    return browser.client.get(f"{location}/file", buffered=True)


def job_at(app: Flask, location: str) -> ExportJob:
    with app.app_context():
        return db.session.get_one(ExportJob, int(location.rsplit("/", 1)[1]))


def rows_of(content: bytes) -> list[dict[str, str]]:
    text = content.decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text[text.index("path,unit,") :])))


@pytest.mark.parametrize("form", ["csv", "xlsx"])
def test_a_long_file_is_made_by_a_job_and_fetched(
    app: Flask, union: World, signed_in: Sign, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    sam = signed_in("sam")
    at_once = sam.get(ADDRESS.format(form))
    with monkeypatch.context() as patch:
        patch.setattr(door, "MOST_ROWS", 1)
        location = made(app, sam, ADDRESS.format(form))
    page = sam.get(location).text
    assert "file is ready" in page
    answer = fetched(sam, location)
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == at_once.headers["Content-Disposition"]
    assert answer.content_type == at_once.content_type
    assert answer.headers["Cache-Control"] == "no-store"
    if form == "csv":
        assert answer.data == at_once.data
    else:
        told = [
            CalamineWorkbook.from_filelike(io.BytesIO(each.data)).get_sheet_by_index(0).to_python()
            for each in (answer, at_once)
        ]
        assert told[0] == told[1]
    job = job_at(app, location)
    assert job.rows and f"{job.rows} row" in page
    file = app.config["SETTINGS"].instance / "exports" / f"{job.id}.{form}"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert [each.name for each in file.parent.iterdir()] == [file.name]
    assert job.address in sam.get("/reports/exports").text.replace("&amp;", "&")
    with app.app_context():
        acts = db.session.scalars(select(AuditEntry.action).where(AuditEntry.object_id == job.id)).all()
    assert sorted(acts) == ["ask_for_export", "make_export"]


def test_bare_rows_stay_bare(app: Flask, union: World, signed_in: Sign, short: None) -> None:
    sam = signed_in("sam")
    location = made(app, sam, ADDRESS.format("csv") + "&header=no")
    assert fetched(sam, location).data.startswith(b"path,unit,")


def test_a_job_sees_what_its_reader_sees(app: Flask, union: World, signed_in: Sign, short: None) -> None:
    ben, sam = signed_in("ben"), signed_in("sam")
    own = rows_of(fetched(ben, made(app, ben, "/reports/coverage.csv")).data)
    whole = rows_of(fetched(sam, made(app, sam, "/reports/coverage.csv")).data)
    assert {row["unit"] for row in own if row["unit_kind"] == "local"} == {"80"}
    assert {row["unit"] for row in whole if row["unit_kind"] == "local"} == {"80", "600"}


def test_nobody_else_has_the_file(app: Flask, union: World, signed_in: Sign, short: None) -> None:
    location = made(app, signed_in("sam"), ADDRESS.format("csv"))
    for name in ("otto", "dora", "ben", "ana", "ada", "noor"):
        other = signed_in(name)
        assert other.get(location).status_code == 404
        assert fetched(other, location).status_code == 404
        assert other.send(f"{location}/drop").status_code == 404
        assert other.send(f"{location}/again").status_code == 404
    assert Browser(app.test_client()).get(f"{location}/file").status_code == 303
    assert signed_in("otto").get("/reports/exports").text.count(location) == 0


def end_roles(app: Flask, world: World, name: str) -> None:
    with app.app_context(), writing() as session:
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.user_id == world.users[name])):
            grant.until_on = today()


def test_who_lost_the_role_has_the_file_no_more(app: Flask, union: World, signed_in: Sign, short: None) -> None:
    dora = signed_in("dora")
    location = made(app, dora, "/reports/coverage.csv")
    assert fetched(dora, location).status_code == 200
    end_roles(app, union, "dora")
    assert fetched(dora, location).status_code == 303, "a role that ends, ends the sign-in"
    dora.sign_in("dora")
    assert fetched(dora, location).status_code == 404
    assert dora.get(location).status_code == 404


def test_who_sees_less_by_now_asks_again(app: Flask, union: World, signed_in: Sign, short: None) -> None:
    """From staff to officer: the page is still theirs, the file of the whole union is not."""
    sam = signed_in("sam")
    location = made(app, sam, "/reports/coverage.csv")
    with app.app_context(), writing() as session:
        grant = session.scalars(select(RoleGrant).where(RoleGrant.user_id == union.users["sam"])).one()
        lead = session.scalars(select(RoleGrant).where(RoleGrant.user_id == union.users["ben"])).one()
        grant.role, grant.unit_id = lead.role, lead.unit_id
    assert fetched(sam, location).status_code == 404
    page = sam.get(location)
    assert page.status_code == 200
    assert "What you may see has changed" in page.text
    assert "/file" not in page.text


def test_who_lost_the_role_before_the_job_ran_gets_no_file(
    app: Flask, union: World, signed_in: Sign, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    started = processes.started

    def late(*said: object) -> object:
        end_roles(app, union, "dora")
        return started(*said)  # type: ignore[arg-type]

    dora = signed_in("dora")
    monkeypatch.setattr(processes, "started", late)
    location = asked(dora, "/reports/coverage.csv").location
    wait_for(app, location)
    job = job_at(app, location)
    assert (job.state, job.rows) == (JobState.REFUSED, None)
    assert "not there for you" in job.message
    assert [*(app.config["SETTINGS"].instance / "exports").iterdir()] == []


def test_a_process_that_is_killed_leaves_a_page_that_says_so_and_can_start_again(
    app: Flask, union: World, signed_in: Sign, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "_WAIT", 0.0)
    sam = signed_in("sam")
    location = asked(sam, ADDRESS.format("csv")).location
    its_id = location.rsplit("/", 1)[1]
    page = sam.get(location).text
    assert 'data-state="recording"' in page
    assert "You can close this page" in page
    if (worker := process_of(int(its_id), "export")) is not None:
        os.kill(worker, signal.SIGKILL)
    wait_for(app, location)
    page = sam.get(location).text
    assert "was not made" in page
    assert "The process that made it ended before it was done" in page
    assert fetched(sam, location).status_code == 404
    assert sam.send(f"{location}/again", page=location).status_code == 303
    wait_for(app, location)
    assert "file is ready" in sam.get(location).text


def test_a_report_that_refuses_says_why(app: Flask, union: World, signed_in: Sign) -> None:
    sam = signed_in("sam")
    answer = sam.send("/reports/exports", {"address": "/reports/coverage.csv?as_of=tomorrow"}, page="/reports/exports/")
    wait_for(app, answer.location)
    assert "makes no sense as “as_of”" in sam.get(answer.location).text


@pytest.mark.parametrize(
    "address",
    [
        "",
        "/",
        "//evil.example/x.csv",
        "https://evil.example/reports/coverage.csv",
        "/reports/",
        "/reports/coverage.pdf",
        "/my/",
        "/admin/users.csv",
        "/reports/coverage.csv\r\nX: y",
        "/static/tracker.css",
        "/reports/coverage.csv?q=" + "x" * 3_000,
    ],
)
def test_only_a_file_of_a_report_becomes_a_job(app: Flask, union: World, signed_in: Sign, address: str) -> None:
    answer = signed_in("sam").send("/reports/exports", {"address": address})
    assert answer.status_code == 400
    assert "names no file of a report" in answer.text
    with app.app_context():
        assert db.session.scalars(select(ExportJob)).all() == []


def test_nothing_begins_without_a_form_of_ours(app: Flask, union: World, signed_in: Sign) -> None:
    sam = signed_in("sam")
    assert sam.client.post("/reports/exports", data={"address": "/reports/coverage.csv"}).status_code == 400
    assert sam.get("/reports/exports").status_code == 200


def test_what_one_person_may_have_made_at_once_has_a_bound(
    app: Flask, union: World, signed_in: Sign, short: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sam = signed_in("sam")
    monkeypatch.setattr(processes, "started", lambda *_: None)
    for _ in range(3):
        assert asked(sam, ADDRESS.format("csv")).status_code == 303
    answer = asked(sam, ADDRESS.format("csv"))
    assert answer.status_code == 409
    assert "Your earlier files are still being made" in answer.text


def test_a_file_is_deleted_when_asked_and_when_its_time_is_over(
    app: Flask, union: World, signed_in: Sign, short: None
) -> None:
    sam = signed_in("sam")
    folder = app.config["SETTINGS"].instance / "exports"
    first = made(app, sam, ADDRESS.format("csv"))
    assert sam.send(f"{first}/drop", page=first).status_code == 303
    assert sam.get(first).status_code == 404
    assert [*folder.iterdir()] == []
    second = made(app, sam, ADDRESS.format("csv"))
    with app.app_context(), writing() as session:
        session.scalars(select(ExportJob)).one().changed_at = datetime.now(UTC) - timedelta(days=8)
    third = made(app, sam, ADDRESS.format("xlsx"))
    assert sam.get(second).status_code == 404
    assert [each.name for each in folder.iterdir()] == [f"{third.rsplit('/', 1)[1]}.xlsx"]


def test_the_pages_of_files_are_for_readers_of_reports(app: Flask, union: World, signed_in: Sign) -> None:
    seen = {name for name in union.users if signed_in(name).get("/reports/exports").status_code == 200}
    assert seen == {"ben", "dora", "sam", "otto"}
