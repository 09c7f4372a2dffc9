"""`tracker worker`: what is done beside the pages, for as long as it runs."""

from __future__ import annotations

import json
import logging
import os
import signal
import time
from contextlib import suppress
from itertools import chain

import click
from flask import current_app

from tracker import create_app
from tracker.cli import main
from tracker.cli.running import today, with_app
from tracker.cli.working.worker import Worker
from tracker.config import Settings
from tracker.coverage.checks import examine
from tracker.coverage.derivation import NothingApplied
from tracker.coverage.frozen.checking import examine_frozen
from tracker.models import db
from tracker.operations.audit_heads import examine_head, heads_file, newest_head
from tracker.operations.erasing import erasures_file, examine_erasures
from tracker.operations.freezing import frozen_folder

_LAST = 240.0  # seconds for what is in hand when it is told to end: an import, at most
_log = logging.getLogger(__name__)


@main.command()
@click.option("--jobs", type=click.IntRange(1, 32), default=2, show_default=True, help="How many jobs of pages at once.")
def worker(jobs: int) -> None:
    """Do what is done beside the pages, until told to end.

    It sends mail, seals the audit trail, makes the weekly mails, purges what is kept no longer and examines everything each
    night; with TRACKER_JOBS=worker it does the imports and long files of pages, too.

    Several may run, on several machines: each errand is done once. `tracker serve` runs one of its own unless told
    --no-worker. SIGTERM ends it after what is in hand, within four minutes.
    """
    settings = Settings.from_environment()
    app = create_app(settings)
    app.extensions["logs"]()
    working = Worker(app, jobs if settings.has_worker else 0)

    told, telling = os.pipe()  # a signal's handler may take no lock, but write a byte
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: os.write(telling, b"."))
    click.echo("Working beside the pages (Ctrl+C ends it)")
    if not settings.sends_mail:
        click.echo("No mail is sent: set TRACKER_SMTP_URL and TRACKER_MAIL_FROM.")
    if not settings.url:
        click.echo("No digests, no roll-ups and no sign-in links are sent: set TRACKER_URL.")
    if not settings.has_worker:
        click.echo("No jobs of pages are done here: set TRACKER_JOBS=worker, for the servers and for this.")
    working.begin()
    os.read(told, 1)
    working.end()
    if not working.wait(_LAST):
        _log.warning("ended over what was in hand: it is done again by whoever comes next")
    with app.app_context():
        db.engine.dispose()


@main.group(hidden=True)
def errand() -> None:
    """What the worker does in a process of its own."""


@errand.command("doctor")
@with_app
def examine_all() -> None:
    """Examine everything as it stood at one moment, keeping nobody waiting; print how much was found, as JSON. What it is
    may name people, so only `tracker doctor` says it."""
    began = time.monotonic()
    instance = current_app.config["SETTINGS"].instance
    newest = newest_head(heads_file(instance))
    session = db.session()
    # one snapshot: what is derived is written together with its facts, so both are of one moment
    session.connection(execution_options=_SNAPSHOT if db.engine.dialect.name == "postgresql" else {})
    frozen, erasures = frozen_folder(instance), erasures_file(instance)
    counts = {"errors": 0, "warnings": 0}
    with suppress(NothingApplied):  # before there is a curriculum there is nothing to derive
        for finding in chain(
            examine_head(session, heads_file(instance), newest),
            examine(session, today()),
            examine_frozen(session, frozen),
            examine_erasures(session, erasures),
        ):
            counts["errors" if finding.is_wrong else "warnings"] += 1
    if counts["errors"]:
        _log.error("the doctor found %s errors: run `tracker doctor`", counts["errors"])
    click.echo(json.dumps({**counts, "seconds": round(time.monotonic() - began, 1)}))


_SNAPSHOT = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
