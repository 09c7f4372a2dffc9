"""`tracker erase`, `tracker member archive`, `tracker purge`: at the command line."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import Result

from tests.test_worked_example import EXAMPLE

ROSTER = """member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home,birth_date,ssn
0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes,1980-05-05,123-45-6789
"""


def with_ana(tracker: Callable[..., Result], tmp_path: Path) -> str:
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    (tmp_path / "roster.csv").write_text(ROSTER)
    return tracker("roster", "import", tmp_path / "roster.csv").output


def test_columns_that_nobody_asked_for_are_dropped_and_said(tracker: Callable[..., Result], tmp_path: Path) -> None:
    said = with_ana(tracker, tmp_path)
    assert "birth_date" in said
    assert "ssn" in said
    assert "1980" not in said
    tracker("member", "archive", "0001", tmp_path / "ana.zip")
    with zipfile.ZipFile(tmp_path / "ana.zip") as archive:
        told = b"".join(archive.read(each) for each in archive.namelist())
    assert b"Ana" in told
    assert b"1980-05-05" not in told
    assert b"123-45-6789" not in told


def test_an_archive_is_made_once_and_for_its_reader_alone(tracker: Callable[..., Result], tmp_path: Path) -> None:
    with_ana(tracker, tmp_path)
    file = tmp_path / "ana.zip"
    assert "Everything kept about Ana Example (0001)" in tracker("member", "archive", "0001", file).output
    assert file.stat().st_mode & 0o777 == 0o600
    assert "cannot be written: File exists" in tracker("member", "archive", "0001", file, exit_code=1).stderr
    again = tracker("member", "archive", "0001", tmp_path / "b.zip", exit_code=1)
    assert "less than a minute ago" in again.stderr
    assert not (tmp_path / "b.zip").exists()
    assert "No member" in tracker("member", "archive", "77", tmp_path / "c.zip", exit_code=1).stderr
    assert not (tmp_path / "c.zip").exists()


def test_erasing_says_first_what_it_would_do(tracker: Callable[..., Result], tmp_path: Path) -> None:
    with_ana(tracker, tmp_path)
    before = tracker("erase", "0001", "--reason", "asked by letter", "--dry-run").output
    assert before.startswith("Would be erased: Ana Example (0001).")
    assert "the file roster.csv as it was imported" in before
    assert not (tmp_path / "erasures").exists()
    did = tracker("erase", "0001", "--reason", "asked by letter").output
    assert did.startswith("Erased: Ana Example (0001).")
    assert did.partition("\n")[2] == before.partition("\n")[2]
    assert set(json.loads((tmp_path / "erasures").read_text())) == {"erasure", "member", "at"}
    assert "No member" in tracker("erase", "0001", "--reason", "again", exit_code=1).stderr
    tracker("doctor")


def test_whoever_hangs_up_does_not_keep_the_erasure_from_being_written_down(
    tracker: Callable[..., Result], tmp_path: Path
) -> None:
    with_ana(tracker, tmp_path)
    reads, writes = os.pipe()
    os.close(reads)  # as `| head` does, once it has what it wanted
    command = ["tracker", "erase", "0001", "--reason", "asked by letter"]
    ended = subprocess.run(command, stdout=writes, stderr=subprocess.PIPE, check=False, timeout=120)
    os.close(writes)
    assert ended.returncode, "it could not tell"
    assert "No member" in tracker("erase", "0001", "--reason", "again", exit_code=1).stderr
    assert set(json.loads((tmp_path / "erasures").read_text())) == {"erasure", "member", "at"}


def test_where_the_disk_is_full_it_says_that_the_erasure_stands(
    tracker: Callable[..., Result], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with_ana(tracker, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full)
        did = tracker("erase", "0001", "--reason", "asked by letter", exit_code=1)
    assert did.stdout.startswith("Erased: Ana Example (0001).")
    assert "The erasure stands" in did.stderr
    assert "No space left on device" in did.stderr
    assert not (tmp_path / "erasures").exists()
    tracker("purge")
    assert set(json.loads((tmp_path / "erasures").read_text())) == {"erasure", "member", "at"}


def test_the_doctor_tells_of_an_erasure_that_ended_before_its_line_was_written(
    tracker: Callable[..., Result], tmp_path: Path
) -> None:
    with_ana(tracker, tmp_path)
    tracker("erase", "0001", "--reason", "asked by letter")
    lines = (tmp_path / "erasures").read_text()
    (tmp_path / "erasures").unlink()  # as where it was killed once it was committed
    its_id = json.loads(lines)["member"]
    said = tracker("doctor", exit_code=1).output
    assert f"no line says that member {its_id} was erased" in said
    tracker("doctor", "--fix")
    assert (tmp_path / "erasures").read_text() == lines
    tracker("doctor")


def test_purging_tells_every_kind_and_finds_nothing_on_the_first_day(tracker: Callable[..., Result], tmp_path: Path) -> None:
    with_ana(tracker, tmp_path)
    said = tracker("purge", "--dry-run").output.splitlines()
    assert said[-1].split() == ["0", "would", "go", "in", "all."]
    assert tracker("purge").output.splitlines()[:-1] == said[:-1]
