"""Abuse 16: a session that lives on after it had to end. Two processes' applications stand over one database."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select, update
from werkzeug.test import TestResponse

from tests.access.planted import PASSWORD, UNITS
from tests.conftest import ENGINES, empty_database, make_settings
from tests.operations.conftest import Desk
from tests.turns import while_it_waits
from tests.web.little_union import token_on
from tracker import create_app
from tracker.coverage.finding import find_unit
from tracker.curriculum.words import Role
from tracker.models import ApiToken, RoleGrant, SecondFactor, User, db, writing
from tracker.operations.accounts import add_user, end_role, end_sessions, set_password, sign_out, suspend
from tracker.operations.actor import OPERATOR
from tracker.operations.passwords import password_hash
from tracker.operations.refused import Refused
from tracker.operations.second_factor import FactorKey, set_factor
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


# --- A request that was let in before its session ended, and writes afterwards ---------------------------------------------

FACTOR = "/account/second-factor/new"


def end(servers: Servers, user_id: int, how: str) -> None:
    """End somebody's sessions, at the other server."""
    with servers.other.app_context(), writing() as session:
        user = session.get_one(User, user_id)
        if how == "signed out":
            sign_out(session, user)
        elif how == "password":
            set_password(session, user, "three plain words", OPERATOR)
        elif how == "role ended":
            end_role(session, user.grants[0], OPERATOR, datetime.now(UTC).date())
        elif how == "role gone":
            session.delete(session.get_one(RoleGrant, user.grants[0].id))
        elif how == "suspended":
            suspend(session, user, OPERATOR)


def make_token(client: FlaskClient) -> Callable[[], TestResponse]:
    sent = {"name": "for the figures", "scopes": "read", "days": "365", "csrf_token": token_on(client.get("/account/").text)}
    return lambda: client.post("/account/tokens/new", data=sent)


def count_of(servers: Servers, what: type[ApiToken | SecondFactor], user_id: int) -> int:
    with servers.one.app_context():
        return db.session.scalar(select(func.count()).select_from(what).where(what.user_id == user_id)) or 0


@pytest.mark.parametrize("how", ["signed out", "password", "role ended", "role gone", "suspended"])
def test_abuse_16_a_write_that_waited_until_its_session_had_ended_writes_nothing(servers: Servers, how: str) -> None:
    """Abuse 16: a thief's request is let in, and waits for an import while the owner signs out everywhere."""
    user_id = servers.person(STAFF, (Role.AUDITOR, None))
    here, _there = servers.sign_in(user_id)
    send = make_token(here)
    with while_it_waits(lambda: end(servers, user_id, how)):
        answer = send()
    assert (answer.status_code, answer.location) == (303, "/login")
    assert count_of(servers, ApiToken, user_id) == 0
    assert not is_in(here)


def test_abuse_16_an_administrator_who_was_suspended_meanwhile_makes_no_other(servers: Servers) -> None:
    user_id = servers.person((Role.ADMIN, None))
    here, _there = servers.sign_in(user_id)
    name = f"accomplice{next(_numbers)}@example.org"
    sent = {"email": name, "role": "admin", "csrf_token": token_on(here.get("/admin/users/new").text)}
    with while_it_waits(lambda: end(servers, user_id, "suspended")):
        assert here.post("/admin/users/new", data=sent).location == "/login"
    with servers.one.app_context():
        assert db.session.scalar(select(User).where(User.email == name)) is None


def test_abuse_16_a_write_that_meets_its_sessions_end_halfway_waits_for_it(servers: Servers) -> None:
    """Abuse 16: beside another writer who is at it and has not committed; on SQLite it would wait in any case."""
    user_id = servers.person(STAFF)
    here, _there = servers.sign_in(user_id)
    send = make_token(here)
    answers: list[TestResponse] = []
    late = threading.Thread(target=lambda: answers.append(send()))
    with servers.other.app_context(), writing() as session:
        suspend(session, session.get_one(User, user_id), OPERATOR)
        session.flush()
        late.start()
        late.join(1)  # as long as it would take to be done, if it did not wait
    late.join()
    assert answers[0].location == "/login"
    assert count_of(servers, ApiToken, user_id) == 0


def test_a_write_that_only_waited_goes_on(servers: Servers) -> None:
    """Neither another's end, nor a role of their own that begins, nor a new language is any reason to refuse it."""
    user_id, other_id = servers.person(STAFF), servers.person(STAFF)
    here, _there = servers.sign_in(user_id)
    send = make_token(here)

    def meanwhile() -> None:
        end(servers, other_id, "suspended")
        with servers.other.app_context(), writing() as session:
            user = session.get_one(User, user_id)
            user.language = "es"
            session.add(RoleGrant(id=user_id + 1, user_id=user_id, role=Role.AUDITOR, from_on=date(2020, 1, 1)))

    with while_it_waits(meanwhile):
        assert send().status_code == 200
    assert count_of(servers, ApiToken, user_id) == 1
    assert is_in(here)


def test_abuse_16_a_factor_set_up_after_the_owner_signed_out_begins_no_session(servers: Servers) -> None:
    user_id = servers.person(STAFF)
    here, _there = servers.sign_in(user_id)
    sent = setting_up(here)
    with while_it_waits(lambda: end(servers, user_id, "signed out")):
        assert here.post(FACTOR, data=sent).location == "/login"
    assert count_of(servers, SecondFactor, user_id) == 0
    assert not is_in(here)


def setting_up(client: FlaskClient) -> dict[str, str]:
    """The form that sets up a second factor, filled in."""
    page = client.get(FACTOR).text
    secret = re.search(r"secret=([A-Z2-7]{32})", page)
    assert secret
    return {"code": pyotp.TOTP(secret[1]).now(), "csrf_token": token_on(page)}


def test_abuse_16_of_factors_set_up_at_once_one_is_set_and_one_session_goes_on(servers: Servers) -> None:
    """Abuse 16: whoever has set one up was told that every other session ended."""
    user_id = servers.person(STAFF)
    clients = [each for _ in range(2) for each in servers.sign_in(user_id)]
    clients = [clients[0], clients[3]]  # one browser at each server
    forms = [setting_up(each) for each in clients]
    answers: list[TestResponse] = []

    def send(client: FlaskClient, form: dict[str, str]) -> None:
        answers.append(client.post(FACTOR, data=form))

    threads = [threading.Thread(target=send, args=each) for each in zip(clients, forms, strict=True)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert sorted(each.status_code for each in answers) == [200, 303]
    assert sorted(is_in(each) for each in clients) == [False, True]


def test_abuse_16_a_factor_takes_the_place_of_none_whose_code_was_not_shown(servers: Servers) -> None:
    user_id, now, key = servers.person(STAFF), datetime.now(UTC), FactorKey("a-key-for-tests-0123456789-abcdefghijklmnop")
    secret, other = pyotp.random_base32(), pyotp.random_base32()
    with servers.one.app_context(), writing() as session:
        user = session.get_one(User, user_id)
        set_factor(session, user, secret, pyotp.TOTP(secret).at(now), key, now)
    with servers.one.app_context(), writing() as session:
        user = session.get_one(User, user_id)
        with pytest.raises(Refused, match="changed meanwhile"):
            set_factor(session, user, other, pyotp.TOTP(other).at(now), key, now)
    with servers.one.app_context():
        assert key.opened(db.session.get_one(SecondFactor, user_id).secret, user_id) == secret


def test_abuse_16_no_end_of_all_sessions_is_lost_to_another(servers: Servers) -> None:
    """Abuse 16: each counts on from what is there, and knows what it wrote itself, whatever came since."""
    user_id = servers.person(STAFF)
    with servers.one.app_context():
        with writing() as session:
            user = session.get_one(User, user_id)
            before = user.session_epoch
            grown = update(User).where(User.id == user_id).values(session_epoch=before + 1)
            session.execute(grown.execution_options(synchronize_session=False))  # by another, after it was read here
            end_sessions(session, user)
        with servers.other.app_context():
            assert db.session.get_one(User, user_id).session_epoch == before + 2
        end(servers, user_id, "signed out")
        assert user.session_epoch == before + 2, "a session that begins now is ended already"
