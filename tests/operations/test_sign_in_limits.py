"""How often anyone may try: by account and network, by account, by address; for all processes, and at one moment."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pyotp
import pytest
from flask import Flask
from sqlalchemy import func, select, text

from tracker.curriculum.words import Role
from tracker.models import AuditEntry, Notice, SignInFailure, SignInLink, User, db, new_id, writing
from tracker.operations import passwords
from tracker.operations.accounts import (
    FAILURES_PER_ACCOUNT,
    FAILURES_PER_ACCOUNT_ANYWHERE,
    FAILURES_PER_CODES,
    FAILURES_WINDOW,
    SignIn,
    add_user,
    check_password,
    sign_in,
)
from tracker.operations.accounts.limits import network_key, password_limits
from tracker.operations.actor import OPERATOR
from tracker.operations.easy_passwords import is_easy
from tracker.operations.refused import Refused
from tracker.operations.second_factor import FactorKey, set_factor, use_code
from tracker.operations.sign_in_links import LASTS, LINKS_PER_ADDRESS, LINKS_PER_ADDRESS_A_DAY, ask_for_link

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "three plain words"
HERE, FAR_AWAY = "192.0.2.1", "198.51.100.1"
KEY = FactorKey("a key for tests")


@pytest.fixture
def bo(app: Flask) -> int:
    with app.app_context(), writing() as session:
        return add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, date(2020, 1, 1), PASSWORD).id


def attempt(app: Flask, password: str, address: str = HERE, at: datetime = NOW, email: str = "bo@example.org") -> str:
    """What came of it, as the page does it: checked first, then judged and counted."""
    with app.app_context():
        try:
            checked = check_password(db.session(), email, password, address, at)
        except Refused as refusal:
            return refusal.code
        return said(app, lambda: sign_in_by(checked, at))


def sign_in_by(checked: object, at: datetime) -> SignIn:
    with writing() as session:
        return sign_in(session, checked, at)  # type: ignore[arg-type]


def said(app: Flask, act: Callable[[], SignIn]) -> str:
    outcome = act()
    return outcome.refusal.code if outcome.refusal else "in"


def at_once(app: Flask, acts: list[Callable[[], str]]) -> list[str]:
    """What came of each, all begun at the same moment in threads of their own."""
    barrier, ends, faults = threading.Barrier(len(acts)), list[str](), list[BaseException]()

    def run(act: Callable[[], str]) -> None:
        try:
            with app.app_context():
                barrier.wait(30)
                ends.append(act())
        except BaseException as fault:  # handed to the test below
            faults.append(fault)

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for each in threads:
        each.start()
    for each in threads:
        each.join(60)
    assert faults == []
    return ends


def fail(app: Flask, times: int, address: str = HERE) -> None:
    with app.app_context(), writing() as session:
        for key in password_limits("bo@example.org", address):
            session.add_all(SignInFailure(id=new_id(), key=key, at=NOW) for _ in range(times))


def test_guessing_from_elsewhere_shuts_nobody_out(app: Flask, bo: int) -> None:
    """Abuse 14: whoever knows an address cannot keep its owner from signing in."""
    fail(app, FAILURES_PER_ACCOUNT, FAR_AWAY)
    assert attempt(app, PASSWORD, FAR_AWAY) == "too_many_attempts"
    assert attempt(app, PASSWORD, "198.51.100.77") == "too_many_attempts", "nor from next door to it"
    assert attempt(app, PASSWORD, HERE) == "in"


def test_guessing_from_many_networks_finds_a_limit_too(app: Flask, bo: int) -> None:
    """Abuse 14: stuffing from a hundred machines."""
    for each in range(FAILURES_PER_ACCOUNT_ANYWHERE):
        fail(app, 1, f"198.51.{each}.1")
    assert attempt(app, PASSWORD) == "too_many_attempts"
    assert attempt(app, PASSWORD, at=NOW + FAILURES_WINDOW) == "in", "for a quarter of an hour"


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        ("192.0.2.1", "192.0.2.254", True),
        ("192.0.2.1", "192.0.3.1", False),
        ("::ffff:192.0.2.1", "192.0.2.9", True),
        ("2001:db8::1", "2001:db8::ffff:2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("unknown", "unknown", True),
    ],
)
def test_a_network_is_a_block_of_addresses(one: str, other: str, is_same: bool) -> None:
    assert (network_key("Bo@example.org", one) == network_key("bo@example.org", other)) is is_same
    assert network_key("bo@example.org", one) != network_key("al@example.org", one)


def test_many_guesses_at_the_same_moment_find_the_limit(app: Flask, bo: int) -> None:
    """Abuse 14, 18: each was checked before any was counted, and yet no more are answered than the limit lets."""
    fail(app, FAILURES_PER_ACCOUNT - 2)
    with app.app_context():
        checked = [check_password(db.session(), "bo@example.org", "wrong-password", HERE, NOW) for _ in range(8)]
    ends = at_once(app, [lambda each=each: said(app, lambda: sign_in_by(each, NOW)) for each in checked])  # type: ignore[misc]
    assert sorted(ends) == ["sign_in_failed"] * 2 + ["too_many_attempts"] * 6
    with app.app_context():
        kept = select(func.count()).where(SignInFailure.key == network_key("bo@example.org", HERE))
        assert db.session.scalar(kept) == FAILURES_PER_ACCOUNT


def test_whoever_is_over_the_limit_does_not_learn_that_they_guessed_right(app: Flask, bo: int) -> None:
    with app.app_context():
        checked = check_password(db.session(), "bo@example.org", PASSWORD, HERE, NOW)
    fail(app, FAILURES_PER_ACCOUNT)
    with app.app_context():
        assert said(app, lambda: sign_in_by(checked, NOW)) == "too_many_attempts"


@pytest.mark.parametrize("change", ["epoch", "suspended"])
def test_what_was_checked_is_worth_nothing_once_the_account_has_changed(app: Flask, bo: int, change: str) -> None:
    """Abuse 16: between checking and writing a password may be changed, or its owner suspended."""
    with app.app_context():
        checked = check_password(db.session(), "bo@example.org", PASSWORD, HERE, NOW)
        with writing() as session:
            user = session.get_one(User, bo)
            if change == "epoch":
                user.session_epoch += 1
            else:
                user.is_active = False
        assert said(app, lambda: sign_in_by(checked, NOW)) == "sign_in_failed"


def test_hashing_holds_nobody_off(app: Flask, bo: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one password is hashed another writes: on SQLite too, which has one writer."""
    written = []

    def fits(kept: str | None, password: str) -> bool:
        def write() -> str:
            with writing(patience=0.2) as session:
                session.execute(text("UPDATE user_account SET language = 'es'"))
            return "written"

        written.extend(at_once(app, [write]))
        return passwords.password_fits(kept, password)

    monkeypatch.setattr("tracker.operations.accounts.signing_in.password_fits", fits)
    assert attempt(app, PASSWORD) == "in"
    assert written == ["written"]


def test_a_hash_of_other_parameters_is_made_anew_when_its_password_comes(app: Flask, bo: int) -> None:
    weak = passwords.PasswordHasher(memory_cost=8192, time_cost=1, parallelism=1).hash(PASSWORD)
    with app.app_context(), writing() as session:
        session.get_one(User, bo).password_hash = weak
    assert attempt(app, "wrong-password") == "sign_in_failed"
    assert attempt(app, PASSWORD) == "in"
    with app.app_context():
        kept = db.session.get_one(User, bo).password_hash
        assert kept is not None
        assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert attempt(app, PASSWORD) == "in"


# --- Codes ----------------------------------------------------------------------------------------------------------------


def with_factor(app: Flask, user_id: int) -> tuple[str, list[str]]:
    secret, then = pyotp.random_base32(), NOW - timedelta(hours=1)
    with app.app_context(), writing() as session:
        user = session.get_one(User, user_id)
        return secret, set_factor(session, user, secret, pyotp.TOTP(secret).at(then), KEY, then)


def code_used(user_id: int, code: str) -> str:
    with writing() as session:
        refusal = use_code(session, session.get_one(User, user_id), code, KEY, HERE, NOW)
    return refusal.code if refusal else "fits"


def test_one_code_at_several_places_at_once_fits_once(app: Flask, bo: int) -> None:
    """Abuse 14, 18: two processes ask at the same moment whether it was used."""
    secret, codes = with_factor(app, bo)
    ends = at_once(app, [lambda: code_used(bo, pyotp.TOTP(secret).at(NOW))] * 4)
    assert sorted(ends) == ["code_wrong"] * 3 + ["fits"]
    assert sorted(at_once(app, [lambda: code_used(bo, codes[0])] * 4)).count("fits") == 1


def test_many_codes_at_the_same_moment_find_the_limit(app: Flask, bo: int) -> None:
    with_factor(app, bo)
    ends = at_once(app, [lambda: code_used(bo, "000000")] * 8)
    assert sorted(ends) == ["code_wrong"] * FAILURES_PER_CODES + ["too_many_attempts"] * (8 - FAILURES_PER_CODES)
    with app.app_context():
        mails = [each.subject for each in db.session.scalars(select(Notice))]
        assert mails.count("Wrong codes for your sign-in") == 1
        assert not any("000000" in str(each.detail) for each in db.session.scalars(select(AuditEntry)))


# --- Links ----------------------------------------------------------------------------------------------------------------


def asked(email: str, at: datetime = NOW, address: str = HERE) -> str:
    try:
        with writing() as session:
            ask_for_link(session, email, address, "en", "", at)
    except Refused as refusal:
        return refusal.message
    return "asked"


@pytest.mark.parametrize("email", ["bo@example.org", "nobody@example.org"])
def test_an_address_gets_so_many_mails_a_day_whoever_asks(app: Flask, bo: int, email: str) -> None:
    """Abuse 14: flooding somebody's mailbox, all day long, each time from another network."""
    with app.app_context():
        ends = [asked(email, NOW + timedelta(minutes=each), f"198.51.{each % 250}.1") for each in range(0, 24 * 60, 3)]
        assert LINKS_PER_ADDRESS_A_DAY < ends.count("asked") <= LINKS_PER_ADDRESS_A_DAY + timedelta(days=1) // LASTS
        assert asked("al@example.org", NOW + timedelta(days=1)) == "asked"


@pytest.mark.parametrize("email", ["bo@example.org", "nobody@example.org"])
def test_nobody_is_shut_out_of_links_from_elsewhere(app: Flask, bo: int, email: str) -> None:
    """Abuse 14: a stranger uses up an address's links of a day. Its owner gets one as soon as the newest has run out, and
    has one that holds until then."""
    with app.app_context():
        for each in range(LINKS_PER_ADDRESS_A_DAY):
            newest = NOW + each // LINKS_PER_ADDRESS * FAILURES_WINDOW
            assert asked(email, newest, f"198.51.{each}.1") == "asked"
        said = asked(email, newest + timedelta(minutes=10))
        assert said.startswith("Too many links were asked for today. Open the newest one that came by mail, or")
        assert said.endswith("try again in 20 minutes.")
        assert asked(email, newest + LASTS - timedelta(seconds=1)).endswith("in 1 minute.")
        assert asked(email, newest + LASTS) == "asked"
        assert asked(email, newest + LASTS + timedelta(minutes=1), FAR_AWAY).endswith("in 29 minutes.")
        assert asked(email, newest + timedelta(hours=5)) == "asked"


def test_many_who_ask_at_the_same_moment_find_the_limit(app: Flask, bo: int) -> None:
    ends = at_once(app, [lambda: asked("bo@example.org")] * 8)
    assert ends.count("asked") == LINKS_PER_ADDRESS
    with app.app_context():
        assert db.session.scalar(select(func.count()).select_from(SignInLink)) == LINKS_PER_ADDRESS


# --- What anyone would guess ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "password",
    [
        *("password123", "P@ssw0rd!", "Passw0rd2026", "qwerty123456", "1q2w3e4r5t", "12345678", "87654321", "abcabcabc1"),
        *("iatse local 80", "Local80!2025", "solidarity1893", "Stagehand2026!", "training2026", "Bienvenue2026"),
        *("bo.example99", "example-bo-1", "hunter2hunter2", "AAAAaaaa", "sunshine!!!!!", "M0tDePasse1"),
        *("butterfly", "Corvette", "METALLICA", "slipknot", "ncc1701d", "liverpool", "Michelle", "Benjamin", "cinderella"),
    ],
)
def test_what_anyone_would_try_first_is_no_password(password: str) -> None:
    assert is_easy(password, "bo.example@mail.example")


@pytest.mark.parametrize(
    "password",
    [
        "three plain words",
        "backstage-demo",
        "correct horse battery",
        "x7kq-m3wd-ab23-zzqp",
        "нет такого слова",
        "Tr0ub4dor&3",
    ],
)
def test_what_nobody_would_try_is_taken_whatever_its_signs(password: str) -> None:
    assert not is_easy(password, "bo.example@mail.example")


def test_a_password_of_two_hundred_signs_is_checked_whole() -> None:
    long = "".join(chr(0x4E00 + each) for each in range(passwords.LONGEST))
    kept = passwords.password_hash(long, "bo@example.org")
    assert passwords.password_fits(kept, long)
    assert not passwords.password_fits(kept, long[:-1] + "x")
    assert not passwords.password_fits(kept, long + "x")
