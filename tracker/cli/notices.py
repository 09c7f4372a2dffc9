"""`tracker notices`: the mail that waits to be sent."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

import click
from flask import current_app

from tracker.cli import main
from tracker.cli.running import now, with_app
from tracker.config import MailServer, Settings
from tracker.models import Notice, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.notices import close_sending, mark_failed, mark_sent, message_of, unsent_notices
from tracker.operations.refused import Refused

_PATIENCE = 30.0  # seconds the mail server has for each answer


@main.group()
def notices() -> None:
    """Mail to members, about what others ask to change."""


@notices.command()
@click.option("--dry-run", is_flag=True, help="List what would be sent; send nothing.")
@with_app
def send(dry_run: bool) -> None:
    """Send every notice that waits. What fails stays, and is tried again next time; run it every few minutes."""
    waiting = unsent_notices(db.session())
    if dry_run:
        for notice in waiting:
            failed = f" · failed before: {notice.failure}" if notice.failure else ""
            click.echo(f"{notice.recorded_at:%Y-%m-%d %H:%M}  {notice.address}  {notice.subject}{failed}")
        click.echo(f"{len(waiting)} would be sent.")
        return
    settings: Settings = current_app.config["SETTINGS"]
    if settings.mail_server is None or not settings.mail_from:
        raise Refused(
            "no_mail_server",
            f"{len(waiting)} notices wait, and there is no way to send them: set TRACKER_SMTP_URL (such as "
            "smtp://user:password@mail.example.org:587) and TRACKER_MAIL_FROM.",
        )
    db.session.expunge_all()
    db.session.rollback()  # no read stays open while the mail server answers
    sent = _send_all(waiting, settings.mail_server, settings.mail_from) if waiting else 0
    click.echo(f"{sent} sent, {len(waiting) - sent} failed.")
    if sent < len(waiting):
        raise Refused("not_sent", "What failed is tried again next time; see why with --dry-run.")


def _send_all(waiting: list[Notice], server: MailServer, sender: str) -> int:
    """Send over one connection, and keep at once what became of each; how many were sent."""
    count = 0
    with _connected(server) as post:
        for notice in waiting:
            failure = _send_one(post, notice, sender)
            with writing() as session:
                if failure:
                    mark_failed(session, notice.id, failure)
                else:
                    mark_sent(session, notice.id, now())
                    count += 1
    with writing() as session:
        close_sending(session, count, len(waiting) - count, OPERATOR, now())
    return count


def _send_one(post: smtplib.SMTP, notice: Notice, sender: str) -> str:
    """Send one notice; why it failed, "" where it did not."""
    try:
        post.send_message(message_of(notice, sender), to_addrs=[notice.address])
    except Refused as refusal:
        return refusal.message
    except (smtplib.SMTPException, OSError, UnicodeError) as error:
        return _in_words(error)
    return ""


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    """One connection for all of them.

    Raises:
        Refused: ``no_mail_server``.
    """
    tls = ssl.create_default_context()
    with ExitStack() as closing:
        try:
            if server.is_encrypted:
                post: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=tls)
            else:
                post = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
            closing.callback(post.close)
            _introduce(post, server, tls)
        except (smtplib.SMTPException, OSError) as error:
            message = f"The mail server {server.host}:{server.port} says no: {_in_words(error)}"
            raise Refused("no_mail_server", message) from None
        yield post
        with suppress(smtplib.SMTPException, OSError):
            post.quit()


def _introduce(post: smtplib.SMTP, server: MailServer, tls: ssl.SSLContext) -> None:
    """Say who we are. A password travels encrypted alone, or not beyond this machine."""
    post.ehlo()
    if not server.is_encrypted and post.has_extn("starttls"):
        post.starttls(context=tls)
        post.ehlo()
    elif not server.is_encrypted and server.user and not server.is_here:
        raise Refused("no_mail_server", f"{server.host} offers no encryption: the password was not sent.")
    if server.user:
        post.login(server.user, server.password)


def _in_words(error: Exception) -> str:
    """What went wrong, on one line, without anything secret."""
    answer: tuple[int, bytes | str] | None = None
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answer = next(iter(error.recipients.values()))
    elif isinstance(error, smtplib.SMTPResponseException):
        answer = (error.smtp_code, error.smtp_error)
    if answer is not None:
        code, said = answer
        text = said.decode("utf-8", "replace") if isinstance(said, bytes) else said
        return " ".join(f"{code} {text}".split())
    return " ".join(str(error).split()) or type(error).__name__
