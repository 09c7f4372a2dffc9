"""`POST /oauth2/token`: a client shows its id and secret, and gets a token for an hour (RFC 6749, client credentials).

A token is signed, not stored: it names the client and the scopes asked for, and every request asks anew whether that client
is still open, and what it may do.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime
from urllib.parse import unquote_plus

from flask import Blueprint, Response, current_app, jsonify, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session

from tracker.api.door import for_programs, refused
from tracker.models import ApiClient, db, writing
from tracker.operations.clients import client_of_credentials, note_failure, open_client
from tracker.operations.refused import Refused
from tracker.operations.tokens import Scope, scope_text, scopes_of

oauth2 = Blueprint("oauth2", __name__, url_prefix="/oauth2")
oauth2.register_error_handler(Refused, refused)

LASTS = 3_600  # seconds
_LARGEST_BODY = 16_384
_PATIENCE = 1.0  # seconds a failure waits to be counted


@oauth2.post("/token")
@for_programs
def token() -> Response:
    request.max_content_length = _LARGEST_BODY
    client_id, secret = _credentials()
    if request.form.get("grant_type") != "client_credentials":
        given = "grant_type is missing" if not request.form.get("grant_type") else "This grant_type is not known"
        raise Refused("unsupported_grant_type", f"{given}: send grant_type=client_credentials, form-encoded.")
    asked = request.form.get("scope", "").split()
    if not {*asked} <= {scope.value for scope in Scope}:
        raise Refused("invalid_scope", f"The scopes are {', '.join(Scope)}.")
    client = _client(client_id, secret)
    may_ask = scopes_of(client.scopes)
    wanted = {scope for scope in Scope if scope.value in asked}
    if not wanted <= may_ask:
        raise Refused("invalid_scope", f"This client may ask for {scope_text(may_ask)}.")
    given = scope_text(wanted or may_ask)
    shown = _signer().dumps([client.id, given])
    answer = jsonify(access_token=shown, token_type="Bearer", expires_in=LASTS, scope=given)  # noqa: S106
    answer.headers["Pragma"] = "no-cache"  # Cache-Control says no-store on every answer
    return answer


def client_of_request(session: Session) -> ApiClient:
    """The client whose token this request carries, which may send statements.

    Raises:
        Refused: ``no_token``; ``invalid_token``, where it is none of ours, an hour old, or its client is revoked;
            ``insufficient_scope``.
    """
    scheme, _, shown = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not shown.strip():
        raise Refused("no_token", "Send a token: Authorization: Bearer … It is had from /oauth2/token.")
    found = client_of_token(session, shown.strip())
    if found is None:
        raise Refused("invalid_token", "The token has ended, or is none of ours: get a new one from /oauth2/token.")
    client, scopes = found
    if Scope.STATEMENTS not in scopes:
        raise Refused("insufficient_scope", f"The token may not do this: ask for one with the scope {Scope.STATEMENTS}.")
    return client


def client_of_token(session: Session, shown: str) -> tuple[ApiClient, frozenset[Scope]] | None:
    """Whose token it is, and what it may do now; None where it is none of ours, an hour old, or its client is revoked."""
    try:
        its_id, scope = _signer().loads(shown, max_age=LASTS)
    except (BadData, TypeError, ValueError):
        return None
    client = open_client(session, its_id)
    return (client, scopes_of(scope) & scopes_of(client.scopes)) if client is not None else None


def _credentials() -> tuple[str, str]:
    """The client's id and secret: from the form, or by HTTP Basic. Never from the address, which ends in logs.

    Raises:
        Refused: ``invalid_request``.
    """
    for name in ("grant_type", "client_id", "client_secret", "scope"):
        if len(request.form.getlist(name)) > 1:
            raise Refused("invalid_request", f"{name} is given more than once.")
    basic = request.authorization
    if basic is not None and basic.type == "basic":
        return unquote_plus(basic.username or ""), unquote_plus(basic.password or "")
    if not request.form:
        message = "Send grant_type, client_id and client_secret, form-encoded in the body."
        raise Refused("invalid_request", message)
    return request.form.get("client_id", "").strip(), request.form.get("client_secret", "").strip()


def _client(client_id: str, secret: str) -> ApiClient:
    """Whose credentials these are. Only a failure writes, so tokens are given while an import holds the writers off.

    Raises:
        Refused: ``invalid_client``, ``too_many_attempts``, or ``busy``: a failure that cannot be counted is not told.
    """
    now, address = datetime.now(UTC), request.remote_addr or ""
    client = client_of_credentials(db.session(), client_id, secret, address, now=now)
    if client is None:
        with writing(patience=_PATIENCE) as session:
            note_failure(session, client_id, address, now=now)
        raise Refused("invalid_client", "The client id or the secret is not right, or the client was revoked.")
    return client


def _signer() -> URLSafeTimedSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="xapi access token", signer_kwargs=how)
