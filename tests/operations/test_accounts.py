"""Sign-ins and roles, as operations: what is refused, what is written, what is audited."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from tracker import create_app
from tracker.access.roles import reach_of
from tracker.cli import main
from tracker.config import Settings
from tracker.curriculum.words import Role, UnitKind
from tracker.models import AuditEntry, Identifier, IdentifierKind, Member, Notice, SignInFailure, Unit, User, db
from tracker.operations import passwords
from tracker.operations.accounts import (
    FAILURES_PER_ACCOUNT,
    FAILURES_WINDOW,
    SignIn,
    add_user,
    change_address,
    check_password,
    end_role,
    find_user,
    reactivate,
    set_first_password,
    set_password,
    suspend,
)
from tracker.operations.accounts import sign_in as sign_in_by_attempt
from tracker.operations.actor import OPERATOR, Actor
from tracker.operations.refused import Refused

TODAY = date(2026, 3, 1)
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
PASSWORD = "three plain words"
KEY = "0123456789abcdefghijklmnopqrstuvwxyz"


@pytest.fixture
def session(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    """Local 80 (kept as "080"), District 2, and the members 0012 and 13."""
    monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
    monkeypatch.setenv("SECRET_KEY", KEY)
    app = create_app(Settings.from_environment({"TRACKER_INSTANCE": str(tmp_path), "SECRET_KEY": KEY}))
    with app.app_context():
        db.create_all()
        session = db.session()
        session.add(Unit(id=1, number="080", number_key="80", name="Grips", kind=UnitKind.LOCAL))
        session.add(Unit(id=2, number="D2", number_key="d2", name="District 2", kind=UnitKind.DISTRICT))
        for member_id, number in ((12, "0012"), (13, "13")):
            session.add(Member(member_id=member_id, number=number, created_at=NOW))
            value = number.lstrip("0")
            session.add(
                Identifier(kind=IdentifierKind.NUMBER, value=value, member_id=member_id, shown=number, recorded_at=NOW)
            )
        session.commit()
        yield session


def sign_in(session: Session, email: str, password: str, address: str, now: datetime) -> SignIn:
    """Check, then judge and count, as the page does."""
    try:
        return sign_in_by_attempt(session, check_password(session, email, password, address, now), now)
    except Refused as refusal:
        return SignIn(None, refusal)


def local(session: Session) -> Unit:
    return session.get_one(Unit, 1)


def actions(session: Session) -> list[str]:
    return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize(
    ("email", "role", "unit_id", "member_id", "code"),
    [
        ("nobody", Role.STAFF, None, None, "bad_email"),
        ("", Role.STAFF, None, None, "bad_email"),
        ("a@example.org\nb@example.org", Role.STAFF, None, None, "bad_email"),
        ("a@example.org", Role.LOCAL_VIEWER, None, None, "unit_wrong"),
        ("a@example.org", Role.LOCAL_LEAD, 2, None, "unit_wrong"),
        ("a@example.org", Role.DISTRICT_VIEWER, 1, None, "unit_wrong"),
        ("a@example.org", Role.STAFF, 1, None, "unit_unwanted"),
        ("a@example.org", Role.MEMBER, None, None, "member_missing"),
        ("a@example.org", Role.MEMBER, None, 13, "member_taken"),
        ("bo@example.org", Role.MEMBER, None, 12, "other_member"),
        ("BO@example.org ", Role.MEMBER, None, 13, "already_granted"),
    ],
)
def test_a_user_who_cannot_be_added(
    session: Session, email: str, role: Role, unit_id: int | None, member_id: int | None, code: str
) -> None:
    add_user(session, "bo@example.org", Role.MEMBER, None, 13, OPERATOR, TODAY)
    session.commit()
    unit = session.get(Unit, unit_id) if unit_id else None
    with pytest.raises(Refused) as refusal:
        add_user(session, email, role, unit, member_id, OPERATOR, TODAY)
    assert refusal.value.code == code
    session.rollback()
    assert session.scalar(select(func.count()).select_from(User)) == 1


def test_another_role_is_added_to_the_same_sign_in(session: Session) -> None:
    first = add_user(session, "Bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    epoch = first.session_epoch
    second = add_user(session, "bo@EXAMPLE.org", Role.LOCAL_LEAD, local(session), None, OPERATOR, TODAY)
    assert second is first
    assert [grant.role for grant in first.grants] == [Role.STAFF, Role.LOCAL_LEAD]
    assert first.session_epoch > epoch, "open sessions end when a role changes"
    assert actions(session) == ["add_user", "set_password", "grant_role", "grant_role"]


def test_a_role_that_has_ended_can_be_given_again(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    end_role(session, user.grants[0], OPERATOR, TODAY + timedelta(days=1))
    assert not user.grants[0].holds_on(TODAY + timedelta(days=1))
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY + timedelta(days=1))
    assert [grant.holds_on(TODAY + timedelta(days=1)) for grant in user.grants] == [False, True]


def test_a_role_begun_and_ended_on_one_day_never_held(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    end_role(session, user.grants[0], OPERATOR, TODAY)
    session.commit()
    session.expire_all()
    assert user.grants == []
    assert actions(session) == ["add_user", "grant_role", "end_role"]


def test_nobody_locks_themselves_out(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.ADMIN, None, None, OPERATOR, TODAY)
    themselves = Actor(user.id, "admin", user.email)
    for act in (
        lambda: end_role(session, user.grants[0], themselves, TODAY),
        lambda: suspend(session, user, themselves),
    ):
        with pytest.raises(Refused) as refusal:
            act()
        assert refusal.value.code == "own_account"


def test_suspending_and_letting_back_in(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    epoch = user.session_epoch
    suspend(session, user, OPERATOR)
    assert user.session_epoch == epoch + 1
    assert sign_in(session, user.email, PASSWORD, "192.0.2.1", NOW).user is None
    with pytest.raises(Refused):
        suspend(session, user, OPERATOR)
    reactivate(session, user, OPERATOR)
    assert sign_in(session, user.email, PASSWORD, "192.0.2.1", NOW).user is user
    with pytest.raises(Refused):
        reactivate(session, user, OPERATOR)


@pytest.mark.parametrize(
    ("password", "code"),
    [
        ("", "password_short"),
        ("1234567", "password_short"),
        ("x" * 201, "password_long"),
        ("aaaaaaaaaaaa", "password_weak"),
        ("Bo@Example.org", "password_weak"),
    ],
)
def test_a_password_that_is_not_accepted(session: Session, password: str, code: str) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    with pytest.raises(Refused) as refusal:
        set_password(session, user, password, OPERATOR)
    assert refusal.value.code == code


def test_a_password_is_kept_as_argon2_and_never_audited(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    assert (user.password_hash or "").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert not any(PASSWORD in str(entry.detail) for entry in session.scalars(select(AuditEntry)))


def test_a_generated_password_is_accepted_and_never_the_same() -> None:
    made = {passwords.generated_password() for _ in range(50)}
    assert len(made) == 50
    assert all(passwords.password_hash(each, "bo@example.org") for each in list(made)[:2])


@pytest.mark.parametrize("email", ["bo@example.org", "nobody@example.org", "no-password@example.org"])
def test_unknown_and_known_do_the_same_work(session: Session, monkeypatch: pytest.MonkeyPatch, email: str) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    add_user(session, "no-password@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    asked: list[str | None] = []

    def fits(kept: str | None, password: str) -> bool:
        asked.append(kept)
        return passwords.password_fits(kept, password)

    monkeypatch.setattr("tracker.operations.accounts.signing_in.password_fits", fits)
    outcome = sign_in(session, email, "wrong-password", "192.0.2.1", NOW)
    assert outcome.user is None
    assert outcome.refusal is not None
    assert outcome.refusal.code == "sign_in_failed"
    assert len(asked) == 1
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 3


def test_failures_are_forgotten_after_the_window_and_pruned(session: Session) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)

    def attempt(password: str, at: datetime) -> str:
        outcome = sign_in(session, "bo@example.org", password, "192.0.2.1", at)
        return outcome.refusal.code if outcome.refusal else "in"

    assert {attempt("wrong-password", NOW) for _ in range(FAILURES_PER_ACCOUNT)} == {"sign_in_failed"}
    almost = NOW + FAILURES_WINDOW - timedelta(seconds=1)
    assert attempt(PASSWORD, almost) == "too_many_attempts"
    assert attempt(PASSWORD, NOW + FAILURES_WINDOW) == "in"
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 0


def test_a_sign_in_forgets_the_accounts_failures_but_not_the_addresss(session: Session) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    sign_in(session, "bo@example.org", "wrong-password", "192.0.2.1", NOW)
    sign_in(session, "bo@example.org", PASSWORD, "192.0.2.1", NOW)
    assert session.scalars(select(SignInFailure.key)).all() == ["address:192.0.2.1"]


def test_an_ipv6_network_counts_as_one_address(session: Session) -> None:
    for host in ("2001:db8::1", "2001:db8::ffff:2"):
        sign_in(session, f"{host}@example.org", "wrong-password", host, NOW)
    keys = select(SignInFailure.key).where(SignInFailure.key.startswith("address:")).distinct()
    assert session.scalars(keys).all() == ["address:2001:db8::/64"]


def test_what_is_typed_as_an_address_is_not_kept(session: Session) -> None:
    sign_in(session, "my secret password", "x", "192.0.2.1", NOW)
    assert not any("secret" in key for key in session.scalars(select(SignInFailure.key)))
    assert not any("secret" in str(entry.detail) for entry in session.scalars(select(AuditEntry)))


def run(*words: str, typed: str = "") -> tuple[int, str]:
    outcome = CliRunner().invoke(main, ["user", "add", *words], input=typed)
    return outcome.exit_code, outcome.output


def test_the_command_prints_a_generated_password_once(session: Session) -> None:
    code, said = run("ben@example.org", "--role", "local-lead", "--unit", "Local 80")
    assert code == 0, said
    assert said.startswith("ben@example.org is local-lead in Local 080 · Grips.\nPassword, shown this once: ")
    password = said.splitlines()[1].rpartition(" ")[2]
    assert said.splitlines()[2].startswith("They sign in at /login")
    assert sign_in(session, "ben@example.org", password, "192.0.2.1", NOW).user is not None
    session.rollback()
    code, said = run("ben@example.org", "--role", "staff")
    assert (code, said) == (0, "ben@example.org is staff.\n"), "the second role leaves the password alone"


def test_the_command_takes_a_password_and_finds_a_member_by_any_spelling(session: Session) -> None:
    code, said = run("ana@example.org", "--role", "member", "--member", "12", "--password-stdin", typed=PASSWORD + "\n")
    assert code == 0
    assert said.startswith("ana@example.org is member.\nThey sign in at ")
    user = sign_in(session, "ana@example.org", PASSWORD, "192.0.2.1", NOW).user
    assert user is not None
    assert user.member_id == 12


@pytest.mark.parametrize(
    "words",
    [
        ("ana@example.org", "--role", "member", "--member", "99"),
        ("ana@example.org", "--role", "local-lead", "--unit", "99"),
        ("ana@example.org", "--role", "local-lead"),
        ("ana", "--role", "staff"),
    ],
)
def test_the_command_refuses_with_one_line(session: Session, words: tuple[str, ...]) -> None:
    code, said = run(*words)
    assert code == 1
    assert said.startswith("Refused: ")
    assert said.count("\n") == 1


def test_the_command_knows_no_other_role(session: Session) -> None:
    assert run("ana@example.org", "--role", "emperor")[0] == 2


# --- On which days a role is held ------------------------------------------------------------------------------------

SOON, LATER = TODAY + timedelta(days=10), TODAY + timedelta(days=40)


def notices(session: Session) -> list[tuple[str, str, str]]:
    rows = session.scalars(select(Notice).order_by(Notice.id))
    return [(each.address, each.kind, each.subject) for each in rows]


def test_a_role_is_held_from_its_first_day_until_it_ends(session: Session) -> None:
    user = add_user(
        session, "bo@example.org", Role.LOCAL_LEAD, local(session), None, OPERATOR, TODAY, from_on=SOON, until_on=LATER
    )
    day = timedelta(days=1)

    def roles(on: date) -> set[Role]:
        return set(reach_of(session, user, on).roles)

    assert [roles(on) for on in (TODAY, SOON - day, SOON, LATER - day, LATER)] == [
        *(set(), set(), {Role.LOCAL_LEAD}, {Role.LOCAL_LEAD}, set())
    ]
    assert reach_of(session, user, SOON).locals_led == {1}
    assert reach_of(session, user, LATER).locals_led == frozenset()


def test_a_role_to_come_leaves_todays_sessions_alone(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    epoch = user.session_epoch
    add_user(session, "bo@example.org", Role.AUDITOR, None, None, OPERATOR, TODAY, from_on=SOON)
    assert user.session_epoch == epoch
    end_role(session, user.grants[0], OPERATOR, TODAY, LATER)
    assert user.session_epoch == epoch, "it ends by itself"
    assert [each.holds_on(LATER) for each in user.grants] == [False, True]


@pytest.mark.parametrize(
    ("from_on", "until_on", "code"),
    [
        (TODAY - timedelta(days=1), None, "day_past"),
        (TODAY, TODAY, "days_swapped"),
        (SOON, SOON - timedelta(days=1), "days_swapped"),
        (date(3000, 1, 1), None, "impossible_day"),
        (None, date(1, 1, 1), "impossible_day"),
    ],
)
def test_days_on_which_no_role_can_be_held(session: Session, from_on: date, until_on: date, code: str) -> None:
    with pytest.raises(Refused) as refusal:
        add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, from_on=from_on, until_on=until_on)
    assert refusal.value.code == code
    assert refusal.value.field in ("from_on", "until_on")


def test_the_same_role_is_not_held_twice_on_one_day_but_may_follow_itself(session: Session) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, until_on=SOON)
    with pytest.raises(Refused) as refusal:
        add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, from_on=SOON - timedelta(days=1))
    assert refusal.value.code == "already_granted"
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, from_on=SOON)
    assert [each.holds_on(SOON) for each in user.grants] == [False, True]


@pytest.mark.parametrize(
    ("on", "code"), [(TODAY - timedelta(days=1), "day_past"), (LATER, "already_ended"), (SOON, "already_ended")]
)
def test_a_day_on_which_a_role_cannot_end(session: Session, on: date, code: str) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, until_on=SOON)
    with pytest.raises(Refused) as refusal:
        end_role(session, user.grants[0], OPERATOR, TODAY, on)
    assert (refusal.value.code, refusal.value.field) == (code, "on")


def test_a_role_to_come_that_is_ended_never_begins(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, from_on=SOON)
    end_role(session, user.grants[0], OPERATOR, TODAY, SOON)
    assert user.grants == []


# --- What is told by mail --------------------------------------------------------------------------------------------


def test_a_new_sign_in_is_told_nothing_by_mail_for_its_maker_hands_it_over(session: Session) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    assert notices(session) == []


def test_roles_passwords_and_addresses_that_change_are_told_at_once(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    add_user(session, "bo@example.org", Role.LOCAL_LEAD, local(session), None, OPERATOR, TODAY, from_on=SOON)
    end_role(session, user.grants[0], OPERATOR, TODAY)
    set_password(session, user, "other plain words", OPERATOR)
    change_address(session, user, "bo@example.net", OPERATOR, NOW)
    assert notices(session) == [
        ("bo@example.org", "security", "You were given a role"),
        ("bo@example.org", "security", "A role of yours ends"),
        ("bo@example.org", "security", "Your password was changed"),
        ("bo@example.org", "security", "Your sign-in address was changed"),
        ("bo@example.net", "security", "Your sign-in address was changed"),
    ]
    bodies = session.scalars(select(Notice.body).order_by(Notice.id)).all()
    assert "local training lead in Local 080 · Grips, from 11\u00a0March\u00a02026 on" in bodies[0]
    assert all("such mails always come" in body for body in bodies)
    assert not any("plain words" in body for body in bodies)


def test_a_first_password_is_set_once_and_told(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    set_first_password(session, user, PASSWORD, NOW)
    assert notices(session) == [("bo@example.org", "security", "You have a password now")]
    with pytest.raises(Refused) as refusal:
        set_first_password(session, user, "other plain words", NOW)
    assert refusal.value.code == "password_there"


def test_a_new_address_signs_in_and_the_old_one_no_more(session: Session) -> None:
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)
    epoch = user.session_epoch
    change_address(session, user, " Bo@example.net", OPERATOR, NOW)
    assert user.session_epoch == epoch + 1
    assert sign_in(session, "bo@example.org", PASSWORD, "192.0.2.1", NOW).user is None
    assert sign_in(session, "bo@example.NET", PASSWORD, "192.0.2.1", NOW).user is user


@pytest.mark.parametrize(
    ("email", "code"),
    [("cy@example.org", "email_taken"), ("bo@example.org", "same_email"), ("nobody", "bad_email"), ("", "bad_email")],
)
def test_an_address_that_cannot_be_changed_to(session: Session, email: str, code: str) -> None:
    add_user(session, "Cy@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    user = add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY)
    with pytest.raises(Refused) as refusal:
        change_address(session, user, email, OPERATOR, NOW)
    assert (refusal.value.code, refusal.value.field) == (code, "email")


# --- `tracker user` --------------------------------------------------------------------------------------------------


def tracker_user(*words: str) -> tuple[int, str]:
    outcome = CliRunner().invoke(main, ["user", *words])
    return outcome.exit_code, outcome.output


def test_the_command_grants_and_ends_roles_on_days(session: Session) -> None:
    later = (datetime.now(UTC) + timedelta(days=30)).date()
    end = later + timedelta(days=30)
    code, said = run("bo@example.org", "--role", "staff", "--from", f"{later}", "--until", f"{end}")
    assert said.startswith(f"bo@example.org is staff, from {later}, until {end}.\n"), said
    run("bo@example.org", "--role", "local-viewer", "--unit", "80")
    code, said = tracker_user("list", "--unit", "80")
    assert code == 0
    assert "bo@example.org  password\n" in said
    assert "  local-viewer in Local 080 · Grips\n" in said
    assert f"  staff, from {later}, until {end}\n" in said
    assert "1 sign-in." in said
    code, said = tracker_user("end", "bo@example.org", "--role", "staff", "--on", f"{later + timedelta(days=1)}")
    assert (code, said) == (0, f"bo@example.org is staff no more from {later + timedelta(days=1)} on.\n")
    code, said = tracker_user("end", "bo@example.org", "--role", "local-viewer", "--unit", "80")
    assert (code, said) == (0, "bo@example.org is local-viewer in Local 080 · Grips no more.\n")
    session.rollback()
    session.expire_all()
    user = find_user(session, "bo@example.org")
    assert user is not None
    assert [(each.role, each.until_on) for each in user.grants] == [(Role.STAFF, later + timedelta(days=1))]


@pytest.mark.parametrize(
    "words",
    [
        ("end", "nobody@example.org", "--role", "staff"),
        ("end", "bo@example.org", "--role", "auditor"),
        ("end", "bo@example.org", "--role", "staff", "--on", "2020-01-01"),
        ("add", "bo@example.org", "--role", "staff"),
        ("add", "bo@example.org", "--role", "auditor", "--from", "2020-01-01"),
        ("list", "--unit", "99"),
    ],
)
def test_the_commands_refuse_in_words(session: Session, words: tuple[str, ...]) -> None:
    assert run("bo@example.org", "--role", "staff")[0] == 0
    code, said = tracker_user(*words)
    assert code == 1
    assert said.startswith("Refused: ")
    assert said.count("\n") == 1


def test_without_anybody_the_list_says_what_to_run(session: Session) -> None:
    assert "tracker user add you@example.org --role admin" in tracker_user("list")[1]
