"""Sending what waits: links to sign in by within seconds, notices every minute."""

from __future__ import annotations

import time

from flask import Flask

from tracker.cli.posting.sending import send_links, send_notices
from tracker.cli.working.rounds import GoesOn, Round
from tracker.config import Settings

_LINKS_EVERY = 2.0  # seconds
_NOTICES_EVERY = 60.0


def sending(app: Flask) -> Round:
    """The round that sends mail."""
    settings: Settings = app.config["SETTINGS"]
    notices_at = 0.0

    def send(goes_on: GoesOn) -> None:
        nonlocal notices_at
        send_links(settings, goes_on)
        if time.monotonic() >= notices_at:
            notices_at = time.monotonic() + _NOTICES_EVERY
            send_notices(settings, goes_on)

    return Round(app, "mail", _LINKS_EVERY, send)
