"""Who calls: a person through a token of their own, or a program through one from `/oauth2/token`.

The token comes in the Authorization header and nowhere else: a cookie opens nothing here, so no page can make one speak, and
an address, which ends in logs, never holds a secret. Each call asks anew what its owner may see today.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, date, datetime

from flask import abort, has_request_context, request
from sqlalchemy.orm import Session

from tracker.access.openings import role_through
from tracker.access.roles import Reach, reach_of, reach_of_client
from tracker.api.door import settings
from tracker.api.tokens import client_of_token
from tracker.api.v1.problems import Problem
from tracker.curriculum.words import PROGRAM
from tracker.models import ApiClient, ApiToken, User
from tracker.models.aside import NOT_NOW, writing_aside
from tracker.operations.accounts import has_factor, must_have_factor
from tracker.operations.actor import Actor
from tracker.operations.tokens import Scope, note_used, open_token, scopes_of

REALM = 'Bearer realm="tracker"'
_CAME = "tracker.caller"
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Caller:
    """Who calls, with what they may see and do: their owner's reach of today, within the token's scopes."""

    reach: Reach
    scopes: frozenset[Scope]
    user: User | None = None
    token: ApiToken | None = None
    client: ApiClient | None = None

    @property
    def name(self) -> str:
        """What people call it."""
        return self.client.name if self.client else self.user.email if self.user else ""

    def actor(self, unit_id: int | None = None) -> Actor:
        """As what it acts, on a member or a list of this unit: the trail names the program, or the person and their role."""
        if self.client is not None:
            return Actor(None, f"{PROGRAM}{self.client.name}", self.client.name)
        return Actor(self.reach.user_id, role_through(self.reach, unit_id).value, self.name)


def caller_of_request(session: Session, scope: Scope, today: date) -> Caller:
    """Whose token this request shows.

    Raises:
        Problem: ``no-token``, ``invalid-token``, ``insufficient-scope``.
    """
    caller = _caller(session, today)
    if caller.token is not None and caller.token.last_used_on != today:
        _note_used(caller.token.id, today)
    if scope not in caller.scopes:
        raise Problem(
            "insufficient-scope",
            f"The token may not do this: it takes the scope {scope.value}.",
            headers={"WWW-Authenticate": f'{REALM}, error="insufficient_scope", scope="{scope.value}"'},
        )
    request.environ[_CAME] = caller
    return caller


def ask_once_more(writes: Session) -> None:
    """Let what a call writes go on only for whom it would be taken, now that its turn has come: it may have waited long, for
    an import, or for what its sender holds back.

    Without holding the person's row, as a page does (`web.gate`): no call makes a token, a sign-in or a role, which whoever
    ends these must find; and one that records for many seconds would keep its owner from revoking it.

    Raises:
        Problem: ``invalid-token``.
        NotFound: its owner has lost a role since.
    """
    came: Caller | None = request.environ.get(_CAME) if has_request_context() else None
    if came is None:
        return
    reach = _caller(writes, settings().today()).reach
    if not came.reach.roles <= reach.roles or came.reach.member_id != reach.member_id:
        abort(404)


def _caller(session: Session, today: date) -> Caller:
    kind, _, shown = request.headers.get("Authorization", "").partition(" ")
    shown = shown.strip()
    if kind.lower() != "bearer" or not shown:
        raise Problem("no-token", "Send a token: Authorization: Bearer …", headers={"WWW-Authenticate": REALM})
    caller = _person(session, shown, today, datetime.now(UTC)) or _program(session, shown, today)
    if caller is None:
        raise Problem(
            "invalid-token",
            "The token has ended, was revoked, or is none of ours.",
            headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
        )
    return caller


def _person(session: Session, shown: str, today: date, now: datetime) -> Caller | None:
    found = open_token(session, shown, now=now)
    if found is None:
        return None
    token, user = found
    reach = reach_of(session, user, today)
    if settings().requires_totp and must_have_factor(reach.roles) and not has_factor(session, user.id):
        raise Problem(
            "invalid-token",
            "The token opens nothing before its owner has set up a second factor.",
            headers={"WWW-Authenticate": f'{REALM}, error="invalid_token"'},
        )
    return Caller(reach, scopes_of(token.scopes), user=user, token=token)


def _program(session: Session, shown: str, today: date) -> Caller | None:
    found = client_of_token(session, shown)
    if found is None:
        return None
    client, scopes = found
    return Caller(reach_of_client(session, client, today), scopes, client=client)


def _note_used(token_id: int, today: date) -> None:
    """Once a day, beside the call's own work; where the database is busy, another call of the day does it."""
    try:
        with writing_aside() as session:
            note_used(session, token_id, today)
    except NOT_NOW as error:
        _log.warning("the day a token was used is not noted: %s", error.__class__.__name__)
