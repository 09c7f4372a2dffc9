"""The mail server, over one connection for many mails."""

from __future__ import annotations

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from tracker.config import MailServer, Settings
from tracker.operations.refused import Refused

_PATIENCE = 30.0  # seconds the mail server has for each answer


class Post:
    """One connection at a time: a new one where the server has ended the last."""

    def __init__(self, server: MailServer, sender: str) -> None:
        self._server = server
        self.sender = sender
        self._connection: smtplib.SMTP | None = None

    def connect(self) -> smtplib.SMTP:
        """The connection, made where there is none.

        Raises:
            Refused: ``no_mail_server``.
        """
        if self._connection is not None and self._connection.sock is not None:
            return self._connection
        server, tls = self._server, _tls_with(self._server)
        try:
            if server.is_encrypted:
                post: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=_PATIENCE, context=tls)
            else:
                post = smtplib.SMTP(server.host, server.port, timeout=_PATIENCE)
        except (smtplib.SMTPException, OSError) as error:
            raise self._refusal(error) from None
        try:
            _introduce(post, server, tls)
        except (smtplib.SMTPException, OSError) as error:
            post.close()
            raise self._refusal(error) from None
        except Refused:
            post.close()
            raise
        self._connection = post
        return post

    def send(self, message: EmailMessage, address: str) -> str:
        """Send one mail to one address; why it was not taken, "" where it was.

        Raises:
            Refused: ``no_mail_server``: there is no connection any more, and none can be made.
        """
        connection = self.connect()
        try:
            connection.send_message(message, to_addrs=[address])
        except (smtplib.SMTPException, OSError, UnicodeError) as error:
            if isinstance(error, OSError) and not isinstance(error, smtplib.SMTPResponseException):
                connection.close()  # whatever it was about to say belongs to this mail
            return in_words(error)
        return ""

    def close(self) -> None:
        """Say goodbye."""
        if self._connection is not None and self._connection.sock is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._connection.quit()
            self._connection.close()
        self._connection = None

    def _refusal(self, error: Exception) -> Refused:
        return Refused(
            "no_mail_server", f"The mail server {self._server.host}:{self._server.port} says no: {in_words(error)}"
        )


@contextmanager
def connected(settings: Settings) -> Iterator[Post]:
    """The mail server of the settings, reached.

    Raises:
        Refused: ``no_mail_server``.
    """
    if settings.mail_server is None or not settings.mail_from:
        raise Refused(
            "no_mail_server",
            "There is no way to send mail: set TRACKER_SMTP_URL (such as smtp://user:password@mail.example.org:587) and "
            "TRACKER_MAIL_FROM.",
        )
    post = Post(settings.mail_server, settings.mail_from)
    post.connect()
    try:
        yield post
    finally:
        post.close()


def _tls_with(server: MailServer) -> ssl.SSLContext:
    """How to encrypt. On this machine nobody stands between, and the certificate that a system makes for its own mail server
    is in no list: it is not asked for there."""
    found = ssl.create_default_context()
    if server.is_here:
        found.check_hostname, found.verify_mode = False, ssl.CERT_NONE
    return found


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


def in_words(error: Exception) -> str:
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
