"""Measure the tracker beside plain SQL: `python -m benchmarks.run`.

Settings, from the environment: ``MEMBERS`` (168000), ``ENGINES`` (sqlite,postgresql). Each engine runs in a process of its
own, so that the peak of memory is its own too. Writes ``benchmarks/out/latest.json`` and prints a table.
"""

from __future__ import annotations

import json
import os
import platform
import re
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from benchmarks.beside import measure_beside
from benchmarks.engines import ENGINES, connect, new_database, open_app, server
from benchmarks.files import Files, write_files
from benchmarks.floor import Floor
from benchmarks.web import measure_pages
from tracker.coverage.catalogue import find_course
from tracker.coverage.exports import as_csv
from tracker.coverage.figures import CoverageReport, coverage_report
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance, Role
from tracker.demonstration.building import ask_for_paths, found_union, publish_catalogue
from tracker.demonstration.union import members_of_locals
from tracker.intake.imports import staged_import
from tracker.models import db, new_ids, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion
from tracker.operations.refused import Refused
from tracker.operations.standings import rebuild

T = TypeVar("T")

OUT = Path(__file__).with_name("out")
READS = 15  # times a short measure is repeated; the median counts
WRITES = 101
TODAY = date(2026, 11, 20)


@dataclass(frozen=True)
class Measure:
    """One figure: the tracker's, the floor's, and how many times the floor it is."""

    name: str
    engine: str
    members: int
    value: float
    unit: str
    floor: float | None
    ratio: float | None


def seconds(act: Callable[[], object]) -> float:
    """How long an act takes, once."""
    began = time.perf_counter()
    act()
    return time.perf_counter() - began


def usual_ms(ours: Callable[[], object], floor: Callable[[], object], times: int) -> tuple[float, float]:
    """The medians of so many times, in milliseconds, after one to warm up: by turns, so that noise meets both alike."""
    pairs = [(seconds(ours), seconds(floor)) for _ in range(times + 1)][1:]
    return median(pair[0] for pair in pairs) * 1_000, median(pair[1] for pair in pairs) * 1_000


def measure_engine(engine: str, members: int, files: Files, folder: Path) -> list[Measure]:
    """Every measure on one engine, in the order of a union's first day."""
    found: list[Measure] = []

    def note(name: str, value: float, unit: str, floor: float | None = None) -> None:
        times = (floor or 0) / value if unit == "a second" else value / (floor or 1)  # how many times the floor it costs
        ratio = round(times, 4 if times < 0.1 else 2) if floor else None
        found.append(Measure(name, engine, members, round(value, 2), unit, floor and round(floor, 2), ratio))
        print(_line(found[-1]), file=sys.stderr, flush=True)

    def note_pair(name: str, pair: tuple[float, float]) -> None:
        note(name, pair[0], "ms", pair[1])

    with server(engine, folder) as base:
        url, plain_url = new_database(engine, base, "tracker"), new_database(engine, base, "plain")
        app = open_app(url, folder)
        _prepare(open_app(plain_url, folder))
        floor = Floor(connect(plain_url))
        with app.app_context():
            _prepare(app)
            roster_s, roster_mib = _imported(url, folder, "roster", files.roster, files.roster_rows)
            _analyze(engine)
            asking_s = seconds(_ask)
            completions_s, mib = _imported(url, folder, "completions", files.completions, files.completion_rows)
            _analyze(engine)
            detail_s, _ = _imported(url, folder, "completions", files.detail, files.detail_rows)
            note("load the roster", roster_s, "s", seconds(lambda: floor.load_roster(files.roster)))
            note("its peak of memory", roster_mib, "MiB")
            note("ask for seven paths", asking_s, "s")
            note("import the completions", completions_s, "s", seconds(lambda: floor.load_completions(files.completions)))
            note("its peak of memory", mib, "MiB")
            note("import LinkedIn's month", detail_s, "s", seconds(lambda: floor.load_detail(files.detail)))

            floor.keep_report(_report_rows(db.session()))
            note_pair("the union's report", usual_ms(_read_report, floor.read_report, READS))
            note_pair("the union's report as CSV", usual_ms(_write_report, floor.read_report, READS))
            note_pair("its figures of a past day, beside today's", usual_ms(_read_past_report, _read_report, READS))
            note_pair("log one course", usual_ms(_log_courses(members), _insert_completions(floor), WRITES))
            rebuilt_s = seconds(_rebuild)
            note("rebuild everything from facts", rebuilt_s, "s", seconds(Floor(connect(url)).rebuild))
            _open_staff(app)
        for size, number in _locals_of(members):
            client = _signed_in(app)
            pair = usual_ms(partial(_page, client, number), partial(floor.read_local, number), READS)
            note_pair(f"the page of a local of {size:,}", pair)
        with app.app_context():
            db.engine.dispose()
        union = measure_pages(url, plain_url, folder, app, TODAY, list(_locals_of(members)), note)
        measure_beside(url, folder, files, union, note)
    return found


def _measured(engine: str, members: int, files: Files, folder: Path) -> list[Measure]:
    """As :func:`measure_engine`, in a process of its own: a refusal cannot travel between processes, its words can."""
    try:
        return measure_engine(engine, members, files, folder)
    except Refused as refusal:
        raise RuntimeError(refusal.message) from None


# --- What is measured ----------------------------------------------------------------------------------------------


def _prepare(app: Flask) -> None:
    """The union and the curriculum, before anyone is on the roster."""
    with app.app_context(), writing(alone=True) as session:
        policy = app.config["SETTINGS"].policy_file.read_text()
        now = datetime.now(UTC)
        found_union(session, policy, TODAY, now)
        publish_catalogue(session, policy, TODAY, now)


def _imported(url: str, folder: Path, kind: str, file: Path, rows: int) -> tuple[float, float]:
    """Seconds, and the peak of memory in MiB, of an import in a process of its own, as a command or a job is."""
    return _apart(_import, url, folder, kind, file, rows)


def _apart(act: Callable[..., T], *arguments: object) -> T:
    """What an act gives in a fresh process of its own."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
        return process.submit(act, *arguments).result()


def _import(url: str, folder: Path, kind: str, file: Path, rows: int) -> tuple[float, float]:
    with open_app(url, folder).app_context():
        began = time.perf_counter()
        with (
            file.open("rb") as stream,
            staged_import(db.session(), kind, stream, file.name, today=TODAY) as staged,
            writing(alone=True) as session,
        ):
            imported = staged.record(session, OPERATOR, now=datetime.now(UTC))
        took = time.perf_counter() - began
        db.engine.dispose()
    if imported.rows != rows or imported.faults:
        raise RuntimeError(f"{imported.rows} of {rows} rows, {len(imported.faults)} faults")
    return took, _peak_mib()


def _peak_mib() -> float:
    """This process's own peak of memory. The kernel's ``ru_maxrss`` would begin with that of the process that started it."""
    status = Path("/proc/self/status")
    if status.exists():
        return int(re.search(r"VmHWM:\s+(\d+)", status.read_text())[1]) / 1_024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1_024


def _ask() -> None:
    with writing(alone=True) as session:
        ask_for_paths(session, TODAY, datetime.now(UTC))


def _analyze(engine: str) -> None:
    """What autovacuum would do within the minute."""
    if engine == "postgresql":
        with db.engine.connect() as connection:
            connection.exec_driver_sql("ANALYZE")
            connection.commit()


def _read_report() -> CoverageReport:
    db.session.rollback()
    return coverage_report(db.session(), as_of=TODAY)


def _read_past_report() -> CoverageReport:
    """A year ago, at the end of a month's first half: as far from a balance as a day can be."""
    db.session.rollback()
    return coverage_report(db.session(), as_of=TODAY.replace(year=TODAY.year - 1, day=15))


def _rebuild() -> None:
    with writing(alone=True) as session:
        rebuild(session, TODAY)


def _write_report() -> str:
    return as_csv(_read_report())


def _report_rows(session: Session) -> list[tuple[object, ...]]:
    rows = coverage_report(session, as_of=TODAY).rows
    return [(row.path, row.unit, row.unit_kind, *row.figure) for row in rows]


def _log_courses(members: int) -> Callable[[], None]:
    """One course logged by one member after another, each in a durable transaction of its own."""
    step = max(members // (WRITES + 2), 1)
    numbers = iter([str(each) for each in range(1, members + 1, step)] * 3)
    days = iter(date(1990, 1, 1) + timedelta(days=each) for each in range(400))  # nobody completed anything then

    def log() -> None:
        with writing() as session:
            log_completion(
                session,
                member=find_member(session, next(numbers)),
                course=find_course(session, "ethics-in-the-age-of-generative-ai"),
                completed_on=next(days),
                assurance=Assurance.REVIEWED,
                actor=OPERATOR,
                today=TODAY,
                now=datetime.now(UTC),
            )

    return log


def _insert_completions(floor: Floor) -> Callable[[], None]:
    """The bare rows, each in a durable transaction of its own."""
    people = floor.ids("SELECT member_id FROM member ORDER BY member_id")
    course = floor.ids("SELECT course_id FROM course_reference WHERE kind = 'code' ORDER BY value")[0]
    step = max(len(people) // (WRITES + 2), 1)
    chosen = iter(people[::step] * 3)
    days = iter(date(1990, 1, 1) + timedelta(days=each) for each in range(400))
    ids = iter(new_ids(400))
    now = datetime.now(UTC)
    return lambda: floor.insert_completion((next(chosen), next(ids), course, next(days), 2, "staff", now))


def _locals_of(members: int) -> Iterator[tuple[int, str]]:
    """The locals whose size is nearest to 500 and to 5,000."""
    sizes = [(count, local.number) for local, count in members_of_locals(members)]
    for wanted in (500, 5_000):
        yield min(sizes, key=lambda each: abs(each[0] - wanted))


_EMAIL, _PASSWORD = "staff@example.org", "benchmark-password"


def _open_staff(app: Flask) -> None:
    with writing() as session:
        add_user(session, _EMAIL, Role.STAFF, None, None, OPERATOR, app.config["SETTINGS"].today(), _PASSWORD)


def _signed_in(app: Flask) -> FlaskClient:
    client = app.test_client()
    token = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', client.get("/login").text)
    assert token
    client.post("/login", data={"csrf_token": token[1], "email": _EMAIL, "password": _PASSWORD})
    return client


def _page(client: FlaskClient, number: str) -> None:
    answer = client.get(f"/reports/locals/{number}?as_of={TODAY}")
    if answer.status_code != 200:
        raise AssertionError(f"/reports/locals/{number} answers {answer.status_code}")


# --- Running and telling -------------------------------------------------------------------------------------------


def _line(measure: Measure) -> str:
    value = f"{measure.value:,.2f} {measure.unit}"
    floor = f"{measure.floor:,.2f} {measure.unit}" if measure.floor else "–"
    ratio = f"{measure.ratio:.3g} ×" if measure.ratio else ""
    return f"{measure.engine:<11} {measure.members:>9,}  {measure.name:<46} {value:>14} {floor:>14} {ratio:>9}"


def main() -> None:
    """Measure every engine and keep what was found."""
    members = int(os.environ.get("MEMBERS") or 168_000) * (10 if "--at-ten" in sys.argv else 1)
    engines = (os.environ.get("ENGINES") or ",".join(ENGINES)).split(",")
    if unknown := set(engines) - set(ENGINES):
        sys.exit(f"ENGINES: no {', '.join(sorted(unknown))} here; there are {', '.join(ENGINES)}")
    with tempfile.TemporaryDirectory(prefix="benchmark-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # PostgreSQL runs as a user of its own
        files = write_files(folder, members, TODAY)
        print(f"{files.roster_rows:,} cards, {files.completion_rows:,} completions; {platform.python_implementation()}"
              f" {platform.python_version()}", file=sys.stderr)  # fmt: skip
        found: list[dict[str, Any]] = []
        for engine in engines:
            within = folder / engine
            within.mkdir()
            measures = _apart(_measured, engine, members, files, within)
            found += [asdict(measure) for measure in measures]
            OUT.mkdir(exist_ok=True)
            (OUT / "latest.json").write_text(json.dumps(found, indent=2) + "\n")
    print(f"{'engine':<11} {'members':>9}  {'measure':<46} {'tracker':>14} {'plain SQL':>14} {'ratio':>9}")
    for each in found:
        print(_line(Measure(**each)))


if __name__ == "__main__":
    main()
