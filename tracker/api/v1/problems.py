"""Every refusal as problem+json (RFC 9457): what it is, in a word for programs and a sentence for people."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from flask import Blueprint, Response
from werkzeug.exceptions import HTTPException

from tracker.coverage.derivation import NothingApplied
from tracker.operations.refused import Refused

MEDIA_TYPE = "application/problem+json"

# Each kind by its code, which is also its place on the reference page: its status and title.
KINDS: Mapping[str, tuple[int, str]] = {
    "malformed": (400, "The request is not JSON, or not HTTP as it should be."),
    "no-token": (401, "A token is needed."),
    "invalid-token": (401, "The token holds no more, or is none of ours."),
    "insufficient-scope": (403, "The token may not do this."),
    "not-found": (404, "Nothing is here for this token."),
    "method-not-allowed": (405, "This address does not take this method."),
    "not-acceptable": (406, "The answer is JSON, and nothing else."),
    "conflict": (409, "It cannot be done as things stand."),
    "too-large": (413, "The request is too large."),
    "unsupported-media-type": (415, "The body must be JSON."),
    "invalid": (422, "Something in the request cannot be taken."),
    "too-many-requests": (429, "Too many requests: wait, then try again."),
    "failed": (500, "Something went wrong on our side."),
    "unavailable": (503, "Not now: try again a little later."),
}
_BY_STATUS = {status: code for code, (status, _) in reversed([*KINDS.items()])} | {401: "invalid-token"}
_STATUS = {"busy": 503, "no_room": 503, "too_many_attempts": 429}  # of refusals; every other is a 409
_COME_BACK = {503: 30, 429: 900}  # seconds


class Problem(Exception):
    """A request that is refused.

    Args:
        kind: one of :data:`KINDS`.
        faults: where it is wrong: a JSON pointer into the body or ``#/query/…``, and what is wrong there.
    """

    def __init__(
        self, kind: str, detail: str, *, faults: Sequence[tuple[str, str]] = (), headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(detail)
        self.kind, self.detail, self.faults, self.headers = kind, detail, faults, headers or {}


def answer_with(api: Blueprint) -> None:
    """Answer so what is refused behind the API's door. What never reaches it, and what breaks, `web.errors` answers."""
    api.register_error_handler(Problem, _problem)
    for what in (403, 404, HTTPException):  # by their codes too: the pages' own handlers go by these
        api.register_error_handler(what, _http)
    api.register_error_handler(Refused, _refused)
    api.register_error_handler(NothingApplied, _nothing_applied)


def kind_of(status: int) -> str:
    """Which of :data:`KINDS` an answer of this status is."""
    return _BY_STATUS.get(status, "malformed" if status < 500 else "failed")


def type_and_title(status: int) -> tuple[str, str]:
    """What `web.errors` calls a refusal of this status that never reached the API's door, or broke behind it."""
    kind = kind_of(status)
    return _type(kind), KINDS[kind][1]


def _type(kind: str) -> str:
    return f"/api/v1/#{kind}"


def told(kind: str, detail: str, faults: Sequence[tuple[str, str]] = (), status: int | None = None) -> Response:
    """A problem as an answer."""
    usual, title = KINDS[kind]
    status = status or usual
    said: dict[str, Any] = {"type": _type(kind), "title": title, "status": status, "detail": detail}
    if faults:
        said["faults"] = [{"pointer": pointer, "detail": fault} for pointer, fault in faults]
    answer = Response(json.dumps(said, ensure_ascii=False), status=status, content_type=MEDIA_TYPE)
    if status in _COME_BACK:
        answer.headers["Retry-After"] = str(_COME_BACK[status])
    return answer


def _problem(problem: Problem) -> Response:
    answer = told(problem.kind, problem.detail, problem.faults)
    answer.headers.update(problem.headers)
    return answer


def _http(error: HTTPException) -> Response | HTTPException:
    if error.code is None or error.code < 400:
        return error
    kind = kind_of(error.code)
    return told(kind, KINDS[kind][1], status=error.code)


def _refused(refusal: Refused) -> Response:
    status = _STATUS.get(refusal.code, 409)
    return told(_BY_STATUS[status], refusal.message, [(f"/{refusal.field}", refusal.message)] if refusal.field else ())


def _nothing_applied(_error: NothingApplied) -> Response:
    return told("unavailable", "There is no curriculum yet: nothing can be counted.")
