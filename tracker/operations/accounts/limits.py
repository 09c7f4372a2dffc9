"""How often anyone may try to get in: counted in the database, so for every process alike.

An account's failures are counted by the network they come from, so that nobody can shut another out from elsewhere; a
higher limit over all networks holds off guessing from many of them. A link by mail stays open all the while.
"""

from __future__ import annotations

import hashlib
import ipaddress
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select, text
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.language import ngettext
from tracker.models import SignInFailure, new_id
from tracker.operations.refused import Refused

FAILURES_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10  # from one network
FAILURES_PER_ACCOUNT_ANYWHERE = 100
FAILURES_PER_ADDRESS = 50  # a whole union hall may share one address
FAILURES_PER_CODES = 5  # of a second factor: three of a million codes fit at a time

_LOCKS = 7_421  # the kind of advisory lock that guards a key's count (PostgreSQL; SQLite has one writer)


def account_key(email: str) -> str:
    """What an account's attempts are counted under. Hashed: people type passwords into the wrong field."""
    return "account:" + hashlib.sha256(email_key(email).encode()).hexdigest()


def address_key(address: str) -> str:
    """What a network address's attempts are counted under: an IPv6 network is one, for one person holds 2⁶⁴ of them."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return f"address:{address}"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:  # as a socket for both kinds tells it: else the whole world were one network
            return f"address:{parsed.ipv4_mapped}"
        return f"address:{ipaddress.ip_network((parsed, 64), strict=False)}"
    return f"address:{parsed}"


def network_key(email: str, address: str) -> str:
    """What an account's attempts from one network are counted under: an IPv4 block of 256, or an IPv6 network."""
    where = address_key(address).removeprefix("address:")
    try:
        parsed = ipaddress.ip_address(where)
    except ValueError:
        pass  # an IPv6 network already, or no address at all
    else:
        where = str(ipaddress.ip_network((parsed, 24), strict=False))
    return f"{_here(email)}{hashlib.sha256(where.encode()).hexdigest()}"


def _here(email: str) -> str:
    """How the keys of one account's networks begin."""
    return f"account-at:{hashlib.sha256(email_key(email).encode()).hexdigest()}:"


def password_limits(email: str, address: str) -> dict[str, int]:
    """How many failures of a password are borne, by what they are counted under."""
    return {
        network_key(email, address): FAILURES_PER_ACCOUNT,
        account_key(email): FAILURES_PER_ACCOUNT_ANYWHERE,
        address_key(address): FAILURES_PER_ADDRESS,
    }


def code_key(user_id: int) -> str:
    """What the codes of a user's second factor are counted under."""
    return f"code:{user_id}"


def hold(session: Session, keys: Iterable[str]) -> None:
    """Let no other writer count under these keys until the end of the transaction: many at once then find the limit too."""
    if session.get_bind().dialect.name == "sqlite":
        return  # it has one writer
    numbers = {int.from_bytes(hashlib.sha256(key.encode()).digest()[:4], signed=True) for key in keys}
    for number in sorted(numbers):  # in one order, so that no two wait for each other
        session.execute(text("SELECT pg_advisory_xact_lock(:kind, :number)"), {"kind": _LOCKS, "number": number})


def is_over(session: Session, limits: Mapping[str, int], now: datetime) -> bool:
    """Whether any of these keys has as many failures within the window as are borne, or more."""
    counted = (SignInFailure.key.in_(limits), SignInFailure.at > now - FAILURES_WINDOW)
    failures = select(SignInFailure.key).where(*counted).group_by(SignInFailure.key)
    reached = [(SignInFailure.key == key) & (func.count() >= most) for key, most in limits.items()]
    return session.scalar(select(failures.having(or_(*reached)).exists())) is True


def is_over_limit(session: Session, keys: list[str], now: datetime) -> bool:
    """Whether an account or a client (the first key) or an address (the second) has failed too often within the window."""
    account, address = keys
    return is_over(session, {account: FAILURES_PER_ACCOUNT, address: FAILURES_PER_ADDRESS}, now)


def too_many_attempts() -> Refused:
    """What whoever has tried too often is told, whoever they are."""
    minutes = int(FAILURES_WINDOW.total_seconds() // 60)
    message = ngettext(
        "Too many attempts. Wait %(n)s minute, then try again.",
        "Too many attempts. Wait %(n)s minutes, then try again.",
        minutes,
    )
    return Refused("too_many_attempts", message)


def count_failures(session: Session, keys: Iterable[str], now: datetime) -> None:
    """One more failure under each of these keys."""
    session.add_all(SignInFailure(id=new_id(), key=key, at=now) for key in keys)


def drop_old_failures(session: Session, now: datetime) -> None:
    """Forget what counts no more."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - FAILURES_WINDOW))


def forget_failures(session: Session, email: str) -> None:
    """An account's own failures count no more: its holder got in."""
    its = or_(SignInFailure.key == account_key(email), SignInFailure.key.startswith(_here(email)))
    session.execute(delete(SignInFailure).where(its).execution_options(synchronize_session=False))


def forget_codes(session: Session, user_id: int) -> None:
    """The wrong codes of a user's second factor count no more: a right one came."""
    session.execute(delete(SignInFailure).where(SignInFailure.key == code_key(user_id)))
