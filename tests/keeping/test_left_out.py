"""What a backup cannot hold is never left out silently: folders on another disk, what cannot be read, what is missing."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from installation import Place
from sqlalchemy import delete, select

from tracker.cli.keeping.instance import files_of
from tracker.models import Completion, Errand, Evidence, Review, db, new_id, writing
from tracker.operations.refused import Refused

NewPlace = Callable[[str], Place]
INCOMPLETE = 3


def add_evidence(place: Place, content: bytes) -> Path:
    """A file of evidence, and its row."""
    sha256 = hashlib.sha256(content).hexdigest()
    file = place.instance / "evidence" / sha256[:2] / sha256
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    with place.opened(), writing() as session:
        behind = session.scalars(select(Completion).order_by(Completion.id).limit(1)).one()
        session.add(
            Evidence(
                member_id=behind.member_id, id=new_id(), completion_id=behind.id, sha256=sha256, size=len(content),
                file_name="file.pdf", media_type="application/pdf", review=Review.WAITING, recorded_at=datetime.now(UTC),
            )
        )  # fmt: skip
    return file


# --- Missing --------------------------------------------------------------------------------------------------------------


def test_evidence_that_is_missing_is_told_and_the_rest_is_kept(here: Place, new_place: NewPlace, tmp_path: Path) -> None:
    kept, gone, damaged = (add_evidence(here, content) for content in (b"kept", b"gone", b"damaged"))
    gone.unlink()
    damaged.write_bytes(b"something else")
    file = tmp_path / "without.backup"
    said = here.run("backup", file, exit_code=INCOMPLETE)
    assert "2 files are missing that the database names as evidence" in said.stderr
    assert gone.name in said.stderr and damaged.name in said.stderr and kept.name not in said.stderr
    with here.opened():
        errand = db.session.get(Errand, "backup")
        assert errand and errand.ended_at
        assert (errand.outcome["missing"], errand.failure) == (2, "2 files are missing that the database names as evidence.")
    checked = here.run("backup", "--check", file, exit_code=INCOMPLETE)
    assert "Whole" in checked.stdout
    assert "2 files are missing" in checked.stderr
    there = new_place(here.engine)
    restored = there.run("restore", file)
    assert "2 files are missing" in restored.stderr
    assert (there.instance / kept.relative_to(here.instance)).read_bytes() == b"kept"


def test_a_backup_that_misses_nothing_says_nothing(here: Place, tmp_path: Path) -> None:
    add_evidence(here, b"kept")
    said = here.run("backup", tmp_path / "whole.backup")
    assert said.stderr == ""
    assert here.run("backup", "--check", tmp_path / "whole.backup").stderr == ""


def test_what_was_erased_while_the_backup_was_taken_is_not_missing(
    here: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = add_evidence(here, b"erased meanwhile")
    from tracker.cli.keeping import taking

    def after_the_database(instance: Path, name: str, strays: list[str]) -> Iterator[object]:
        if name == "evidence":
            with writing() as session:
                session.execute(delete(Evidence))
            file.unlink(missing_ok=True)
        return files_of(instance, name, strays)

    monkeypatch.setattr(taking, "files_of", after_the_database)
    assert here.run("backup", tmp_path / "whole.backup").stderr == ""


# --- Elsewhere, or not to be read -----------------------------------------------------------------------------------------


def test_a_folder_that_was_moved_to_a_larger_disk_is_kept(here: Place, new_place: NewPlace, tmp_path: Path) -> None:
    file = add_evidence(here, b"on the large disk")
    (here.instance / "evidence").rename(tmp_path / "large")
    (here.instance / "evidence").symlink_to(tmp_path / "large")
    assert here.run("backup", tmp_path / "linked.backup").stderr == ""
    there = new_place(here.engine)
    (there.instance / "evidence").symlink_to(tmp_path)
    assert "is not empty (evidence)" in there.run("restore", tmp_path / "linked.backup", exit_code=1).output
    (there.instance / "evidence").unlink()
    there.run("restore", tmp_path / "linked.backup")
    assert (there.instance / file.relative_to(here.instance)).read_bytes() == b"on the large disk"


def test_a_disk_that_is_not_there_stops_the_backup(sqlite_here: Place, tmp_path: Path) -> None:
    (sqlite_here.instance / "frozen").rename(tmp_path / "large")
    (sqlite_here.instance / "frozen").symlink_to(tmp_path / "not mounted")
    assert "frozen cannot be read" in sqlite_here.run("backup", tmp_path / "x.backup", exit_code=1).stderr
    assert [each.name for each in tmp_path.iterdir() if "backup" in each.name] == []


def test_a_folder_that_cannot_be_read_stops_the_backup(sqlite_here: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk with bad sectors, which no test has: the system's own answer stands for it."""
    (folder,) = (sqlite_here.instance / "evidence").iterdir()
    scandir = os.scandir

    def failing(path: str) -> object:
        if str(path) == str(folder):
            raise OSError(5, "Input/output error", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", failing)
    with pytest.raises(Refused, match=f"{folder} cannot be read: Input/output error"):
        list(files_of(sqlite_here.instance, "evidence", []))


# --- None of ours ---------------------------------------------------------------------------------------------------------


def test_what_others_left_in_a_folder_is_left_out_and_named(here: Place, new_place: NewPlace, tmp_path: Path) -> None:
    add_evidence(here, b"ours")
    file, folder = tmp_path / "strays.backup", here.instance / "evidence"
    strays = [".nfs000000000012", "ab/.x.swp", "a file.pdf", "ab/naïve", "a/b/c/d"]
    for name in strays:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"not ours")
    (folder / "elsewhere").symlink_to(tmp_path)
    os.mkfifo(folder / "pipe")
    said = here.run("backup", file)
    assert said.stderr.count("none of the tracker's: ") == 6
    assert "2 more" in said.stderr
    here.run("backup", "--check", file)
    there = new_place(here.engine)
    there.run("restore", file)
    assert not any("not ours" in str(content) for content in there.files().values())
