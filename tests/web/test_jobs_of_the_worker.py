"""With TRACKER_JOBS=worker the pages put their jobs into a queue, and `tracker worker` does them. On both engines."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from flask import Flask
from importing import REPORT, count_of, job_after, process_of, recorded, tables, tried, upload
from little_union import Browser, World, settings

from tracker import create_app
from tracker.cli.working.worker import Worker
from tracker.intake.progress import is_running
from tracker.intake.queueing import Queue, note, noted
from tracker.models import ImportJob, JobState, db, writing


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on both engines in turn, whose jobs a worker does."""
    app = create_app(settings(tmp_path, DATABASE_URL=database_url, TRACKER_JOBS="worker"))
    yield app
    if "queue" in app.extensions:
        app.extensions["queue"].close()
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


@contextmanager
def at_work(app: Flask) -> Iterator[None]:
    """A worker is at work."""
    worker = Worker(app, jobs=2)
    worker.begin()
    try:
        yield
    finally:
        worker.end()
        worker.wait(60)


def folder(app: Flask) -> Path:
    found: Path = app.config["SETTINGS"].instance / "jobs"
    return found


def number(address: str) -> int:
    return int(address.rsplit("/", 1)[1])


def state(app: Flask, job: str) -> JobState:
    with app.app_context():
        try:
            return db.session.get_one(ImportJob, number(job)).state
        finally:
            db.session.remove()


def until(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not done():
        assert time.monotonic() < deadline, "it never came to that"
        time.sleep(0.02)


def test_a_worker_does_what_a_page_begins(app: Flask, sam: Browser) -> None:
    with at_work(app):
        before = tables(app, "import_job", "audit_entry", "audit_seal", "errand")
        job = tried(sam, REPORT)
        assert tables(app, "import_job", "audit_entry", "audit_seal", "errand") == before
        batch = recorded(sam, job)
        assert count_of(sam.get(batch).text, "rows in all") == "4"
        assert job_after(sam, sam.send(f"{batch}/undo", page=f"{batch}/undo")) == batch
        until(lambda: not list(folder(app).glob("*.queued*")))


def test_a_job_that_waits_is_no_job_that_stopped_and_after_a_minute_its_page_says_so(app: Flask, sam: Browser) -> None:
    job = upload(sam, REPORT).location
    page = sam.get(job).text
    assert 'id="job"' in page
    assert "waits for the worker" not in page
    assert state(app, job) is JobState.READING
    waiting = noted(folder(app), number(job))
    assert waiting is not None
    note(folder(app), number(job), waiting._replace(at=time.time() - 61))
    assert "waits for the worker" in sam.get(job).text
    with at_work(app):
        until(lambda: state(app, job) is JobState.PREVIEWED)


def test_a_job_in_the_queue_twice_is_done_once(app: Flask, sam: Browser) -> None:
    with at_work(app):
        job = tried(sam, REPORT)
        batch = recorded(sam, job)
        with app.app_context():
            queue = Queue(db.engine, app.config["SETTINGS"].instance)
        for _ in range(3):
            queue.put("job", number(job))
        until(lambda: not queue.pending())
        queue.close()
        assert sam.get(job).location == batch
    assert state(app, job) is JobState.RECORDED


def test_a_job_that_fell_out_of_the_queue_is_put_back_when_a_worker_starts(app: Flask, sam: Browser) -> None:
    job = upload(sam, REPORT).location
    with app.app_context():
        queue = Queue(db.engine, app.config["SETTINGS"].instance, lambda _kind, _id: None)
    queue.huey.storage.flush_queue()
    assert queue.pending() == set()
    queue.close()
    with at_work(app):
        until(lambda: state(app, job) is JobState.PREVIEWED)


def test_a_job_whose_process_is_killed_is_told_and_begun_again_by_a_person(app: Flask, sam: Browser) -> None:
    with at_work(app):
        job = tried(sam, REPORT)
    sam.send(f"{job}/record", page=job)
    with app.app_context(), writing(alone=True), at_work(app):  # so that it waits for its turn
        until(lambda: process_of(number(job)) is not None)
        os.kill(process_of(number(job)) or 0, signal.SIGKILL)
        until(lambda: not is_running(folder(app), number(job)))
    until(lambda: "stopped half-way" in sam.get(job).text)
    page = sam.get(job).text
    assert "Nothing was recorded" in page
    assert state(app, job) is JobState.STOPPED
    with at_work(app):
        job_after(sam, sam.send(f"{job}/again", page=job))
        assert count_of(sam.get(recorded(sam, job)).text, "rows in all") == "4"


def test_a_job_whose_worker_died_is_taken_again_by_the_next_once(app: Flask, sam: Browser) -> None:
    for tries, taken in ((1, True), (2, False)):
        job = upload(sam, REPORT).location
        other = upload(sam, REPORT, name="other.csv").location
        waiting = noted(folder(app), number(job))
        assert waiting is not None
        with app.app_context():
            queue = Queue(db.engine, app.config["SETTINGS"].instance, lambda _kind, _id: None)
        queue.huey.storage.flush_queue()  # taken out of the queue, by one that is gone
        queue.close()
        note(folder(app), number(job), waiting._replace(tries=tries))
        with at_work(app):
            until(lambda other=other: state(app, other) is JobState.PREVIEWED)  # type: ignore[misc]
            if taken:
                until(lambda job=job: state(app, job) is JobState.PREVIEWED)  # type: ignore[misc]
        if not taken:
            assert state(app, job) is JobState.READING
            assert "stopped half-way" in sam.get(job).text


def test_whoever_asked_is_answered_in_their_language_and_its_lines_carry_the_number(app: Flask, sam: Browser) -> None:
    sam.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "fr"
    answer = upload(sam, REPORT)
    waiting = noted(folder(app), number(answer.location))
    assert waiting is not None
    assert (waiting.kind, waiting.language, waiting.request) == ("job", "fr_CA", answer.headers["X-Request-ID"])
