"""Trouble that passes: the request is done again, whole, and what was sent is recorded once. Met on a real PostgreSQL."""

from __future__ import annotations

import io
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import Engine, event, func, select, text
from werkzeug.test import TestResponse

from tests.conftest import make_settings
from tests.faults.site import PASSWORD, Site, engine_of, token_on, until
from tracker import create_app
from tracker.models import Completion, Evidence, db

DAY = "2026-02-01"


@pytest.fixture
def app(postgres_site: Site) -> Iterator[Flask]:
    app = create_app(make_settings(postgres_site.instance, postgres_site.database_url))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def other(postgres_site: Site) -> Iterator[Engine]:
    """Somebody else at the same database."""
    engine = engine_of(postgres_site.database_url)
    yield engine
    engine.dispose()


class Member:
    """Member 1, who logs courses."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client
        self.token = token_on(client.get("/login").text)
        self.token = token_on(self._post("/login", {"email": "m1@example.org", "password": PASSWORD}, True).text)

    def _post(self, path: str, fields: dict[str, Any], follow: bool = False, **more: Any) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.token, **fields}, follow_redirects=follow, **more)

    def log(self, **more: Any) -> TestResponse:
        return self._post("/my/completions", {"course": "firefly", "completed_on": DAY, **more})


@pytest.fixture
def member(app: Flask) -> Member:
    return Member(app.test_client())


def recorded(app: Flask, what: type = Completion) -> int:
    with app.app_context():
        return db.session.scalar(select(func.count()).select_from(what)) or 0


def kill(other: Engine, connection: Any) -> None:
    """End the server's side of a connection."""
    pid = connection.connection.driver_connection.info.backend_pid
    with other.connect().execution_options(isolation_level="AUTOCOMMIT") as killer:  # or it goes on to see what it saw
        killer.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        gone = "SELECT count(*) FROM pg_stat_activity WHERE pid = :pid"
        until(lambda: not killer.scalar(text(gone), {"pid": pid}))


def die_while_recording(other: Engine, times: int) -> None:
    """The server's process ends in the middle of writing a completion, so many times."""
    with other.begin() as connection:
        for sql in (
            "CREATE SEQUENCE died",
            f"""CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
                IF nextval('died') <= {times} THEN PERFORM pg_terminate_backend(pg_backend_pid()); END IF;
                RETURN NEW; END $$""",
            "CREATE TRIGGER dies AFTER INSERT ON completion FOR EACH ROW EXECUTE FUNCTION die()",
        ):
            connection.exec_driver_sql(sql)


def deaths(other: Engine) -> int:
    with other.connect() as connection:
        return int(connection.scalar(text("SELECT last_value FROM died")) or 0)


@contextmanager
def once_writing(app: Flask, meet: Callable[[], None]) -> Iterator[list[str]]:
    """Let something happen as soon as the first request has begun to write, and before it has read what it writes to."""
    met: list[str] = []

    def begun(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if "pg_advisory_xact_lock_shared" in statement:
            met.append(statement)
            if len(met) == 1:
                meet()

    with app.app_context():
        engine = db.engine
    event.listen(engine, "after_cursor_execute", begun)
    yield met
    event.remove(engine, "after_cursor_execute", begun)


@pytest.mark.parametrize("times", [1, 2])
def test_a_connection_that_goes_in_the_middle_is_not_noticed(
    app: Flask, member: Member, other: Engine, times: int, postgres_site: Site
) -> None:
    die_while_recording(other, times)
    assert member.log().status_code == 303
    assert (deaths(other), recorded(app)) == (times + 1, 1)
    postgres_site.clean()


def test_a_connection_that_goes_every_time_is_told_and_leaves_nothing(app: Flask, member: Member, other: Engine) -> None:
    die_while_recording(other, 3)
    answer = member.log()
    assert (deaths(other), answer.status_code) == (3, 503)
    assert "Nothing of what you just sent was recorded" in answer.text
    assert recorded(app) == 0
    assert member.log().status_code == 303


def photo() -> bytes:
    """A photo too large to stay in memory."""
    drawn = io.BytesIO()
    with Image.effect_noise((1_200, 1_200), 90) as image:
        image.convert("RGB").save(drawn, "PNG")
    return drawn.getvalue()


class Once(io.RawIOBase):
    """What was sent, as a server hands it over that keeps nothing: to be read once."""

    def __init__(self, content: bytes) -> None:
        self._content = io.BytesIO(content)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return False

    def readinto(self, into: Any) -> int:
        return self._content.readinto(into)


@pytest.mark.parametrize("is_kept", [True, False])
def test_a_file_that_was_sent_is_there_the_second_time_too(
    app: Flask, member: Member, other: Engine, is_kept: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    inner = app.wsgi_app

    def hand_over(environ: dict[str, Any], start: Any) -> Any:
        with environ["wsgi.input"] as sent:
            return inner(environ if is_kept else {**environ, "wsgi.input": Once(sent.read())}, start)

    monkeypatch.setattr(app, "wsgi_app", hand_over)
    content = photo()
    assert len(content) > 1_000_000
    die_while_recording(other, 1)
    assert member.log(file=(io.BytesIO(content), "certificate.png")).status_code == 303
    assert deaths(other) == 2
    assert (recorded(app), recorded(app, Evidence)) == (1, 1)


def set_for_all(app: Flask, other: Engine, what: str) -> None:
    with other.begin() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {other.url.database} SET {what}")
    with app.app_context():
        db.engine.dispose()


def test_a_request_that_met_another_head_on_is_done_again(
    app: Flask, member: Member, other: Engine, postgres_site: Site
) -> None:
    """Another holds the course and asks for the member, whom the request holds while it asks for the course."""
    set_for_all(app, other, "deadlock_timeout = '2s'")
    holding = threading.Event()

    def other_way_round() -> None:
        with other.begin() as connection:
            connection.execute(text("SET LOCAL deadlock_timeout = '1h'"))  # so it is the request that is undone
            connection.execute(text("SELECT 1 FROM course WHERE code = 'firefly' FOR UPDATE"))
            holding.set()
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            until(lambda: connection.scalar(text(waits)))
            connection.execute(text("SELECT 1 FROM member FOR UPDATE"))

    thread = threading.Thread(target=other_way_round)

    def meet() -> None:
        thread.start()
        assert holding.wait(60)

    with once_writing(app, meet) as met:
        answer = member.log()
    thread.join(60)
    assert (len(met), answer.status_code) == (2, 303)
    assert recorded(app) == 1
    postgres_site.clean()


def test_a_request_that_cannot_be_put_in_order_is_done_again(
    app: Flask, member: Member, other: Engine, postgres_site: Site
) -> None:
    """The member changes between the moment the request reads of and the lock it takes."""
    set_for_all(app, other, "default_transaction_isolation = 'repeatable read'")

    def meet() -> None:
        with other.begin() as connection:
            connection.execute(text("UPDATE member SET first_name = 'Anna' WHERE number = '1'"))

    with once_writing(app, meet) as met:
        answer = member.log()
    assert (len(met), answer.status_code) == (2, 303)
    assert recorded(app) == 1
    postgres_site.clean()


@pytest.mark.parametrize("is_committed", [True, False])
def test_whether_it_was_recorded_nobody_knows_is_said_and_sending_it_again_does_not_double_it(
    app: Flask, member: Member, other: Engine, is_committed: bool, postgres_site: Site
) -> None:
    ends: list[bool] = []

    def commit(connection: Any) -> None:
        if connection.get_execution_options().get("writes") and not ends:
            ends.append(True)
            if is_committed:
                connection.connection.driver_connection.commit()  # and its answer is lost:
            kill(other, connection)
            connection.connection.driver_connection.execute("SELECT 1")

    with app.app_context():
        engine = db.engine
    event.listen(engine, "commit", commit)
    answer = member.log()
    event.remove(engine, "commit", commit)
    assert (ends, answer.status_code) == ([True], 503)
    assert "look whether what you sent is there" in answer.text
    assert recorded(app) == is_committed
    assert member.log().status_code == (409 if is_committed else 303)
    assert recorded(app) == 1
    postgres_site.clean()
