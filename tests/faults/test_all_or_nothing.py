"""Imports against kill -9 and against one another; many people logging at once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask
from sqlalchemy import create_engine, func, select, text

from tests.faults.site import times
from tests.test_worked_example import EXAMPLE
from tracker.coverage.catalogue import find_course
from tracker.coverage.checks import examine
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.models import Batch, BatchOutcome, Completion, Member, Membership, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion
from tracker.operations.refused import Refused

TODAY = date(2026, 3, 2)
ROWS = 1_000  # a file's: enough for a kill to find the import at its work
KILLS = times(8, 200)


def roster_file(folder: Path, first: int, rows: int = ROWS) -> Path:
    file = folder / f"roster-{first}.csv"
    lines = [
        f"{number},Ana,Example,m{number}@example.org,80,grip,active,,2020-01-01," for number in range(first, first + rows)
    ]
    file.write_text("member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on\n" + "\n".join(lines))
    return file


def completions_file(folder: Path, first: int, rows: int = ROWS) -> Path:
    file = folder / f"completions-{first}.csv"
    lines = [f"{number},firefly,2026-02-01,provider,X{number}" for number in range(first, first + rows)]
    file.write_text("member_number,course,completed_on,assurance,external_id\n" + "\n".join(lines))
    return file


@pytest.fixture
def union(tracker: Callable[..., Result]) -> Callable[..., Result]:
    """The worked example's units and curriculum, with everyone asked for ai-hours."""
    tracker("union", "apply", EXAMPLE / "union.csv")
    tracker("catalogue", "apply", EXAMPLE / "courses.yaml")
    tracker("assign", "ai-hours", "--everyone", "--on", "2026-01-05")
    return tracker


NURSERY = """
import json, os, sys
from tracker import web
from tracker.cli import main
for line in iter(sys.stdin.readline, ''):
    child = os.fork()
    if child == 0:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        main(json.loads(line))
    print(child, flush=True)
    sys.stdin.readline()
    print(os.waitpid(child, 0)[1], flush=True)
"""


class Nursery:
    """A process that has everything loaded, and gives each command a process of its own: a kill then finds it at work.

    It finds its database in the environment, as the fixture set it.
    """

    def __enter__(self) -> Nursery:
        self._process = subprocess.Popen(
            [sys.executable, "-c", NURSERY], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate(timeout=60)

    def begin(self, *arguments: str | Path) -> int:
        """Start a command.

        Returns:
            Its process.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print(json.dumps([str(each) for each in arguments]), file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())

    def end(self) -> int:
        """Wait for the command.

        Returns:
            How it ended: 0 where it was done, 9 where it was killed.
        """
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        print("end", file=self._process.stdin, flush=True)
        return int(self._process.stdout.readline())


def counted(database_url: str) -> dict[str, int]:
    """How many rows are committed, once no transaction of a dead process is left."""
    engine = create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))
    with engine.connect() as connection:
        if connection.dialect.name == "postgresql":
            others = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
            deadline = time.monotonic() + 30
            while connection.scalar(text(others)) and time.monotonic() < deadline:
                connection.rollback()
                time.sleep(0.05)
        tables = ("batch", "batch_outcome", "member", "identifier", "membership", "assignment", "scope", "completion")
        tables = (*tables, "waiting_completion", "audit_entry", "standing")
        found = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables}
    engine.dispose()
    return found


def test_abuse_19_a_crash_in_the_middle_of_an_import_leaves_all_rows_or_none(
    union: Callable[..., Result], app: Flask, database_url: str, tmp_path: Path, figures: Callable[[str], None]
) -> None:
    chance = random.Random(9)
    landed: Counter[bool] = Counter()
    with Nursery() as nursery:
        nursery.begin("roster", "import", roster_file(tmp_path, 1))
        began = time.monotonic()  # not before: the first command waits for the nursery to load
        assert nursery.end() == 0
        whole = time.monotonic() - began
        for kill in range(KILLS):
            kind, make = (("roster", roster_file), ("completions", completions_file))[kill % 2]
            # each roster brings people of its own; the report after it is theirs
            file = make(tmp_path, 1 + ROWS * (1 + kill // 2))
            before = counted(database_url)
            process = nursery.begin(kind, "import", file)
            time.sleep(chance.uniform(0.05, 1.0) * whole)
            os.kill(process, signal.SIGKILL)  # until it is waited for, a process that has ended keeps its number
            nursery.end()
            after = counted(database_url)
            grown = {table: after[table] - before[table] for table in after if after[table] != before[table]}
            landed[bool(grown)] += 1
            if grown:
                fact = "member" if kind == "roster" else "completion"
                assert (grown["batch"], grown[fact], grown["audit_entry"]) == (1, ROWS, 1)
            outcome = "already known" if grown else "recorded"
            assert f"{outcome} {ROWS}," in union(kind, "import", file).output
    assert landed[False] > 0, "no kill came in time"
    with app.app_context():
        members = ROWS * (1 + KILLS // 2)
        assert db.session.scalar(select(func.count()).select_from(Member)) == members
        assert db.session.scalar(select(func.count()).select_from(Membership)) == members
        assert db.session.scalar(select(func.count()).select_from(Completion)) == ROWS * KILLS // 2
        report = coverage_report(db.session(), as_of=TODAY)
        figure = next(row.figure for row in report.rows if (row.path, row.unit) == ("ai-hours", "80"))
        assert tuple(figure) == (members, *(ROWS * KILLS // 2,) * 3)
    assert "follows from the facts" in union("doctor").output
    union("audit", "verify")
    engine = "SQLite" if database_url.startswith("sqlite") else "PostgreSQL"
    figures(f"{engine}: {KILLS} kills of an import of {ROWS} rows: {landed[True]} after it was whole, lost 0, doubled 0")


def test_two_imports_at_once_give_the_facts_of_one_after_the_other(
    union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    """The two rosters share 200 members, and the two reports are of people in either."""
    rosters = [roster_file(tmp_path, first, 600) for first in (1, 401)]
    reports = [completions_file(tmp_path, first, 600) for first in (201, 301)]
    with Nursery() as one, Nursery() as other:
        for kind, files in (("roster", rosters), ("completions", reports)):
            for nursery, file in zip((one, other), files, strict=True):
                nursery.begin(kind, "import", file)
            assert (one.end(), other.end()) == (0, 0)
    with app.app_context():
        told = [f"{row.outcome} {row.row_count}" for row in db.session.scalars(select(BatchOutcome))]
    assert sorted(told) == [
        *("already known 200", "already known 500", "recorded 100", "recorded 400", "recorded 600", "recorded 600"),
    ]
    for file in rosters:
        assert "already known 600" in union("roster", "import", file).output
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Membership)) == 1_000
        assert db.session.scalar(select(func.count()).select_from(Completion)) == 700
        assert db.session.scalar(select(func.count()).select_from(Batch)) == 6
    assert "follows from the facts" in union("doctor").output


def at_once(count: int, act: Callable[[int], None]) -> list[BaseException]:
    """Do the act in many threads, all let go at the same moment.

    Returns:
        Whatever was raised.
    """
    raised: list[BaseException] = []
    gate = threading.Barrier(count)

    def one(place: int) -> None:
        gate.wait()
        try:
            act(place)
        except BaseException as problem:
            raised.append(problem)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return raised


def log(app: Flask, member: str, on: date, assurance: Assurance = Assurance.CLAIMED) -> None:
    with app.app_context(), writing() as session:
        log_completion(
            session,
            member=find_member(session, member),
            course=find_course(session, "firefly"),
            completed_on=on,
            assurance=assurance,
            actor=OPERATOR,
            today=TODAY,
            now=datetime(2026, 3, 2, 12, tzinfo=UTC),
        )


def wrong(app: Flask) -> list[str]:
    with app.app_context(), writing(alone=True) as session:
        return [finding.sentence for finding in examine(session, TODAY) if finding.is_wrong]


def test_the_same_completion_logged_eight_times_at_once_is_recorded_once(
    union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    rounds = times(12, 200)
    union("roster", "import", roster_file(tmp_path, 1, rounds))
    for member in range(1, rounds + 1):
        raised = at_once(8, lambda _: log(app, str(member), date(2026, 2, 1)))  # noqa: B023 — done before the next round
        assert [getattr(problem, "code", problem) for problem in raised] == ["already_logged"] * 7
        assert all(isinstance(problem, Refused) for problem in raised)
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Completion)) == rounds
    assert wrong(app) == []


def test_members_of_one_local_who_log_at_once_are_all_counted(
    union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    union("roster", "import", roster_file(tmp_path, 1, 80))

    def log_ten(place: int) -> None:
        for member in range(1 + place * 10, 11 + place * 10):
            log(app, str(member), date(2026, 1, 10 + member % 20), Assurance(1 + member % 3))

    assert at_once(8, log_ten) == []
    with app.app_context():
        report = coverage_report(db.session(), as_of=TODAY)
        figures = {row.unit: tuple(row.figure) for row in report.rows if row.path == "ai-hours"}
    assert figures["80"] == figures["IA"] == (80, 80, 54, 27)
    assert wrong(app) == []


def test_someone_logs_while_an_import_of_the_same_people_runs(
    union: Callable[..., Result], app: Flask, tmp_path: Path
) -> None:
    union("roster", "import", roster_file(tmp_path, 1, 600))
    with Nursery() as nursery:
        nursery.begin("completions", "import", completions_file(tmp_path, 1, 600))
        for member in range(1, 40):
            log(app, str(member), date(2026, 1, 20))
        assert nursery.end() == 0
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(Completion)) == 639
    assert wrong(app) == []
