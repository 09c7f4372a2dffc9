"""`tracker serve`: the application for browsers on this machine, or for the proxy that stands before it."""

from __future__ import annotations

import gc
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import click
import waitress  # type: ignore[import-untyped]
from flask import Flask

from tracker import create_app
from tracker.cli import main
from tracker.cli.posting.working import Worker
from tracker.config import LARGEST_REQUEST, Settings
from tracker.demonstration.building import SIGN_INS
from tracker.language import read_texts
from tracker.operations.refused import Refused

_LOOPBACK = "127.0.0.1"
_LAST_MAIL = 5.0  # seconds for the mail in hand when all end


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8_000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=8, show_default=True, help="How many requests are answered at once."
)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes share the work."
)
@click.option("--no-worker", is_flag=True, help="Send no mail beside the pages: `tracker worker` does.")
def serve(port: int, workers: int, processes: int, no_worker: bool) -> None:
    """Serve the pages on this machine's own address, until interrupted.

    Nobody outside the machine can connect: a proxy that speaks HTTPS belongs in front. One process uses one core: give it
    as many processes as there are cores to use. Where a mail server is set, what waits to be sent is sent beside the pages.
    """
    settings = Settings.from_environment()
    app = create_app(settings)
    try:
        listening = socket.create_server((_LOOPBACK, port), backlog=1_024)
    except OSError as error:
        raise Refused("port_taken", f"Port {port} cannot be used: {error.strerror}. Choose another with --port.") from None
    click.echo(f"Serving on http://{_LOOPBACK}:{port} (Ctrl+C ends it)")
    if settings.is_demo:
        click.echo(f"Demonstration. Sign in with the password {settings.demo_password} as")
        for email, _ in SIGN_INS:
            click.echo(f"  {email}")
    signal.signal(signal.SIGTERM, _stop)
    mail = Worker(app) if settings.sends_mail and not no_worker else None
    begin = mail.begin if mail is not None else _nothing
    try:
        if processes == 1:
            begin()
            _answer(app, listening, workers, settings)
        else:
            _share(lambda: _answer(app, listening, workers, settings), processes, begin)
    finally:
        if mail is not None:
            mail.end()
            mail.wait(_LAST_MAIL)


def _answer(app: Flask, listening: socket.socket, workers: int, settings: Settings) -> None:
    """Answer requests in this process, until it is told to end."""
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # a request that waits its turn is no news
    server = waitress.create_server(
        app,
        sockets=[listening],
        threads=workers,
        ident=None,
        max_request_body_size=LARGEST_REQUEST + 1_000_000,  # refused here, before it fills the disk
        # whose forwarded headers count is the application's own setting, TRACKER_PROXY_HOPS
        clear_untrusted_proxy_headers=not settings.proxy_hops,
    )
    app.extensions["settling"].soon()  # what a server before this one could not
    threading.Thread(target=read_texts, daemon=True).start()  # so that the first page in French need not wait for it
    app.extensions["page_script"].soon()  # so that the first chart need not wait for it
    server.run()


def _nothing() -> None:
    """What is begun where nothing is."""


def _share(answer: Callable[[], None], processes: int, begin: Callable[[], None]) -> None:
    """Answer in so many processes that accept from one socket. When one ends, all end: whoever started them starts anew.

    They are copies of this one, made before it has opened a connection or begun a thread, and share its memory.

    Args:
        begin: what this one alone does beside answering.
    """
    gc.freeze()  # what a search for garbage does not touch stays shared
    sys.stdout.flush()
    ours, theirs = os.pipe()  # the others read from it; nothing comes but its end, when this process is gone
    children = []
    for _ in range(processes - 1):
        child = os.fork()
        if child == 0:
            os.close(theirs)
            _end_after(lambda: os.read(ours, 1))
            try:
                answer()
            finally:
                os._exit(0)
        children.append(child)
    _end_after(os.wait)
    try:
        begin()
        answer()
    finally:
        for child in children:
            with suppress(ProcessLookupError):
                os.kill(child, signal.SIGTERM)


def _end_after(wait: Callable[[], object]) -> None:
    """End this process, as if told to, as soon as the wait is over."""

    def end() -> None:
        wait()
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=end, daemon=True).start()


def _stop(_number: int, _frame: FrameType | None) -> None:
    """Ends as Ctrl+C does: what is being answered is answered."""
    sys.exit(0)
