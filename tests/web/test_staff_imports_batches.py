"""After an import: how every row ended, as a file; and taking it back."""

from __future__ import annotations

import csv
import io
import os
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from flask import Flask
from importing import REPORT, job_after, recorded, said, tables, tried
from little_union import Browser, World
from sqlalchemy import select, update
from training_union import days_ago, today

from tracker.models import BatchUndone, Completion, ImportJob, db


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def outcomes(browser: Browser, batch: str) -> list[list[str]]:
    answer = browser.get(f"{batch}/outcomes.csv")
    assert answer.status_code == 200
    assert answer.mimetype == "text/csv"
    assert answer.headers["Content-Disposition"].startswith("attachment")
    text = answer.data.decode()
    assert text.startswith("\ufeff")
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_the_file_of_outcomes_holds_every_row_of_the_file_and_how_it_ended(sam: Browser) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    head, *rows = outcomes(sam, batch)
    assert head == ["line", *REPORT.splitlines()[0].split(","), "outcome", "reason", "since"]
    assert [(row[0], row[1], row[-3]) for row in rows] == [
        ("2", "0012", "recorded"),
        ("3", "0034", "faulty"),
        ("4", "9999", "unmatched"),
        ("5", "0012", "unknown course"),
    ]
    assert "completed_on" in rows[1][-2]


def test_it_says_what_became_of_the_rows_that_waited(sam: Browser) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    recorded(sam, tried(sam, "member_number,local\n9999,80\n", "roster", "more.csv"))
    rows = outcomes(sam, batch)
    assert [row[-1] for row in rows[1:]] == ["", "", f"recorded since, on {today()}", ""]


def test_nothing_in_it_is_taken_for_a_formula(sam: Browser) -> None:
    content = f'member_number,course,completed_on,assurance,note\n0012,"=HYPERLINK(""x"")",{days_ago(9)},provider,+1\n'
    batch = recorded(sam, tried(sam, content, name="=cmd.csv"))
    head, row = outcomes(sam, batch)
    assert head[5] == "note"
    assert (row[2], row[5]) == ('\'=HYPERLINK("x")', "'+1")


def test_without_the_original_its_rows_are_told_by_their_lines(sam: Browser, tmp_path: Path) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    for file in (tmp_path / "imports").iterdir():
        file.unlink()
    assert outcomes(sam, batch) == [
        ["line", "outcome", "reason", "since"],
        ["2", "recorded", "", ""],
        ["3", "faulty", outcomes(sam, batch)[2][2], ""],
        ["4", "unmatched", "", ""],
        ["5", "unknown course", "", ""],
    ]
    assert "is not kept here" in sam.get(batch).text


def test_the_rows_of_a_mapped_table_come_with_their_own_headings(sam: Browser) -> None:
    job = tried(sam, f"Report of the Academy\n\nWho;What;When\n0012;AI Ethics;{days_ago(9)}\n", name="mapped.csv")
    fields = {"column_member_number": "Who", "column_course": "What", "column_completed_on": "When", "assurance": "provider"}
    batch = recorded(sam, said(sam, job, fields))
    head, row = outcomes(sam, batch)
    assert head == ["line", "Who", "What", "When", "outcome", "reason", "since"]
    assert row[:4] == ["4", "0012", "AI Ethics", str(days_ago(9))]


def test_undoing_is_seen_first_and_then_done(app: Flask, sam: Browser) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    before = tables(app)
    page = sam.get(f"{batch}/undo").text
    assert "Nothing has been undone yet" in page
    assert tables(app) == before
    address = job_after(sam, sam.send(f"{batch}/undo", page=f"{batch}/undo"))
    assert address == batch
    page = sam.get(batch).text
    assert "This import was undone on" in page
    assert "sam@example.org" in page
    assert "/undo" not in page
    assert "undone" in sam.get("/staff/imports").text
    assert sam.get(f"{batch}/undo").status_code == 303
    with app.app_context():
        assert db.session.scalars(select(Completion.voided_at)).one() is not None
        assert db.session.scalars(select(BatchUndone)).one().undone_by is not None
    assert "This very file was recorded on" not in sam.get(tried(sam, REPORT)).text


def test_what_a_person_touched_since_is_listed_before_it_is_undone(sam: Browser) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    recorded(sam, tried(sam, "member_number,local\n9999,80\n", "roster", "more.csv"))
    page = sam.get(f"{batch}/undo").text
    assert "Touched by a person since" in page
    assert "Line 4" in page


def test_an_import_is_undone_once_however_often_it_is_asked(app: Flask, sam: Browser) -> None:
    batch = recorded(sam, tried(sam, REPORT))
    page = f"{batch}/undo"
    answers = [sam.send(page, page="/staff/imports") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [303, 303]
    ends = {job_after(sam, answer) for answer in answers}
    assert batch in ends
    with app.app_context():
        assert len(db.session.scalars(select(BatchUndone)).all()) == 1


def test_files_that_nobody_confirmed_are_forgotten_at_the_next_upload(app: Flask, sam: Browser, tmp_path: Path) -> None:
    kept = recorded(sam, tried(sam, REPORT))
    stale = tried(sam, "member_number,local\n1,80\n", "roster", "stale.csv")
    with app.app_context():
        yesterday = db.session.scalars(select(ImportJob.changed_at)).first()
        assert yesterday is not None
        db.session.execute(update(ImportJob).values(changed_at=yesterday - timedelta(days=2)))
        db.session.commit()
    for file in (tmp_path / "imports").iterdir():
        os.utime(file, (time.time() - 200_000,) * 2)
    fresh = tried(sam, "member_number,local\n2,80\n", "roster", "fresh.csv")
    assert sam.get(stale).status_code == 404
    assert sam.get(fresh).status_code == 200
    files = [file.read_text() for file in (tmp_path / "imports").iterdir()]
    assert sorted(files) == sorted([REPORT, "member_number,local\n2,80\n"])
    assert "0034" in sam.get(f"{kept}/outcomes.csv").text


def test_a_recorded_roster_shows_who_changed_by_it(sam: Browser) -> None:
    rows = "member_number,first_name,last_name,local,status,from_on\n9001,Nova,Example,80,active,2026-01-05\n"
    page = sam.get(recorded(sam, tried(sam, rows, kind="roster", name="roster.csv"))).text
    assert "1 person joins" in page
    assert "Nova Example" in page
