"""What is done beside the pages: each errand once for the site, however many work, and what goes wrong is told."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import text

from tracker.cli.working.errands import Errand, Outcome, do_errand
from tracker.cli.working.rounds import GoesOn, Round
from tracker.cli.working.worker import Worker
from tracker.coverage.errands import errands
from tracker.models import AuditEntry, db, writing
from tracker.models import Errand as Row
from tracker.operations.actor import OPERATOR
from tracker.operations.audit import audit
from tracker.operations.errands import PURGE, SEAL, SETTLE, WEEKLY, take_errand
from tracker.operations.refused import Refused

ROOT = Path(__file__).parent.parent.parent


def rows(app: Flask) -> dict[str, Row]:
    with app.app_context():
        found = errands(db.session())
        db.session.remove()
        return found


def do(app: Flask, errand: Errand) -> bool:
    with app.app_context():
        try:
            return do_errand(app, errand, lambda: True)
        finally:
            db.session.remove()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.05)


def test_of_many_processes_one_does_an_errand(app: Flask) -> None:
    done: list[str] = []
    start = threading.Barrier(4)

    def act(_app: Flask, _goes_on: GoesOn) -> Outcome:
        done.append(threading.current_thread().name)
        return {"rows": 7}

    def compete() -> None:
        start.wait()
        do(app, Errand(WEEKLY, timedelta(hours=1), act))

    threads = [threading.Thread(target=compete) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(done) == 1
    found = rows(app)[WEEKLY]
    assert (found.outcome, found.failure) == ({"rows": 7}, "")
    assert found.ended_at is not None


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (Refused("full", "The disk is full."), "The disk is full."),
        (ValueError("ana@example.org"), "Something went wrong on our side: see the log."),
    ],
    ids=["refused", "broken"],
)
def test_an_errand_that_fails_says_why_and_keeps_no_other(
    sqlite_app: Flask, caplog: pytest.LogCaptureFixture, error: Exception, words: str
) -> None:
    def act(_app: Flask, _goes_on: GoesOn) -> Outcome:
        raise error

    assert do(sqlite_app, Errand(PURGE, timedelta(hours=1), act))
    assert rows(sqlite_app)[PURGE].failure == words
    assert "purge failed" in caplog.text
    assert do(sqlite_app, Errand(SETTLE, timedelta(hours=1), lambda _app, _goes_on: {}))


def test_an_errand_that_a_wrong_clock_put_off_is_done_at_the_next_look(app: Flask) -> None:
    errand = Errand(PURGE, timedelta(days=1), lambda _app, _goes_on: {})
    with app.app_context(), writing() as session:
        assert take_errand(session, PURGE, datetime.now(UTC) + timedelta(days=400), errand.every)
    assert do(app, errand)
    assert not do(app, errand)


def test_what_belongs_into_the_night_waits_for_it(sqlite_app: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    from tracker.cli.working import errands as working

    errand = Errand("doctor", timedelta(hours=12), lambda _app, _goes_on: {}, is_for_the_night=True)
    hour = datetime.now(UTC).astimezone(sqlite_app.config["SETTINGS"].time_zone).hour
    monkeypatch.setattr(working, "_NIGHT", range((hour + 2) % 24, (hour + 2) % 24 + 1))
    assert not do(sqlite_app, errand)
    monkeypatch.setattr(working, "_NIGHT", range(24))
    assert do(sqlite_app, errand)


def test_two_workers_keep_a_site_running(app: Flask) -> None:
    with app.app_context(), writing() as session:
        audit(session, OPERATOR, "try", object_kind="nothing", object_id=1, detail={}, at=datetime.now(UTC))
    workers = [Worker(app), Worker(app)]
    for worker in workers:
        worker.begin()
    until(lambda: all(name in (found := rows(app)) and found[name].ended_at for name in (SEAL, SETTLE, WEEKLY, PURGE)))
    for worker in workers:
        worker.end()
    ended = [worker.wait(60) for worker in workers]
    assert all(ended)
    with app.app_context():
        assert db.session.scalar(text("SELECT count(*) FROM audit_seal")) > 0, "what was written is sealed"
        purged = db.session.query(AuditEntry).filter(AuditEntry.action == "purge").count()
        db.session.remove()
    assert purged <= 1
    assert {each.failure for each in rows(app).values()} == {""}


def test_a_round_goes_on_after_what_went_wrong(sqlite_app: Flask, caplog: pytest.LogCaptureFixture) -> None:
    turns: list[int] = []

    def act(_goes_on: GoesOn) -> None:
        turns.append(len(turns))
        if len(turns) < 3:
            raise Refused("no_mail_server", "The mail server does not answer.")

    trying = Round(sqlite_app, "mail", 0.01, act)
    trying.begin()
    until(lambda: len(turns) > 3)
    trying.end()
    assert trying.wait(30)
    assert caplog.text.count("mail waits: The mail server does not answer.") == 1, "said once"


def test_the_doctor_of_the_night_tells_counts_alone(tracker: Callable[..., Result]) -> None:
    tracker("catalogue", "apply", ROOT / "courses.yaml")
    said = json.loads(tracker("errand", "doctor").output.splitlines()[-1])
    assert said["errors"] == 0
    assert said.keys() == {"errors", "warnings", "seconds"}


def test_the_doctor_of_the_night_finds_nothing_wrong_where_there_is_no_curriculum_yet(
    tracker: Callable[..., Result],
) -> None:
    said = json.loads(tracker("errand", "doctor").output.splitlines()[-1])
    assert (said["errors"], said["warnings"]) == (0, 0)


def test_a_worker_starts_without_a_mail_server_and_ends_at_sigterm(sqlite_app: Flask) -> None:
    environment = {**os.environ, **sqlite_app.config["SETTINGS"].as_environment()}
    with subprocess.Popen(["tracker", "worker"], env=environment, stdout=subprocess.PIPE, text=True) as process:
        until(lambda: SEAL in rows(sqlite_app))
        process.send_signal(signal.SIGTERM)
        said = process.communicate(timeout=60)[0]
    assert process.returncode == 0
    assert "TRACKER_SMTP_URL" in said
    assert "TRACKER_URL" in said
    assert "TRACKER_JOBS=worker" in said


def test_a_worker_that_is_killed_leaves_its_errands_to_the_next(sqlite_app: Flask) -> None:
    began = threading.Event()

    def dies(_app: Flask, _goes_on: GoesOn) -> Outcome:
        began.set()
        raise SystemExit

    with pytest.raises(SystemExit):
        do(sqlite_app, Errand(WEEKLY, timedelta(seconds=0), dies))
    assert began.is_set()
    assert rows(sqlite_app)[WEEKLY].ended_at is None
    assert do(sqlite_app, Errand(WEEKLY, timedelta(seconds=0), lambda _app, _goes_on: {}))
    assert rows(sqlite_app)[WEEKLY].ended_at is not None
