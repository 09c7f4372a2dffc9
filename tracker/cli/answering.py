"""Answering requests in one process until it is told to end; and then first what it was asked already."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable
from typing import Any

import waitress  # type: ignore[import-untyped]
from flask import Flask
from waitress.channel import HTTPChannel  # type: ignore[import-untyped]
from waitress.parser import HTTPRequestParser  # type: ignore[import-untyped]
from waitress.task import WSGITask  # type: ignore[import-untyped]
from waitress.utilities import Error  # type: ignore[import-untyped]

from tracker.config import LARGEST_REQUEST
from tracker.models.trouble import is_full

LONGEST_END = 30.0  # seconds in which whatever is being answered must be done when all ends
_IDLE = 1.0  # seconds for which a connection that asks nothing is left open then: it may be about to
_STEP = 0.1
_LOOK = 1.0


class _Task(WSGITask):  # type: ignore[misc]
    """A request. When all ends, its answer tells the other side to use this connection no more."""

    def service(self) -> None:
        if self.channel.server.is_ending:
            self.request.headers["CONNECTION"] = "close"
        super().service()


class _NoRoom(Error):  # type: ignore[misc]
    code = 507
    reason = "Insufficient Storage"


class _Nowhere:
    """Where the rest of a request goes that has no room: left untaken, it would keep the other side from hearing why."""

    def append(self, _data: bytes) -> None: ...
    def close(self) -> None: ...
    def __len__(self) -> int:
        return 0


class _Request(HTTPRequestParser):  # type: ignore[misc]
    def received(self, data: bytes) -> int:
        try:
            return int(super().received(data))
        except OSError as error:
            if not is_full(error) or self.body_rcv is None:
                raise
        self.body_rcv.buf = _Nowhere()
        self.error = _NoRoom("The disk of this server is full: nothing of what was sent was recorded. Try again later.")
        return int(super().received(data))


class _Channel(HTTPChannel):  # type: ignore[misc]
    task_class = _Task
    parser_class = _Request

    @property
    def is_at_work(self) -> bool:
        """Whether something was asked, even if not to its end, that is not answered to its end."""
        return bool(self.requests or self.request is not None or self.total_outbufs_len)


class Answering:
    """Answers what comes to a socket."""

    def __init__(self, app: Flask, listening: socket.socket, threads: int) -> None:
        """
        Args:
            threads: how many requests are answered at once.
        """
        self._app = app
        self._listening = listening
        self._threads = threads
        self._server: Any = None
        self._is_ending = False

    def end(self) -> None:
        """End soon. It may be called from a signal's handler, and from any thread."""
        self._is_ending = True
        if self._server is not None:
            self._server.pull_trigger()

    def answer(self, ending: Callable[[], None] = lambda: None) -> None:
        """Answer until told to end.

        Args:
            ending: called once when that is so, before the last requests are answered.
        """
        server = self._server = self._opened()
        self._app.extensions["serving"]["warm"]()
        while not self._is_ending:
            self._step(_LOOK)
        ending()
        self._app.extensions["serving"]["drain"]()
        server.is_ending = True
        self._accept_the_last()
        self._finish()

    def _opened(self) -> Any:
        server = waitress.create_server(
            self._app,
            sockets=[self._listening],
            threads=self._threads,
            ident=None,
            max_request_body_size=LARGEST_REQUEST + 1_000_000,  # refused here, before it fills the disk
            # Whose forwarded headers count is the application's own setting, TRACKER_PROXY_HOPS. They are left even where
            # nobody's do: that one came by a proxy is what keeps `/metrics` from whoever asks through it.
            clear_untrusted_proxy_headers=False,
        )
        server.channel_class, server.is_ending = _Channel, False
        return server

    def _step(self, seconds: float) -> None:
        """Do what there is to do, or wait so long for it."""
        server = self._server
        server.asyncore.loop(timeout=seconds, map=server._map, use_poll=server.adj.asyncore_use_poll, count=1)

    def _accept_the_last(self) -> None:
        """Who was connected already waits in the socket; whoever comes later is told at once that nobody is here."""
        server, before = self._server, -1
        while len(server.active_channels) != before:
            before = len(server.active_channels)
            server.handle_accept()
        server.accepting = False
        server.del_channel()
        server.socket.close()

    def _finish(self) -> None:
        """Answer what was asked, within bounds."""
        server, began = self._server, time.monotonic()
        while server.active_channels and (passed := time.monotonic() - began) < LONGEST_END:
            self._step(_STEP)
            if passed >= _IDLE:
                for channel in list(server.active_channels.values()):
                    if not channel.is_at_work:
                        channel.handle_close()
        server.task_dispatcher.shutdown(timeout=0)
