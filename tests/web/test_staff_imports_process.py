"""Each import has a process of its own: what happens to it, and to those who write meanwhile. On both engines."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from importing import REPORT, count_of, job_after, process_of, recorded, tables, tried, upload
from little_union import Browser, World, settings
from sqlalchemy import create_engine, func, select, text
from training_union import days_ago, today

from tracker import create_app
from tracker.coverage.checks import examine
from tracker.intake import processes as starting
from tracker.intake.progress import is_running
from tracker.models import Batch, Completion, ImportJob, JobState, RoleGrant, db, writing
from tracker.web import processes
from tracker.web.members import completions
from tracker.web.staff.assigning import asking
from tracker.web.staff.importing import jobs, process

PEOPLE = 1_500  # enough for a kill to find their import at its work
KILLS = int(os.environ.get("TRACKER_TEST_KILLS", "3"))


@pytest.fixture
def app(database_url: str, tmp_path: Path) -> Iterator[Flask]:
    """The application on both engines in turn, as its processes find it."""
    app = create_app(settings(tmp_path, DATABASE_URL=database_url))
    yield app
    with app.app_context():
        db.session.remove()
        db.engine.dispose()


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Requests do not wait for the processes they start."""
    monkeypatch.setattr(processes, "_WAIT", 0.0)


@contextmanager
def held_off(database_url: str) -> Iterator[None]:
    """Somebody else's import holds the writers off, in a transaction of its own."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.execution_options(writes=True)
        connection.execute(text("SELECT 1"))
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(7421100)"))
        yield
        connection.rollback()
    engine.dispose()


def roster(first: int, people: int = PEOPLE) -> str:
    lines = [f"N{number},80,grip,active,2020-01-01" for number in range(first, first + people)]
    return "member_number,local,craft,status,from_on\n" + "\n".join(lines) + "\n"


def report(first: int, people: int = PEOPLE) -> str:
    lines = [f"N{number},AI Ethics,{days_ago(9)},provider" for number in range(first, first + people)]
    return "member_number,course,completed_on,assurance\n" + "\n".join(lines) + "\n"


def job_id(address: str) -> int:
    return int(address.rsplit("/", 1)[1])


def wrong(app: Flask) -> list[str]:
    with app.app_context(), writing(alone=True) as session:
        return [finding.sentence for finding in examine(session, today()) if finding.is_wrong]


def test_a_file_goes_all_the_way_on_both_engines(app: Flask, sam: Browser) -> None:
    before = tables(app, "import_job")
    job = tried(sam, REPORT)
    assert tables(app, "import_job") == before
    batch = recorded(sam, job)
    assert count_of(sam.get(batch).text, "rows in all") == "4"
    assert "9999" in sam.get(f"{batch}/outcomes.csv").text
    assert job_after(sam, sam.send(f"{batch}/undo", page=f"{batch}/undo")) == batch
    assert "This import was undone" in sam.get(batch).text
    assert wrong(app) == []


def test_a_process_that_is_killed_while_it_records_leaves_nothing_and_can_start_again(
    app: Flask, sam: Browser, no_waiting: None
) -> None:
    chance = random.Random(7)
    landed: Counter[bool] = Counter()
    whole = 0.0
    for kill in range(KILLS + 1):
        job = tried(sam, roster(1 + PEOPLE * kill), "roster", f"roster-{kill}.csv")
        before = tables(app, "import_job")
        began = time.monotonic()
        answer = sam.send(f"{job}/record", page=job)
        if kill == 0:
            job_after(sam, answer)
            whole = time.monotonic() - began
            continue
        time.sleep(chance.uniform(0.3, 0.95) * whole)
        worker = process_of(job_id(job))
        if worker is not None:
            os.kill(worker, signal.SIGKILL)
        job_after(sam, answer)
        after = tables(app, "import_job")
        grown = {name: after[name] - before[name] for name in after if after[name] != before[name]}
        landed[bool(grown)] += 1
        if grown:
            assert (grown["batch"], grown["member"], grown["audit_entry"]) == (1, PEOPLE, 1)
            continue
        page = sam.get(job).text
        assert "stopped half-way" in page
        assert "Nothing was recorded" in page
        again = job_after(sam, sam.send(f"{job}/again", page=job))
        assert again == job
        assert count_of(sam.get(recorded(sam, job)).text, "cards recorded or corrected") == f"{PEOPLE:,}"
    assert landed[False] > 0, "no kill came in time"
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 2 + KILLS
    assert wrong(app) == []


def test_a_process_that_is_killed_while_it_reads_leaves_a_page_that_says_so(
    app: Flask, sam: Browser, no_waiting: None
) -> None:
    before = tables(app, "import_job")
    answer = upload(sam, report(1, 10_000))
    page = sam.get(answer.location).text
    assert 'id="job"' in page
    assert "report.csv" in sam.get("/staff/imports").text
    worker = None
    while worker is None:
        worker = process_of(job_id(answer.location))
    os.kill(worker, signal.SIGKILL)
    job = job_after(sam, answer)
    assert "stopped half-way" in sam.get(job).text
    assert "Stopped: report.csv" in sam.get("/staff/imports").text
    assert tables(app, "import_job") == before
    assert count_of(sam.get(job_after(sam, sam.send(f"{job}/again", page=job))).text, "rows in all") == "10,000"


def test_a_server_that_ends_between_the_click_and_the_process_leaves_a_job_that_stopped(
    app: Flask, sam: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as broken:
        broken.setattr(starting, "_COMMAND", ("/nowhere/at/all",))
        answer = upload(sam, REPORT)
    assert "stopped half-way" in sam.get(answer.location).text
    job_after(sam, sam.send(f"{answer.location}/again", page=answer.location))
    assert count_of(sam.get(answer.location).text, "rows in all") == "4"


def test_many_confirmations_at_once_make_one_batch(
    app: Flask, sam: Browser, signed_in: Callable[[str], Browser], no_waiting: None
) -> None:
    job = tried(sam, REPORT)
    browsers = [signed_in("sam") for _ in range(4)]
    answers: list[int] = []
    gate = threading.Barrier(len(browsers))

    def confirm(browser: Browser) -> None:
        gate.wait()
        answers.append(browser.send(f"{job}/record", page="/staff/imports").status_code)

    threads = [threading.Thread(target=confirm, args=(browser,)) for browser in browsers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers == [303] * len(browsers)
    job_after(sam, sam.send(f"{job}/record", page="/staff/imports"))
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Completion)) == 1
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 2
    assert wrong(app) == []


def test_whoever_is_no_staff_any_more_records_nothing(
    app: Flask, sam: Browser, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    job = tried(sam, REPORT)

    def late(*said: Any) -> subprocess.Popen[bytes] | None:
        """Between the click and the process their role ends."""
        with app.app_context(), writing() as session:
            for grant in session.scalars(select(RoleGrant)):
                grant.until_on = today()
        return started(*said)

    started = processes.started
    monkeypatch.setattr(processes, "started", late)
    sam.send(f"{job}/record", page=job)
    while is_running(tmp_path / "jobs", job_id(job)):
        time.sleep(0.1)
    with app.app_context():
        found = db.session.scalars(select(ImportJob)).one()
        assert (found.state, found.batch_id) == (JobState.REFUSED, None)
        assert "not training staff any more" in found.message
        assert db.session.scalars(select(Completion)).all() == []


def test_what_was_taken_for_stopped_records_nothing_any_more(
    app: Flask, sam: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that was thought dead, and was not, finds its job gone on without it."""
    job = tried(sam, REPORT)
    monkeypatch.setattr(processes, "started", lambda *_: None)
    sam.send(f"{job}/record", page=job)
    assert "stopped half-way" in sam.get(job).text
    before = tables(app)
    environment = {**os.environ, **app.config["SETTINGS"].as_environment()}
    with app.app_context(), writing() as session:
        session.get_one(ImportJob, job_id(job)).state = JobState.RECORDING
    slow = (
        "from tracker.operations import jobs; from tracker.models import db; old = jobs.finish\n"
        "def finish(session, job_id, *said, **more):\n"
        "    from sqlalchemy import text\n"
        "    session.execute(text(\"UPDATE import_job SET state = 'stopped'\"))\n"
        "    old(session, job_id, *said, **more)\n"
        "jobs.finish = finish\n"
        "from tracker.cli import main; main()\n"
    )
    subprocess.run([sys.executable, "-c", slow, "job", "run", str(job_id(job))], env=environment, check=False)
    assert tables(app) == before


def test_a_job_is_worked_on_by_one_process_alone(app: Flask, sam: Browser, no_waiting: None, tmp_path: Path) -> None:
    answer = upload(sam, report(1, 10_000))
    its_id = job_id(answer.location)
    assert is_running(tmp_path / "jobs", its_id)
    environment = {**os.environ, **app.config["SETTINGS"].as_environment()}
    command = [sys.executable, "-c", "from tracker.cli import main; main()", "job", "run", str(its_id)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        assert "is being worked on already" in done.stderr
    job_after(sam, answer)
    assert not is_running(tmp_path / "jobs", its_id)


def test_a_form_that_meets_an_import_keeps_what_was_typed(
    app: Flask,
    database_url: str,
    sam: Browser,
    signed_in: Callable[[str], Browser],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hasty = partial(writing, patience=0.3)
    monkeypatch.setattr(completions, "writing", hasty)
    monkeypatch.setattr(process, "writing", hasty)
    monkeypatch.setattr(jobs, "writing", hasty)
    monkeypatch.setattr(asking, "trying", partial(asking.trying, patience=0.3))
    ana = signed_in("ana")
    job = tried(sam, REPORT)
    before = tables(app)
    with held_off(database_url):
        typed = {"course": "AI Basics", "completed_on": str(days_ago(3)), "evidence_url": "https://example.org/proof"}
        answer = ana.send("/my/completions", typed, page="/my/completions/new")
        assert answer.status_code == 422
        assert "Others are writing at this moment" in answer.text
        assert all(f'value="{value}"' in answer.text for value in typed.values())
        asked = {"path": "safe", "who": "unit", "unit": "80", "kind": "required", "on": str(today())}
        answer = sam.send("/staff/assign/apply", asked, page="/staff/assign")
        assert answer.status_code == 422
        assert "Others are writing at this moment" in answer.text
        assert 'value="80"' in answer.text
        answer = upload(sam, REPORT, name="second.csv")
        assert answer.status_code == 422
        assert "Others are writing at this moment" in answer.text
        assert "second.csv</strong> is here already" in answer.text
        answer = sam.send(f"{job}/record", page=job)
        assert answer.status_code == 422
        assert "Others are writing at this moment" in answer.text
        assert "Record 1 completion<" in answer.text
        assert ana.get("/my/").status_code == 200  # reading goes on
    assert tables(app) == before
    assert ana.send("/my/completions", typed, page="/my/completions/new").status_code == 303
    assert count_of(sam.get(recorded(sam, job)).text, "rows in all") == "4"


def test_the_processes_have_the_settings_of_the_server(app: Flask) -> None:
    found = app.config["SETTINGS"]
    assert type(found).from_environment(found.as_environment()) == found
