"""Staff bring files in: seen first, then recorded."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from importing import REPORT, count_of, job_after, recorded, said, tables, tried, upload
from little_union import Browser, World
from sqlalchemy import select
from training_union import days_ago

from tracker.models import Batch, Completion, ProviderAccount, User, db, writing

FILES = Path(__file__).parent.parent / "intake" / "files"
ARCHIVE = (FILES / "linkedin_member_archive_Learning.csv").read_text()
SUMMARY = (FILES / "linkedin_learner_summary.csv").read_text()


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def test_a_preview_says_how_every_row_would_end_and_writes_nothing(app: Flask, sam: Browser, tmp_path: Path) -> None:
    before = tables(app, "import_job")
    job = tried(sam, REPORT)
    page = sam.get(job).text
    assert count_of(page, "recorded") == "1"
    assert count_of(page, "wait: no member found") == "1"
    assert count_of(page, "wait: no course found") == "1"
    assert count_of(page, "left out: faulty") == "1"
    assert count_of(page, "rows in all") == "4"
    assert "yesterday" in page
    assert "Record 1 completion<" in page
    assert tables(app, "import_job") == before
    [kept] = (tmp_path / "imports").iterdir()
    assert kept.read_bytes() == REPORT.encode()
    assert kept.stat().st_mode & 0o077 == 0


def test_each_count_opens_its_rows(sam: Browser) -> None:
    job = tried(sam, REPORT)
    page = sam.get(job).text
    for outcome, words in (
        ("recorded", "0012"),
        ("unmatched", "9999"),
        ("unknown-course", "Juggling"),
        ("faulty", "yesterday"),
    ):
        assert f"{job}/rows?outcome={outcome}" in page
        rows = sam.get(f"{job}/rows?outcome={outcome}").text
        assert words in rows
        assert rows.count("<tr>") == 2  # its head and its one row
    assert "There is none." in sam.get(f"{job}/rows?outcome=corroborated").text
    assert sam.get(f"{job}/rows?outcome=gossip").status_code == 404


def test_recording_what_was_previewed(app: Flask, sam: Browser) -> None:
    before = tables(app)
    address = recorded(sam, tried(sam, REPORT))
    outcome = sam.get(address).text
    assert count_of(outcome, "rows in all") == "4"
    assert "1 completion recorded on" in outcome
    assert "9999" in outcome
    assert "sam@example.org" in outcome
    after = tables(app)
    grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
    assert {name: grown.get(name, 0) for name in ("batch", "completion", "member", "row_fault", "waiting_completion")} == {
        "batch": 1,
        "completion": 1,
        "member": 0,
        "row_fault": 1,
        "waiting_completion": 2,
    }
    assert grown["audit_entry"] == 1
    assert "report.csv" in sam.get("/staff/imports").text


def test_a_file_that_was_recorded_before_is_told_and_changes_nothing(app: Flask, sam: Browser) -> None:
    recorded(sam, tried(sam, REPORT))
    before = tables(app, "import_job")
    page = sam.get(tried(sam, REPORT)).text
    assert "This very file was recorded on" in page
    assert count_of(page, "known already") == "1"
    assert "Let 2 rows wait" in page
    assert tables(app, "import_job") == before
    page = sam.get(tried(sam, "member_number,local,craft\n0012,80,grip\n", "roster", "known.csv")).text
    assert "There is nothing to record." in page
    assert '<button class="btn btn-primary">' not in page


def test_the_waiting_rows_are_listed_and_a_roster_settles_them(app: Flask, sam: Browser) -> None:
    recorded(sam, tried(sam, REPORT))
    home = sam.get("/staff/").text
    assert "Settle 1 unmatched name" in home
    assert "Decide 1 unknown course" in home
    job = tried(sam, "member_number,local\n9999,80\n", "roster", "more.csv")
    page = sam.get(job).text
    assert "1 new member." in page
    assert "1 reported completion that waited would find its member" in page
    outcome = sam.get(recorded(sam, job)).text
    assert "1 reported completion that had waited found its member." in outcome
    assert "Settle" not in sam.get("/staff/").text


def test_a_preview_says_which_columns_are_not_kept(sam: Browser) -> None:
    page = sam.get(tried(sam, "member_number,local,birth_date\n0012,80,1990-01-01\n", "roster")).text
    assert "Columns that are not kept" in page
    assert "birth_date" in page


@pytest.mark.parametrize(
    ("content", "kind", "message"),
    [
        ("", "roster", "empty"),
        (b"%PDF-1.7 ...", "completions", "PDF"),
        ("member_number,local\n1,80\n\x00\n", "roster", "NUL"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    app: Flask, sam: Browser, content: str | bytes, kind: str, message: str
) -> None:
    before = tables(app, "import_job")
    page = sam.get(tried(sam, content, kind)).text
    assert "cannot be taken" in page
    assert message in page
    assert "Nothing was recorded" in page
    assert tables(app, "import_job") == before


@pytest.mark.parametrize(("kind", "message"), [("", "Say what is in the file"), ("gossip", "Not a valid choice")])
def test_a_file_without_its_kind_need_not_be_chosen_again(app: Flask, sam: Browser, kind: str, message: str) -> None:
    answer = upload(sam, REPORT, kind)
    assert answer.status_code == 422
    assert message in answer.text
    assert "There is a problem" in answer.text
    kept = dict(re.findall(r'name="(kept|kept_name)" type="hidden" value="([^"]*)"', answer.text))
    assert kept["kept_name"] == "report.csv"
    again = sam.send("/staff/imports", {**kept, "kind": "completions"}, page="/staff/imports")
    assert again.status_code == 303


def test_without_a_file(sam: Browser) -> None:
    answer = sam.send("/staff/imports", {"kind": "roster"}, page="/staff/imports")
    assert answer.status_code == 422
    assert "Choose a file." in answer.text


@pytest.mark.parametrize("sha256", ["0" * 64, "../tracker.db", "/etc/passwd", "ab"])
def test_only_a_file_that_came_can_be_named(app: Flask, sam: Browser, sha256: str) -> None:
    before = tables(app)
    answer = sam.send("/staff/imports", {"kind": "roster", "kept": sha256, "kept_name": "x.csv"}, page="/staff/imports")
    assert answer.status_code == 422
    assert "Choose a file." in answer.text
    assert tables(app) == before


def test_a_file_that_is_too_large_is_refused_in_words_before_it_is_read(sam: Browser, tmp_path: Path) -> None:
    answer = sam.client.post(
        "/staff/imports",
        content_type="multipart/form-data; boundary=x",
        environ_overrides={"CONTENT_LENGTH": str(64 * 2**20 + 1)},
    )
    assert answer.status_code == 413
    assert "larger than 64 MB" in answer.text
    assert not (tmp_path / "imports").exists()


def test_a_disk_that_is_full_is_told_and_leaves_nothing(
    app: Flask, sam: Browser, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracker.intake.originals.os.fdopen", full)
    before = tables(app)
    answer = upload(sam, REPORT)
    assert answer.status_code == 507
    assert "the disk is full" in answer.text
    assert tables(app) == before
    assert list((tmp_path / "imports").iterdir()) == []


def test_what_a_file_says_is_shown_as_text(sam: Browser) -> None:
    content = "member_number,local,<script>alert(1)</script>\n<i>1</i>,<b>x</b>,y\n"
    job = tried(sam, content, "roster", "<u>a</u>.csv")
    pages = [sam.get(job).text, sam.get(f"{job}/rows?outcome=faulty").text, sam.get("/staff/imports").text]
    assert "alert(1)" in pages[0]
    assert "&lt;b&gt;x" in pages[1]
    for page in pages:
        assert not re.search(r"<(script>|i>|b>|u>)", page.partition("<main")[2])


def test_nothing_is_left_of_a_file_that_is_dropped(app: Flask, sam: Browser, tmp_path: Path) -> None:
    before = tables(app)
    job = tried(sam, REPORT)
    assert "Look at and record report.csv" in sam.get("/staff/imports").text
    answer = sam.send(f"{job}/drop", page=job)
    assert answer.status_code == 303
    assert "forgotten" in sam.get("/staff/imports").text
    assert sam.get(job).status_code == 404
    assert tables(app) == before
    assert list((tmp_path / "imports").iterdir()) == []


def test_only_the_roster_is_asked_whether_it_is_complete(sam: Browser) -> None:
    answer = upload(sam, "member_number,local\n1,80\n", "roster", full="units", units="80, Nowhere")
    assert answer.status_code == 422
    assert "No local or district is known as Nowhere." in answer.text
    answer = upload(sam, "member_number,local\n1,80\n", "roster", full="units", units=" ")
    assert "Say for which locals or districts it is complete." in answer.text


def test_a_complete_roster_is_braked_until_a_person_types_how_many_leave(app: Flask, sam: Browser) -> None:
    job = tried(sam, "member_number,local,craft\n0012,80,grip\n", "roster", full="union")
    page = sam.get(job).text
    assert "Bo Example" in page
    assert "would make 3 people leave" in page
    assert "--accept-leaving" not in page
    answer = sam.send(f"{job}/record", {"accept_leaving": "2"}, page=job)
    assert answer.status_code == 422
    assert "Type 3, if it is right that so many leave." in answer.text
    assert 'value="2"' in answer.text
    assert count_of(sam.get(recorded(sam, job, accept_leaving="3")).text, "rows in all") == "1"
    with app.app_context():
        assert db.session.scalars(select(Batch.kind)).all() == ["roster", "roster"]


def test_a_list_of_accounts_goes_in_by_its_columns(app: Flask, sam: Browser) -> None:
    content = "Address;Seat;Since\nana@example.org;licensed;2025-04-13\nnobody@example.net;licensed;2025-04-13\n"
    job = tried(sam, content, "accounts", "seats.csv", every_account="y")
    fields = {"column_email": "Address", "column_status": "Seat", "column_activated_on": "Since"}
    preview = said(sam, job, fields)
    page = sam.get(preview).text
    assert "Record 1 account<" in page
    assert count_of(page, "left out: no member found") == "1"
    outcome = sam.get(recorded(sam, preview)).text
    assert count_of(outcome, "accounts recorded or brought up to date") == "1"
    with app.app_context():
        account = db.session.scalars(select(ProviderAccount)).one()
        assert (account.is_open, str(account.activated_on)) == (True, "2025-04-13")


def test_a_members_own_archive_asks_whose_it_is_and_nothing_else(app: Flask, sam: Browser) -> None:
    job = tried(sam, ARCHIVE, name="Learning.csv")
    page = sam.get(job).text
    assert "does not say whose" in page
    assert "--member" not in page
    assert "<select" not in page
    answer = sam.send(job, {"member": " "}, page=job)
    assert answer.status_code == 422
    assert "Give the number or e-mail of the member." in answer.text
    page = sam.get(said(sam, job, {"member": "0012"})).text
    assert "Record this file?" in page


def test_another_report_of_the_provider_is_refused_with_the_one_to_fetch(sam: Browser) -> None:
    page = sam.get(tried(sam, SUMMARY)).text
    assert "cannot be taken" in page
    assert "Learner Detail" in page


def test_nobody_else_imports_or_sees_a_file_on_its_way(
    app: Flask, sam: Browser, signed_in: Callable[[str], Browser]
) -> None:
    job = tried(sam, f"member_number,course,completed_on\n0012,AI Ethics,{days_ago(9)}\n")
    for who in ("ana", "ben", "dora", "ada", "otto", "noor"):
        closed_to(app, signed_in(who), job, reads=200 if who == "otto" else 404)


def closed_to(app: Flask, browser: Browser, job: str, reads: int) -> None:
    """Nothing of imports opens, but what auditors read."""
    before = tables(app)
    for act in ("", "/rows?outcome=recorded", "/columns"):
        assert browser.get(job + act).status_code == 404
    for act in ("/record", "/again", "/drop", "/columns"):
        assert browser.send(job + act, page="/account/password").status_code == 404
    assert browser.send("/staff/imports", {"kind": "roster"}, page="/account/password").status_code == 404
    assert tables(app) == before
    with app.app_context():
        batch_id = db.session.scalars(select(Batch.id)).first()
    for path in ("/staff/imports", f"/staff/imports/{batch_id}", f"/staff/imports/{batch_id}/outcomes.csv"):
        assert browser.get(path).status_code == reads
    assert job not in browser.get("/staff/imports").text
    assert browser.get(f"/staff/imports/{batch_id}/undo").status_code == 404
    assert browser.send(f"/staff/imports/{batch_id}/undo", page="/account/password").status_code == 404
    assert tables(app) == before


def test_a_stranger_is_shown_the_way_to_sign_in(stranger: Browser, sam: Browser) -> None:
    job = tried(sam, REPORT)
    assert stranger.get(job).status_code == 303
    assert "/login" in stranger.get(job).location


@pytest.mark.parametrize(
    "path", ["1", "1/undo", "1/outcomes.csv", "jobs/1", "jobs/1/rows?outcome=recorded", "jobs/1/columns"]
)
def test_an_import_that_is_not_there(sam: Browser, path: str) -> None:
    assert sam.get(f"/staff/imports/{path}").status_code == 404


def test_two_confirmations_at_once_make_one_batch(app: Flask, sam: Browser, signed_in: Callable[[str], Browser]) -> None:
    job = tried(sam, REPORT)
    with app.app_context():
        done = db.session.query(Completion).count()
    again = signed_in("sam")
    first = sam.send(f"{job}/record", page=job)
    second = again.send(f"{job}/record", page="/staff/imports")
    assert {first.status_code, second.status_code} == {303}
    assert second.location == job
    assert job_after(sam, first) == job_after(again, second)
    with app.app_context():
        assert db.session.query(Completion).count() == done + 1
        assert db.session.query(Batch).count() == 2


def test_a_page_that_was_left_open_does_not_record_what_was_read_otherwise_since(app: Flask, sam: Browser) -> None:
    job = tried(sam, REPORT)
    seen = re.search(r'name="seen"[^>]* value="([^"]+)"', sam.get(job).text)
    assert seen
    sam.send(f"{job}/again", page=job)
    for _ in range(100):
        page = sam.get(job).text
        if "Nothing has been recorded yet" in page:
            break
        time.sleep(0.1)
    before = tables(app, "import_job")
    answer = sam.send(f"{job}/record", {"seen": seen[1]}, page=job)
    assert answer.status_code == 422
    assert "was read anew since you looked" in answer.text
    assert tables(app, "import_job") == before
    recorded(sam, job)


def test_an_assurance_that_is_none_is_said_in_words(sam: Browser) -> None:
    job = tried(sam, "who;what;when\nAna;Ethics;2026-03-01\n", name="unknown.csv")
    assert sam.send(job, {"assurance": "bogus", "column_course": "what"}, page=job).status_code == 422


def test_whoever_brings_a_file_reads_before_it_is_recorded_that_their_own_row_is_not_taken(
    app: Flask, union: World, sam: Browser
) -> None:
    with app.app_context(), writing() as session:
        session.get_one(User, union.users["ana"]).member_id = None
        session.flush()
        session.get_one(User, union.users["sam"]).member_id = union.ana
    job = tried(sam, REPORT)
    assert "the record is your own: somebody else records it" in sam.get(job).text
    assert count_of(sam.get(job).text, "rows in all") == "4"
