"""`tracker serve`: the application for browsers on this machine, or for the proxy that stands before it."""

from __future__ import annotations

import gc
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress

import click

from tracker import create_app
from tracker.cli import main
from tracker.cli.answering import LONGEST_END, Answering
from tracker.cli.working.worker import Worker
from tracker.config import Settings
from tracker.demonstration.building import SIGN_INS
from tracker.intake.processes import count_no_more, count_together
from tracker.operations.refused import Refused

_LOOPBACK = "127.0.0.1"
_LAST = 5.0  # seconds for the mail and the errand in hand when all end


@main.command()
@click.option("--port", type=click.IntRange(1, 65_535), default=8_000, show_default=True)
@click.option(
    "--workers", type=click.IntRange(1, 64), default=8, show_default=True, help="How many requests are answered at once."
)
@click.option(
    "--processes", type=click.IntRange(1, 64), default=1, show_default=True, help="How many processes share the work."
)
@click.option("--no-worker", is_flag=True, help="Do nothing beside the pages: `tracker worker` does.")
def serve(port: int, workers: int, processes: int, no_worker: bool) -> None:
    """Serve the pages on this machine's own address, until interrupted.

    Nobody outside the machine can connect: a proxy that speaks HTTPS belongs in front. One process uses one core: give it
    as many processes as there are cores to use. What the site does beside the pages, such as sending mail and sealing the
    audit trail, a thread does here as well. SIGTERM ends it after what is being answered.
    """
    settings = Settings.from_environment()
    counts = count_together() if processes > 1 else None
    try:
        app = create_app(settings)
        try:
            listening = socket.create_server((_LOOPBACK, port), backlog=1_024)
        except OSError as error:
            raise Refused(
                "port_taken", f"Port {port} cannot be used: {error.strerror}. Choose another with --port."
            ) from None
        click.echo(f"Serving on http://{_LOOPBACK}:{port} (Ctrl+C ends it)")
        if settings.is_demo:
            click.echo(f"Demonstration. Sign in with the password {settings.demo_password} as")
            for email, _ in SIGN_INS:
                click.echo(f"  {email}")
        beside = None if no_worker else Worker(app)
        answering = Answering(app, listening, workers)
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda _number, _frame: answering.end())
        try:
            _share(answering, processes, beside.begin if beside is not None else _nothing)
        finally:
            if beside is not None:
                beside.end()
                beside.wait(_LAST)
    finally:
        if counts is not None:
            count_no_more(counts)


def _nothing() -> None:
    """What is begun where nothing is."""


def _share(answering: Answering, processes: int, begin: Callable[[], None]) -> None:
    """Answer in so many processes that accept from one socket. When one ends, all end: whoever started them starts anew.

    They are copies of this one, made before it has opened a connection or begun a thread, and share its memory.

    Args:
        begin: what this one alone does beside answering.
    """
    gc.freeze()  # what a search for garbage does not touch stays shared
    sys.stdout.flush()
    ours, theirs = os.pipe()  # the others read from it; nothing comes but its end, when this process is gone
    children: list[int] = []
    for _ in range(processes - 1):
        child = os.fork()
        if child == 0:
            os.close(theirs)
            _end_after(answering, lambda: os.read(ours, 1))
            try:
                answering.answer()
            finally:
                os._exit(0)
        children.append(child)
    ended = _Children(children, answering)
    begin()
    try:
        answering.answer(ending=ended.tell_to_end)
    finally:
        ended.tell_to_end()
        ended.wait(LONGEST_END)


class _Children:
    """The other processes of this server, as this one sees them."""

    def __init__(self, pids: list[int], answering: Answering) -> None:
        self._pids = pids
        self._answering = answering
        # each by its own number: the process of an import that ends is nobody's end but its own
        self._watching = [threading.Thread(target=self._watch, args=(pid,), name="process", daemon=True) for pid in pids]
        for each in self._watching:
            each.start()

    def _watch(self, pid: int) -> None:
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
        self._answering.end()  # one of them, so all

    def tell_to_end(self) -> None:
        for pid in self._pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def wait(self, seconds: float) -> None:
        """Until they have ended what they were answering, each by itself; those that do not end in time are ended."""
        until = time.monotonic() + seconds
        for pid, watching in zip(self._pids, self._watching, strict=True):
            watching.join(max(0.0, until - time.monotonic()))
            if watching.is_alive():
                os.kill(pid, signal.SIGKILL)


def _end_after(answering: Answering, wait: Callable[[], object]) -> None:
    """End this process, as if told to, as soon as the wait is over."""

    def end() -> None:
        wait()
        answering.end()

    threading.Thread(target=end, daemon=True).start()
