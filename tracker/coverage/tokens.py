"""A person's tokens, as they and administrators read them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import mark
from tracker.models import ApiToken

HOLDS, REVOKED, ENDED = mark("holds"), mark("revoked"), mark("expired")


class TokenLine(NamedTuple):
    """A token, and whether it still opens anything: a marked word."""

    token: ApiToken
    state: str

    @property
    def holds(self) -> bool:
        return self.state == HOLDS


def tokens_of(session: Session, user_id: int, now: datetime) -> list[TokenLine]:
    """A person's tokens: those that hold first, then the newest."""
    found = session.scalars(select(ApiToken).where(ApiToken.user_id == user_id).order_by(ApiToken.id.desc()))
    lines = [TokenLine(each, _state(each, now)) for each in found]
    return sorted(lines, key=lambda line: not line.holds)


def token_of(session: Session, user_id: int, token_id: int) -> ApiToken | None:
    """A token of that very person."""
    found = session.get(ApiToken, token_id)
    return found if found is not None and found.user_id == user_id else None


def _state(token: ApiToken, now: datetime) -> str:
    if token.revoked_at is not None:
        return REVOKED
    return HOLDS if token.expires_at > now else ENDED
