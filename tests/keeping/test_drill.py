"""The drill: a backup, everything gone, restored, compared. Under load, of an old schema, and killed in the middle."""

from __future__ import annotations

import hashlib
import json
import os
import re
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import flask_migrate
import pytest
from installation import PASSWORD, Place, close
from sqlalchemy import func, inspect, select, text

from tests.web.little_union import Browser
from tracker.cli.keeping.databases import Clients
from tracker.cli.keeping.instance import KEPT, LEFT_OUT
from tracker.cli.keeping.restoring import opened_backup
from tracker.cli.keeping.taking import take_backup
from tracker.models import AuditEntry, Completion, Errand, Evidence, Member, Review, db, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit
from tracker.operations.erasing import erase_member, keep_erasures
from tracker.operations.lasting_files import write_lasting

NewPlace = Callable[[str], Place]


def kept(files: dict[str, bytes]) -> dict[str, bytes]:
    """Of an instance folder's files, those that a backup must hold."""
    return {name: content for name, content in files.items() if name.split("/")[0] in KEPT and not name.endswith(".part")}


def wipe(place: Place) -> None:
    """The disk is lost: no table, no file."""
    if place.engine == "postgresql":
        with place.opened(), db.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text("CREATE SCHEMA public"))
    for file in sorted(place.instance.rglob("*"), reverse=True):
        file.rmdir() if file.is_dir() else file.unlink()


def test_what_was_kept_is_there_again(here: Place, backup: Path) -> None:
    rows, files = here.rows(), kept(here.files())
    figures = here.run("coverage", "--as-of", "2026-08-31", "--format", "csv").output
    wipe(here)
    assert files and here.files() == {}
    here.run("restore", backup)
    assert here.rows() == rows
    assert here.files() == files
    assert here.run("coverage", "--as-of", "2026-08-31", "--format", "csv").output == figures
    assert "follows from the facts" in here.run("doctor").output
    here.run("audit", "verify")


def test_people_sign_in_and_see_their_local_after_it(here: Place, backup: Path) -> None:
    wipe(here)
    here.run("restore", backup)
    app = here.app()
    browser = Browser(app.test_client())
    assert browser.sign_in("lead", PASSWORD).status_code == 303
    page = browser.get("/reports/locals/80")
    assert page.status_code == 200
    assert "AI" in page.text
    close(app)


def test_a_backup_restores_into_a_place_that_was_founded_and_is_empty(
    here: Place, backup: Path, new_place: NewPlace
) -> None:
    there = new_place(here.engine)
    with there.opened(), writing() as session:
        session.add(Errand(name="doctor", next_at=datetime.now(UTC), outcome={}, failure=""))  # its worker had begun
    there.run("restore", backup)
    assert there.rows() == here.rows()
    assert oct(stat.S_IMODE((there.instance / "evidence").stat().st_mode)) == "0o700"
    for name in there.files():
        assert stat.S_IMODE((there.instance / name).stat().st_mode) == 0o600


def test_nobody_else_reads_a_backup_whatever_the_umask(sqlite_here: Place, tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        sqlite_here.run("backup", tmp_path / "open.backup")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "open.backup").stat().st_mode) == 0o600
    assert sorted(each.name for each in tmp_path.iterdir() if "backup" in each.name) == ["open.backup"]


def test_a_backup_is_noted_and_holds_no_secret(here: Place, backup: Path) -> None:
    with here.opened():
        errand = db.session.get(Errand, "backup")
        assert errand and errand.ended_at and errand.outcome["bytes"] == backup.stat().st_size
        assert db.session.scalar(select(func.count()).where(AuditEntry.action == "take_backup")) == 1
    assert b"a-key-for-tests" not in backup.read_bytes()
    with opened_backup(backup) as opened:
        names = {entry.name.split("/")[0] for entry in opened.entries()}
    assert names == {"database.sqlite.gz" if here.url.startswith("sqlite") else "database.pgdump", *KEPT} - {
        *("audit-heads", "erasures"),  # nothing was sealed and nobody erased
    }


def test_every_name_in_the_instance_folder_is_kept_or_left_out_with_a_reason() -> None:
    sources = Path(__file__).parents[2] / "tracker"
    named = set()
    for file in sources.rglob("*.py"):
        named |= set(re.findall(r"""instance / ["']([\w.-]+)["']""", file.read_text()))
    assert {"evidence", "frozen", "imports", "openings", "xapi", "erasures"} <= named
    assert named <= {*KEPT, *LEFT_OUT}


# --- While others write ---------------------------------------------------------------------------------------------------


def test_a_backup_under_load_is_of_one_moment_and_has_every_file(here: Place, tmp_path: Path, new_place: NewPlace) -> None:
    """Each write is of two entries and a row with its file; whatever moment the backup is of, it has both and all."""
    stop, written = threading.Event(), [0]
    with here.opened():
        completion = db.session.scalars(select(Completion).limit(1)).one()
        its_key = (completion.member_id, completion.id)

    def write() -> None:
        with here.opened():
            while not stop.is_set():
                content = f"file {written[0]}".encode()
                sha256 = hashlib.sha256(content).hexdigest()
                place = here.instance / "evidence" / sha256[:2] / sha256
                place.parent.mkdir(exist_ok=True)
                write_lasting(place, content)
                with writing(patience=60) as session:
                    for _ in range(2):
                        audit(session, OPERATOR, "wrote", object_kind="load")
                    session.add(
                        Evidence(
                            member_id=its_key[0], id=new_id(), completion_id=its_key[1], sha256=sha256, size=len(content),
                            file_name="file.pdf", media_type="application/pdf", review=Review.WAITING,
                            recorded_at=datetime.now(UTC),
                        )
                    )  # fmt: skip
                written[0] += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        while written[0] < 3:
            assert writer.is_alive()
        before = written[0]
        here.run("backup", tmp_path / "busy.backup")
        after = written[0]
    finally:
        stop.set()
        writer.join()
    assert after > before  # it held nobody off
    there = new_place(here.engine)
    there.run("restore", tmp_path / "busy.backup")
    with there.opened():
        entries = db.session.scalar(select(func.count()).where(AuditEntry.action == "wrote"))
        hashes = db.session.scalars(select(Evidence.sha256).where(Evidence.media_type == "application/pdf")).all()
    assert before * 2 <= (entries or 0) == len(hashes) * 2
    for sha256 in hashes:
        assert hashlib.sha256((there.instance / "evidence" / sha256[:2] / sha256).read_bytes()).hexdigest() == sha256
    there.run("doctor")


# --- Old ones, and the forgotten ------------------------------------------------------------------------------------------


def test_a_backup_of_an_older_schema_is_brought_to_the_newest(here: Place, tmp_path: Path, new_place: NewPlace) -> None:
    figures = here.run("coverage", "--as-of", "2026-08-31", "--format", "csv").output
    with here.opened():
        flask_migrate.downgrade(revision="0004")
        db.engine.dispose()
        clients = Clients(Path(here.environment["TRACKER_PG_BIN"]))
        take_backup(db.engine, here.instance, tmp_path / "old.backup", clients, datetime.now(UTC))
    there = new_place(here.engine)
    there.run("restore", tmp_path / "old.backup")
    with there.opened():
        assert inspect(db.engine).has_table("audit_seal")
    assert there.run("coverage", "--as-of", "2026-08-31", "--format", "csv").output == figures
    there.run("doctor")


def erase_one(place: Place, lines: Path) -> int:
    """Erase a member, and write the lines of all erasures into a file."""
    now = datetime.now(UTC)
    with place.opened():
        member_id = db.session.scalars(select(Member.member_id).order_by(Member.member_id)).first()
        assert member_id
        with writing(alone=True) as session:
            erase_member(session, member_id, "asked for it", OPERATOR, today=now.date(), now=now)
        keep_erasures(db.session(), lines)
    return member_id


def told_of(place: Place, member_id: int) -> str:
    with place.opened():
        member = db.session.get(Member, member_id)
        assert member
        return f"{member.first_name} {member.last_name} {member.number}"


def test_whoever_was_erased_since_stays_erased(here: Place, backup: Path, new_place: NewPlace, tmp_path: Path) -> None:
    newer = tmp_path / "newer-erasures"
    member_id = erase_one(here, newer)
    there = new_place(here.engine)
    assert "1 members were erased anew" in there.run("restore", backup, "--erasures", newer).output
    assert (there.instance / "erasures").is_file()
    assert not (there.instance / "restoring").exists()
    assert told_of(there, member_id) == told_of(here, member_id)


# --- Killed in the middle -------------------------------------------------------------------------------------------------


def kill_once(place: Place, when: Callable[[], bool], *arguments: object) -> None:
    """Kill -9 a command at the moment that something is so."""
    process = place.begin(*arguments)
    wait_until(when, process)
    process.send_signal(signal.SIGKILL)
    process.wait()


def wait_until(when: Callable[[], bool], process: subprocess.Popen[bytes]) -> None:
    until = datetime.now(UTC) + timedelta(seconds=60)
    while not when():
        assert process.poll() is None, "it ended before"
        assert datetime.now(UTC) < until


def test_a_backup_that_was_killed_leaves_no_backup_and_the_next_one_is_whole(here: Place, tmp_path: Path) -> None:
    file = tmp_path / "killed.backup"
    kill_once(here, lambda: (tmp_path / "killed.backup.part").exists(), "backup", file)
    assert not file.exists()
    here.run("backup", file)
    assert "Whole" in here.run("backup", "--check", file).output
    assert sorted(each.name for each in tmp_path.iterdir() if "killed" in each.name) == ["killed.backup"]


def test_a_restore_that_was_killed_leaves_nothing_to_use_and_can_be_done_again(
    here: Place, tmp_path: Path, new_place: NewPlace
) -> None:
    (here.instance / "imports" / ("0" * 64)).write_bytes(os.urandom(1 << 20) * 64)
    file, there = tmp_path / "large.backup", new_place(here.engine)
    here.run("backup", file)
    kill_once(there, (there.instance / "restoring" / "imports").exists, "restore", file)
    assert (there.instance / "restoring").exists()
    assert not any((there.instance / name).exists() for name in KEPT)
    assert set(there.rows()) <= {"alembic_version"}
    there.run("restore", file)
    assert there.rows() == here.rows()
    assert there.files() == kept(here.files())


def test_a_restore_that_was_killed_between_its_files_and_its_database_says_what_to_remove(
    here: Place, backup: Path, new_place: NewPlace
) -> None:
    there = new_place(here.engine)
    (there.instance / "restoring").mkdir()
    (there.instance / "evidence" / "ab").mkdir(parents=True)
    (there.instance / "evidence" / "ab" / "file").touch()
    said = there.run("restore", backup, exit_code=1).output
    assert "An earlier restore ended there in the middle: remove these" in said
    assert "(evidence)" in said


@pytest.fixture
def with_a_terminal() -> Iterator[None]:
    """As from a terminal: whoever runs these tests under nohup hands it on that its end is no reason to end."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


def test_a_backup_that_is_told_to_end_leaves_nothing(here: Place, tmp_path: Path, with_a_terminal: None) -> None:
    (here.instance / "imports" / ("0" * 64)).write_bytes(os.urandom(1 << 20) * 64)
    part = tmp_path / "ended.backup.part"
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = here.begin("backup", tmp_path / "ended.backup")
        wait_until(lambda: part.exists() and part.stat().st_size > 0, process)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert [each.name for each in tmp_path.iterdir() if "ended" in each.name] == []


def test_a_restore_that_is_told_to_end_leaves_nothing(
    here: Place, new_place: NewPlace, tmp_path: Path, with_a_terminal: None
) -> None:
    (here.instance / "imports" / ("0" * 64)).write_bytes(os.urandom(1 << 20) * 64)
    file, there = tmp_path / "large.backup", new_place(here.engine)
    here.run("backup", file)
    for number in (signal.SIGTERM, signal.SIGHUP):
        process = there.begin("restore", file)
        wait_until((there.instance / "restoring" / "imports").exists, process)
        process.send_signal(number)
        assert process.wait(60) == 128 + number
        assert [each.name for each in there.instance.iterdir() if not each.name.startswith("tracker.db")] == []
        assert not (there.instance / "tracker.db.restoring").exists()


STOPPED = """
import os, sys
from tracker.cli import main
from tracker.cli.keeping import commands
commands.reapply_erasures = lambda *_: os._exit(9)  # a power cut, the database being there
main(sys.argv[1:])
"""


def test_whoever_was_erased_is_not_forgotten_by_a_restore_that_was_killed(
    here: Place, backup: Path, new_place: NewPlace, tmp_path: Path
) -> None:
    newer = tmp_path / "newer-erasures"
    member_id = erase_one(here, newer)
    there = new_place(here.engine)
    command = [sys.executable, "-c", STOPPED, "restore", str(backup), "--erasures", str(newer)]
    assert subprocess.run(command, env=there.environment, check=False).returncode == 9
    assert (there.instance / "erasures").read_text() == newer.read_text()
    assert "`tracker doctor --fix`" in there.run("restore", backup, exit_code=1).output
    said = there.run("doctor", exit_code=1).output
    assert f"WRONG: member {member_id} was erased, and is there again" in said
    assert "ended before it was noted in the trail" in said
    assert json.loads(there.run("errand", "doctor").output.splitlines()[-1])["errors"] == 1
    there.run("doctor", "--fix")
    there.run("doctor")
    assert not (there.instance / "restoring").exists()
    with opened_backup(backup) as opened, there.opened():
        noted = db.session.scalars(select(AuditEntry.detail).where(AuditEntry.action == "restore_backup")).all()
        assert [each["manifest"] for each in noted] == [opened.sha256]
    assert told_of(there, member_id) == told_of(here, member_id)
    there.run("audit", "verify")


def test_a_restore_whose_database_never_came_is_not_noted_of_a_union_that_was_founded_since(sqlite_here: Place) -> None:
    (sqlite_here.instance / "restoring").mkdir()
    noted = {"taken_at": "2020-01-01T00:00:00+00:00", "manifest": "0" * 64, "schema": "0005"}
    (sqlite_here.instance / "restoring" / "restore.json").write_text(json.dumps(noted))
    sqlite_here.run("doctor", "--fix")
    with sqlite_here.opened():
        assert not db.session.scalar(select(func.count()).where(AuditEntry.action == "restore_backup"))


def test_a_restore_keeps_the_lines_of_whom_its_backup_does_not_hold(
    here: Place, backup: Path, new_place: NewPlace, tmp_path: Path
) -> None:
    newer, later = tmp_path / "newer-erasures", '{"erasure": 71, "member": 72, "at": "2026-05-01T12:00:00+00:00"}\n'
    erase_one(here, newer)
    newer.write_text(newer.read_text() + later)
    there = new_place(here.engine)
    there.run("restore", backup, "--erasures", newer)
    assert (there.instance / "erasures").read_text() == newer.read_text()
    there.run("doctor")


def test_a_list_of_erasures_that_was_damaged_is_brought_back_and_told(
    here: Place, new_place: NewPlace, tmp_path: Path
) -> None:
    erase_one(here, here.instance / "erasures")
    damaged = "nonsense\n" + (here.instance / "erasures").read_text()
    (here.instance / "erasures").write_text(damaged)
    here.run("backup", tmp_path / "damaged.backup")
    there = new_place(here.engine)
    there.run("restore", tmp_path / "damaged.backup")
    assert (there.instance / "erasures").read_text() == damaged
    assert "line 1 of the erasures cannot be read" in there.run("doctor", exit_code=1).output
