"""Where a list goes on. A cursor is signed and belongs to its question, so nobody makes one up or carries it elsewhere.

It holds the id of the last row, never a name: addresses end in logs.
"""

from __future__ import annotations

import hashlib
from urllib.parse import urlencode

from flask import current_app, request
from itsdangerous import BadData, URLSafeSerializer

from tracker.api.v1.problems import Problem


def key_of(cursor: str) -> str:
    """The key of the row after which the list goes on; "" at its beginning.

    Raises:
        Problem: ``not-found``.
    """
    if not cursor:
        return ""
    try:
        question, key = _signer().loads(cursor)
    except (BadData, ValueError, TypeError):
        question, key = None, ""
    if question != _question():
        fault = "is not a cursor of this list: follow `next` of its last page, or begin again without one"
        raise Problem("not-found", f"The cursor {fault}.", faults=[("#/query/cursor", fault)])
    return str(key)


def row_of(cursor: str) -> int | None:
    """The same, where the key is a row's id."""
    key = key_of(cursor)
    return int(key) if key else None


def address_after(key: str) -> str:
    """The address of the next page: this one, from the row of that key on."""
    asked = {name: value for name, value in request.args.items() if name != "cursor"}
    return f"{request.path}?{urlencode({**asked, 'cursor': _signer().dumps([_question(), key])})}"


def _question() -> str:
    """What is asked, whatever the size of its pages."""
    asked = sorted((name, value) for name, value in request.args.items() if name not in ("cursor", "limit"))
    return hashlib.sha256(f"{request.path}?{urlencode(asked)}".encode()).hexdigest()[:16]


def _signer() -> URLSafeSerializer:
    how = {"key_derivation": "hmac", "digest_method": hashlib.sha256}
    return URLSafeSerializer(current_app.config["SECRET_KEY"], salt="api cursor", signer_kwargs=how)
