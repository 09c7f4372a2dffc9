"""What is refused: a backup in which anything is another than was written, and a place that is not fit for it."""

from __future__ import annotations

import fcntl
import io
import json
import random
import signal
import stat
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path

import pytest
from installation import Place
from sqlalchemy import text

from tests.conftest import ENGINES, empty_database
from tracker.cli.keeping import restoring
from tracker.cli.keeping.archive import HEAD, MANIFEST, Backup, Writer, _head, _header
from tracker.cli.keeping.databases import Clients
from tracker.cli.keeping.restoring import opened_backup
from tracker.models import db
from tracker.operations.refused import Refused

NewPlace = Callable[[str], Place]


@pytest.fixture
def whole(sqlite_here: Place, tmp_path: Path) -> bytes:
    """A backup's bytes."""
    sqlite_here.run("backup", tmp_path / "whole.backup")
    return (tmp_path / "whole.backup").read_bytes()


def places(content: bytes) -> list[tuple[int, str]]:
    """Where each part of a backup begins, and what it is called."""
    backup = Backup(io.BytesIO(content))
    found, begin = [(0, HEAD)], 1024
    for entry in backup.entries():
        found.append((begin, entry.name))
        begin = entry.at + entry.size + -entry.size % 512
    return [*found, (begin, MANIFEST), (len(content) - 1024, "its end")]


def test_one_flipped_bit_anywhere_is_refused_by_name(whole: bytes, tmp_path: Path) -> None:
    parts, chance = places(whole), random.Random(1893)
    at = [chance.randrange(len(whole)) for _ in range(60)]
    for (begin, _name), (after, _next) in zip(parts, [*parts[1:], (len(whole), "")], strict=True):
        at += [
            begin,
            begin + 130,
            begin + 511,
            after - 1,
            (begin + after) // 2,
        ]  # of each: its header, its zeros, its middle
    for place in at:
        changed = bytearray(whole)
        changed[place] ^= 1 << chance.randrange(8)
        file = tmp_path / "changed.backup"
        file.write_bytes(changed)
        with pytest.raises(Refused) as refused, opened_backup(file):
            pass
        name = next(name for begin, name in reversed(parts) if begin <= place)
        assert name in refused.value.message, place
        assert refused.value.code in ("damaged_backup", "newer_backup")


def test_a_backup_that_was_cut_off_or_added_to_is_refused(whole: bytes, tmp_path: Path) -> None:
    file, chance = tmp_path / "cut.backup", random.Random(2)
    for length in [0, 1, 511, 1024, len(whole) - 1, len(whole) - 1024, *(chance.randrange(len(whole)) for _ in range(20))]:
        file.write_bytes(whole[:length])
        with pytest.raises(Refused), opened_backup(file):
            pass
    for more in (b"\0", bytes(512), b"more"):
        file.write_bytes(whole + more)
        with pytest.raises(Refused, match="its end"), opened_backup(file):
            pass


@pytest.mark.parametrize(
    "said",
    [
        {"size": -512},  # would be read for ever
        {"size": 10**40},
        {"size": True},
        {"name": "../outside"},
        {"name": "/outside"},
        {"name": "evidence/.hidden"},
        {"name": "evidence/a\nb"},
        {"sha256": None},
    ],
)
def test_a_manifest_made_by_hand_names_no_file_that_cannot_be(said: dict[str, object]) -> None:
    with pytest.raises(Refused, match="which no backup holds"):
        Backup(made_by_hand(json.dumps({"name": "evidence/a", "size": 1, "sha256": "", **said}).encode())).check()


@pytest.mark.parametrize("line", [b"[" * 900_000, b"[1]", b"9" * 5_000, b"\xff"])
def test_a_manifest_made_by_hand_with_a_line_that_is_none_is_refused(line: bytes) -> None:
    with pytest.raises(Refused, match="a line of it cannot be read"):
        Backup(made_by_hand(line)).check()


@pytest.mark.parametrize(("at", "size"), [(-1, 1), (1_024, -512), (10**30, 1), (1_024, 10**30)])
def test_a_head_made_by_hand_leads_nowhere(at: int, size: int) -> None:
    head = _header(HEAD, 512) + _head(at, size, "0" * 64)
    with pytest.raises(Refused, match="not what was written"):
        Backup(io.BytesIO(head + bytes(8_192)))


def made_by_hand(line: bytes) -> io.BytesIO:
    """A backup whose manifest holds this line after its first one, with every hash right."""
    stream, lines = io.BytesIO(), io.BytesIO(line + b"\n")
    Writer(stream, lines).finish({})
    return stream


def test_a_damaged_backup_writes_nothing(sqlite_here: Place, whole: bytes, new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    before = there.files(), there.rows()
    (tmp_path / "bad.backup").write_bytes(whole[:-3000] + bytes([whole[-3000] ^ 1]) + whole[-2999:])
    assert "The backup is damaged at" in there.run("restore", tmp_path / "bad.backup", exit_code=1).output
    assert "The backup is damaged at" in there.run("backup", "--check", tmp_path / "bad.backup", exit_code=1).output
    assert (there.files(), there.rows()) == before


def crafted(tmp_path: Path, files: dict[str, bytes], **about: object) -> Path:
    """A backup that says of itself what we like, with hashes that are right."""
    file = tmp_path / "crafted.backup"
    with file.open("w+b") as stream:
        writer = Writer(stream, io.BytesIO())
        for name, content in files.items():
            writer.add(name, [content])
        said = {"engine": "sqlite", "schema": "0005", "rows": {}, "taken_at": "2026-01-01", "program": "tracker"}
        writer.finish({**said, **about})
    return file


def test_a_file_that_no_backup_holds_is_refused(new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    for name in (
        *("../outside", "/etc/passwd", "evidence/../../outside", "evidence/./x", "evidence//x", "evidence\\x", "cache/x"),
        *("x", "demo-secret-key", "tracker.db", ".hidden", "evidence/.x", "evidence/a/b/c/d/e"),
    ):
        file = crafted(tmp_path, {"database.sqlite.gz": b"", name: b"hostile"})
        assert "no backup holds" in there.run("restore", file, exit_code=1).output, name
        assert there.files() == {}


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    file = crafted(tmp_path, {"evidence/link": b""})
    content = bytearray(file.read_bytes())
    content[1024 + 156] = ord("2")  # a symbolic link, in a tar's header
    file.write_bytes(content)
    with pytest.raises(Refused, match="evidence/link"), opened_backup(file):
        pass


def test_one_name_twice_is_refused_and_nothing_stays(new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    twice = Writer((tmp_path / "twice.backup").open("w+b"), io.BytesIO())
    for name in ("database.sqlite.gz", "evidence/a", "evidence/a"):
        twice.add(name, [b"x"])
    twice.finish({"engine": "sqlite", "schema": "0005", "rows": {}})
    twice._stream.close()
    assert "Nothing was restored" in there.run("restore", tmp_path / "twice.backup", exit_code=1).output
    assert there.files() == {}


def test_a_database_that_is_none_is_refused(new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    for content in (b"", b"no database", b"\x1f\x8b\x08\x00broken"):
        file = crafted(tmp_path, {"database.sqlite.gz": content, "evidence/a": b"x"})
        assert "cannot be unpacked" in there.run("restore", file, exit_code=1).output
        assert there.files() == {}
    assert "it is missing" in there.run("restore", crafted(tmp_path, {}), exit_code=1).output


def test_a_backup_of_a_newer_program_is_refused(new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    file = crafted(tmp_path, {"database.sqlite.gz": b""}, schema="9999")
    assert "a newer version of the tracker" in there.run("restore", file, exit_code=1).output


def test_what_is_no_backup_is_refused_in_words(sqlite_here: Place, new_place: NewPlace, tmp_path: Path) -> None:
    there = new_place("sqlite")
    (tmp_path / "roster.csv").write_text("member_number\n1\n")
    assert "is no backup" in there.run("restore", tmp_path / "roster.csv", exit_code=1).output
    assert "cannot be read" in there.run("restore", tmp_path / "nothing", exit_code=1).output
    assert "cannot be written" in there.run("backup", tmp_path / "no folder" / "x", exit_code=1).output


# --- The place ------------------------------------------------------------------------------------------------------------


def test_a_place_that_is_not_empty_is_refused(here: Place, backup: Path, new_place: NewPlace) -> None:
    rows, files = here.rows(), here.files()
    assert "The database is not empty" in here.run("restore", backup, exit_code=1).output
    assert (here.rows(), here.files()) == (rows, files)
    there = new_place(here.engine)
    (there.instance / "erasures").write_text("{}\n")
    said = there.run("restore", backup, exit_code=1).output
    assert "is not empty (erasures)" in said
    assert "--erasures" in said
    assert (there.instance / "erasures").read_text() == "{}\n"


def test_a_list_of_erasures_that_is_none_stops_the_restore(
    here: Place, backup: Path, new_place: NewPlace, tmp_path: Path
) -> None:
    there = new_place(here.engine)
    (tmp_path / "list").write_text("nonsense\n{}\n")
    assert "is no list of erasures" in there.run("restore", backup, "--erasures", tmp_path / "list", exit_code=1).output
    assert there.files() == {}


@pytest.mark.parametrize("engine", ENGINES)
def test_a_backup_of_the_other_engine_is_refused(
    engine: str, request: pytest.FixtureRequest, sqlite_here: Place, whole: bytes, tmp_path: Path
) -> None:
    other = "postgresql" if engine == "sqlite" else "sqlite"
    file = crafted(tmp_path, {}, engine=other)
    with empty_database(engine, request, tmp_path) as url:
        assert "of the same kind" in Place(url, tmp_path / "other").run("restore", file, exit_code=1).output


def test_an_embedded_database_that_is_open_elsewhere_is_refused(
    sqlite_here: Place, whole: bytes, new_place: NewPlace, tmp_path: Path
) -> None:
    there = new_place("sqlite")
    with there.opened(), db.engine.connect() as connection:
        connection.exec_driver_sql("SELECT count(*) FROM member")
        said = there.run("restore", tmp_path / "whole.backup", exit_code=1).output
    assert "stop the servers" in said
    assert there.files() == {}
    there.run("restore", tmp_path / "whole.backup")


def test_a_server_s_database_that_is_open_elsewhere_is_refused(
    new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A restore that somebody began before, and whose rows nobody sees yet, is such a one."""
    monkeypatch.setattr(restoring, "_PATIENCE", 0.3)
    there, file = new_place("postgresql"), crafted(tmp_path, {"database.pgdump": b""}, engine="postgresql")
    (there.instance / "restoring").mkdir()  # it was killed, its program was not
    (there.instance / "erasures").touch()
    with there.opened(), db.engine.connect() as connection:
        connection.exec_driver_sql("CREATE TABLE on_its_way (x int)")
        said = there.run("restore", file, exit_code=1).output
    assert "stop the servers" in said and "wait for an earlier restore to end" in said
    assert "remove these" not in said
    assert "remove these" in there.run("restore", file, exit_code=1).output


def a_program(folder: Path, does: str) -> str:
    """A folder with a pg_restore that does something of ours."""
    (folder / "programs").mkdir()
    program = folder / "programs" / "pg_restore"
    program.write_text(f'#!/bin/sh\n[ "$1" = --version ] && echo "pg_restore (PostgreSQL) 99" && exit\n{does}\n')
    program.chmod(stat.S_IRWXU)
    return str(program.parent)


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel is asked to")
def test_a_restore_that_is_killed_takes_its_program_with_it(new_place: NewPlace, tmp_path: Path) -> None:
    """Else it would commit later, behind the back of the restore that is begun instead."""
    there, file, pid = (
        new_place("postgresql"),
        crafted(tmp_path, {"database.pgdump": b""}, engine="postgresql"),
        tmp_path / "pid",
    )
    folder = a_program(tmp_path, f"echo $$ > {pid}.part; mv {pid}.part {pid}; exec sleep 600")
    process = there.begin("restore", file, "--pg-bin", folder)
    until = time.monotonic() + 120
    while not pid.exists():
        assert process.poll() is None and time.monotonic() < until
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait()
    status = Path("/proc") / pid.read_text().strip() / "stat"
    with suppress(FileNotFoundError, ProcessLookupError):  # it is gone
        while ") Z " not in status.read_text():
            assert time.monotonic() < until, "it lives on"
            time.sleep(0.05)


def test_a_program_that_was_killed_is_told_and_nothing_stays(new_place: NewPlace, tmp_path: Path) -> None:
    there, file = (
        new_place("postgresql"),
        crafted(tmp_path, {"database.pgdump": b"", "evidence/a": b"x"}, engine="postgresql"),
    )
    said = there.run("restore", file, exit_code=1, TRACKER_PG_BIN=a_program(tmp_path, "kill -9 $$")).output
    assert "it was ended by signal 9 (Killed)" in said
    assert "Nothing was restored." in said
    assert list(there.instance.iterdir()) == []


def test_files_stay_where_the_database_may_have_taken_the_backup(
    new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Among them whom to erase anew: without that list nobody would know who was brought back."""

    def lose_the_answer(_self: Clients, _url: object, _chunks: Iterable[bytes], _server: int) -> None:
        with there.opened(), db.engine.begin() as connection:
            connection.execute(text("CREATE TABLE brought AS SELECT 1 AS x"))
        raise Refused("pg_client_failed", "pg_restore could not do it:", faults=["the server closed the connection"])

    monkeypatch.setattr(Clients, "restore", lose_the_answer)
    there, file = new_place("postgresql"), crafted(tmp_path, {"database.pgdump": b""}, engine="postgresql")
    line = '{"erasure": 71, "member": 72, "at": "2026-05-01T12:00:00+00:00"}\n'
    (tmp_path / "newer").write_text(line)
    said = there.run("restore", file, "--erasures", tmp_path / "newer", exit_code=1).output
    assert "the server closed the connection" in said and "is not known" in said
    assert (there.instance / "erasures").read_text() == line
    assert "`tracker doctor --fix`" in there.run("restore", file, exit_code=1).output


@pytest.mark.parametrize("name", ["restoring.lock", "tracker.db.restoring.lock"])
def test_two_restores_at_once_are_refused(
    name: str, sqlite_here: Place, whole: bytes, new_place: NewPlace, tmp_path: Path
) -> None:
    there = new_place("sqlite")
    laid = there.instance / "restoring" / "evidence"
    laid.mkdir(parents=True)  # by the other
    with (there.instance / name).open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another restore is on its way" in there.run("restore", tmp_path / "whole.backup", exit_code=1).output
    assert laid.exists()
    there.run("restore", tmp_path / "whole.backup")  # what a dead one left is written over
    assert not [each for each in there.instance.iterdir() if "restoring" in each.name]


def test_a_file_that_somebody_takes_away_meanwhile_is_missed(
    sqlite_here: Place, whole: bytes, new_place: NewPlace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    move, there = restoring._move, new_place("sqlite")

    def lose_one(laid: Path, instance: Path) -> None:
        move(laid, instance)
        next((instance / "evidence").rglob("*/*")).unlink()

    monkeypatch.setattr(restoring, "_move", lose_one)
    said = there.run("restore", tmp_path / "whole.backup", exit_code=1).output
    assert "1 files are gone again" in said and "Nothing was restored." in said
    assert there.files() == {}


def test_a_backup_is_never_written_over(sqlite_here: Place, whole: bytes, tmp_path: Path) -> None:
    assert "never written over" in sqlite_here.run("backup", tmp_path / "whole.backup", exit_code=1).output
    assert (tmp_path / "whole.backup").read_bytes() == whole


def test_two_backups_into_one_file_at_once_are_refused(sqlite_here: Place, tmp_path: Path) -> None:
    with (tmp_path / "one.backup.part").open("wb") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        assert "Another backup is on its way" in sqlite_here.run("backup", tmp_path / "one.backup", exit_code=1).output
    assert "Whole" not in sqlite_here.run("backup", tmp_path / "one.backup").output  # what a dead one left is written over
    assert "Whole" in sqlite_here.run("backup", "--check", tmp_path / "one.backup").output


@pytest.mark.parametrize(("version", "said"), [("12.1", "is of PostgreSQL 12"), ("", "is not in")])
def test_client_programs_that_are_missing_or_too_old_are_told(
    version: str, said: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    programs = tmp_path / "programs"
    programs.mkdir()
    if version:
        for name in ("pg_dump", "pg_restore"):
            (programs / name).write_text(f"#!/bin/sh\necho '{name} (PostgreSQL) {version}'\n")
            (programs / name).chmod(stat.S_IRWXU)
    with empty_database("postgresql", request, tmp_path) as url:
        place = Place(url, tmp_path / "instance")
        assert said in place.run("backup", tmp_path / "x", exit_code=1, TRACKER_PG_BIN=str(programs)).output
    assert not (tmp_path / "x").exists()
    assert not (tmp_path / "x.part").exists()
