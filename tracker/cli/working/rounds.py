"""Doing one thing again and again in a thread, until told to end; more rarely while it fails."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from flask import Flask

from tracker.models import Busy, db
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.refused import Refused

_log = logging.getLogger(__name__)
_LONGEST_PAUSE = 300.0  # seconds, after trouble again and again
_MOST_TROUBLES = 12

GoesOn = Callable[[], bool]


class Round:
    """One thing, done every so many seconds in an application context of its own."""

    def __init__(self, app: Flask, name: str, every: float, act: Callable[[GoesOn], None]) -> None:
        """
        Args:
            every: seconds from the end of one to the next.
            act: what is done; it is given whether to go on, to be asked before each part.
        """
        self.name = name
        self._app = app
        self._every = every
        self._act = act
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._troubles = 0
        self._last_trouble = ""

    def begin(self) -> None:
        """Work in a thread of this process, which ends with it."""
        self._thread = threading.Thread(target=self._work, name=self.name, daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish what is in hand, then end."""
        self._ending.set()

    def wait(self, seconds: float) -> bool:
        """Until the thread has ended; whether it has."""
        if self._thread is None:
            return True
        self._thread.join(max(seconds, 0))
        return not self._thread.is_alive()

    def _work(self) -> None:
        while not self._ending.is_set():
            with self._app.app_context():
                try:
                    self._act(lambda: not self._ending.is_set())
                    self._troubles, self._last_trouble = 0, ""
                except Busy:
                    pass  # an import is being recorded: the next time finds its end
                except Refused as refusal:
                    self._note(refusal.message)
                except DATABASE_ERRORS as error:
                    self._note(in_words(error) or type(error).__name__)
                except Exception:
                    _log.exception("%s waits", self.name)
                    self._troubles = min(self._troubles + 1, _MOST_TROUBLES)
                finally:
                    db.session.remove()
            self._ending.wait(min(self._every * 2**self._troubles, max(self._every, _LONGEST_PAUSE)))

    def _note(self, trouble: str) -> None:
        """Log a trouble once, however often it comes again."""
        self._troubles = min(self._troubles + 1, _MOST_TROUBLES)
        if trouble != self._last_trouble:
            _log.warning("%s waits: %s", self.name, trouble)
        self._last_trouble = trouble
