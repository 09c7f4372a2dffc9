"""A site under trouble: real servers on a real database, people who sign in over HTTP, and what must hold afterwards."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from click.testing import CliRunner
from sqlalchemy import create_engine, text

from tests.conftest import run_tracker
from tracker.cli import main

IS_LONG = os.environ.get("TRACKER_TEST_FAULTS") == "long"
PASSWORD = "backstage-demo"
_LONGEST = 90.0  # seconds: whatever takes longer hangs

FACTS = (
    "batch",
    "member",
    "membership",
    "assignment",
    "completion",
    "evidence",
    "xapi_statement",
    "audit_entry",
    "import_job",
)


def times(short: int, long: int) -> int:
    """How often: in the suite, and in the long form."""
    return long if IS_LONG else short


def until(what: Callable[[], Any], within: float = _LONGEST) -> float:
    """Wait until something is so. The seconds it took."""
    began = time.monotonic()
    while not what():
        assert time.monotonic() - began < within, "it never came to be so"
        time.sleep(0.02)
    return time.monotonic() - began


def engine_of(database_url: str) -> Any:
    return create_engine(database_url.replace("postgresql://", "postgresql+psycopg://"))


def counted(database_url: str, tables: tuple[str, ...] = FACTS) -> dict[str, int]:
    """How many rows of each table are committed."""
    engine = engine_of(database_url)
    with engine.connect() as connection:
        found = {table: connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0 for table in tables}
    engine.dispose()
    return found


def at_once(count: int, act: Callable[[int], Any]) -> list[Any]:
    """Do the act in many threads, all let go at the same moment: what each gave, or what it raised."""
    gate, ends = threading.Barrier(count), list[Any]()

    def one(place: int) -> None:
        gate.wait(_LONGEST)
        try:
            ends.append(act(place))
        except BaseException as problem:
            ends.append(problem)

    threads = [threading.Thread(target=one, args=(place,)) for place in range(count)]
    for each in threads:
        each.start()
    for each in threads:
        each.join(_LONGEST)
    assert len(ends) == count, "somebody still waits"
    return ends


@dataclass
class Person:
    """Someone who signs in and sends forms, as a browser does."""

    base: str
    email: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str, timeout: float = _LONGEST) -> requests.Response:
        return self._ask("GET", path, timeout=timeout)

    def post(
        self, path: str, fields: dict[str, str], files: dict[str, Any] | None = None, timeout: float = _LONGEST
    ) -> requests.Response:
        """Send a form, with the token of this session."""
        return self._ask("POST", path, data={"csrf_token": self.token, **fields}, files=files, timeout=timeout)

    def sign_in(self) -> Person:
        self.token = token_on(self.get("/login").text)
        answer = self.post("/login", {"email": self.email, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
        self.token = token_on(self.get("/account/").text)
        return self

    def log(self, course: str, day: str, **more: Any) -> requests.Response:
        return self.post("/my/completions", {"course": course, "completed_on": day, "sure": "yes"}, **more)

    def _ask(self, method: str, path: str, **said: Any) -> requests.Response:
        answer = requests.request(method, self.base + path, cookies=self.cookies, allow_redirects=False, **said)
        self.cookies.update(answer.cookies.get_dict())
        return answer


def token_on(page: str) -> str:
    found = re.search(r'name="csrf_token"[^>]* value="([^"]+)"', page)
    assert found, page
    return found[1]


@dataclass
class Site:
    """A database with the worked example in it, an instance folder, and the server over them."""

    database_url: str
    instance: Path
    base: str = ""
    server: subprocess.Popen[bytes] | None = None

    @property
    def is_on_sqlite(self) -> bool:
        return self.database_url.startswith("sqlite")

    @property
    def log_file(self) -> Path:
        return self.instance.parent.parent / f"{self.instance.parent.name}.log"

    @property
    def log(self) -> str:
        return self.log_file.read_text("utf-8", "replace")

    def tracker(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        return run_tracker(*map(str, arguments), database_url=self.database_url, instance=self.instance, check=check)

    def counted(self) -> dict[str, int]:
        return counted(self.database_url)

    def clean(self) -> None:
        """What must hold after every fault: all that is kept follows from the facts, and the audit's chain is whole."""
        environment = {
            "DATABASE_URL": self.database_url,
            "TRACKER_INSTANCE": str(self.instance),
            "SECRET_KEY": "a-key-for-tests-0123456789-abcdefghijklmnop",
        }
        for command in (["doctor"], ["audit", "verify"]):  # in this process: starting one takes longer than the work
            ended = CliRunner().invoke(main, command, env=environment)
            assert ended.exit_code == 0, ended.output

    def person(self, name: str) -> Person:
        return Person(self.base, f"{name}@example.org").sign_in()

    def end(self, how: signal.Signals = signal.SIGTERM) -> int:
        assert self.server is not None
        self.server.send_signal(how)
        return self.server.wait(_LONGEST)

    @contextmanager
    def served(self, *, processes: int = 2, command: list[str] | None = None, **environment: str) -> Iterator[Site]:
        """The site's own server, in so many processes, ready."""
        port = _free_port()
        self.base = f"http://127.0.0.1:{port}"
        command = command or ["tracker", "serve", "--port", str(port), "--processes", str(processes), "--no-worker"]
        told = {
            **os.environ,
            "DATABASE_URL": self.database_url,
            "TRACKER_INSTANCE": str(self.instance),
            "TRACKER_BIND": f"127.0.0.1:{port}",
            "SECRET_KEY": "a-key-for-tests-0123456789-abcdefghijklmnop",
            **environment,
        }
        self.server = subprocess.Popen(command, env=told, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        noting = threading.Thread(target=self._note, args=(self.server.stdout,))  # a full disk is not to stop its words
        noting.start()
        try:
            until(self._is_ready)
            yield self
        finally:
            if self.server.poll() is None:
                self.server.terminate()
                try:
                    self.server.wait(20)
                except subprocess.TimeoutExpired:
                    self.server.kill()
                    self.server.wait()
            noting.join(20)

    def _note(self, said: Any) -> None:
        with said, self.log_file.open("ab", buffering=0) as log:
            for line in said:
                log.write(line)

    def _is_ready(self) -> bool:
        assert self.server is not None
        assert self.server.poll() is None, self.log
        try:
            return requests.get(f"{self.base}/readyz", timeout=5).status_code == 200
        except requests.RequestException:
            return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def roster_file(folder: Path, first: int, rows: int) -> Path:
    """People of Local 80 whose numbers begin somewhere."""
    file = folder / f"roster-{first}.csv"
    lines = [
        f"{number},Ana,Example,m{number}@example.org,80,grip,active,,2020-01-01," for number in range(first, first + rows)
    ]
    file.write_text("member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on\n" + "\n".join(lines))
    return file


def completions_file(folder: Path, first: int, rows: int) -> Path:
    file = folder / f"completions-{first}.csv"
    lines = [f"{number},firefly,2026-02-01,provider,X{number}" for number in range(first, first + rows)]
    file.write_text("member_number,course,completed_on,assurance,external_id\n" + "\n".join(lines))
    return file


def new_name() -> str:
    return secrets.token_hex(6)
