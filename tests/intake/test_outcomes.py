"""The files an import leaves beside the database: the original, how far it is, and how every row ended."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import time
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from flask import Flask
from sqlalchemy import select

from tests.operations.conftest import ANA, Desk
from tracker.coverage.batches import batch_of
from tracker.intake.imports import staged_import
from tracker.intake.originals import has_original, keep_original, original, purge_originals, remove_original
from tracker.intake.outcomes import outcomes_csv, row_ends
from tracker.intake.preview import MOST_ROWS, Preview, preview_of
from tracker.intake.progress import Progress, Telling, forget, hold, is_running, progress_of
from tracker.models import WaitingCompletion, db
from tracker.operations.refused import Refused

COLUMNS = "member_number,email,course,completed_on,assurance,evidence_url,external_id\n"


@pytest.fixture
def desk(app: Flask) -> Desk:
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(ANA)
    return desk


def table(desk: Desk, batch_id: int, folder: Path, zone: str = "UTC") -> list[list[str]]:
    with desk.session() as session:
        batch = batch_of(session, batch_id)
        assert batch is not None
        ends = row_ends(session, batch, ZoneInfo(zone))
    text = "".join(outcomes_csv(ends, folder))  # nothing is asked of the database any more
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline="")))


def test_every_row_of_the_file_is_there_once_in_its_order(desk: Desk, tmp_path: Path) -> None:
    rows = "".join(f"{number:04},,firefly,2026-02-{1 + number % 28:02},provider,,\n" for number in range(300))
    keep_original(tmp_path, (COLUMNS + rows).encode())
    imported = desk.completions(rows)
    head, *told = table(desk, imported.batch_id, tmp_path)
    assert head[1:-3] == COLUMNS.strip().split(",")
    assert [row[0] for row in told] == [str(line) for line in range(2, 302)]
    assert [row[1] for row in told] == [f"{number:04}" for number in range(300)]
    assert {row[-3] for row in told} == {"recorded", "unmatched"}


def test_a_row_that_cannot_be_told_from_its_neighbours_keeps_its_line(desk: Desk, tmp_path: Path) -> None:
    rows = '0001,,firefly,2026-02-01,provider,,\n0001,,fire"fly,"x"y,2026-02-01,a,b,c,d,e\n'
    rows += "0001,,firefly,2026-02-03,provider,,\n"
    keep_original(tmp_path, (COLUMNS + rows).encode())
    _, *told = table(desk, desk.completions(rows).batch_id, tmp_path)
    assert [(row[0], row[-3]) for row in told] == [("2", "recorded"), ("3", "faulty"), ("4", "corroborated")]
    assert told[1][1:-3] == [""] * 7


def test_the_day_of_what_was_settled_since_is_the_unions(desk: Desk, tmp_path: Path) -> None:
    imported = desk.completions("0077,,firefly,2026-02-20,provider,,\n")
    with desk.write() as session:
        row = session.scalars(select(WaitingCompletion)).one()
        row.settled_at, row.settled_member_id = datetime(2026, 3, 3, 2, tzinfo=UTC), 1
    assert table(desk, imported.batch_id, tmp_path)[1][-1] == "recorded since, on 2026-03-03"
    assert table(desk, imported.batch_id, tmp_path, "America/Los_Angeles")[1][-1] == "recorded since, on 2026-03-02"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@x", "\tx"])
def test_no_cell_is_taken_for_a_formula(desk: Desk, tmp_path: Path, text: str) -> None:
    rows = f'0001,,"{text} of crafts",2026-02-20,provider,,\n'
    keep_original(tmp_path, (COLUMNS + rows).encode())
    told = table(desk, desk.completions(rows).batch_id, tmp_path)[1]
    assert not any(cell.startswith(("=", "+", "-", "@", "\t")) for cell in told)


def test_a_file_that_was_changed_since_is_not_believed(desk: Desk, tmp_path: Path) -> None:
    rows = "0001,,firefly,2026-02-20,provider,,\n"
    sha256 = keep_original(tmp_path, (COLUMNS + rows).encode())
    (tmp_path / sha256).write_text("member_number\nsomebody else\n")
    assert table(desk, desk.completions(rows).batch_id, tmp_path) == [
        ["line", "outcome", "reason", "since"],
        ["2", "recorded", "", ""],
    ]


# --- What a preview lays before a person ---------------------------------------------------------------------------------


def test_a_preview_survives_being_kept_as_json_with_the_first_rows_of_each_count(desk: Desk) -> None:
    rows = "".join(f"{number:04},,firefly,2026-02-{1 + number % 28:02},provider,,\n" for number in range(500))
    content = (COLUMNS + rows + "0001,,firefly,someday,provider,,\n").encode()
    with desk.app.app_context():
        session = db.session()
        with staged_import(session, "completions", content, "report.csv", today=desk.today) as staged:
            preview = preview_of(staged.preview(session), content, "report.csv")
    again = Preview.from_json(json.loads(json.dumps(preview.as_json())))
    assert again == preview
    assert again.in_all == 501
    shown = {outcome.value: len(behind) for outcome, behind in again.rows.items()}
    assert shown == {"recorded": 1, "unmatched": MOST_ROWS, "faulty": 1}
    assert again.columns == ["member_number", "email", "course", "completed_on"]
    [faulty] = next(behind for outcome, behind in again.rows.items() if outcome.value == "faulty")
    assert (faulty.line, faulty.cells[3]) == (502, "someday")


# --- The original --------------------------------------------------------------------------------------------------------


def test_a_file_is_kept_as_it_came_for_its_owner_alone(tmp_path: Path) -> None:
    folder, content = tmp_path / "imports", os.urandom(3_000_000)
    sha256 = keep_original(folder, io.BytesIO(content))
    assert sha256 == hashlib.sha256(content).hexdigest()
    with original(folder, sha256) as file:
        assert file.read() == content
    assert [each.name for each in folder.iterdir()] == [sha256]
    assert (folder.stat().st_mode & 0o077, (folder / sha256).stat().st_mode & 0o077) == (0, 0)
    remove_original(folder, sha256)
    remove_original(folder, sha256)
    assert not has_original(folder, sha256)


def test_a_file_that_comes_only_in_part_leaves_nothing(tmp_path: Path) -> None:
    class Torn(io.BytesIO):
        def read(self, size: int | None = -1, /) -> bytes:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        keep_original(tmp_path / "imports", Torn(b"x"))
    assert list((tmp_path / "imports").iterdir()) == []


@pytest.mark.parametrize("sha256", ["", "0" * 64, "../secret", "/etc/passwd", "AB" * 32])
def test_no_name_leads_out_of_the_folder(tmp_path: Path, sha256: str) -> None:
    (tmp_path / "secret").write_text("x")
    folder = tmp_path / "imports"
    keep_original(folder, b"x")
    assert not has_original(folder, sha256)
    with pytest.raises(Refused, match="choose it again"), original(folder, sha256):
        pass


def test_files_go_when_their_time_is_over_and_nothing_points_at_them(tmp_path: Path) -> None:
    old, pointed_at, young = (keep_original(tmp_path, content) for content in (b"old", b"pointed at", b"young"))
    for name in (old, pointed_at):
        os.utime(tmp_path / name, (time.time() - 5_000,) * 2)
    before = datetime.fromtimestamp(time.time() - 1_000, UTC)
    assert purge_originals(tmp_path, before, {pointed_at}, dry_run=True) == [old]
    assert has_original(tmp_path, old)
    assert purge_originals(tmp_path, before, {pointed_at}) == [old]
    assert sorted(each.name for each in tmp_path.iterdir()) == sorted([pointed_at, young])
    assert purge_originals(tmp_path / "nowhere", before, ()) == []


def test_a_file_that_comes_again_is_young_again(tmp_path: Path) -> None:
    name = keep_original(tmp_path, b"x")
    os.utime(tmp_path / name, (0, 0))
    keep_original(tmp_path, b"x")
    assert purge_originals(tmp_path, datetime.fromtimestamp(time.time() - 1_000, UTC), ()) == []


# --- How far it is -------------------------------------------------------------------------------------------------------


def test_a_job_tells_how_far_it_is_and_passes_every_row_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = iter(range(1_000, 1_000_000))
    monkeypatch.setattr("tracker.intake.progress.time.time", lambda: float(next(clock)))
    telling, seen = Telling(tmp_path, 5), []
    for row in telling("Reading", range(1_000), 1_000):
        if row == 600:
            seen.append(progress_of(tmp_path, 5))
    [halfway] = seen
    assert halfway is not None
    assert (halfway.step, halfway.percent) == ("Reading", 57)
    assert halfway.seconds_left is not None
    done = progress_of(tmp_path, 5)
    assert done is not None
    assert (done.done, done.rows) == (1_000, 1_000)
    forget(tmp_path, 5)
    assert progress_of(tmp_path, 5) is None
    assert list(tmp_path.iterdir()) == []


def test_a_bar_never_says_more_than_is_known() -> None:
    assert Progress("Reading", 0, 0, 0, 9).percent is None
    assert Progress("Reading", 900, 100, 0, 9).percent == 99
    assert Progress("Reading", 0, 100, 0, 9).seconds_left is None
    assert Progress("Reading", 50, 100, 0, 10).seconds_left == 10
    assert Progress("Reading", 200, 100, 0, 10).seconds_left == 1


@pytest.mark.parametrize("content", ["", "{", "[1]", '{"a": 1}', "null"])
def test_a_note_that_cannot_be_read_tells_nothing(tmp_path: Path, content: str) -> None:
    (tmp_path / "5.json").write_text(content)
    assert progress_of(tmp_path, 5) is None


def test_a_bar_that_cannot_be_written_does_not_end_an_import(tmp_path: Path) -> None:
    assert list(Telling(tmp_path / "nowhere", 5)("Reading", range(10), 10)) == list(range(10))


def test_a_job_is_held_by_one_alone_until_whoever_holds_it_is_gone(tmp_path: Path) -> None:
    assert not is_running(tmp_path, 5)
    held = hold(tmp_path, 5)
    assert held is not None
    assert is_running(tmp_path, 5)
    assert hold(tmp_path, 5) is None
    child = os.fork()
    if child == 0:
        time.sleep(1)
        os._exit(0)
    os.close(held)
    assert is_running(tmp_path, 5)  # the child inherited it
    os.waitpid(child, 0)
    assert not is_running(tmp_path, 5)
    again = hold(tmp_path, 5)
    assert again is not None
    os.close(again)
