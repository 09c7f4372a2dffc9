"""How often anyone may try to get in: counted in the database, so for every process alike."""

from __future__ import annotations

import hashlib
import ipaddress
from datetime import datetime, timedelta

from sqlalchemy import delete, func, or_, select
from sqlalchemy.orm import Session

from tracker.curriculum.keys import email_key
from tracker.language import ngettext
from tracker.models import SignInFailure, new_id
from tracker.operations.refused import Refused

FAILURES_WINDOW = timedelta(minutes=15)
FAILURES_PER_ACCOUNT = 10
FAILURES_PER_ADDRESS = 50  # a whole union hall may share one address


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


def too_many_attempts() -> Refused:
    """What whoever has tried too often is told, whoever they are."""
    minutes = int(FAILURES_WINDOW.total_seconds() // 60)
    message = ngettext(
        "Too many attempts. Wait %(n)s minute, then try again.",
        "Too many attempts. Wait %(n)s minutes, then try again.",
        minutes,
    )
    return Refused("too_many_attempts", message)


def count_failures(session: Session, keys: list[str], now: datetime) -> None:
    """One more failure under each of these keys."""
    session.add_all(SignInFailure(id=new_id(), key=key, at=now) for key in keys)


def drop_old_failures(session: Session, now: datetime) -> None:
    """Forget what counts no more."""
    session.execute(delete(SignInFailure).where(SignInFailure.at <= now - FAILURES_WINDOW))


def forget_failures(session: Session, email: str) -> None:
    """An account's own failures count no more: its holder got in."""
    session.execute(delete(SignInFailure).where(SignInFailure.key == account_key(email)))
