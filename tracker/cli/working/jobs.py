"""The jobs that pages have put into the queue: each is a process of its own, as many at once as there are threads."""

from __future__ import annotations

import logging
import os
import subprocess
import threading
import time
from pathlib import Path

from flask import Flask
from huey.consumer import Consumer  # type: ignore[import-untyped]

from tracker.cli.working.rounds import GoesOn, Round
from tracker.config import Settings
from tracker.intake.processes import REQUEST, SPEAK, started
from tracker.intake.progress import hold, is_running
from tracker.intake.queueing import KINDS, QUEUE_ERRORS, Queue, all_noted, drop_note, note, noted
from tracker.models import db

_log = logging.getLogger(__name__)
_LOOKS_EVERY = 30.0  # seconds from one look for jobs that fell out of the queue to the next
_LOOKS_UP_EVERY = 1.0  # seconds from one look whether it is to end to the next
_LONGEST_PAUSE = 1.0  # seconds from one look into the queue to the next
_MOST_TRIES = 2  # of a job whose process dies over it, before only a person may begin it again


class _Quiet(Consumer):  # type: ignore[misc]
    """The library's consumer, which leaves the signals to whoever runs it."""

    def _set_signal_handlers(self) -> None:
        pass


class Jobs:
    """Takes jobs out of the queue and sees each of them to its end."""

    def __init__(self, app: Flask, at_once: int) -> None:
        """
        Args:
            at_once: how many are done at the same time.
        """
        self._app = app
        self._settings: Settings = app.config["SETTINGS"]
        self._at_once = at_once
        self._queue: Queue | None = None
        self._consumer: _Quiet | None = None
        self._is_ending = False
        self._leaves = False
        self.round = Round(app, "jobs", _LOOKS_EVERY, self._look)

    def begin(self) -> None:
        """Work in threads of this process. What an earlier worker left half done is begun again."""
        self.round.begin()

    def end(self) -> None:
        """Take no more."""
        self._is_ending = True
        self.round.end()
        if self._consumer is not None:
            self._consumer.stop_flag.set()

    def wait(self, seconds: float) -> bool:
        """Until what is under way has ended, or the time is over: then it goes on by itself.

        Returns:
            Whether it looks for no more jobs.
        """
        is_done = self.round.wait(seconds)
        if self._consumer is not None:
            self._consumer.shutdown_timeout = max(seconds, 0)
            self._consumer.stop(graceful=True)
        self._leaves = True
        if self._queue is not None:
            self._queue.close()
        return is_done

    def _look(self, _goes_on: GoesOn) -> None:
        """Begin to take jobs as soon as the queue can be reached; put back what fell out of it."""
        is_first = self._queue is None
        try:
            if self._queue is None:
                self._queue = Queue(db.engine, self._settings.instance, self._go_on)
                self._consumer = _Quiet(
                    self._queue.huey, workers=self._at_once, periodic=False, backoff=1.5, max_delay=_LONGEST_PAUSE
                )
                self._put_back(self._queue, is_start=True)
                self._consumer.start()
            else:
                self._put_back(self._queue, is_start=False)
        except QUEUE_ERRORS as error:
            if is_first:
                self._queue = None
            _log.warning("the queue cannot be reached: %s", type(error).__name__)

    def _put_back(self, queue: Queue, *, is_start: bool) -> None:
        """Jobs that wait and are not in the queue; at a start those, too, whose process died before it was done."""
        pending = queue.pending()
        for folder, its_id, waiting in all_noted(self._settings.instance):
            if (waiting.kind, its_id) in pending or is_running(folder, its_id):
                continue
            fell_out = not waiting.tries and time.time() - waiting.at > _LOOKS_EVERY
            died = is_start and 0 < waiting.tries < _MOST_TRIES
            if fell_out or died or (is_start and not waiting.tries):
                queue.put(waiting.kind, its_id)

    def _go_on(self, kind: str, its_id: int) -> None:
        """Let a process go on with a job, and wait for its end."""
        if self._is_ending or kind not in KINDS:
            return  # the next worker finds it by its note
        folder_name, words = KINDS[kind]
        folder = self._settings.instance / folder_name
        waiting = noted(folder, its_id)
        if waiting is None:
            return  # done already
        process = self._begun(folder, its_id, (*words, str(its_id)))
        if process is None:
            return
        while not self._leaves:
            try:
                process.wait(_LOOKS_UP_EVERY)
            except subprocess.TimeoutExpired:
                continue
            self._forget(folder, its_id)
            return
        threading.Thread(target=process.wait, daemon=True).start()  # it goes on by itself, and leaves no trace

    def _begun(self, folder: Path, its_id: int, words: tuple[str, ...]) -> subprocess.Popen[bytes] | None:
        """The job's process; None where there is none, for another is at it."""
        lock = hold(folder, its_id)
        if lock is None:
            return None
        try:
            waiting = noted(folder, its_id)
            if waiting is None:
                return None
            note(folder, its_id, waiting._replace(tries=waiting.tries + 1))
            environment = {SPEAK: waiting.language, REQUEST: waiting.request}
            return started(words, lock, {**self._settings.as_environment(), **environment})
        finally:
            os.close(lock)  # from here on the process holds it alone

    def _forget(self, folder: Path, its_id: int) -> None:
        """Drop the note of a job whose process has ended, unless its next step waits already."""
        lock = hold(folder, its_id)
        if lock is None:
            return  # its next step is being begun
        try:
            left = noted(folder, its_id)
            if left is not None and left.tries:
                drop_note(folder, its_id)
        finally:
            os.close(lock)
