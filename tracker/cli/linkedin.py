"""`tracker linkedin`: what LinkedIn Learning tells over its Reporting API."""

from __future__ import annotations

import sys
import time
from collections import Counter
from datetime import date, datetime
from pathlib import Path

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.running import DAY, now, today, with_app, with_bar
from tracker.config import Settings
from tracker.curriculum.words import Outcome
from tracker.intake.imports import CompletionsImport, Imported, original_of
from tracker.intake.linkedin_api.client import Application, LinkedIn
from tracker.intake.linkedin_api.elements import SOURCE, ZONE
from tracker.intake.linkedin_api.fetching import Fetched, each_window
from tracker.intake.linkedin_api.windows import LATE, Window, begin_of
from tracker.intake.originals import keep_original
from tracker.models import IMPORTS_PATIENCE, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.refused import Refused
from tracker.operations.sync import go_on_from, only_one, record_window
from tracker.operations.watching import unwatched

_FAULTS_SHOWN = 20  # of one window; the rest are in the batch
_LONG_WAIT = 5  # seconds from which a person should know what is being waited for
_MANY_ROWS = 5_000  # of one window, from which reading and recording it take so long that a bar is shown


@main.group()
def linkedin() -> None:
    """LinkedIn Learning's Reporting API."""


@linkedin.command()
@click.option(
    "--since", type=DAY, help="Read from this day on, read before or not. Not given: from where the last sync ended."
)
@with_app
def sync(since: date | None) -> None:
    """Record what LinkedIn says was completed, from the last sync until now.

    It reads 14 days at a time. Each window is recorded whole, as a batch of its own, or not at all: an interrupted sync goes
    on with the first window that is missing when it is called again without --since. LinkedIn's figures come late, so the
    last three days before a sync are read again by the next one; what is known already changes nothing.
    """
    settings: Settings = current_app.config["SETTINGS"]
    application = _application(settings)
    with only_one(db.engine, SOURCE, settings.instance), LinkedIn(application, wait=_wait) as provider:
        began = now()
        begin = _begin(since, began)
        outcomes: Counter[Outcome] = Counter()
        windows = 0
        folder = settings.instance / "imports"
        try:
            for fetched in each_window(provider, begin, began, folder, _tell):
                imported = _record(fetched, folder)
                _say(fetched, imported)
                outcomes += imported.outcomes
                windows += 1
        except OSError as error:
            raise Refused("unwritable_folder", f"{folder} cannot be written: {error.strerror}.") from None
    click.echo(f"{windows} {'window' if windows == 1 else 'windows'}, {outcomes.total()} rows:")
    click.echo(", ".join(f"{outcome.value} {outcomes[outcome]}" for outcome in Outcome))


def _application(settings: Settings) -> Application:
    missing = [
        name
        for name, value in (
            ("TRACKER_LINKEDIN_CLIENT_ID", settings.linkedin_client_id),
            ("TRACKER_LINKEDIN_CLIENT_SECRET", settings.linkedin_client_secret),
        )
        if not value
    ]
    if missing:
        raise Refused(
            "no_application",
            f"{' and '.join(missing)} {'are' if len(missing) > 1 else 'is'} not set. In LinkedIn Learning’s administration, "
            'under "Integrate", "Access content and reports via API", make an application and take both from there.',
        )
    return Application(
        settings.linkedin_client_id, settings.linkedin_client_secret, settings.linkedin_api, settings.linkedin_token_url
    )


def _begin(since: date | None, began: datetime) -> datetime:
    if since is not None:
        return begin_of(since, began)
    session = db.session()
    begin = go_on_from(session, SOURCE, LATE)
    session.rollback()  # nothing is held while LinkedIn answers
    if begin is None:
        raise Refused("no_beginning", "LinkedIn was not read before: say from which day on with --since.", field="since")
    return begin


def _record(fetched: Fetched, folder: Path) -> Imported:
    """One window in one transaction, and the file it came from beside it."""
    _clear()
    keep_original(folder, fetched.file)
    original = original_of(fetched.file, fetched.file_name)
    day = today()
    latest = max(day, now().astimezone(ZONE).date())
    watch = with_bar if original.lines > _MANY_ROWS else unwatched
    with (
        CompletionsImport.staged(db.session(), lambda: fetched.reader(latest), original, today=day, watch=watch) as staged,
        writing(alone=True, patience=IMPORTS_PATIENCE) as session,
    ):
        imported = staged.record(session, OPERATOR, now=now(), watch=watch)
        record_window(session, SOURCE, fetched.window.from_at, fetched.window.until_at, imported.batch_id)
    return imported


def _say(fetched: Fetched, imported: Imported) -> None:
    counts = ", ".join(f"{outcome.value} {count}" for outcome in Outcome if (count := imported.outcomes[outcome]))
    click.echo(f"{fetched.window}  batch {imported.batch_id}  {counts or 'nothing'}")
    for fault in imported.faults[:_FAULTS_SHOWN]:
        click.echo(f"  {fault}", err=True)
    if imported.faults_in_all > _FAULTS_SHOWN:
        more = imported.faults_in_all - _FAULTS_SHOWN
        click.echo(f"  … and {more:,} more: tracker batch show {imported.batch_id}", err=True)
    if imported.no_renewal:
        click.echo(f"  {imported.no_renewal}")


def _tell(window: Window, pages: int, elements: int) -> None:
    """How much of a window has come, in a line that the next one replaces."""
    _clear()
    if sys.stderr.isatty():
        click.echo(f"Asking LinkedIn for {window}: page {pages:,}, {elements:,} rows", nl=False, err=True)


def _clear() -> None:
    if sys.stderr.isatty():
        click.echo("\r\x1b[K", nl=False, err=True)


def _wait(seconds: float, why: str) -> None:
    if seconds >= _LONG_WAIT:
        _clear()
        click.echo(f"{why}. Asking again in {seconds:.0f} s.", err=True)
    time.sleep(seconds)
