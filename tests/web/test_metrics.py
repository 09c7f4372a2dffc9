"""`/metrics`: for this machine and whoever knows the word; and the dashboard that reads it names nothing else."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from little_union import Browser, World, settings
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError

from tracker import create_app
from tracker.models import Notice, db, new_id, writing
from tracker.operations.errands import BACKUP, DOCTOR, end_errand

WORD = "a-word-for-metrics-0123"
DASHBOARD = Path(__file__).parent.parent.parent / "deploy" / "grafana" / "tracker.json"
NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def samples(text: str) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    return {
        (sample.name, tuple(sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def read(browser: Browser) -> dict[tuple[str, tuple[tuple[str, str], ...]], float]:
    answer = browser.get("/metrics")
    assert answer.status_code == 200
    assert answer.content_type.startswith("text/plain")
    return samples(answer.text)


def something_of_everything(app: Flask) -> None:
    """A site that has done each of its errands, and has something of each kind waiting."""
    with app.app_context(), writing() as session:
        found = {"errors": 2, "warnings": 3, "seconds": 4.5}
        end_errand(session, DOCTOR, NOW, found)
        end_errand(session, BACKUP, NOW - timedelta(days=1), {"bytes": 12}, "the disk is full")
        session.add(
            Notice(
                id=new_id(),
                address="ana@example.org",
                subject="Hello",
                body="Hello",
                recorded_at=NOW,
                failure="",
                kind="held",
                attempts=1,
            )
        )


def test_it_counts_requests_by_rule_and_never_by_address(stranger: Browser) -> None:
    for path in ("/login?next=/secret-address", "/reports/locals/80", "/no-such-page"):
        stranger.client.get(path, buffered=True)
    found = read(stranger)
    counted = {
        dict(labels)["rule"]: value for (name, labels), value in found.items() if name == "tracker_request_seconds_count"
    }
    assert counted["/login"] == 1
    assert counted["/reports/locals/<number>"] == 1
    assert counted["none"] == 1
    assert "secret-address" not in str(found)
    assert found["tracker_requests_under_way", ()] == 1, "this very one"
    assert found["tracker_processes", ()] == 1
    assert found["tracker_memory_bytes", ()] > 10_000_000


def test_it_tells_how_the_site_is_without_a_name(app: Flask, union: World, signed_in: object, stranger: Browser) -> None:
    something_of_everything(app)
    answer = stranger.get("/metrics").text
    found = samples(answer)
    assert found["tracker_database_up", ()] == 1
    assert found["tracker_doctor_findings", (("kind", "errors"),)] == 2
    assert found["tracker_errand_ended_timestamp_seconds", (("errand", "doctor"),)] == NOW.timestamp()
    assert found["tracker_errand_failed", (("errand", "backup"),)] == 1
    assert found["tracker_notices_waiting", ()] == 1
    assert found["tracker_notices_oldest_timestamp_seconds", ()] == NOW.timestamp()
    assert found["tracker_audit_unsealed", ()] > 0
    assert found["tracker_rows_waiting", (("reason", "unmatched"),)] == 0
    assert any(name == "tracker_import_rows" for name, _labels in found)
    for secret in ("ana@example.org", "Example", "0012"):
        assert secret not in answer


def test_it_is_for_this_machine_and_for_whoever_knows_the_word(tmp_path: Path) -> None:
    app = create_app(settings(tmp_path, TRACKER_METRICS_TOKEN=WORD, TRACKER_URL="https://training.example.org"))
    with app.app_context():
        db.create_all()
    browser = app.test_client()
    elsewhere = {"REMOTE_ADDR": "203.0.113.7"}
    named = {"Host": "training.example.org"}
    for environ, headers, status in (
        ({}, {}, 200),
        (elsewhere, {}, 404),
        ({}, named, 404),  # through a proxy that nobody told us of
        *(({}, {name: "127.0.0.1"}, 404) for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded", "Via")),  # by our name
        (elsewhere, {"Authorization": f"Bearer {WORD}"}, 200),
        (elsewhere, {"Authorization": f"Bearer {WORD}x"}, 404),
        (elsewhere, {"Authorization": f"Basic {WORD}"}, 404),
        (elsewhere, {"Authorization": "Bearer "}, 404),
        ({}, {"Authorization": "Bearer wrong"}, 404),
    ):
        assert browser.get("/metrics", environ_base=environ, headers=headers).status_code == status, (environ, headers)


def test_without_a_word_none_is_right(stranger: Browser) -> None:
    stranger.client.environ_base["REMOTE_ADDR"] = "203.0.113.7"
    assert stranger.client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404


def test_without_a_database_the_process_is_counted_all_the_same(tmp_path: Path) -> None:
    gone = f"postgresql://nobody@127.0.0.1:1/{tmp_path.name}"
    app = create_app(settings(tmp_path, DATABASE_URL=gone))
    browser = Browser(app.test_client())
    browser.client.get("/healthz", buffered=True)
    found = read(browser)
    assert found["tracker_database_up", ()] == 0
    assert any(name == "tracker_request_seconds_count" for name, _labels in found)
    assert not any(name.startswith("tracker_notices") for name, _labels in found)


def test_a_database_that_goes_and_comes_leaves_the_count_of_connections_right(
    app: Flask, stranger: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_all: object) -> None:
        raise sqlite3.OperationalError("it is being started")

    with app.app_context():
        engine = db.engine
        engine.connect().close()
        with monkeypatch.context() as stopped:
            stopped.setattr(engine.dialect, "do_ping", lambda _connection: False)
            event.listen(engine, "do_connect", refuse)
            for _ in range(3):
                with pytest.raises((DBAPIError, sqlite3.Error)):
                    engine.connect()
            event.remove(engine, "do_connect", refuse)
        assert read(stranger)["tracker_database_connections", ()] == 0
        with engine.connect():
            assert read(stranger)["tracker_database_connections", ()] >= 1
    assert read(stranger)["tracker_database_connections", ()] == 0


def test_a_folder_that_cannot_be_written_is_told(app: Flask, stranger: Browser) -> None:
    assert read(stranger)["tracker_folders_unwritable", ()] == 0
    folder = app.config["SETTINGS"].instance / "imports"
    if folder.exists():
        folder.rmdir()
    folder.symlink_to("/nowhere/on-a-larger-disk")
    assert read(stranger)["tracker_folders_unwritable", ()] == 1


def test_a_server_that_ends_is_not_ready(app: Flask, stranger: Browser) -> None:
    app.extensions["serving"]["drain"]()
    assert stranger.get("/readyz").status_code == 503
    assert stranger.get("/healthz").status_code == 200


def test_the_processes_of_a_server_count_together(tmp_path: Path) -> None:
    with served(tmp_path, processes=3) as address:
        for _ in range(40):
            urllib.request.urlopen(f"{address}/login", timeout=10).close()
        found, deadline = {}, time.monotonic() + 30
        while found.get(_LOGINS) != 40 and time.monotonic() < deadline:  # an answer is counted once it is sent
            found = samples(urllib.request.urlopen(f"{address}/metrics", timeout=10).read().decode())
    assert found[_LOGINS] == 40
    assert found["tracker_processes", ()] == 3


@pytest.mark.parametrize("hops", ["0", "1"])
def test_a_server_tells_nobody_who_comes_by_a_proxy_whether_it_was_told_of_it_or_not(tmp_path: Path, hops: str) -> None:
    """Over HTTP: the server in front of the application must leave the headers by which a proxy is known."""
    with served(tmp_path, TRACKER_PROXY_HOPS=hops) as address:
        asked = {name: _status(f"{address}/metrics", {name: "203.0.113.9"}) for name in ("X-Forwarded-For", "X-Real-IP")}
        asked |= {"Forwarded": _status(f"{address}/metrics", {"Forwarded": "for=203.0.113.9"})}
        directly = _status(f"{address}/metrics", {})
    assert directly == 200
    assert asked == dict.fromkeys(asked, 404)


@contextmanager
def served(instance: Path, processes: int = 1, **more: str) -> Iterator[str]:
    """The address of `tracker serve`, which is told to end afterwards, and ends well."""
    told = {"TRACKER_INSTANCE": str(instance), "TRACKER_DEMO": "1", "DATABASE_URL": "", "SECRET_KEY": "", **more}
    command = [sys.executable, "-c", _SERVE, str(processes)]
    with subprocess.Popen(
        command, env={**os.environ, **told}, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as server:
        assert server.stdout is not None
        address = next(re.search(r"http://[\d.:]+", line) for line in server.stdout if "http" in line)
        assert address is not None
        try:
            _ready(f"{address[0]}/healthz")
            yield address[0]
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(30)
    assert server.returncode == 0


def _status(url: str, headers: dict[str, str]) -> int:
    try:
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=10) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as error:
        with error:
            return error.code


_LOGINS = ("tracker_request_seconds_count", (("method", "GET"), ("rule", "/login"), ("status", "2xx")))
_SERVE = """
import socket, sys
from tracker.cli import main
with socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
main(["serve", "--port", str(port), "--processes", sys.argv[1], "--no-worker"])
"""


def _ready(url: str) -> None:
    deadline = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(url, timeout=1).close()
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        else:
            return


def _expressions() -> list[str]:
    found = json.loads(DASHBOARD.read_text())
    panels = [inner for panel in found["panels"] for inner in (panel, *panel.get("panels", []))]
    return [target["expr"] for panel in panels for target in panel.get("targets", [])]


def test_the_dashboard_reads_nothing_that_is_not_told(app: Flask, union: World, stranger: Browser) -> None:
    something_of_everything(app)
    stranger.client.get("/login", buffered=True)
    told = {name for name, _labels in read(stranger)}
    named = {name for each in _expressions() for name in re.findall(r"\btracker_\w+", each)}
    assert named
    assert named - told == set()


def test_the_dashboard_is_one_that_grafana_takes() -> None:
    found = json.loads(DASHBOARD.read_text())
    assert {"title", "uid", "schemaVersion", "panels", "time", "templating", "tags"} <= found.keys()
    ids = [panel["id"] for panel in found["panels"]]
    assert len(set(ids)) == len(ids)
    for panel in found["panels"]:
        place = panel["gridPos"]
        assert 0 <= place["x"] < place["x"] + place["w"] <= 24
        if panel["type"] == "row":
            continue
        assert panel["title"]
        assert panel["description"]
        assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
        assert [target["refId"] for target in panel["targets"]] == [chr(65 + n) for n in range(len(panel["targets"]))]


@pytest.mark.parametrize("open_bracket", ["(", "[", "{"])
def test_the_dashboards_questions_are_whole(open_bracket: str) -> None:
    close = {"(": ")", "[": "]", "{": "}"}[open_bracket]
    for each in _expressions():
        assert each.count(open_bracket) == each.count(close), each
