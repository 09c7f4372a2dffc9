"""Reports are read from a streaming standby, and a promoted one goes on where the primary stopped: on real servers."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from flask import Flask, url_for
from sqlalchemy import select

from tests.postgres_pair import Server, primary_and_standby
from tests.web.little_union import Browser
from tracker import create_app
from tracker.cli import main
from tracker.config import Settings
from tracker.models import AssignmentRule, LearningPath, User, db, replica, writing
from tracker.web.metrics import _Site

PASSWORD = "backstage-demo"
LOCAL = "/reports/locals/80"


@pytest.fixture
def pair(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Flask, Server, Server]]:
    """The application over both servers, with a small demonstration in them."""
    with primary_and_standby() as (primary, standby):
        both = f"127.0.0.1:{primary.port},127.0.0.1:{standby.port}"
        environment = {
            "DATABASE_URL": f"postgresql://postgres@{both}/postgres?target_session_attrs=read-write",
            "DATABASE_READ_URL": f"postgresql://postgres@127.0.0.1:{standby.port}/postgres",
            "TRACKER_INSTANCE": str(tmp_path),
            "TRACKER_DEMO": "1",
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        for step in (("db", "upgrade"), ("demo", "--members", "200")):
            done = CliRunner().invoke(main, list(step), catch_exceptions=False)
            assert done.exit_code == 0, done.output
        caught_up(primary, standby)
        app = create_app(Settings.from_environment(environment))
        yield app, primary, standby
        with app.app_context():
            db.session.remove()
            for engine in db.engines.values():
                engine.dispose()


def test_an_application_with_a_replica_leaves_another_one_as_it_is(tmp_path: Path) -> None:
    environment = {"SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz", "TRACKER_INSTANCE": str(tmp_path)}
    address = "postgresql://postgres@127.0.0.1:1/postgres"
    create_app(Settings.from_environment({**environment, "DATABASE_URL": address, "DATABASE_READ_URL": address}))
    app = create_app(Settings.from_environment(environment))
    with app.app_context():
        db.create_all()
        assert db.session.scalar(select(User.id)) is None
        db.engine.dispose()


def caught_up(primary: Server, standby: Server) -> None:
    """Wait until the standby holds what the primary has written."""
    written = primary.ask("SELECT pg_current_wal_insert_lsn()")
    until = time.monotonic() + 30
    while standby.ask(f"SELECT pg_last_wal_replay_lsn() >= '{written}'") != "t":
        assert time.monotonic() < until, "the standby does not follow"


def as_(app: Flask, name: str) -> Browser:
    browser = Browser(app.test_client())
    assert browser.sign_in(name, PASSWORD).status_code == 303
    return browser


def suspend(app: Flask, name: str) -> None:
    """As an administrator does, in a process of their own: the person's sessions end."""
    with app.app_context(), writing() as session:
        user = session.scalars(select(User).where(User.email_key == f"{name}@example.org")).one()
        user.is_active = False


def numbers_on(page: str) -> list[str]:
    """All counts a page tells."""
    return re.findall(r"\d[\d,]*", re.sub(r"<[^>]+>", " ", page))


def test_reports_are_read_from_the_standby_and_nobody_misses_their_own_writing(
    pair: tuple[Flask, Server, Server], caplog: pytest.LogCaptureFixture
) -> None:
    app, primary, standby = pair
    officer, staff = as_(app, "officer"), as_(app, "staff")
    caught_up(primary, standby)
    for browser in (officer, staff):
        assert browser.get(LOCAL).status_code == 200
    caught_up(primary, standby)
    standby.pause()
    before, of_staff = numbers_on(officer.get(LOCAL).text), numbers_on(staff.get(LOCAL).text)
    assign_more(app, staff)
    assert numbers_on(officer.get(LOCAL).text) == before, "the officer reads from the standby, which stands still"
    assert numbers_on(staff.get(LOCAL).text) != of_staff, "whoever wrote sees what they wrote"
    standby.go_on()
    caught_up(primary, standby)
    assert numbers_on(officer.get(LOCAL).text) != before

    standby.pause()
    suspend(app, "officer")
    assert officer.get(LOCAL).status_code == 303, "whose sign-in ended is out at once, whatever the standby knows"

    standby.go_on()
    assert "tracker_replica_up 1.0" in staff.get("/metrics").text
    app.extensions["site"] = _Site(app)  # which tells for some seconds what it has read
    standby.stop()
    assert staff.get(LOCAL).status_code == 200, "without the standby reports are read from the primary"
    assert re.search(r"the replica does not answer, .*: .*connection", caplog.text), "and the log says why"
    assert "tracker_replica_up 0.0" in staff.get("/metrics").text


def assign_more(app: Flask, staff: Browser) -> None:
    """Change the local's figures, and let this person have written something."""
    with app.app_context():
        asked = select(AssignmentRule.path_id)
        path = db.session.scalars(select(LearningPath.code).where(LearningPath.id.not_in(asked))).first()
    words = ["assign", str(path), "--unit", "80", "--on", "2025-01-01"]
    done = CliRunner().invoke(main, words, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert staff.send("/language", {"language": "en"}, page="/account/").status_code in (302, 303)


def test_a_standby_that_hears_nothing_of_what_is_written_is_left_alone(
    pair: tuple[Flask, Server, Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    app, primary, standby = pair

    def is_read() -> bool:
        with app.app_context():
            return replica.read_replica(db.session(), None, db.engine)

    monkeypatch.setattr(replica, "LONGEST_LAG", timedelta(0))  # as if the last it heard were long ago
    caught_up(primary, standby)
    assert is_read(), "where nothing was written since, it is as good as the primary"
    standby.pause()
    staff = as_(app, "staff")
    assign_more(app, staff)
    assert not is_read(), "else people would read of yesterday, and never know"
    standby.go_on()
    caught_up(primary, standby)
    assert is_read()


def test_every_report_can_be_read_from_a_standby(
    pair: tuple[Flask, Server, Server], caplog: pytest.LogCaptureFixture
) -> None:
    """None of them writes, makes a table for a while, or takes a lock."""
    app, primary, standby = pair
    caught_up(primary, standby)
    staff = as_(app, "staff")
    with app.test_request_context():
        rules = [rule for rule in app.url_map.iter_rules() if rule.endpoint.startswith("reports.") and "GET" in rule.methods]
        asked = 0
        for rule in rules:
            if not rule.arguments <= {"number", "code", "form", "name"} or "frozen" in rule.rule or "one-page" in rule.rule:
                continue
            if "second" in rule.rule:  # asks for a unit with districts under it
                continue
            number = "D2" if "districts" in rule.rule else "80"
            values = {"number": number, "code": "building-ai-literacy", "form": "csv", "name": "trend"}
            address = url_for(rule.endpoint, **{name: values[name] for name in rule.arguments}, _external=False)
            caught_up(primary, standby)  # what an opening wrote
            query = "?unit=80&path=building-ai-literacy" if "charts" in rule.rule else ""
            assert staff.get(f"{address}{query}").status_code in (200, 308), address
            asked += 1
    assert asked > 20
    assert "replica" not in caplog.text


def test_a_promoted_standby_goes_on_where_the_primary_stopped(pair: tuple[Flask, Server, Server]) -> None:
    app, primary, standby = pair
    member = as_(app, "member")
    caught_up(primary, standby)
    primary.stop()
    standby.promote()
    assert member.get("/my/").status_code == 200, "connections to the server that is gone are found out before they are used"
    officer = as_(app, "officer")  # signing in writes
    assert officer.get(LOCAL).status_code == 200
    done = CliRunner().invoke(main, ["doctor"], catch_exceptions=False)
    assert done.exit_code == 0, done.output
