"""The secret that an authenticator shares with this program: how it is sealed, and which code fits it."""

from __future__ import annotations

import base64
import hmac
from datetime import datetime, timedelta

import pyotp
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_STEP = 30  # seconds that a code is shown for
_DIGITS = 6


class FactorKey:
    """What secrets are sealed with. It is made of the installation's secret key: with another key none can be opened."""

    def __init__(self, secret_key: str) -> None:
        made = HKDF(SHA256(), length=32, salt=None, info=b"tracker: second factor").derive(secret_key.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(made))

    def seal(self, user_id: int, secret: str, now: datetime) -> str:
        """A secret as it may be kept: for this user alone, so that one row cannot stand in for another."""
        return self._fernet.encrypt_at_time(f"{user_id}:{secret}".encode(), int(now.timestamp())).decode()

    def opened(self, sealed: str, user_id: int) -> str | None:
        """The secret; None where the key has changed since, or it is another's."""
        try:
            return _of(self._fernet.decrypt(sealed), user_id)
        except InvalidToken:
            return None

    def opened_within(self, sealed: str, user_id: int, lasts: timedelta, now: datetime) -> str | None:
        """The same, of a secret that was sealed a short time ago."""
        try:
            opened = self._fernet.decrypt_at_time(sealed, int(lasts.total_seconds()), int(now.timestamp()))
        except InvalidToken:
            return None
        return _of(opened, user_id)


def new_secret() -> str:
    """160 random bits, in the letters and digits that authenticators take."""
    return pyotp.random_base32()


def setup_address(secret: str, email: str, site: str) -> str:
    """What an authenticator reads from the picture: the secret, and what to call it."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=site)


def step_of(secret: str, code: str, now: datetime, after: int) -> int | None:
    """The 30 seconds that a code is of: those of now, before or next, for clocks differ. None where it fits none of these,
    or none later than ``after``: a code is used once."""
    digits = "".join(code.split())
    present = int(now.timestamp()) // _STEP
    for step in (present, present - 1, present + 1):
        fits = hmac.compare_digest(pyotp.TOTP(secret).generate_otp(step).encode(), digits.encode())
        if fits and step > after:
            return step
    return None


def is_code(text: str) -> bool:
    """Whether this can be a code of an authenticator, and no recovery code."""
    digits = "".join(text.split())
    return len(digits) == _DIGITS and digits.isascii() and digits.isdecimal()


def _of(opened: bytes, user_id: int) -> str | None:
    whose, _colon, secret = opened.decode().partition(":")
    return secret if whose == str(user_id) else None
