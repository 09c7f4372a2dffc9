"""A union whose people and programs ask the API: what its tests share.

Local 80 (Ana, Bo) and Local 700 (Cy, whose name no other local may read) stand in District 2, Local 15 (Dee) in District 1.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
import time_machine
from flask import Flask
from werkzeug.test import TestResponse

from tests.conftest import empty_database, make_settings
from tests.operations.conftest import TODAY, Desk
from tracker import create_app
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Assurance, Role
from tracker.models import User, db, writing
from tracker.operations.accounts import add_user
from tracker.operations.actor import OPERATOR
from tracker.operations.clients import NewClient, add_client
from tracker.operations.tokens import Scope, make_token

NOW = datetime(2026, 3, 2, 18, tzinfo=UTC)
CANARY = "Qwertzcanary"
ROSTER = (
    "0001,Ana,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes\n"
    "0002,Bo,Example,bo@example.org,80,grip,active,member,2022-01-01,,yes\n"
    f"0003,Cy,{CANARY},cy-{CANARY}@example.org,700,editing,active,member,2022-01-01,,yes\n"
    f"0004,Dee,{CANARY},dee@example.org,15,sound,active,member,2022-01-01,,yes\n"
)
PEOPLE = {
    "ana": (Role.MEMBER, None),
    "ben": (Role.LOCAL_LEAD, "80"),
    "viv": (Role.LOCAL_VIEWER, "80"),
    "dora": (Role.DISTRICT_VIEWER, "D2"),
    "sam": (Role.STAFF, None),
    "otto": (Role.AUDITOR, None),
    "ada": (Role.ADMIN, None),
}
BOTH = (Scope.READ, Scope.COMPLETIONS)


@dataclass
class Site:
    """The application, its people's tokens, and one client with each of two roles."""

    desk: Desk
    users: dict[str, int] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    clients: dict[str, NewClient] = field(default_factory=dict)

    @property
    def app(self) -> Flask:
        return self.desk.app

    def ask(self, who: str, path: str, method: str = "GET", **more: Any) -> TestResponse:
        """What somebody is answered; "" shows no token."""
        headers = {**({"Authorization": f"Bearer {self.tokens[who]}"} if who else {}), **more.pop("headers", {})}
        return self.app.test_client().open(path, method=method, headers=headers, **more)

    def get(self, who: str, path: str, **more: Any) -> Any:
        """The JSON somebody is answered."""
        answer = self.ask(who, path, **more)
        assert answer.status_code == 200, (path, answer.status_code, answer.text)
        return answer.get_json()

    def send(self, who: str, *rows: dict[str, Any], **headers: str) -> TestResponse:
        return self.ask(who, "/api/v1/completions", "POST", json={"completions": list(rows)}, headers=headers)

    def member(self, number: str) -> int:
        with self.desk.session() as session:
            found = find_member(session, number)
            assert found
            return found.member_id

    def token(self, who: str, *scopes: Scope, days: int = 90, name: str = "another") -> str:
        with self.app.app_context(), writing() as session:
            user = session.get_one(User, self.users[who])
            return make_token(session, user, name, scopes, days, now=NOW).shown

    def access_token(self, client: NewClient, scope: str = "") -> TestResponse:
        form = {"grant_type": "client_credentials", "client_id": client.client.client_id, "client_secret": client.secret}
        return self.app.test_client().post("/oauth2/token", data=form | ({"scope": scope} if scope else {}))


def settled(app: Flask) -> Site:
    """The union, its people with their tokens, and two programs. It is the desk's day."""
    desk = Desk(app)
    desk.units()
    desk.catalogue()
    desk.roster(ROSTER)
    desk.assign("ai-fundamentals", everyone=True, on=date(2026, 1, 5))
    desk.log("0001", "ai-ethics", date(2026, 2, 1))
    desk.log("0003", "ai-ethics", date(2026, 2, 2), Assurance.PROVIDER)
    desk.completions(
        "0003,,firefly,2026-02-03,provider,,\n0099,,firefly,2026-02-03,provider,,\n0001,,unheard of,2026-02-03,,,\n"
    )
    site = Site(desk)
    with app.app_context(), writing() as session:
        for name, (role, number) in PEOPLE.items():
            unit = find_unit(session, number) if number else None
            member = find_member(session, "0001") if role is Role.MEMBER else None
            user = add_user(
                session, f"{name}@example.org", role, unit, member.member_id if member else None, OPERATOR, date(2020, 1, 1)
            )
            site.users[name] = user.id
            site.tokens[name] = make_token(session, user, "a test", BOTH, 90, now=NOW).shown
        for name, role, number in (("staff", Role.STAFF, None), ("viewer", Role.LOCAL_VIEWER, "80")):
            scopes = BOTH if role is Role.STAFF else (Scope.READ,)
            unit = find_unit(session, number) if number else None
            site.clients[name] = add_client(
                session, f"Program {name}", OPERATOR, now=NOW, scopes=scopes, role=role, unit=unit
            )
    for name, client in site.clients.items():
        site.tokens[f"program {name}"] = site.access_token(client).get_json()["access_token"]
    return site


@contextlib.contextmanager
def on_its_day() -> Iterator[None]:
    assert NOW.date() == TODAY
    with time_machine.travel(NOW):
        yield


@pytest.fixture
def site(app: Flask) -> Iterator[Site]:
    """On both engines in turn, for what writes."""
    with on_its_day():
        yield settled(app)


@pytest.fixture(scope="module")
def shared(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One for a file whose tests leave no fact behind. On SQLite: what a reader may see is decided above the database."""
    folder: Path = tmp_path_factory.mktemp("programs")
    with empty_database("sqlite", request, folder) as url, on_its_day():
        app = create_app(make_settings(folder, url))
        yield settled(app)
        with app.app_context():
            db.session.remove()
            db.engine.dispose()
