"""While an import holds the writers off, a provider is answered all the same, and nothing it sent is lost."""

from __future__ import annotations

import json
import os
import re
import stat
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import Result
from sqlalchemy import text as sql

from tests.api.conftest import NOW, Provider, statement
from tracker import create_app
from tracker.api.settling import Settling
from tracker.models import AuditEntry, db
from tracker.operations.statements.spool import spool_folder

FEBRUARY = ("firefly", "2026-02-28", "linkedin")


def folder(provider: Provider) -> Path:
    return spool_folder(provider.desk.app.config["SETTINGS"].instance)


def files(provider: Provider) -> list[Path]:
    return sorted(folder(provider).glob("*")) if folder(provider).exists() else []


class Nobody:
    """Stands where the process that would settle is gone."""

    is_at_it = False

    def soon(self) -> None: ...
    def look(self, now: datetime) -> None: ...
    def wait(self, seconds: float) -> None: ...


@pytest.fixture
def abandoned(provider: Provider) -> Iterator[Provider]:
    """A provider whose server is killed right after each answer."""
    kept, provider.desk.app.extensions["settling"] = provider.desk.app.extensions["settling"], Nobody()
    yield provider
    provider.desk.app.extensions["settling"] = kept


def test_the_answer_does_not_wait_for_an_import(provider: Provider) -> None:
    with provider.importing():
        began = time.monotonic()
        assert provider.send(statement(id="a")) == ["a"]
        assert provider.put(statement("progressed"), "b").status_code == 204
        assert provider.token(), "nor does a token"
        took = time.monotonic() - began
        assert provider.completions() == []
    provider.settle()
    assert took < 1
    assert provider.states() == {"a": "recorded", "b": "not a completion"}
    assert provider.completions() == [FEBRUARY]
    assert files(provider) == []
    assert provider.desk.wrong() == []


def test_what_is_kept_is_for_this_program_alone(abandoned: Provider) -> None:
    with abandoned.importing():
        abandoned.send(statement(id="a"))
        modes = {each.name[-5:]: stat.S_IMODE(each.stat().st_mode) for each in files(abandoned)}
    if abandoned.is_on_sqlite:
        assert modes == {".json": 0o600}
        assert stat.S_IMODE(folder(abandoned).stat().st_mode) == 0o700
    else:
        assert modes == {}
        assert abandoned.states() == {"a": "new"}


def test_the_next_request_of_another_process_goes_on(abandoned: Provider) -> None:
    with abandoned.importing():
        abandoned.send(statement(id="a"))
    other = create_app(abandoned.desk.app.config["SETTINGS"])
    body = json.dumps(statement("progressed")).encode()
    assert other.test_client().post("/xapi/statements", data=body, headers=abandoned.headers).status_code == 200
    other.extensions["settling"].wait(30)
    with other.app_context():
        db.engine.dispose()
    assert abandoned.completions() == [FEBRUARY]
    assert files(abandoned) == []


def test_the_operator_can_settle(abandoned: Provider, tracker: Callable[..., Result]) -> None:
    with abandoned.importing():
        abandoned.send(statement(id="a"), statement(id="v", actor={"mbox": "mailto:who@example.org"}))
        abandoned.send(statement("voided", of="v"))
    assert "3 statements" in tracker("xapi", "settle").output
    assert abandoned.states()["a"] == "recorded"
    assert abandoned.states()["v"] == "voided"
    assert (abandoned.completions(), abandoned.waiting(), files(abandoned)) == ([FEBRUARY], [], [])
    assert "Nothing" in tracker("xapi", "settle").output


def test_the_same_call_kept_twice_is_one_fact_and_one_entry(abandoned: Provider, tracker: Callable[..., Result]) -> None:
    with abandoned.importing():
        for _ in range(3):
            abandoned.send(statement(id="a"))
    tracker("xapi", "settle")
    assert (abandoned.states(), abandoned.completions()) == ({"a": "recorded"}, [FEBRUARY])
    with abandoned.desk.session() as session:
        trail = session.query(AuditEntry).filter_by(action="receive_statements").all()
        assert [each.detail["recorded"] for each in trail] == [1]


def test_two_that_share_an_id_are_both_kept_where_both_were_answered(
    abandoned: Provider, tracker: Callable[..., Result]
) -> None:
    with abandoned.importing():
        abandoned.send(statement(id="a"))
        second = abandoned.post(statement(id="a", timestamp="2026-02-01T20:00:00Z"))
    tracker("xapi", "settle")
    assert abandoned.completions() == [FEBRUARY]
    states = abandoned.states()
    assert states.pop("a") == "recorded"
    if abandoned.is_on_sqlite:
        assert (second.status_code, list(states.values())) == (200, ["faulty"]), "what is in a file is not compared"
    else:
        assert (second.status_code, states) == (409, {})


def test_a_conflict_with_what_is_recorded_is_still_told(provider: Provider) -> None:
    provider.send(statement(id="a"))
    with provider.importing():
        assert provider.post(statement("progressed", id="a")).status_code == 409
        assert provider.send(statement(id="a")) == ["a"], "the same again needs no turn to write"
    assert files(provider) == []


def test_a_full_disk_is_told_so_that_the_provider_sends_again(
    sqlite_provider: Provider, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_handle: int) -> None:
        raise OSError(28, "No space left on device")

    with sqlite_provider.importing():
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            answer = sqlite_provider.post(statement(id="a"))
        assert (answer.status_code, answer.get_json()["error"]) == (503, "no_room")
        assert answer.headers["Retry-After"]
        assert files(sqlite_provider) == []
        assert sqlite_provider.send(statement(id="a")) == ["a"]
    sqlite_provider.settle()
    assert sqlite_provider.states() == {"a": "recorded"}


def test_a_file_that_cannot_be_read_holds_up_no_other(sqlite_provider: Provider) -> None:
    folder(sqlite_provider).mkdir()
    for name, text in (("00000000000000000001.json", "{"), ("00000000000000000002.json", "[]"), ("3.part", "{")):
        (folder(sqlite_provider) / name).write_text(text)
    with sqlite_provider.importing():
        sqlite_provider.send(statement(id="a"))
    sqlite_provider.settle()
    assert sqlite_provider.states() == {"a": "recorded"}
    assert [each.suffix for each in files(sqlite_provider)] == [".unreadable", ".unreadable", ".part"]


def test_a_day_that_has_not_come_here_yet_is_awaited(provider: Provider, tracker: Callable[..., Result]) -> None:
    """It is the third of March in Tokyo while it is the second here."""
    course = {"id": "https://www.linkedin.com/learning/what-is-generative-ai"}
    with time_machine.travel(NOW):
        provider.send(statement(id="a", object=course, timestamp="2026-03-03T02:00:00+09:00"))
        provider.send(statement("progressed"))
        assert (provider.states()["a"], provider.completions()) == ("new", [])
        tracker("xapi", "settle")
        assert provider.states()["a"] == "new"
        assert provider.desk.wrong() == []
    with time_machine.travel(NOW + timedelta(days=1)):
        fresh = provider.token()
        provider.headers["Authorization"] = f"Bearer {fresh}"
        provider.send(statement("progressed"))
        provider.settle()
    assert provider.completions() == [("what-is-generative-ai", "2026-03-03", "xapi")]


def test_the_log_repeats_no_row_that_the_database_refused(abandoned: Provider, caplog: pytest.LogCaptureFixture) -> None:
    """What a driver says of a refused row may hold all of it."""
    with abandoned.importing():
        abandoned.send(statement(id="a", actor={"mbox": "mailto:ana.private@example.org"}))
    refusing = (
        "CREATE TRIGGER refusing BEFORE INSERT ON waiting_completion BEGIN SELECT RAISE(ABORT, 'refused'); END"
        if abandoned.is_on_sqlite
        else "ALTER TABLE waiting_completion ADD CONSTRAINT refusing CHECK (email IS NULL) NOT VALID"
    )
    app = abandoned.desk.app
    with app.app_context(), db.engine.connect().execution_options(writes=True) as connection:
        connection.execute(sql(refusing))
        connection.commit()
    settling = Settling(app)
    settling.soon()
    settling.wait(30)
    assert re.search(r"statements wait: \w+$", caplog.text.strip())
    assert "ana.private" not in caplog.text
