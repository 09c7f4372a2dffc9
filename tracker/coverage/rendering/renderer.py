"""Asks the process that draws, starts it when it is needed, and says in words when it could not draw."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import select
import struct
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from tracker.language import _

_PROGRAM = Path(__file__).with_name("drawing.py")
_IDLE = 60.0  # seconds after which it ends itself
_LONGEST = 30.0  # seconds a job may take, and as many to wait for those before it
_KEPT = 4_000_000  # bytes of answers kept in memory
_LENGTH = struct.Struct(">Q")
_LARGEST_ANSWER = 64_000_000
_INHERITED = ("PATH", "PYTHONPATH", "LD_LIBRARY_PATH", "HOME", "LANG", "TMPDIR", "SYSTEMROOT")

log = logging.getLogger(__name__)


class NotRendered(Exception):
    """The picture could not be made now: its message says so to people. Asking again may well succeed."""


class _Ended(Exception):
    """The process ended before it answered."""


class Renderer:
    """One process that draws, for every thread of this one. The first job starts it, and the next one after it ended."""

    def __init__(self, *, idle: float = _IDLE, longest: float = _LONGEST) -> None:
        self._idle = idle
        self._longest = longest
        self._turn = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._kept: OrderedDict[str, bytes] = OrderedDict()
        self._kept_bytes = 0

    @property
    def process_id(self) -> int | None:
        """The process that draws, if one is running."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def rendered(self, job: Mapping[str, Any]) -> bytes:
        """What a job comes to.

        Raises:
            NotRendered: it took too long, needed too much, could not be used, or the process ended.
        """
        question = json.dumps(job, sort_keys=True, ensure_ascii=False).encode()
        name = hashlib.sha256(question).hexdigest()
        if not self._turn.acquire(timeout=self._longest):
            raise NotRendered(_("Too many pictures are being drawn at once. Try again in a minute."))
        try:
            known = self._kept.get(name)
            if known is not None:
                self._kept.move_to_end(name)
                return known
            answer = self._asked(question)
            self._keep(name, answer)
            return answer
        finally:
            self._turn.release()

    def close(self) -> None:
        """End the process; a later job starts another."""
        with self._turn:
            self._end()

    def _asked(self, question: bytes) -> bytes:
        deadline = time.monotonic() + self._longest
        was_running = self.process_id is not None
        try:
            try:
                answer = self._exchange(question, deadline)
            except _Ended:
                if not was_running:
                    raise  # it ended over this very job
                answer = self._exchange(question, deadline)  # perhaps it was ending already: a fresh one
        except _Ended:
            log.error("the process that draws ended over a job of %s bytes", len(question))
            raise NotRendered(_("The picture could not be drawn just now. Try again in a minute.")) from None
        except TimeoutError:
            self._end()
            raise NotRendered(_("Drawing this took too long, so it was given up. Ask for less at once.")) from None
        if answer[:1] != b"+":
            log.error("not rendered: %s", answer[1:].decode("utf-8", "replace"))
            raise NotRendered(_("The picture could not be drawn."))
        return answer[1:]

    def _exchange(self, question: bytes, deadline: float) -> bytes:
        process = self._running()
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            self._send(process.stdin.fileno(), _LENGTH.pack(len(question)) + question, deadline)
            (length,) = _LENGTH.unpack(self._receive(process.stdout.fileno(), _LENGTH.size, deadline))
            if length > _LARGEST_ANSWER:
                raise _Ended
            return self._receive(process.stdout.fileno(), length, deadline)
        except (OSError, _Ended) as error:
            if isinstance(error, TimeoutError):
                raise
            self._end()
            raise _Ended from None

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is not None and self._process.poll() is None:
            return self._process
        self._end()
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}  # and so no secrets
        self._process = subprocess.Popen(  # noqa: S603 — our own program
            [sys.executable, "-P", str(_PROGRAM), str(self._idle)],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,  # it ends with us by the end of its input, not by a key pressed in our terminal
        )
        assert self._process.stdin is not None
        os.set_blocking(self._process.stdin.fileno(), False)
        return self._process

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                with suppress(OSError):
                    pipe.close()
        process.wait()

    @staticmethod
    def _send(file: int, content: bytes, deadline: float) -> None:
        rest = memoryview(content)
        while rest:
            _wait_for(file, select.POLLOUT, deadline)
            with suppress(BlockingIOError):
                rest = rest[os.write(file, rest) :]

    @staticmethod
    def _receive(file: int, length: int, deadline: float) -> bytes:
        parts = bytearray()
        while len(parts) < length:
            _wait_for(file, select.POLLIN, deadline)
            part = os.read(file, min(length - len(parts), 1 << 20))
            if not part:
                raise _Ended
            parts += part
        return bytes(parts)

    def _keep(self, name: str, answer: bytes) -> None:
        if len(answer) > _KEPT // 4:
            return
        self._kept[name] = answer
        self._kept_bytes += len(answer)
        while self._kept_bytes > _KEPT:
            _, oldest = self._kept.popitem(last=False)
            self._kept_bytes -= len(oldest)


def _wait_for(file: int, event: int, deadline: float) -> None:
    """Until a pipe can be used.

    Raises:
        TimeoutError: the deadline came first.
    """
    poll = select.poll()
    poll.register(file, event)
    left = deadline - time.monotonic()
    if left <= 0 or not poll.poll(left * 1000):
        raise TimeoutError
