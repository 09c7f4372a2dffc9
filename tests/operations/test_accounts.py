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
from tracker.cli import main
from tracker.config import Settings
from tracker.curriculum.words import Role, UnitKind
from tracker.models import AuditEntry, Identifier, IdentifierKind, Member, SignInFailure, Unit, User, db
from tracker.operations import accounts, passwords
from tracker.operations.accounts import add_user, end_role, reactivate, set_password, sign_in, suspend
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

    monkeypatch.setattr(accounts, "password_fits", fits)
    outcome = sign_in(session, email, "wrong-password", "192.0.2.1", NOW)
    assert outcome.user is None
    assert outcome.refusal is not None
    assert outcome.refusal.code == "sign_in_failed"
    assert len(asked) == 1
    assert session.scalar(select(func.count()).select_from(SignInFailure)) == 2


def test_failures_are_forgotten_after_the_window_and_pruned(session: Session) -> None:
    add_user(session, "bo@example.org", Role.STAFF, None, None, OPERATOR, TODAY, PASSWORD)

    def attempt(password: str, at: datetime) -> str:
        outcome = sign_in(session, "bo@example.org", password, "192.0.2.1", at)
        return outcome.refusal.code if outcome.refusal else "in"

    assert {attempt("wrong-password", NOW) for _ in range(accounts.FAILURES_PER_ACCOUNT)} == {"sign_in_failed"}
    almost = NOW + accounts.FAILURES_WINDOW - timedelta(seconds=1)
    assert attempt(PASSWORD, almost) == "too_many_attempts"
    assert attempt(PASSWORD, NOW + accounts.FAILURES_WINDOW) == "in"
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
    password = said.strip().rpartition(" ")[2]
    assert sign_in(session, "ben@example.org", password, "192.0.2.1", NOW).user is not None
    session.rollback()
    code, said = run("ben@example.org", "--role", "staff")
    assert (code, said) == (0, "ben@example.org is staff.\n"), "the second role leaves the password alone"


def test_the_command_takes_a_password_and_finds_a_member_by_any_spelling(session: Session) -> None:
    code, said = run("ana@example.org", "--role", "member", "--member", "12", "--password-stdin", typed=PASSWORD + "\n")
    assert (code, said) == (0, "ana@example.org is member.\n")
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
