"""Passwords: what is accepted, how one is kept, how one is checked."""

from __future__ import annotations

import secrets

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.operations.refused import Refused

SHORTEST = 8
LONGEST = 200  # a longer one would only keep the hasher busy

_HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)
_NOBODYS_HASH = _HASHER.hash(secrets.token_hex(16))

# No 0/o, 1/l/i: a one-time password is read aloud over the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


def generated_password() -> str:
    """A password nobody can guess, in groups that can be read aloud: ``x7kq-m3wd-…`` (79 bits)."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(4))


def password_hash(password: str, email: str) -> str:
    """The form in which a password is kept.

    Raises:
        Refused: it is too short, too long, or too easy to guess.
    """
    if len(password) < SHORTEST:
        raise Refused("password_short", f"Use at least {SHORTEST} characters.", field="password")
    if len(password) > LONGEST:
        raise Refused("password_long", f"Use at most {LONGEST} characters.", field="password")
    if len(set(password)) < 4 or password.casefold() == email.casefold():
        raise Refused("password_weak", "That password is too easy to guess.", field="password")
    return _HASHER.hash(password)


def password_fits(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one. Takes as long where none is kept: time must not tell who exists."""
    try:
        return _HASHER.verify(kept or _NOBODYS_HASH, password[:LONGEST]) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
