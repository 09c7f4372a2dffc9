"""Each request on its way through: its number, what it was, how long it took. For the log, for the metrics, and for whoever
must tell us which one went wrong. Nothing is noted that names a person: the page's rule instead of its address.
"""

from __future__ import annotations

import logging
import re
import secrets
import time
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

from flask import Flask, g, request, request_started
from sqlalchemy import inspect

from tracker.models import User

_access = logging.getLogger("tracker.access")
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_WELL_FORMED = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{7,63}")
_HEADER = "X-Request-ID"

Ended = Callable[["Watched"], None]
_Application = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


@dataclass
class Watched:
    """A request: what may be told of it."""

    id: str  # made here, or by a proxy of ours
    method: str
    rule: str = ""  # of the page that answers, "" where none does
    status: int = 0
    user_id: int | None = None  # whoever is signed in
    seconds: float = 0.0
    size: int = 0  # bytes of the answer
    began: float = field(default_factory=time.monotonic)


_watched: ContextVar[Watched | None] = ContextVar("tracker_request", default=None)


def watched() -> Watched | None:
    """The request that is answered now."""
    return _watched.get()


def request_id() -> str:
    """The number of the request that is answered now, "" where none is."""
    found = _watched.get()
    return found.id if found else ""


def watch(app: Flask, *, hops: int, begun: Callable[[], None], ended: Ended) -> None:
    """Watch every request; nothing may stand before this, or it would not be seen.

    Args:
        hops: how many proxies of ours stand in front. Only one of them may say what number a request has.
    """
    app.wsgi_app = _Watching(app.wsgi_app, hops > 0, begun, ended)  # type: ignore[method-assign]
    app.context_processor(lambda: {"request_id": request_id()})
    app.teardown_request(_note_person)
    request_started.connect(_note_rule, app, weak=False)


def _note_rule(_app: Flask, **_more: Any) -> None:
    found = _watched.get()
    if found is not None and request.url_rule is not None:
        found.rule = request.url_rule.rule


def _note_person(_error: BaseException | None) -> None:
    found, user = _watched.get(), g.get("_login_user")
    if found is not None and isinstance(user, User) and (identity := inspect(user).identity):
        found.user_id = identity[0]


class _Watching:
    """Stands before the application."""

    def __init__(self, application: _Application, is_behind_ours: bool, begun: Callable[[], None], ended: Ended) -> None:
        self._application = application
        self._is_behind_ours = is_behind_ours
        self._begun = begun
        self._ended = ended

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        method = environ.get("REQUEST_METHOD", "")
        found = Watched(self._id_of(environ), method if method in _METHODS else "other")
        _watched.set(found)
        self._begun()

        def start(status: str, headers: list[tuple[str, str]], *more: Any) -> Any:
            found.status = int(status[:3])
            found.size = int(next((value for name, value in headers if name.lower() == "content-length"), 0))
            return start_response(status, [*headers, (_HEADER, found.id)], *more)

        try:
            body: Iterable[bytes] = self._application(environ, start)
        except BaseException:
            found.status = 500
            self._end(found)
            raise
        files = environ.get("wsgi.file_wrapper")
        if isinstance(files, type) and isinstance(body, files):
            self._end(found)  # the server sends a file by itself, if it is handed the very object
            return body
        return _Body(body, found, self._end)

    def _id_of(self, environ: dict[str, Any]) -> str:
        given = environ.get("HTTP_X_REQUEST_ID", "") if self._is_behind_ours else ""
        return given if _WELL_FORMED.fullmatch(given) else secrets.token_hex(8)

    def _end(self, found: Watched) -> None:
        found.seconds = time.monotonic() - found.began
        try:
            self._ended(found)
            _access.info("answered", extra={"is_access": True})
        finally:
            _watched.set(None)


class _Body:
    """An answer's body, counted as it goes out."""

    def __init__(self, body: Iterable[bytes], found: Watched, end: Ended) -> None:
        self._body = body
        self._found = found
        self._end: Ended | None = end
        self._sent = 0

    def __iter__(self) -> Iterator[bytes]:
        for some in self._body:
            self._sent += len(some)
            yield some

    def close(self) -> None:
        if (close := getattr(self._body, "close", None)) is not None:
            close()
        if self._end is not None:
            end, self._end = self._end, None
            self._found.size = self._sent or self._found.size
            end(self._found)
