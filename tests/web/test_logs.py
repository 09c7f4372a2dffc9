"""What is written down: a line a request, with its number, and nobody's name, address or record in it."""

from __future__ import annotations

import json
import logging
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from flask import Flask, redirect
from little_union import Browser, World, settings
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError
from werkzeug.test import TestResponse

from tests.conftest import make_settings
from tracker import create_app
from tracker.models import db, new_id, writing
from tracker.web.gate import public
from tracker.web.logs import JsonLines, PlainLines, failure_lines

PLANTED = "Zebulon Planted"
ADDRESS = "zebulon@planted.example.org"
NUMBER = "PLANTED-77"


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What a process with TRACKER_LOG=json writes."""
    with _written(JsonLines()) as stream:
        yield stream


class _written:  # noqa: N801 — used as a function is
    """The lines that a formatter makes of everything that is logged."""

    def __init__(self, form: logging.Formatter) -> None:
        self.stream = StringIO()
        self.handler = logging.StreamHandler(self.stream)
        self.handler.setFormatter(form)
        self.level = logging.getLogger("tracker").level

    def __enter__(self) -> StringIO:
        logging.getLogger().addHandler(self.handler)
        logging.getLogger("tracker").setLevel(logging.INFO)
        return self.stream

    def __exit__(self, *_error: object) -> None:
        logging.getLogger().removeHandler(self.handler)
        logging.getLogger("tracker").setLevel(self.level)


def opened(browser: Browser, path: str) -> TestResponse:
    """A page, read to its end as a server sends it."""
    return browser.client.get(path, buffered=True)


def records(stream: StringIO) -> list[dict[str, object]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def access(stream: StringIO) -> list[dict[str, object]]:
    return [each for each in records(stream) if each["logger"] == "tracker.access"]


def test_each_request_has_one_line_with_the_rule_of_its_page(
    app: Flask, world: World, stranger: Browser, lines: StringIO
) -> None:
    stranger.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    stranger.sign_in("sam")
    before = len(access(lines))
    answer = opened(stranger, f"/reports/locals/80?as_of=2026-01-01&who={ADDRESS}")
    opened(stranger, f"/no-such-page/{PLANTED}")
    told, nothing = access(lines)[before:]
    assert (told["route"], told["method"], told["status"]) == ("/reports/locals/<number>", "GET", answer.status_code)
    assert (nothing["route"], nothing["status"]) == (None, 404)
    assert told["user"] == world.users["sam"]
    assert told["bytes"] == len(answer.data)
    assert isinstance(told["ms"], int)
    assert told["request"] == answer.headers["X-Request-ID"]
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", str(told["time"]))
    for secret in ("203.0.113.7", ADDRESS, PLANTED, "sam@example.org", "as_of", "backstage"):
        assert secret not in lines.getvalue()


def test_a_number_is_made_for_each_request_and_taken_from_nobody_but_a_proxy_of_ours(
    tmp_path: Path, stranger: Browser
) -> None:
    given = {"X-Request-ID": "from-outside-1"}
    assert stranger.client.get("/healthz", headers=given).headers["X-Request-ID"] != given["X-Request-ID"]
    behind = create_app(settings(tmp_path, TRACKER_PROXY_HOPS="1")).test_client()
    assert behind.get("/healthz", headers=given).headers["X-Request-ID"] == given["X-Request-ID"]
    for odd in ("short", "x" * 65, "with space", 'quote"quote', "läätäfgh"):
        answer = behind.get("/healthz", headers={"X-Request-ID": odd}).headers["X-Request-ID"]
        assert re.fullmatch(r"[0-9a-f]{16}", answer), odd


def test_a_failure_is_told_with_its_number_and_without_the_row_that_failed(
    app: Flask, stranger: Browser, lines: StringIO
) -> None:
    insert = text("INSERT INTO member (member_id, number, first_name, last_name, name_key) VALUES (1, :n, :a, :b, :c)")

    @public
    def fails(whom: str) -> str:
        with writing() as session:
            session.execute(insert, {"n": NUMBER, "a": PLANTED, "b": ADDRESS, "c": PLANTED})
        return ""

    app.add_url_rule("/fails/<whom>", view_func=fails)
    app.config["PROPAGATE_EXCEPTIONS"] = False
    answer = stranger.get(f"/fails/{ADDRESS}")
    assert answer.status_code == 500
    number = answer.headers["X-Request-ID"]
    assert number in answer.text
    (told,) = (each for each in records(lines) if each["level"] == "error")
    assert (told["request"], told["route"]) == (number, "/fails/<whom>")
    assert any("IntegrityError" in line and "NOT NULL" in line for line in told["failure"])  # type: ignore[attr-defined]
    assert any("in fails" in line or "fails:" in line for line in told["failure"])  # type: ignore[attr-defined]
    for secret in (PLANTED, ADDRESS, NUMBER):
        assert secret not in lines.getvalue()


def test_what_a_database_says_of_a_row_is_not_told(database_url: str, tmp_path: Path) -> None:
    app = create_app(make_settings(tmp_path, database_url))
    with app.app_context():
        sql = text(
            "INSERT INTO api_client (id, name, client_id, secret_hash, scopes, created_at) VALUES (:i, :n, :n, '', '', :at)"
        )
        at = "2026-01-01 00:00:00"
        with writing() as session:
            session.execute(sql, {"i": new_id(), "n": ADDRESS, "at": at})
            with pytest.raises(IntegrityError) as failed:
                session.execute(sql, {"i": new_id(), "n": ADDRESS, "at": at})
            session.rollback()
        db.session.remove()
        db.engine.dispose()
    told = "\n".join(failure_lines(failed.value))
    assert "IntegrityError" in told
    assert "client_id" in told, "which rule was broken"
    assert ADDRESS not in told


def test_other_errors_tell_where_and_not_about_whom() -> None:
    try:
        try:
            raise KeyError(PLANTED)
        except KeyError:
            raise ValueError(f"no such person: {PLANTED}") from None
    except ValueError as error:
        told = "\n".join(failure_lines(error))
    assert "test_other_errors_tell_where" in told
    assert "ValueError" in told
    assert PLANTED not in told.replace("{PLANTED}", "")


@pytest.mark.parametrize("form", [JsonLines(), PlainLines()], ids=["json", "text"])
def test_nothing_from_outside_begins_a_line_of_its_own(form: logging.Formatter) -> None:
    forged = "x\n2026-01-01T00:00:00.000Z info tracker all is well\r\x1b[2J\u2028end"
    with _written(form) as stream:
        logging.getLogger("tracker.web").warning("a file cannot be kept: %s", forged)
        logging.getLogger("somebody.else").warning("they said %s", f"{ADDRESS} and {PLANTED}")
    first, second = stream.getvalue().removesuffix("\n").split("\n")
    assert first.isprintable()
    assert "all is well" in first
    assert "they said %s" in second
    assert ADDRESS not in second
    assert PLANTED not in second


def test_the_server_tells_the_numbers_of_its_processes_and_no_address() -> None:
    with _written(PlainLines()) as stream:
        log = logging.getLogger("gunicorn.error")
        log.warning("Worker exiting (pid: %s)", 4711)
        log.error("Worker (pid:%(pid)s) was sent %(name)s", {"pid": 4712, "name": PLANTED})
        log.error("Error handling request %s", f"/login/link/{PLANTED}")
        logging.getLogger("somebody.else").warning("the person's number is %s", 1234)
    told = stream.getvalue()
    for words in ("exiting (pid: 4711)", "(pid:4712) was sent …", "Error handling request …", "is %s"):
        assert words in told
    assert PLANTED not in told


def test_a_traceback_in_plain_text_cannot_pass_for_a_record() -> None:
    with _written(PlainLines()) as stream:
        try:
            raise TypeError("one\n2026-01-01T00:00:00.000Z info tracker all is well")
        except TypeError:
            logging.getLogger("tracker").exception("it failed")
    first, *rest = stream.getvalue().splitlines()
    assert "it failed" in first
    assert all(line.startswith("    ") for line in rest)
    assert any("all is well" in line for line in rest)


def test_addresses_that_slip_into_words_are_left_out() -> None:
    with _written(PlainLines()) as stream:
        logging.getLogger("tracker").warning("refused %s from %s and %s", f"<{ADDRESS}>", "198.51.100.23", "2001:db8:1:2::5")
    assert stream.getvalue().count("[address]") == 3
    for secret in (ADDRESS, "198.51", "2001:db8"):
        assert secret not in stream.getvalue()


def test_a_redirect_and_a_file_have_their_line_too(app: Flask, stranger: Browser, lines: StringIO) -> None:
    app.add_url_rule("/away", view_func=public(lambda: redirect("/login", 303)))
    opened(stranger, "/away")
    opened(stranger, "/static/app.css")
    first, second = access(lines)
    assert first["status"] == 303
    assert second["route"] == "/static/<path:filename>"
