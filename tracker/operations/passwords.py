"""Passwords: what is accepted, how one is kept, how one is checked."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from tracker.language import _
from tracker.operations.easy_passwords import is_easy
from tracker.operations.refused import Refused

SHORTEST = 8
LONGEST = 200  # a longer one would only keep the hasher busy

_HASHER = PasswordHasher(memory_cost=19456, time_cost=2, parallelism=1)
_NOBODYS_HASH = _HASHER.hash(secrets.token_hex(16))

# No 0/o, 1/l/i: a one-time password is read aloud over the telephone.
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Hashed:
    """A password that was accepted, as it is kept. Made before the write that keeps it begins, for hashing is slow on
    purpose, and SQLite has one writer."""

    text: str = field(repr=False)


def generated_password() -> str:
    """A password nobody can guess, in groups that can be read aloud: ``x7kq-m3wd-…`` (79 bits)."""
    return generated_words(4, 4)


def generated_words(groups: int, letters: int) -> str:
    """Random letters and digits in groups: almost five bits a letter."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(letters)) for _ in range(groups))


def password_hash(password: str, email: str) -> str:
    """The form in which a password is kept.

    Raises:
        Refused: it is too short, too long, or too easy to guess.
    """
    if len(password) < SHORTEST:
        said = _("Use at least %(shortest)s characters.", shortest=SHORTEST)
        raise Refused("password_short", said, field="password")
    if len(password) > LONGEST:
        raise Refused("password_long", _("Use at most %(longest)s characters.", longest=LONGEST), field="password")
    if is_easy(password, email):
        said = _("That password is too easy to guess: a few unrelated words make a good one.")
        raise Refused("password_weak", said, field="password")
    return _HASHER.hash(password)


def hashed(password: str, email: str) -> Hashed:
    """:func:`password_hash`, to be handed to the write that keeps it.

    Raises:
        Refused: as there.
    """
    return Hashed(password_hash(password, email))


def password_fits(kept: str | None, password: str) -> bool:
    """Whether a password is the kept one. Takes as long where none is kept: time must not tell who exists."""
    try:
        fits = _HASHER.verify(kept or _NOBODYS_HASH, password[:LONGEST])
    except (VerificationError, InvalidHashError):
        return False
    return fits and kept is not None and len(password) <= LONGEST


def rehashed(kept: str, password: str) -> str | None:
    """The hash to keep instead, of a password that fits, where ``kept`` was made with other parameters than today's."""
    return _HASHER.hash(password) if _HASHER.check_needs_rehash(kept) else None
