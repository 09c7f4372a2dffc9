"""Sending again and again, until told to end: links within seconds, notices every minute, the weekly mails on their day."""

from __future__ import annotations

import logging
import threading
import time
from datetime import UTC, datetime, timedelta

from flask import Flask

from tracker.cli.posting.sending import send_links, send_notices
from tracker.cli.posting.weekly import here_and_now, make_weekly
from tracker.config import Settings
from tracker.models import db, writing
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.evidence import evidence_folder, sweep_evidence
from tracker.operations.refused import Refused

_log = logging.getLogger(__name__)
_LINKS_EVERY = 2.0  # seconds
_NOTICES_EVERY = 60.0
_TIDY_EVERY = 24 * 3_600.0
_UNTOUCHED = timedelta(days=1)  # a file that came so long ago belongs to no form that is still being filled
_LONGEST_PAUSE = 300.0  # after trouble again and again


class Worker:
    """One that sends mail. Several may, in one process or in many."""

    def __init__(self, app: Flask) -> None:
        self._app = app
        self._settings: Settings = app.config["SETTINGS"]
        self._ending = threading.Event()
        self._thread: threading.Thread | None = None
        self._notices_at = 0.0
        self._tidy_at = 0.0
        self._troubles = 0
        self._last_trouble = ""

    def begin(self) -> None:
        """Work in a thread of this process, which ends with it."""
        self._thread = threading.Thread(target=self.work, name="mail", daemon=True)
        self._thread.start()

    def end(self) -> None:
        """Finish the mail in hand, then end."""
        self._ending.set()

    def wait(self, seconds: float) -> None:
        """Until the thread has ended."""
        if self._thread is not None:
            self._thread.join(seconds)

    def work(self) -> None:
        """Work until told to end."""
        while not self._ending.is_set():
            with self._app.app_context():
                try:
                    self.work_once()
                    self._troubles, self._last_trouble = 0, ""
                except Refused as refusal:
                    self._note(refusal.message)
                except DATABASE_ERRORS as error:
                    self._note(in_words(error) or str(error))
                except Exception:
                    _log.exception("mail waits")
                    self._troubles += 1
                finally:
                    db.session.remove()
            self._ending.wait(min(_LINKS_EVERY * 2**self._troubles, _LONGEST_PAUSE))

    def work_once(self) -> None:
        """One round: what is due now."""
        send_links(self._settings, self._goes_on)
        if time.monotonic() < self._notices_at:
            return
        self._notices_at = time.monotonic() + _NOTICES_EVERY
        send_notices(self._settings, self._goes_on)
        self._tidy()
        try:
            make_weekly(self._settings, here_and_now(self._settings), self._goes_on)
        except Refused as refusal:
            if refusal.code != "sync_running":  # another one makes them
                raise

    def _tidy(self) -> None:
        """Once a day, remove the files of evidence that no row names: what was sent with a form that never came to be."""
        if time.monotonic() < self._tidy_at:
            return
        self._tidy_at = time.monotonic() + _TIDY_EVERY
        with writing() as session:
            sweep_evidence(session, evidence_folder(self._settings.instance), datetime.now(UTC) - _UNTOUCHED)

    def _goes_on(self) -> bool:
        return not self._ending.is_set()

    def _note(self, trouble: str) -> None:
        """Log a trouble once, however often it comes again."""
        self._troubles = min(self._troubles + 1, 12)
        if trouble != self._last_trouble:
            _log.warning("mail waits: %s", trouble)
        self._last_trouble = trouble
