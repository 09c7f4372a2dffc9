"""Pages over HTTP: the tracker as `tracker serve` serves it, beside the floor's bare pages served alike."""

from __future__ import annotations

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager, suppress
from datetime import UTC, date, datetime, timedelta
from multiprocessing import get_context
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlencode

from flask import Flask, g, session
from flask_wtf.csrf import generate_csrf
from sqlalchemy import select
from sqlalchemy.orm import Session

from benchmarks.client import Answers, Ask, ask
from benchmarks.engines import PROCESSES, THREADS, connect, environment
from benchmarks.floor import Floor
from benchmarks.pages import measure_every_page
from tracker.coverage.catalogue import find_path
from tracker.coverage.derivation import current_world
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Role
from tracker.demonstration.asking import EVERYONES_PATH
from tracker.intake import canonical_completions as completions
from tracker.intake.imports import import_completions
from tracker.models import Completion, Course, Member, RoleGrant, ScopeSpan, User, db, new_id, writing
from tracker.operations.actor import OPERATOR
from tracker.web import sessions

READS = 60  # requests of one client
CLIENTS, LOGS = 4, 60  # so many log at once, each so many courses
_WARM = 5  # the first requests of a client do not count

Note = Callable[[str, float, str, float | None], None]


class Door(NamedTuple):
    """A signed-in person's way in: the cookie of their session and the token of its forms."""

    cookie: str
    token: str


def measure_pages(
    url: str, plain_url: str, folder: Path, app: Flask, today: date, locals_: Sequence[tuple[int, str]], note: Note
) -> Answers:
    """Every page, first as the tracker answers, then as the floor does. Both databases hold the same union.

    Args:
        locals_: size and number: a small one, and a large one in which courses are logged.

    Returns:
        The union's page, to be set beside what is no page.
    """
    large = locals_[-1][1]
    with app.app_context():
        loggers, course = _ready_to_log(app, large, today)
        chosen = _with_cards(db.session(), locals_[0][1])[:8]
        members, member = [door(app, each, Role.MEMBER) for each in chosen], chosen[0]
        staff = door(app, None, Role.STAFF)
        db.session.remove()
        db.engine.dispose()
    past = today.replace(year=today.year - 1)
    forms = [
        Ask("/my/completions", each.cookie, _form(csrf_token=each.token, course=course, completed_on=today), 303)
        for each in loggers
    ]
    with served(["tracker", "serve", "--processes", PROCESSES, "--workers", THREADS, "--port"], url, folder) as server:
        pages = {
            path: server.ask([[Ask(f"{path}?as_of={today}", staff.cookie)] * READS])
            for path in ("/reports/", *(f"/reports/locals/{number}" for _, number in locals_))
        }
        earlier = server.ask([[Ask(f"/reports/?as_of={past}", staff.cookie)] * READS])
        records = server.ask([[Ask("/my/", each.cookie)] * READS for each in members])
        logged = server.ask([forms[place::CLIENTS] for place in range(CLIENTS)])
        memory = server.memory_mib()
        named = {"path": EVERYONES_PATH, "member": member, "local": large, "course": course}
        measure_every_page(
            server.port,
            lambda rounds: server.ask(rounds).share(0.5),
            {"member": members[0].cookie, "staff": staff.cookie},
            named,
            note,
        )
    with served([sys.executable, "-m", "benchmarks.bare", plain_url], plain_url, folder) as server:
        ids, course_id = _plain_ids(plain_url, large)
        places = [f"/locals/{number}" for _, number in locals_]
        bare = {
            ours: server.ask([[Ask(path)] * READS])
            for ours, path in zip(pages, dict.fromkeys(("/report", *places)), strict=True)  # two locals may be one
        }
        bare_records = server.ask([[Ask(f"/members/{each}")] * READS for each in ids[:8]])
        bare_forms = [Ask("/log", "", _form(member=each, course=course_id, on="1961-02-03"), 204) for each in ids]
        bare_logged = server.ask([bare_forms[place : len(forms) : CLIENTS] for place in range(CLIENTS)])
    union = pages["/reports/"]
    for part, words in ((0.5, "p50"), (0.95, "p95")):
        note(f"the union's page, {words}", union.share(part), "ms", bare["/reports/"].share(part))
    note("its page of a past day, p50, beside today's", earlier.share(0.5), "ms", union.share(0.5))
    for size, number in locals_:
        path = f"/reports/locals/{number}"
        note(f"the page of a local of {size:,}, p95", pages[path].share(0.95), "ms", bare[path].share(0.95))
    note("a member's page, 8 clients", records.per_second, "a second", bare_records.per_second)
    note("a member's page, 8 clients, p95", records.share(0.95), "ms", bare_records.share(0.95))
    note("log a course, 4 clients, one local", logged.per_second, "a second", bare_logged.per_second)
    note("log a course, 4 clients, one local, p95", logged.share(0.95), "ms", bare_logged.share(0.95))
    note(f"memory of {PROCESSES} web workers", memory, "MiB", None)
    return union


# --- Servers -------------------------------------------------------------------------------------------------------


class Server(NamedTuple):
    """Some processes that answer at one port, which a client in a process of its own asks."""

    port: int
    pid: int

    def ask(self, rounds: Sequence[Sequence[Ask]]) -> Answers:
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            return process.submit(ask, self.port, rounds, _WARM).result()

    def memory_mib(self) -> float:
        """What its processes use together; what they share counts once."""
        pids = [self.pid, *(int(each) for each in Path(f"/proc/{self.pid}/task/{self.pid}/children").read_text().split())]
        rolled_up = (Path(f"/proc/{each}/smaps_rollup").read_text() for each in pids)
        return sum(int(re.search(r"^Pss:\s+(\d+)", text, re.MULTILINE)[1]) for text in rolled_up) / 1_024


@contextmanager
def served(command: Sequence[object], url: str, folder: Path) -> Iterator[Server]:
    """A server, started with its port as the last argument, as long as it is asked."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    log = (folder / "server.log").open("w")
    started = subprocess.Popen(
        [*map(str, command), str(port)],
        env={**os.environ, **environment(url, folder), "TRACKER_DEMO": ""},
        stdout=log,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        _until_it_answers(port, started)
        yield Server(port, started.pid)
    finally:
        os.killpg(started.pid, signal.SIGTERM)
        started.wait(30)
        log.close()


def _until_it_answers(port: int, started: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        if started.poll() is not None:
            raise RuntimeError(f"{started.args} ended with {started.returncode}")
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        time.sleep(0.1)
    raise RuntimeError(f"{started.args} does not answer")


def _form(**fields: object) -> str:
    return urlencode({name: str(value) for name, value in fields.items()})


# --- Who asks ------------------------------------------------------------------------------------------------------


def door(app: Flask, member_id: int | None, role: Role) -> Door:
    """A new user, signed in without the password that would take a tenth of a second."""
    user = User(id=new_id(), email=f"{secrets.token_hex(6)}@example.org", email_key="", member_id=member_id)
    user.email_key, user.created_at = user.email, datetime.now(UTC)
    user.grants = [RoleGrant(id=new_id(), role=role, from_on=date(2020, 1, 1))]
    with writing() as transaction:
        transaction.add(user)
    with app.test_request_context(environ_base={"REMOTE_ADDR": "127.0.0.1"}):
        sessions.begin(user, date.today(), datetime.now(UTC))
        g.pop("csrf_token", None)  # of the user before: the context is the same
        token = generate_csrf()
        serializer = app.session_interface.get_signing_serializer(app)
        return Door(f"{app.config['SESSION_COOKIE_NAME']}={serializer.dumps(dict(session))}", token)


def _with_cards(transaction: Session, number: str) -> list[int]:
    """The members who hold a card in a local and are asked for everyone's path."""
    unit, path = find_unit(transaction, number), find_path(transaction, EVERYONES_PATH)
    asked = select(ScopeSpan.member_id).where(ScopeSpan.unit_id == unit.id, ScopeSpan.path_id == path.id)
    return list(transaction.scalars(asked.distinct().order_by(ScopeSpan.member_id)))


def _ready_to_log(app: Flask, number: str, today: date) -> tuple[list[Door], str]:
    """Members of one local who lack a single course of everyone's path, so that each who logs it changes every figure above
    them; and that course."""
    transaction = db.session()
    path = find_path(transaction, EVERYONES_PATH)
    asked = current_world(transaction).curriculum.paths[path.id][-1].courses
    *others, last = transaction.scalars(select(Course.code).where(Course.id.in_(asked)).order_by(Course.id))
    last_id = transaction.scalars(select(Course.id).where(Course.code == last)).one()
    have = set(transaction.scalars(select(Completion.member_id).where(Completion.course_id == last_id)))
    chosen = [each for each in _with_cards(transaction, number) if each not in have][: CLIENTS * LOGS]
    numbers = transaction.scalars(select(Member.number).where(Member.member_id.in_(chosen))).all()
    rows = [",".join(completions.COLUMNS)]
    rows += [f"{each},,{course},{today - timedelta(days=30)},provider,," for each in numbers for course in others]
    with writing(alone=True) as session_:
        content = "\n".join(rows).encode()
        import_completions(session_, content, "ready.csv", OPERATOR, today=today, now=datetime.now(UTC))
    return [door(app, each, Role.MEMBER) for each in chosen], last


def _plain_ids(url: str, number: str) -> tuple[list[int], int]:
    """Members of a local in the floor's database, and a course."""
    plain = Floor(connect(url))
    members = plain.ids(
        "SELECT DISTINCT m.member_id FROM membership m JOIN unit u ON u.id = m.unit_id"
        f" WHERE u.number = '{number}' ORDER BY m.member_id"
    )
    return members, plain.ids("SELECT id FROM course ORDER BY id")[0]
