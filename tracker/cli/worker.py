"""`tracker worker`: sends mail for as long as it runs."""

from __future__ import annotations

import signal
from types import FrameType

import click

from tracker import create_app
from tracker.cli import main
from tracker.cli.posting.working import Worker
from tracker.config import Settings
from tracker.models import db
from tracker.operations.refused import Refused


@main.command()
def worker() -> None:
    """Send mail until told to end: sign-in links within seconds, notices every minute, the weekly mails on their day.

    Several may run, on several machines; `tracker serve` runs one of its own unless told --no-worker. SIGTERM ends it after
    the mail in hand.
    """
    settings = Settings.from_environment()
    if not settings.sends_mail:
        raise Refused(
            "no_mail_server",
            "There is no way to send mail: set TRACKER_SMTP_URL (such as smtp://user:password@mail.example.org:587) and "
            "TRACKER_MAIL_FROM.",
        )
    app = create_app(settings)
    working = Worker(app)

    def end(_number: int, _frame: FrameType | None) -> None:
        working.end()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    click.echo("Sending mail (Ctrl+C ends it)")
    if not settings.url:
        click.echo("No digests, no roll-ups and no sign-in links are sent: set TRACKER_URL.")
    working.work()
    with app.app_context():
        db.engine.dispose()
