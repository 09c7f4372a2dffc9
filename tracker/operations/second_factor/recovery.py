"""Recovery codes: each stands in for a code of the authenticator once, where that is lost."""

from __future__ import annotations

import hashlib
from datetime import datetime

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import RecoveryCode, User, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.passwords import generated_words
from tracker.operations.telling import tell_user

CODES = 10
_GROUPS, _LETTERS = 5, 5  # 123 bits: nobody can try so many, so a plain hash is enough


def renew_codes(session: Session, user: User, now: datetime) -> list[str]:
    """New recovery codes for a user, in place of all they had: to be shown once, for only their hashes are kept."""
    codes = make_codes(session, user)
    themselves = Actor(user.id, "self", user.email)
    audit(session, themselves, "renew_recovery_codes", object_kind="user", object_id=user.id, at=now)

    def write() -> tuple[str, str]:
        said = _(
            "New recovery codes were made for your sign-in to the training tracker. The old ones are worth nothing now."
        )
        return _("You have new recovery codes"), said

    tell_user(session, user, write, now)
    return codes


def make_codes(session: Session, user: User) -> list[str]:
    """The codes themselves: whoever makes them says why."""
    forget_all(session, user)
    codes = [generated_words(_GROUPS, _LETTERS) for _each in range(CODES)]
    session.add_all(RecoveryCode(id=new_id(), user_id=user.id, code_hash=_hash(code)) for code in codes)
    session.flush()
    return codes


def forget_all(session: Session, user: User) -> None:
    session.execute(delete(RecoveryCode).where(RecoveryCode.user_id == user.id))


def codes_left(session: Session, user: User) -> int:
    """How many recovery codes of a user are unused."""
    unused = select(func.count()).where(RecoveryCode.user_id == user.id, RecoveryCode.used_at.is_(None))
    return session.scalar(unused) or 0


def use_recovery_code(session: Session, user: User, text: str, now: datetime) -> bool:
    """Use up a recovery code, whatever its case and gaps. The caller holds the row of the user's factor, so that two at once
    find it used."""
    found = session.scalar(
        select(RecoveryCode)
        .where(RecoveryCode.user_id == user.id, RecoveryCode.code_hash == _hash(text), RecoveryCode.used_at.is_(None))
        .execution_options(populate_existing=True)
    )
    if found is None:
        return False
    found.used_at = now
    session.flush()
    return True


def _hash(text: str) -> str:
    letters = "".join(each for each in text.casefold() if each.isalnum())
    return hashlib.sha256(letters.encode()).hexdigest()
