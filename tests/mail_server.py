"""A mail server on this machine, as a real one speaks, that keeps what it is given."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any, cast

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session


class Post:
    """A mail server on this machine that keeps what it is given."""

    def __init__(self) -> None:
        self.taken: list[tuple[str, list[str], str]] = []
        self.refuses: set[str] = set()
        self.connections = 0
        self._arrived = threading.Condition()

    def wait_for(self, count: int, seconds: float = 60) -> bool:
        """Until so many were taken."""
        with self._arrived:
            return self._arrived.wait_for(lambda: len(self.taken) >= count, seconds)

    @property
    def mails(self) -> list[EmailMessage]:
        """What was taken, in order."""
        return [
            cast(EmailMessage, message_from_bytes(text.replace("\r\n", "\n").encode(), policy=default))
            for _, _, text in self.taken
        ]

    def to(self, address: str) -> list[EmailMessage]:
        """What was taken for one address."""
        return [mail for mail, (_, people, _) in zip(self.mails, self.taken, strict=True) if people == [address]]

    async def handle_EHLO(  # noqa: N802 — the server calls it so
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.connections += 1
        session.host_name = hostname
        return responses

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        content = envelope.content
        text = content.decode() if isinstance(content, bytes) else str(content)
        with self._arrived:
            self.taken.append((str(envelope.mail_from), list(envelope.rcpt_tos), text))
            self._arrived.notify_all()
        return "250 OK"


def authenticate(_server: SMTP, _session: Session, _envelope: Envelope, _mechanism: str, said: Any) -> AuthResult:
    is_right = isinstance(said, LoginPassword) and (said.login, said.password) == (b"us@x", b"p/w")
    return AuthResult(success=is_right, handled=False)


@contextmanager
def mail_server(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Iterator[tuple[Post, int]]:
    """A mail server at an address of this machine; with ``tls`` it offers STARTTLS, and takes no mail before it."""
    server = Post()
    with socket.socket() as free:
        free.bind((host, 0))
        port = free.getsockname()[1]
    controller = Controller(
        *(server, host, port),
        authenticator=authenticate,
        auth_require_tls=False,
        enable_SMTPUTF8=False,
        tls_context=tls,
        require_starttls=tls is not None,
    )
    controller.start()
    try:
        yield server, port
    finally:
        controller.stop()
