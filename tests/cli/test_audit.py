"""`tracker audit`: what waits is sealed, what was tampered with is told a line each, and the trail goes into a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

from tests.conftest import make_settings
from tracker import create_app
from tracker.cli import sealing
from tracker.cli.sealing import seal_and_note
from tracker.cli.working.errands import QUICK, do_errand
from tracker.coverage.chain import chain_head
from tracker.coverage.errands import errands
from tracker.models import db, writing
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.audit import audit
from tracker.operations.audit_heads import heads_file, kept_heads
from tracker.operations.errands import SEAL

Tracker = Callable[..., Result]


@pytest.fixture
def written(tracker: Tracker, database_url: str, tmp_path: Path) -> None:
    """Some entries of the trail."""
    write(database_url, tmp_path, 4)


def write(database_url: str, instance: Path, count: int, at: datetime | None = None) -> None:
    app = create_app(make_settings(instance, database_url))
    with app.app_context():
        with writing() as session:
            for number in range(count):
                detail = {"name": "=1+1\r\nforged"}
                actor = OPERATOR if number else Actor(None, "staff", "Sam")
                audit(session, actor, "act", object_kind="thing", object_id=number, detail=detail, at=at)
        db.session.remove()
        db.engine.dispose()


def as_owner(database_url: str, *statements: str) -> None:
    """As whoever owns the database, its guards away."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.begin() as connection:
        on = "" if engine.dialect.name == "sqlite" else " ON {}"
        for table in ("audit_entry", "audit_seal"):
            for name in (f"{table}_stays", f"{table}_lasts"):
                connection.execute(text(f"DROP TRIGGER {name}{on.format(table)}"))
        for each in statements:
            connection.execute(text(each))
    engine.dispose()


def test_what_waits_is_sealed_and_the_trail_verified(written: None, tracker: Tracker, tmp_path: Path) -> None:
    assert "Sealed 4 entries." in tracker("audit", "seal").output
    assert "Sealed 0 entries." in tracker("audit", "seal").output
    output = tracker("audit", "verify").output
    assert "4 sealed, 0 waiting, 0 with erased details. Heads compared: 1." in output
    heads, _unreadable = kept_heads(heads_file(tmp_path))
    assert f"Head: 4:{heads[-1].hash}" in output


def test_verifying_seals_what_waits_unless_told_not_to(written: None, tracker: Tracker) -> None:
    assert "0 sealed, 4 waiting" in tracker("audit", "verify", "--no-seal").output
    assert "4 sealed, 0 waiting" in tracker("audit", "verify").output


def test_what_had_waited_too_long_is_a_fault_or_told_when_it_is_sealed(
    tracker: Tracker, database_url: str, tmp_path: Path
) -> None:
    write(database_url, tmp_path, 2, at=datetime.now(UTC) - timedelta(hours=2))
    assert "was never sealed" in tracker("audit", "verify", "--no-seal", exit_code=1).output
    assert "2 of the entries sealed only now had waited" in tracker("audit", "verify").output


def test_a_tampered_trail_is_told_a_line_a_fault(written: None, tracker: Tracker, database_url: str) -> None:
    tracker("audit", "seal")
    as_owner(database_url, "UPDATE audit_entry SET actor_role = 'nobody' WHERE object_id IN (1, 2)")
    output = tracker("audit", "verify", exit_code=1).output
    assert output.count("wrong: entry ") == 2
    assert "Refused: The audit trail is not as it was sealed: 2 faults." in output


def test_a_tail_that_was_cut_off_is_told_by_the_heads_of_the_instance_folder(
    written: None, tracker: Tracker, database_url: str, tmp_path: Path
) -> None:
    tracker("audit", "seal")
    cut = "DELETE FROM audit_entry WHERE id = (SELECT entry_id FROM audit_seal WHERE position = 4)"
    as_owner(database_url, cut, "DELETE FROM audit_seal WHERE position = 4")
    assert "the chain ends at place 3" in tracker("audit", "verify", exit_code=1).output
    heads_file(tmp_path).unlink()
    assert "3 sealed" in tracker("audit", "verify").output, "the chain alone cannot tell"


def test_a_head_on_paper_tells_what_the_server_cannot(
    written: None, tracker: Tracker, database_url: str, tmp_path: Path
) -> None:
    tracker("audit", "seal")
    head = next(line for line in tracker("audit", "verify").output.splitlines() if line.startswith("Head: "))[6:]
    assert "Heads compared: 2" in tracker("audit", "verify", "--expect", head).output
    as_owner(database_url, "UPDATE audit_entry SET actor_role = 'nobody'", "DELETE FROM audit_seal")
    heads_file(tmp_path).unlink()
    assert "4 sealed" in tracker("audit", "verify").output, "it was made anew"
    assert "made anew" in tracker("audit", "verify", "--expect", head, exit_code=1).output
    assert "is no head" in tracker("audit", "verify", "--expect", "4:abc", exit_code=2).output


def test_a_head_that_was_tampered_with_is_told(written: None, tracker: Tracker, tmp_path: Path) -> None:
    tracker("audit", "seal")
    file = heads_file(tmp_path)
    file.write_text(file.read_text().replace(":", ":x", 1))
    assert "line 1 of audit-heads cannot be read" in tracker("audit", "verify", exit_code=1).output


def test_sealing_notes_the_head_outside_the_database(database_url: str, tmp_path: Path) -> None:
    settings = make_settings(tmp_path, database_url)
    app = create_app(settings)
    now = datetime.now(UTC)
    write(database_url, tmp_path, 3)
    with app.app_context():
        assert seal_and_note(settings, now) == 3
        (head,), _unreadable = kept_heads(heads_file(tmp_path))
        assert head.position == 3
        assert seal_and_note(settings, now) == 0
        write(database_url, tmp_path, 1_200)
        assert seal_and_note(settings, now) == 1_200, "in rounds"
        (head,), _unreadable = kept_heads(heads_file(tmp_path))
        assert head.position == 1_203
        assert seal_and_note(settings, now + timedelta(days=1)) == 0
        assert len(kept_heads(heads_file(tmp_path))[0]) == 2, "a line each day, whether anything was sealed or not"
        db.session.remove()
        db.engine.dispose()


def test_sealing_gives_way_to_who_writes_alone(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = make_settings(tmp_path, database_url)
    app, other = create_app(settings), create_app(settings)
    write(database_url, tmp_path, 1)
    with app.app_context():
        with writing(alone=True), other.app_context():
            assert seal_and_note(settings, datetime.now(UTC)) == 0
            db.session.remove()
            db.engine.dispose()
        assert seal_and_note(settings, datetime.now(UTC)) == 1
        db.session.remove()
        db.engine.dispose()


def test_another_database_than_before_is_told_without_reading_the_whole_trail(
    written: None, tracker: Tracker, database_url: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """An old primary that came back and takes the writes: its chain goes on from where it stood, as if nothing had been."""
    tracker("catalogue", "apply")
    tracker("audit", "seal")
    assert "WRONG" not in tracker("doctor").output
    file = heads_file(tmp_path)
    ((head,), _), no_hash = kept_heads(file), "0" * 64
    file.write_text(file.read_text().replace(head.hash, no_hash))  # what the other one had sealed there
    write(database_url, tmp_path, 3)
    app = create_app(make_settings(tmp_path, database_url))
    with app.app_context():
        assert do_errand(app, QUICK[0], lambda: True)
        assert "old primary" in errands(db.session())[SEAL].failure, "tracker_errand_failed tells it every minute"
        assert (end := chain_head(db.session())) is not None
        assert end.position == head.position + 3
        db.session.remove()
        db.engine.dispose()
    assert [each.hash for each in kept_heads(file)[0]] == [no_hash], "the trace stays"
    assert "does not hold the last head" in caplog.text
    assert "WRONG: audit-heads: the database's chain does not hold" in tracker("doctor", exit_code=1).output
    assert json.loads(tracker("errand", "doctor").stdout.splitlines()[-1])["errors"] == 1


@pytest.mark.parametrize("trouble", ["a line that cannot be read", "a chain that ends before"])
def test_while_no_head_can_be_noted_the_whole_trail_is_looked_at_once_a_day(
    database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, trouble: str
) -> None:
    settings = make_settings(tmp_path, database_url)
    app = create_app(settings)
    write(database_url, tmp_path, 3)
    wide: list[bool] = []
    looking = sealing.unsealed_from

    def look(session: Session, *, all_of: bool = False, onward: bool = False) -> int:
        wide.append(all_of)
        return looking(session, all_of=all_of, onward=onward)

    monkeypatch.setattr(sealing, "unsealed_from", look)
    head = f"9:{'1' * 64} 2026-03-31T09:30:00+00:00\n"
    heads_file(tmp_path).write_text(head if "chain" in trouble else head.replace(":", "::", 1))
    now = datetime.now(UTC)
    with app.app_context():
        assert seal_and_note(settings, now) == 3
        for _look in range(3):
            assert seal_and_note(settings, now) == 0
        write(database_url, tmp_path, 1)
        assert seal_and_note(settings, now) == 1, "what is new is sealed all the same"
        assert (wide.count(True), caplog.text.count("chain ends before what audit-heads holds")) == (1, 1)
        assert seal_and_note(settings, now + timedelta(days=1)) == 0
        assert (wide.count(True), caplog.text.count("chain ends before what audit-heads holds")) == (2, 2)
        heads_file(tmp_path).unlink()
        assert seal_and_note(settings, now + timedelta(days=1)) == 0
        assert [each.position for each in kept_heads(heads_file(tmp_path))[0]] == [4], "noted as soon as that can be done"
        db.session.remove()
        db.engine.dispose()


def test_details_that_were_wiped_with_a_made_up_erasure_are_told(
    written: None, tracker: Tracker, database_url: str, tmp_path: Path
) -> None:
    """Abuse 21: nothing in the database refuses a row of an erasure that nobody did, with every guard in its place."""
    app = create_app(make_settings(tmp_path, database_url))
    with app.app_context():
        with writing() as session:
            audit(session, OPERATOR, "act", object_kind="thing", member_id=42, detail={"name": "Ana"})
        tracker("audit", "verify")
        with writing() as session:
            session.execute(text("INSERT INTO erasure VALUES (77, 42, '2026-03-31 09:30:00', NULL, 'x')"))
            session.execute(
                text("UPDATE audit_entry SET detail = :said WHERE member_id IS NULL OR member_id = 42"),
                {"said": '{"erased": 77}'},
            )
        db.session.remove()
        db.engine.dispose()
    output = tracker("audit", "verify", exit_code=1).output
    assert output.count("no entry of the trail tells that erasure 77 was done") == 5
    assert "0 with erased details" in output


def test_the_trail_goes_into_a_file(written: None, tracker: Tracker, tmp_path: Path) -> None:
    tracker("audit", "seal")
    table, lines = tmp_path / "trail.csv", tmp_path / "trail.jsonl"
    tracker("audit", "export", table, "--action", "act")
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8"))))
    assert [row["object_id"] for row in rows] == ["0", "1", "2", "3"]
    assert rows[0]["position"] == "1"
    assert table.read_text("utf-8").count("\n") == 5, "no line end of a detail is one of the file"
    assert table.stat().st_mode & 0o777 == 0o600
    tracker("audit", "export", lines, "--actor", "staff")
    (only,) = [json.loads(line) for line in lines.read_text("utf-8").splitlines()]
    assert only["detail"] == {"name": "=1+1\r\nforged"}
    assert (only["actor_role"], only["object_id"]) == ("staff", "0")
    exports = tmp_path / "exports.jsonl"
    tracker("audit", "export", exports, "--action", "export_audit")
    said = [json.loads(line)["detail"] for line in exports.read_text("utf-8").splitlines()]
    assert [(each["rows"], each["asked"]) for each in said[:2]] == [(4, {"action": "act"}), (1, {"actor": "staff"})]


def test_what_is_asked_of_the_file_must_be_there(written: None, tracker: Tracker, tmp_path: Path) -> None:
    assert "No one member" in tracker("audit", "export", "-", "--person", "0012", exit_code=1).output
    assert "cannot be written" in tracker("audit", "export", tmp_path, exit_code=1).output
    today = datetime.now(UTC).date()
    output = tracker("audit", "export", "-", "--until", (today - timedelta(days=2)).isoformat()).output
    assert "Wrote 0 entries." in output
    output = tracker("audit", "export", "-", "--from", (today - timedelta(days=2)).isoformat()).output
    assert "Wrote 5 entries." in output, "the export before as well"
