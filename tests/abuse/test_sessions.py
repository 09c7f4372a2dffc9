"""Abuse 16: a session that lives on after it had to end. Two processes' applications stand over one database."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from tests.access.planted import PASSWORD, UNITS
from tests.conftest import ENGINES, empty_database, make_settings
from tests.operations.conftest import Desk
from tests.web.little_union import token_on
from tracker import create_app
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Role
from tracker.models import RoleGrant, User, db, writing
from tracker.operations.accounts import add_user, end_role, suspend
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash
from tracker.web.sessions import IDLE, LONGEST

_HASH = password_hash(PASSWORD, "")
_numbers = count()


@dataclass(frozen=True)
class Servers:
    """Two processes' applications over one database."""

    one: Flask
    other: Flask

    def person(self, *roles: tuple[Role, date | None]) -> int:
        """Someone with these roles, each until its day."""
        name = f"person{next(_numbers)}@example.org"
        with self.one.app_context(), writing() as session:
            unit = find_unit(session, "80")
            for role, until in roles:
                where = unit if role is Role.LOCAL_VIEWER else None
                user = add_user(session, name, role, where, None, OPERATOR, date(2020, 1, 1), until_on=until)
            user.password_hash = _HASH
            return user.id

    def sign_in(self, user_id: int, password: str = PASSWORD) -> tuple[FlaskClient, FlaskClient]:
        """Sign in at the one; the same browser at both."""
        with self.one.app_context():
            email = db.session.get_one(User, user_id).email
        here, there = self.one.test_client(), self.other.test_client()
        sent = {"email": email, "password": password, "csrf_token": token_on(here.get("/login").text)}
        assert here.post("/login", data=sent).status_code == 303
        carry(here, there)
        assert is_in(here)
        assert is_in(there)
        return here, there


@pytest.fixture(scope="module", params=ENGINES)
def servers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    folder = tmp_path_factory.mktemp("sessions")
    with empty_database(request.param, request, folder) as address:
        apps = [create_app(make_settings(folder, address)) for _ in range(2)]
        desk = Desk(apps[0], datetime.now(UTC).date())
        desk.units(UNITS)
        desk.catalogue()
        yield Servers(*apps)
        for app in apps:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()


def carry(here: FlaskClient, there: FlaskClient) -> None:
    """Take the browser's cookie to the other server."""
    cookie = here.get_cookie("tracker")
    assert cookie
    there.set_cookie("tracker", cookie.value)


def is_in(client: FlaskClient) -> bool:
    answer = client.get("/account/")
    assert answer.status_code in (200, 303)
    return answer.status_code == 200


STAFF = (Role.STAFF, None)


@pytest.mark.parametrize("how", ["logout", "password", "role given", "role ended", "role gone", "suspended"])
def test_abuse_16_a_session_ends_in_every_process(servers: Servers, how: str) -> None:
    """Abuse 16: a session that lives on after signing out, another password, other roles, or suspension."""
    user_id = servers.person(STAFF, (Role.AUDITOR, None))
    here, there = servers.sign_in(user_id)
    today = datetime.now(UTC).date()
    if how == "logout":
        assert here.post("/logout", data={"csrf_token": token_on(here.get("/account/").text)}).status_code == 303
    elif how == "password":
        new = {"current": PASSWORD, "password": "three plain words", "again": "three plain words"}
        token = token_on(here.get("/account/password").text)
        assert here.post("/account/password", data={**new, "csrf_token": token}).status_code == 303
        assert is_in(here), "who changed it goes on"
    else:
        with servers.one.app_context(), writing() as session:
            user = session.get_one(User, user_id)
            if how == "role given":
                add_user(session, user.email, Role.LOCAL_VIEWER, find_unit(session, "80"), None, OPERATOR, today)
            elif how == "role ended":
                end_role(session, user.grants[0], OPERATOR, today)
            elif how == "role gone":
                session.delete(session.get_one(RoleGrant, user.grants[0].id))
            else:
                suspend(session, user, OPERATOR)
    assert not is_in(there)


def test_abuse_16_a_session_ends_on_the_last_day_of_one_of_its_roles(servers: Servers) -> None:
    """Abuse 16: an officer's term ends at midnight, with the browser left open."""
    now = datetime.now(UTC)
    tomorrow = now.date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, datetime.min.time(), UTC)
    user_id = servers.person((Role.LOCAL_VIEWER, tomorrow), STAFF)
    with time_machine.travel(midnight - timedelta(minutes=20)):
        here, there = servers.sign_in(user_id)
        assert there.get("/reports/locals/80").status_code == 200
    with time_machine.travel(midnight + timedelta(seconds=1)):
        gone = there.get("/reports/locals/80")
        assert gone.location.startswith("/login?")
        assert "a role of yours has ended" in there.get(gone.location).text
        assert not is_in(here)
        servers.sign_in(user_id)  # what they hold still is theirs


def test_abuse_16_a_role_that_begins_ends_no_session(servers: Servers) -> None:
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    midnight = datetime.combine(tomorrow, datetime.min.time(), UTC)
    user_id = servers.person(STAFF)
    with servers.one.app_context(), writing() as session:
        user = session.get_one(User, user_id)
        unit = find_unit(session, "80")
        add_user(session, user.email, Role.LOCAL_VIEWER, unit, None, OPERATOR, date(2020, 1, 1), from_on=tomorrow)
    with time_machine.travel(midnight - timedelta(minutes=20)):
        here, _there = servers.sign_in(user_id)
    with time_machine.travel(midnight + timedelta(seconds=1)):
        assert is_in(here)


def test_abuse_16_a_session_ends_after_twelve_hours_however_much_it_is_used(servers: Servers) -> None:
    """Abuse 16: a cookie that was taken from a machine is used day and night."""
    begun = datetime(2026, 5, 4, 7, tzinfo=UTC)
    with time_machine.travel(begun, tick=False):
        here, there = servers.sign_in(servers.person(STAFF))
    for hours in range(1, 12):
        with time_machine.travel(begun + timedelta(hours=hours), tick=False):
            assert is_in(here), f"after {hours} hours"
            carry(here, there)
    with time_machine.travel(begun + LONGEST - timedelta(seconds=1), tick=False):
        assert is_in(there)
    with time_machine.travel(begun + LONGEST, tick=False):
        gone = here.get("/account/")
        assert gone.status_code == 303
        assert "a sign-in lasts 12 hours" in here.get(gone.location).text
        assert not is_in(there)


def test_abuse_16_a_session_ends_after_two_hours_without_a_request(servers: Servers) -> None:
    """Abuse 16: a shared computer at the hall is left standing."""
    begun = datetime(2026, 5, 4, 7, tzinfo=UTC)
    with time_machine.travel(begun, tick=False):
        here, there = servers.sign_in(servers.person(STAFF))
    with time_machine.travel(begun + IDLE - timedelta(seconds=1), tick=False):
        assert is_in(here)
    with time_machine.travel(begun + IDLE, tick=False):
        assert is_in(here), "it was used since"
        gone = there.get("/account/")
        assert gone.status_code == 303
        assert "nothing was asked for in two hours" in there.get(gone.location).text


def test_abuse_16_a_file_that_is_the_same_for_everyone_prolongs_no_session(servers: Servers) -> None:
    begun = datetime(2026, 5, 4, 7, tzinfo=UTC)
    with time_machine.travel(begun, tick=False):
        here, _there = servers.sign_in(servers.person(STAFF))
    with time_machine.travel(begun + IDLE / 2, tick=False), here.get("/static/tracker.css") as file:
        assert file.status_code == 200
        assert "Set-Cookie" not in file.headers
    with time_machine.travel(begun + IDLE, tick=False):
        assert not is_in(here)


def test_abuse_16_a_session_from_before_it_had_its_limits_is_over(servers: Servers) -> None:
    here, _there = servers.sign_in(servers.person(STAFF))
    with here.session_transaction() as session:
        del session["begun"]
    assert not is_in(here)
