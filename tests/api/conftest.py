"""A provider that sends statements to a little union, as LinkedIn does: with a token, over HTTP."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from werkzeug.test import TestResponse

from tests.operations.conftest import ANA, EXAMPLE, TODAY, Desk, desk
from tracker.models import Completion, Course, StatementState, WaitingCompletion, XapiStatement
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import NewClient, add_client

__all__ = ["desk"]  # the fixture

FILES = Path(__file__).parent.parent / "intake" / "files"
NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
PROGRESS = "https://w3id.org/xapi/cmi5/result/extensions/progress"
VERBS = "http://adlnet.gov/expapi/verbs/"

# Firefly is LinkedIn's course 252.
CATALOGUE = (
    (EXAMPLE / "courses.yaml")
    .read_text()
    .replace("provider: LinkedIn Learning, minutes: 228", 'ids: ["252"], provider: LinkedIn Learning, minutes: 228')
)


def statement(verb: str = "completed", /, **said: Any) -> dict[str, Any]:
    """A statement of LinkedIn's: Ana and Firefly, on the last day of February in Los Angeles."""
    made: dict[str, Any] = {
        "actor": {"mbox": "mailto:Ana@Example.org", "objectType": "Agent"},
        "verb": {"id": VERBS + verb, "display": {"en-US": verb.upper()}},
        "object": {"id": "urn:lyndaCourse:252", "objectType": "Activity"},
        "timestamp": "2026-03-01T04:44:23.764Z",
    }
    if verb == "completed":
        made["result"] = {"completion": True, "extensions": {PROGRESS: "100"}}
    if verb == "voided":
        made["object"] = {"objectType": "StatementRef", "id": said.pop("of")}
    return made | said


@dataclass
class Provider:
    """Sends statements, and looks at what became of them."""

    desk: Desk
    client: NewClient
    headers: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.http = self.desk.app.test_client()
        self.headers = {"X-Experience-API-Version": "1.0.0", "Authorization": f"Bearer {self.token()}"}

    @property
    def is_on_sqlite(self) -> bool:
        return self.desk.app.config["SETTINGS"].database_url.startswith("sqlite")

    def token(self, **changes: str) -> str:
        return self.ask_token(**changes).get_json()["access_token"]

    def ask_token(self, **changes: str) -> TestResponse:
        form = {
            "grant_type": "client_credentials",
            "client_id": self.client.client.client_id,
            "client_secret": self.client.secret,
            "scope": "xapi:write",
        }
        return self.http.post("/oauth2/token", data=form | changes)

    def post(self, said: object, **headers: str) -> TestResponse:
        body = said if isinstance(said, bytes) else json.dumps(said).encode()
        return self.http.post("/xapi/statements", data=body, headers=self.headers | headers)

    def put(self, said: object, its_id: str) -> TestResponse:
        body = json.dumps(said).encode()
        return self.http.put("/xapi/statements", query_string={"statementId": its_id}, data=body, headers=self.headers)

    def send(self, *said: object) -> list[str]:
        answer = self.post(list(said))
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    @contextmanager
    def importing(self) -> Iterator[None]:
        """An import records, in a thread of its own, and holds every other writer off."""
        begun, ended = threading.Event(), threading.Event()

        def hold() -> None:
            with self.desk.write():
                begun.set()
                ended.wait(60)

        with ThreadPoolExecutor(1) as pool:
            held = pool.submit(hold)
            assert begun.wait(30)
            try:
                yield
            finally:
                ended.set()
                held.result()

    def settle(self) -> None:
        """Wait for what met an import."""
        self.desk.app.extensions["settling"].wait(30)

    # -- what came of it --------------------------------------------------------------------------------------------------

    def states(self) -> dict[str, str]:
        """What became of each statement, by id."""
        with self.desk.session() as session:
            return {row.statement_id: row.state.value for row in session.scalars(select(XapiStatement))}

    def reasons(self) -> dict[str, str]:
        with self.desk.session() as session:
            return {row.statement_id: row.reason for row in session.scalars(select(XapiStatement))}

    def completions(self) -> list[tuple[str, str, str]]:
        """Every valid completion: course, day, source."""
        with self.desk.session() as session:
            rows = session.execute(
                select(Course.code, Completion.completed_on, Completion.source)
                .join(Course, Course.id == Completion.course_id)
                .where(Completion.voided_at.is_(None))
                .order_by(Completion.completed_on, Course.code)
            )
            return [(code, day.isoformat(), source) for code, day, source in rows]

    def waiting(self) -> list[str]:
        with self.desk.session() as session:
            rows = session.scalars(select(WaitingCompletion).where(WaitingCompletion.settled_at.is_(None)))
            return sorted(f"{row.email or row.provider_id} {row.course_id} {row.completed_on}" for row in rows)

    def unsettled(self) -> int:
        return list(self.states().values()).count(StatementState.NEW.value)


@pytest.fixture
def clock() -> Iterator[None]:
    """It is the desk's day, and goes on from noon in New York."""
    assert NOW.date() == TODAY
    with time_machine.travel(NOW):
        yield


def connect(desk: Desk) -> Iterator[Provider]:
    with desk.write() as session:
        made = add_client(session, "LinkedIn Learning", OPERATOR, now=NOW)
    yield Provider(desk, made)
    desk.app.extensions["settling"].wait(30)


@pytest.fixture
def program(app: Flask, clock: None) -> Iterator[Provider]:
    """A provider at the door of a union without members and courses."""
    yield from connect(Desk(app))


@pytest.fixture
def provider(desk: Desk, clock: None) -> Iterator[Provider]:
    """With Ana on the roster of Local 80, asked for ai-hours; Firefly has LinkedIn's number."""
    yield from connect(_with_ana(desk))


@pytest.fixture
def sqlite_provider(sqlite_app: Flask, clock: None) -> Iterator[Provider]:
    """The same on SQLite, for what is only done there."""
    desk = Desk(sqlite_app)
    desk.units()
    yield from connect(_with_ana(desk))


def _with_ana(desk: Desk) -> Desk:
    desk.catalogue(CATALOGUE)
    desk.roster(ANA)
    desk.assign("ai-hours", everyone=True)
    return desk
