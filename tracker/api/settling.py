"""What could only be kept while others held the writers off, settled as soon as they have ended.

In a thread of this process: nobody's answer waits for it, and `tracker xapi settle` does the same by hand.
"""

from __future__ import annotations

import logging
import threading
from datetime import UTC, datetime, timedelta
from functools import partial

from flask import Flask

from tracker.config import Settings
from tracker.intake.xapi import meaning_of
from tracker.models import Busy, db, writing
from tracker.models.trouble import DATABASE_ERRORS, in_words, is_not_unique, is_undone
from tracker.operations.statements import Reader
from tracker.operations.statements.receiving import are_to_settle, settle_statements
from tracker.operations.statements.spool import drop, is_spooled, spool_folder, spooled

_log = logging.getLogger(__name__)
_AT_ONCE = 100
_LOOKS_EVERY = timedelta(minutes=1)


def reader(settings: Settings) -> Reader:
    """What reads the statements of this installation."""
    return partial(meaning_of, zone=settings.time_zone)


def met_another(error: Exception) -> bool:
    """Whether a write failed only because of another one at the same moment: done again, it succeeds."""
    return isinstance(error, Busy) or is_undone(error) or is_not_unique(error)


class Settling:
    """One thread at most, which ends when nothing is left to settle."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted = False
        self._looked_at: datetime | None = None

    def soon(self) -> None:
        """Begin, or go on for one more round."""
        with self._lock:
            self._is_wanted = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="settling", daemon=True)
                self._thread.start()

    @property
    def is_at_it(self) -> bool:
        return self._thread is not None

    def look(self, now: datetime) -> None:
        """Once in a while, see whether a process that is gone left something, or a day has come; then begin."""
        if self._looked_at is not None and timedelta() <= now - self._looked_at < _LOOKS_EVERY:
            return
        self._looked_at = now
        settings: Settings = self._app.config["SETTINGS"]
        if is_spooled(spool_folder(settings.instance)) or are_to_settle(db.session(), settings.today()):
            self.soon()

    def wait(self, seconds: float) -> None:
        """Until it has ended, for whoever must see what came of it."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _run(self) -> None:
        while self._goes_on():
            with self._app.app_context():
                try:
                    while self._settle_some():
                        pass
                except DATABASE_ERRORS as error:  # what is left stays where it is, and a later request begins again
                    _log.warning("statements wait: %s", in_words(error) or type(error).__name__)  # the driver repeats rows
                except Exception:
                    _log.exception("statements wait")
                finally:
                    db.session.remove()

    def _goes_on(self) -> bool:
        with self._lock:
            goes_on, self._is_wanted = self._is_wanted, False
            if not goes_on:
                self._thread = None
            return goes_on

    def _settle_some(self) -> bool:
        """Settle the oldest. Gives whether there may be more."""
        settings: Settings = self._app.config["SETTINGS"]
        files = spooled(spool_folder(settings.instance), _AT_ONCE)
        try:
            with writing() as session:
                count = settle_statements(
                    session, files, reader(settings), today=settings.today(), now=datetime.now(UTC), most=_AT_ONCE
                )
        except (Busy, *DATABASE_ERRORS) as error:
            if not met_another(error):
                raise
            return True  # an import may take long: it is waited for
        drop(files)
        return len(files) == _AT_ONCE or count == _AT_ONCE
