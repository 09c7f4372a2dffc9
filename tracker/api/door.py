"""What programs' doors share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from flask import Response, current_app, jsonify

from tracker.config import Settings
from tracker.operations.refused import Refused

View = TypeVar("View", bound=Callable[..., Any])

# What a refusal is in HTTP, by its code. Every other is the request's own fault: 400.
_STATUS = {
    "invalid_client": 401,
    "no_token": 401,
    "invalid_token": 401,
    "insufficient_scope": 403,
    "statement_conflict": 409,
    "too_many_statements": 413,
    "too_many_attempts": 429,
    "busy": 503,
    "no_room": 503,
}
# How a program that is not let in may show itself.
_CHALLENGES = {
    "no_token": 'Bearer realm="xAPI"',
    "invalid_token": 'Bearer realm="xAPI", error="invalid_token"',
    "insufficient_scope": 'Bearer realm="xAPI", error="insufficient_scope", scope="xapi:write"',
    "invalid_client": 'Basic realm="xAPI"',
}
_COME_BACK = {"busy": 60, "no_room": 300, "too_many_attempts": 900}  # seconds


def for_programs(view: View) -> View:
    """Let a request pass the people's gate: what is behind it asks for a program's own credentials, or is open to all."""
    view.is_public = True  # type: ignore[attr-defined]
    return view


def settings() -> Settings:
    found: Settings = current_app.config["SETTINGS"]
    return found


def refused(refusal: Refused) -> Response:
    """A refusal as OAuth and xAPI tell it: a code for programs, a sentence for people, and each fault by its place."""
    said: dict[str, Any] = {"error": refusal.code, "error_description": refusal.message}
    if refusal.faults:
        said["faults"] = [
            {"statement": each.line, "field": each.column, "value": each.value, "reason": each.reason}
            for each in refusal.faults
            if not isinstance(each, str)
        ]
    answer = jsonify(said)
    answer.status_code = _STATUS.get(refusal.code, 400)
    if refusal.code in _CHALLENGES:
        answer.headers["WWW-Authenticate"] = _CHALLENGES[refusal.code]
    if refusal.code in _COME_BACK:
        answer.headers["Retry-After"] = str(_COME_BACK[refusal.code])
    return answer
