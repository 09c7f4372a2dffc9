"""`tracker notices`: the mail that waits to be sent, and who would get what."""

from __future__ import annotations

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.posting.sending import send_links, send_notices
from tracker.cli.posting.weekly import here_and_now, make_weekly, roll_ups_now
from tracker.cli.running import now, with_app
from tracker.config import Settings
from tracker.coverage.digests import lines_in_words
from tracker.coverage.notices import is_given_up, last_sent, unsent_notices, waiting
from tracker.models import Notice, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.notices.sending import retry_notices
from tracker.operations.notices.weekly import DIGESTS, ROLL_UPS, digests_to_make, last_made, next_time
from tracker.operations.refused import Refused
from tracker.operations.sign_in_links import links_told

_SHOWN = "%Y-%m-%d %H:%M"
_LISTED = 1_000
_NO_URL = "No digests and no roll-ups are made: set TRACKER_URL, for each must say how to stop it and where its figures are."

_NO_LINK = "No sign-in link went out lately."


@main.group()
def notices() -> None:
    """Mail to members and officers."""


@notices.command()
@click.option("--dry-run", is_flag=True, help="List who would get what; write and send nothing.")
@click.option("--again", is_flag=True, help="Try at once what failed before, what was given up too.")
@with_app
def send(dry_run: bool, again: bool) -> None:
    """Make this week's mails if it is time, and send everything that is due.

    Run it every few minutes where neither `tracker worker` nor the worker of `tracker serve` runs. What fails stays, and is
    tried again after a while: longer each time, and given up after about a day of tries.
    """
    settings: Settings = current_app.config["SETTINGS"]
    if dry_run:
        _tell(settings)
        return
    unsent = waiting(db.session()).due
    db.session.rollback()
    if not settings.sends_mail:
        raise Refused(
            "no_mail_server",
            f"{unsent} notices wait, and there is no way to send them: set TRACKER_SMTP_URL (such as "
            "smtp://user:password@mail.example.org:587) and TRACKER_MAIL_FROM.",
        )
    if again:
        with writing() as session:
            click.echo(f"{retry_notices(session, OPERATOR, now())} that failed are tried again.")
    if not settings.url:
        click.echo(_NO_URL)
    _make(settings)
    links = send_links(settings)
    if any(links):
        click.echo(f"{links.sent} sign-in links sent, {links.failed} failed.")
    sent, failed = send_notices(settings)
    click.echo(f"{sent} sent, {failed} failed.")
    if failed or links.failed:
        raise Refused("not_sent", "What failed is tried again later; see why with `tracker notices list`.")


def _make(settings: Settings) -> None:
    try:
        digests, roll_ups = make_weekly(settings, here_and_now(settings))
    except Refused as refusal:
        if refusal.code != "sync_running":
            raise
        click.echo("Another process makes this week's mails.")
        return
    if digests or roll_ups:
        click.echo(f"{digests} digests and {roll_ups} roll-ups made.")


def _tell(settings: Settings) -> None:
    """Who would get what, now or when the week's mails are made next."""
    session = db.session()
    given_up = 0
    unsent = unsent_notices(session)
    for notice in unsent:
        given_up += is_given_up(notice)
        click.echo(_line(notice))
    moment = here_and_now(settings)
    people = officers = 0
    if settings.url:
        click.echo(f"Digests, {_when(settings, DIGESTS)}:")
        for some, _looked_at in digests_to_make(session, moment):
            for recipient, digest in some:
                people += 1
                click.echo(f"{recipient.address}  {recipient.language}  {len(digest.lines)} to tell")
                for heading, lines in lines_in_words(digest, moment.date()):
                    for line in lines:
                        click.echo(f"    {heading}: {line}")
        click.echo(f"Roll-ups, {_when(settings, ROLL_UPS)}:")
        for written in roll_ups_now(settings, moment):
            officers += 1
            click.echo(f"{written.address}  {written.language}  {written.subject}")
    else:
        click.echo(_NO_URL)
    session.rollback()
    if given_up:
        click.echo(f"{given_up} were given up: --again tries them once more.")
    click.echo(f"{people} people would get a digest, {officers} officers a roll-up.")
    click.echo(f"{len(unsent) - given_up} would be sent.")


def _when(settings: Settings, what: str) -> str:
    """When they are made next."""
    moment = here_and_now(settings)
    at = next_time(db.session(), what, moment)
    return "due now" if at <= moment else f"made next from {at:{_SHOWN}} on; as of now"


def _line(notice: Notice) -> str:
    """One notice that waits."""
    told = f"{notice.recorded_at:{_SHOWN}}  {notice.address}  {notice.kind}  {notice.subject}"
    if is_given_up(notice):
        return f"{told} · given up after {notice.attempts} tries: {notice.failure}"
    if notice.failure:
        later = f", next try {notice.next_try_at:{_SHOWN}} UTC" if notice.next_try_at is not None else ""
        return f"{told} · failed before: {notice.failure}{later}"
    return told


@notices.command("list")
@with_app
def list_notices() -> None:
    """List what waits to be sent, what failed and why, and when mail last went out."""
    session, settings = db.session(), current_app.config["SETTINGS"]
    if not settings.sends_mail:
        click.echo("There is no way to send mail: set TRACKER_SMTP_URL and TRACKER_MAIL_FROM.")
    counts = waiting(session)
    for notice in unsent_notices(session, _LISTED):
        click.echo(_line(notice))
    total = counts.due + counts.given_up
    if total > _LISTED:
        click.echo(f"… and {total - _LISTED:,} more.")
    for what, name in ((DIGESTS, "digests"), (ROLL_UPS, "roll-ups")):
        made = last_made(session, what)
        click.echo(f"The last {name} were made {made:{_SHOWN}} UTC." if made else f"No {name} were made yet.")
    sent = last_sent(session)
    click.echo(f"A notice went out last at {sent:{_SHOWN}} UTC." if sent else "No notice went out yet.")
    links = links_told(session, now())
    click.echo(f"A sign-in link went out last at {links.sent_at:{_SHOWN}} UTC." if links.sent_at else _NO_LINK)
    if links.failed:
        click.echo(f"Sign-in links of today that were not taken: {links.failed}; the newest: {links.failure}")
    if links.waiting:
        click.echo(f"Sign-in links that wait: {links.waiting}")
    click.echo(f"{counts.due} wait, {counts.failed} of them failed before; {counts.given_up} were given up.")
