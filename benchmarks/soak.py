"""An hour of people: `python -m benchmarks.soak --minutes 60 --rate 20`. Does the server's memory stay, does anything fail?

Not part of `make bench`, for it takes as long as it says. Requests come at a steady rate, whether those before are answered
or not, as people do: members read their record and log courses, an officer and staff read reports and take files, an
administrator reads the audit trail. Each minute the memory of the server's processes is taken; what they share counts once.

`--import-rows 20000` asks for as long as an import of so many rows takes, in place of minutes; nobody logs a course then.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import secrets
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, timedelta
from http.client import HTTPConnection
from pathlib import Path
from statistics import median
from urllib.parse import urlencode

from sqlalchemy import select

from benchmarks.engines import ENGINES, environment, new_database, open_app, server
from benchmarks.web import Server, served
from tracker.intake import canonical_completions
from tracker.models import Course, Member, db

_PATH = "building-ai-literacy"
_PAGES = {
    "member": ("/my/", "/my/", "/my/completions/new", "/my/courses.json?q=prompt", "/my/opened", f"/paths/{_PATH}"),
    "officer": ("/reports/", "/reports/locals/80", "/reports/locals/80/push", "/reports/locals/80.csv"),
    "staff": (
        *("/staff/", "/staff/members?q=smith", "/staff/reviews", "/staff/assign", "/staff/desk", "/staff/notices"),
        *("/reports/", "/reports/compare", "/reports/coverage.xlsx", "/reports/locals/600", "/reports/districts/D2"),
        *("/reports/priorities", f"/reports/paths/{_PATH}"),
    ),
    "admin": ("/admin/", "/admin/audit", "/admin/clients", "/account/"),
}
_LOGS = 0.05  # of all requests
_REFUSED = (409, 422)  # it stands there already; before the course was, or after it was retired
_WARM_UP = 5  # minutes until every library is loaded and every cache filled


@dataclass
class Seen:
    """What came of it."""

    milliseconds: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)
    memory_mib: list[float] = field(default_factory=list)


class People:
    """Those who ask, each thread over a connection of its own."""

    def __init__(self, port: int, seen: Seen, logs: float = _LOGS) -> None:
        self._port, self.seen, self._logs = port, seen, logs
        self._own = threading.local()
        self._lock = threading.Lock()
        self._random = random.Random(7)
        self._doors = {name: self._sign_in(name) for name in _PAGES}
        # the form's token goes with the cookie that its page gave
        self._doors["member"], page, _ = self._cookie("GET", "/my/completions/new", self._doors["member"])
        self._token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[-1]
        self._courses = re.findall(r'<option value="([a-z0-9-]+)"', page) or ["learning-microsoft-365-copilot-for-work"]

    def _sign_in(self, name: str) -> str:
        cookie, page, _ = self._cookie("GET", "/login", "")
        token = re.findall(r'name="csrf_token"[^>]*value="([^"]+)"', page)[-1]
        form = urlencode({"csrf_token": token, "email": f"{name}@example.org", "password": "backstage-demo"})
        cookie, _, status = self._cookie("POST", "/login", cookie, form)
        if status != 303:
            raise RuntimeError(f"{name} cannot sign in: {status}")
        return cookie

    def _cookie(self, method: str, path: str, cookie: str, form: str | None = None) -> tuple[str, str, int]:
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        headers = {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"}
        connection.request(method, path, form, headers)
        answer = connection.getresponse()
        set_to = [each.partition(";")[0] for each in answer.headers.get_all("Set-Cookie") or [] if "tracker=" in each]
        page = answer.read().decode()
        connection.close()
        return (set_to or [cookie])[-1], page, answer.status

    def ask_once(self) -> None:
        """One request of somebody's."""
        with self._lock:
            logs = self._random.random() < self._logs
            name = self._random.choice(tuple(_PAGES))
            path = self._random.choice(_PAGES[name])
            course, days = self._random.choice(self._courses), self._random.randrange(2_000)
        began, asked = time.perf_counter(), "POST /my/completions" if logs else path
        try:
            if logs:
                on = date.today() - timedelta(days=days)
                form = urlencode({"csrf_token": self._token, "course": course, "completed_on": on})
                status, _ = self._send("POST", "/my/completions", self._doors["member"], form)
            else:
                status, _ = self._send("GET", path, self._doors[name])
            is_fine = status < 400 or (logs and status in _REFUSED)
            told = str(status) if is_fine else f"{status} {asked}"
        except OSError as error:
            self._own.connection = None
            told = f"{type(error).__name__} {asked}"
        with self._lock:
            self.seen.milliseconds.append((time.perf_counter() - began) * 1_000)
            self.seen.statuses[told] += 1

    def _send(self, method: str, path: str, cookie: str, form: str | None = None) -> tuple[int, str]:
        connection = getattr(self._own, "connection", None) or HTTPConnection("127.0.0.1", self._port, timeout=60)
        self._own.connection = connection
        connection.request(method, path, form, {"Cookie": cookie, "Content-Type": "application/x-www-form-urlencoded"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")


def soak(served_by: Server, minutes: int, rate: float) -> Seen:
    """Ask for so long, so often a second."""
    seen = Seen()
    people = People(served_by.port, seen)
    with ThreadPoolExecutor(32) as threads:
        for minute, second in _seconds(minutes):
            for _ in range(int(rate)):
                threads.submit(people.ask_once)
            if second == 59:
                seen.memory_mib.append(served_by.memory_mib())
                asked = sum(seen.statuses.values())
                print(f"{minute + 1} min  {seen.memory_mib[-1]:.0f} MiB  {asked} asked", file=sys.stderr, flush=True)
    return seen


def while_importing(served_by: Server, rows: int, rate: float, folder: Path) -> Seen:
    """Ask so often a second, from the moment an import begins until it has ended."""
    numbers = db.session.scalars(select(Member.number).order_by(Member.member_id).limit(rows)).all()
    courses = db.session.scalars(select(Course.code).order_by(Course.id)).all()
    db.session.remove()
    chosen = random.Random(11)
    lines = [",".join(canonical_completions.COLUMNS)]
    for each in range(rows):
        on = date.today() - timedelta(days=2_100 + each // 1_000)
        lines.append(f"{chosen.choice(numbers)},,{chosen.choice(courses)},{on},provider,,soak-{each}")
    file = folder / "beside.csv"
    file.write_text("\n".join(lines))
    people = People(served_by.port, Seen(), logs=0)
    with ThreadPoolExecutor(16) as threads:  # every page once and more, before it counts
        for _ in range(200):
            threads.submit(people.ask_once)
    people.seen = seen = Seen()
    began = time.monotonic()
    importing = subprocess.Popen(["tracker", "completions", "import", str(file)], stdout=subprocess.PIPE, text=True)
    with ThreadPoolExecutor(32) as threads:
        for _ in _seconds(10):
            for _ in range(int(rate)):
                threads.submit(people.ask_once)
            if importing.poll() is not None:
                break
    print(f"{importing.communicate()[0].strip()}  {time.monotonic() - began:.1f} s", file=sys.stderr)
    seen.memory_mib.append(served_by.memory_mib())
    return seen


def _seconds(minutes: int) -> Iterator[tuple[int, int]]:
    """Each second, at its moment."""
    began = time.monotonic()
    for each in range(minutes * 60):
        time.sleep(max(0.0, began + each - time.monotonic()))
        yield divmod(each, 60)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--minutes", type=int, default=60)
    asked.add_argument("--rate", type=float, default=20)
    asked.add_argument("--members", type=int, default=5_000)
    asked.add_argument("--import-rows", type=int, default=0)
    asked.add_argument("--engine", choices=ENGINES, default="sqlite")
    given = asked.parse_args()
    os.environ["BENCHMARK_SECRET"] = secrets.token_hex(32)
    with tempfile.TemporaryDirectory() as name, server(given.engine, Path(name)) as base:
        folder = Path(name)
        folder.chmod(0o755)
        url = new_database(given.engine, base, "tracker")
        os.environ.update(environment(url, folder) | {"TRACKER_DEMO": "1"})
        app = open_app(url, folder)
        with app.app_context():
            from tracker.cli import main as tracker

            tracker(["demo", "--members", str(given.members)], standalone_mode=False)
            db.session.remove()
            db.engine.dispose()
        command = ["tracker", "serve", "--processes", 2, "--workers", 8, "--port"]
        with served(command, url, folder) as running, app.app_context():
            if given.import_rows:
                seen = while_importing(running, given.import_rows, given.rate, folder)
            else:
                seen = soak(running, given.minutes, given.rate)
    warm = seen.memory_mib[_WARM_UP:] or seen.memory_mib
    begin, end = median(warm[:5]), median(warm[-5:])
    times = sorted(seen.milliseconds)
    told = {
        "engine": given.engine, "minutes": given.minutes, "asked": len(times), "p50_ms": round(median(times), 1),
        "p95_ms": round(times[int(0.95 * len(times))], 1), "memory_mib": [round(begin), round(end)],
        "growth_percent": round(100 * (end / begin - 1), 1), "statuses": dict(seen.statuses),
    }  # fmt: skip
    print(json.dumps(told, indent=1))
    if failed := sum(count for status, count in seen.statuses.items() if " " in status):
        sys.exit(f"{failed} of {len(times)} requests failed")


if __name__ == "__main__":
    main()
