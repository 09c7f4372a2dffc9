"""Sign-ins: who has one, what they may do, when it ends."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from email_validator import EmailNotValidError, validate_email
from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.curriculum.words import Role, UnitKind
from tracker.models import RoleGrant, SignInFailure, Unit, User, new_id
from tracker.operations.actor import ANYONE, Actor
from tracker.operations.audit import audit
from tracker.operations.passwords import password_fits, password_hash
from tracker.operations.refused import Refused

# The kind of unit a role is held in. Every other role is held in the whole union.
UNIT_OF_ROLE = {
    Role.LOCAL_VIEWER: UnitKind.LOCAL,
    Role.LOCAL_LEAD: UnitKind.LOCAL,
    Role.DISTRICT_VIEWER: UnitKind.DISTRICT,
}

FAILURES_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50  # a whole union hall may share one address


@dataclass(frozen=True)
class SignIn:
    """How a sign-in ended: a user, or a refusal. Not raised, for a failure must be committed to be counted."""

    user: User | None
    refusal: Refused | None = None


def find_user(session: Session, email: str) -> User | None:
    """The user of an e-mail address, case and outer spaces ignored."""
    return session.scalar(select(User).where(User.email_key == email_key(email)))


def add_user(
    session: Session,
    email: str,
    role: Role,
    unit: Unit | None,
    member_id: int | None,
    actor: Actor,
    today: date,
    password: str | None = None,
) -> User:
    """Give someone a role from today on, and a sign-in if the e-mail address has none yet.

    Args:
        unit: where the role is held: a local or a district for an officer, None for every other role.
        member_id: whose own record this user sees; the role ``member`` needs one.
        password: the password to sign in with. None leaves the present one, or none, as it is.

    Raises:
        Refused: see the codes below; nothing is written.
    """
    _check_email(email)
    _check_unit(role, unit)
    if role is Role.MEMBER and member_id is None:
        raise Refused("member_missing", "Say whose record it is: the role member needs a member.", field="member")

    user = find_user(session, email)
    if member_id is not None:
        _check_member(session, user, member_id)
    if user is not None and _holds(user, role, unit, today):
        where = f" in {unit.title}" if unit else ""
        raise Refused("already_granted", f"{user.email} is {role.value}{where} already.", field="role")
    if user is None:
        user = User(
            id=new_id(),
            email=email.strip(),
            email_key=email_key(email),
            is_active=True,
            session_epoch=0,
            created_at=datetime.now(UTC),
        )
        session.add(user)
        audit(session, actor, "add_user", object_kind="user", object_id=user.id, detail={"email": user.email})
    if member_id is not None:
        user.member_id = member_id
    if password is not None:
        set_password(session, user, password, actor)

    unit_id = unit.id if unit else None
    user.grants.append(RoleGrant(id=new_id(), role=role, unit_id=unit_id, from_on=today, until_on=None))
    user.session_epoch += 1
    session.flush()
    audit(
        session,
        actor,
        "grant_role",
        object_kind="user",
        object_id=user.id,
        member_id=user.member_id,
        unit_id=unit_id,
        detail={"email": user.email, "role": role.value, "unit": unit.number if unit else None},
    )
    return user


def end_role(session: Session, grant: RoleGrant, actor: Actor, today: date) -> None:
    """End a role at once, and with it every session of its holder.

    Raises:
        Refused: it has ended already, or the actor would lock themselves out.
    """
    user = grant.user
    if grant.until_on is not None and grant.until_on <= today:
        raise Refused("already_ended", "That role has ended already.")
    if grant.role is Role.ADMIN and user.id == actor.user_id:
        raise Refused("own_account", "Another administrator must end your own administrator's role.")
    detail = {"email": user.email, "role": grant.role.value, "from_on": grant.from_on.isoformat()}
    if grant.from_on < today:
        grant.until_on = today
    else:
        user.grants.remove(grant)
        session.delete(grant)  # begun today: it never held for a whole day, and no span of days could say so
    user.session_epoch += 1
    session.flush()
    audit(session, actor, "end_role", object_kind="user", object_id=user.id, unit_id=grant.unit_id, detail=detail)


def suspend(session: Session, user: User, actor: Actor) -> None:
    """Let a user sign in no more, and end their sessions. What they recorded stays.

    Raises:
        Refused: they are suspended already, or the actor is this user.
    """
    if user.id == actor.user_id:
        raise Refused("own_account", "Another administrator must suspend your own account.")
    if not user.is_active:
        raise Refused("already_suspended", f"{user.email} is suspended already.")
    user.is_active = False
    user.session_epoch += 1
    audit(session, actor, "suspend_user", object_kind="user", object_id=user.id, detail={"email": user.email})


def reactivate(session: Session, user: User, actor: Actor) -> None:
    """Let a suspended user sign in again, with the roles they still hold.

    Raises:
        Refused: they are not suspended.
    """
    if user.is_active:
        raise Refused("not_suspended", f"{user.email} is not suspended.")
    user.is_active = True
    audit(session, actor, "reactivate_user", object_kind="user", object_id=user.id, detail={"email": user.email})


def set_password(session: Session, user: User, password: str, actor: Actor) -> None:
    """Give a user a new password, and end every session begun with the old one.

    Raises:
        Refused: the password is too short, too long, or too easy to guess.
    """
    user.password_hash = password_hash(password, user.email)
    user.session_epoch += 1
    _forget_failures(session, user.email)
    audit(session, actor, "set_password", object_kind="user", object_id=user.id, detail={"email": user.email})


def change_password(session: Session, user: User, current: str, new: str, address: str, now: datetime) -> SignIn:
    """A user's own change of password. Guessing the present one is limited together with signing in."""
    outcome = sign_in(session, user.email, current, address, now)
    if outcome.refusal is not None:
        if outcome.refusal.code == "sign_in_failed":
            wrong = Refused("password_wrong", "That is not your present password.", field="current")
            return SignIn(None, wrong)
        return outcome
    try:
        set_password(session, user, new, Actor(user.id, "self", user.email))
    except Refused as refusal:
        return SignIn(None, refusal)
    return SignIn(user)


def sign_in(session: Session, email: str, password: str, address: str, now: datetime) -> SignIn:
    """Check an e-mail address and a password. The door commits whatever comes back, for a failure counts once kept.

    An unknown address, a wrong password and a suspended user get the same words after the same work. Counting and
    checking share one transaction, so many guesses at once find the limit too.
    """
    keys = [_account_key(email), address_key(address)]
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - FAILURES_WINDOW))
    if is_over_limit(session, keys, now):
        minutes = int(FAILURES_WINDOW.total_seconds() // 60)
        message = f"Too many attempts. Wait {minutes} minutes, then try again."
        return SignIn(None, Refused("too_many_attempts", message))

    user = find_user(session, email)
    fits = password_fits(user.password_hash if user else None, password)
    if user is None or not fits or not user.is_active:
        session.add_all(SignInFailure(id=new_id(), key=key, at=now) for key in keys)
        audit(
            session,
            ANYONE,
            "sign_in_failed",
            object_kind="user",
            object_id=user.id if user else None,
            detail={"address": address},
            at=now,
        )
        return SignIn(None, Refused("sign_in_failed", "The e-mail address or the password is not right."))

    _forget_failures(session, email)
    actor = Actor(user.id, "self", user.email)
    audit(session, actor, "sign_in", object_kind="user", object_id=user.id, detail={"address": address}, at=now)
    return SignIn(user)


def choose_language(session: Session, user: User, language: str) -> None:
    """Speak to a user in a language from now on: on pages, in files and by mail."""
    if user.language == language:
        return
    user.language = language
    actor = Actor(user.id, "self", user.email)
    audit(session, actor, "choose_language", object_kind="user", object_id=user.id, detail={"language": language})


def sign_out(session: Session, user: User) -> None:
    """End every session of a user, in every browser: a copied cookie is worth nothing afterwards."""
    user.session_epoch += 1
    audit(session, Actor(user.id, "self", user.email), "sign_out", object_kind="user", object_id=user.id)


def _check_email(email: str) -> None:
    try:
        # "test_environment" lets the reserved domain .test through; whether a domain exists is not ours to ask
        validate_email(email.strip(), check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        shown = email.strip() or "nothing"
        message = f"{shown} is not an e-mail address: write it like name@example.org."
        raise Refused("bad_email", message, field="email") from None


def _check_unit(role: Role, unit: Unit | None) -> None:
    kind = UNIT_OF_ROLE.get(role)
    if kind is None and unit is not None:
        raise Refused("unit_unwanted", f"The role {role.value} is held in the whole union: name no unit.", field="unit")
    if kind is not None and (unit is None or unit.kind is not kind):
        raise Refused("unit_wrong", f"The role {role.value} is held in a {kind.value}: name one.", field="unit")


def _holds(user: User, role: Role, unit: Unit | None, today: date) -> bool:
    unit_id = unit.id if unit else None
    return any(
        grant.role is role and grant.unit_id == unit_id and (grant.until_on is None or grant.until_on > today)
        for grant in user.grants
    )


def _check_member(session: Session, user: User | None, member_id: int) -> None:
    """A sign-in is one member's, and a member has one sign-in."""
    if user is not None and user.member_id not in (None, member_id):
        raise Refused("other_member", f"{user.email} is another member's sign-in.", field="member")
    holder = session.scalar(select(User).where(User.member_id == member_id))
    if holder is not None and holder is not user:
        raise Refused("member_taken", f"That member signs in as {holder.email} already.", field="member")


def _account_key(email: str) -> str:
    """Hashed: people type passwords into the wrong field."""
    return "account:" + hashlib.sha256(email_key(email).encode()).hexdigest()


def address_key(address: str) -> str:
    """An IPv6 network counts as one address, for one person holds 2⁶⁴ of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        return f"address:{ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"


def is_over_limit(session: Session, keys: list[str], now: datetime) -> bool:
    """Whether the account or the address has failed too often within the window."""
    account, address = keys
    counted = (SignInFailure.key.in_(keys), SignInFailure.at > now - FAILURES_WINDOW)
    failures = select(SignInFailure.key).where(*counted).group_by(SignInFailure.key)
    return (
        session.scalar(
            select(
                failures.having(
                    or_(
                        (SignInFailure.key == account) & (func.count() >= FAILURES_PER_ACCOUNT),
                        (SignInFailure.key == address) & (func.count() >= FAILURES_PER_ADDRESS),
                    )
                ).exists()
            )
        )
        is True
    )


def _forget_failures(session: Session, email: str) -> None:
    session.execute(delete(SignInFailure).where(SignInFailure.key == _account_key(email)))
