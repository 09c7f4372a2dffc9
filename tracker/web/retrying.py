"""A request that met trouble which passes is answered from its start again, before anybody saw an answer.

Two people at the same rows, a database server that is restarted, a connection that went: the second time it goes through.
The whole request is asked again, of a fresh context and session, with what was sent rewound; never a part of it, for what
it read may be another by then.

It is done again only where nothing was committed, nor may have been: at a COMMIT whose answer was lost nobody knows, and the
page says so. What a request does beside the database must bear to be done twice: files are kept by their content's hash, and
processes are started after the commit.
"""

from __future__ import annotations

import io
import logging
import random
import tempfile
import time
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import IO, Any, TypeAlias

from flask import Flask, request

from tracker.models import db, may_be_done_again
from tracker.models.trouble import is_not_unique, is_passing

_log = logging.getLogger(__name__)

_TIMES = 3  # at most, the first included
_PAUSE = (0.02, 0.2)  # seconds: those who met do not meet again
_LONGEST = 5.0  # seconds after which nobody is kept waiting for another time
_IN_MEMORY = 1 << 20  # bytes of what was sent
_AGAIN = "tracker.again"

_Environ: TypeAlias = dict[str, Any]
_Answer: TypeAlias = Iterable[bytes]
_Start: TypeAlias = Callable[..., Any]


def answer_again(app: Flask) -> None:
    """Let every request of the application be done again where that may help."""
    app.wsgi_app = _Again(app.wsgi_app)  # type: ignore[method-assign, assignment]


def may_pass(error: BaseException) -> bool:
    """Note, where an error is turned into an answer, that the request should be done again; whether it can be.

    To be asked before the session is given back.
    """
    can_be = may_be_done_again(db.session()) and (is_passing(error) or is_not_unique(error))
    if can_be:
        request.environ[_AGAIN] = type(error).__name__
    return can_be


class _Again:
    """The application, asked once more where an answer is only that it should be."""

    def __init__(self, inner: Callable[[_Environ, _Start], _Answer]) -> None:
        self._inner = inner

    def __call__(self, environ: _Environ, start: _Start) -> _Answer:
        until = time.monotonic() + _LONGEST
        with closing(_Sent(environ["wsgi.input"])) as sent:
            for left in reversed(range(_TIMES)):
                asked = {**environ, "wsgi.input": sent.from_the_beginning()}
                begun: list[tuple[Any, ...]] = []
                answer = self._inner(asked, lambda *said, begun=begun: begun.append(said))
                why = asked.get(_AGAIN)
                if not why or not left or time.monotonic() > until:
                    break
                _log.warning("a request is done again: %s", why)
                if hasattr(answer, "close"):
                    answer.close()
                time.sleep(random.uniform(*_PAUSE))
        for said in begun:
            start(*said)
        return answer


class _Sent:
    """What was sent with a request, to be read from its beginning any number of times."""

    def __init__(self, source: Any) -> None:
        self._source = source
        try:
            self._begin = int(source.tell()) if source.seekable() else None
        except (OSError, AttributeError):  # a server that hands over the connection
            self._begin = None
        self._kept = None if self._begin is not None else tempfile.SpooledTemporaryFile(_IN_MEMORY)  # noqa: SIM115

    def from_the_beginning(self) -> Any:
        if self._kept is None:
            self._source.seek(self._begin)
            return self._source
        return io.BufferedReader(_Kept(self._source, self._kept))

    def close(self) -> None:
        if self._kept is not None:
            self._kept.close()


class _Kept(io.RawIOBase):
    """What can be read once, kept as it is read; what is kept already comes first."""

    def __init__(self, source: Any, kept: IO[bytes]) -> None:
        self._source, self._kept, self._at = source, kept, 0

    def readable(self) -> bool:
        return True

    def readinto(self, into: Any) -> int:
        self._kept.seek(self._at)
        piece: bytes = self._kept.read(len(into))
        if not piece:
            piece = self._source.read(len(into))
            self._kept.write(piece)
        into[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)
