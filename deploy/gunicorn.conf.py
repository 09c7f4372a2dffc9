"""How gunicorn serves the tracker: `gunicorn -c deploy/gunicorn.conf.py 'tracker:create_app()'`.

TRACKER_BIND, TRACKER_PROCESSES and TRACKER_THREADS change what a site may want to; the rest is what the program needs.
"""

from __future__ import annotations

import os
from typing import Any

from gunicorn.workers.gthread import ThreadWorker  # type: ignore[import-untyped]


class Server(ThreadWorker):  # type: ignore[misc]
    """A process that ends without sending anybody away.

    Whoever is at the door is answered, and then the door is shut: left ajar, it would take in whom nobody answers any more,
    and a proxy may not ask another server what it asked there. Refused at once, it may.
    """

    sockets: list[Any]

    def set_accept_enabled(self, enabled: bool) -> None:
        """Take connections or not. Where the process is to end: take those that wait, then none for ever."""
        super().set_accept_enabled(enabled)
        if enabled or self.alive:
            return
        from tracker.web.serving import drain

        drain(self.wsgi)
        for listener in self.sockets:
            taken = -1
            while taken != self.nr_conns:
                taken = self.nr_conns
                self.accept(listener)
            listener.close()
        self.sockets = []


bind = os.environ.get("TRACKER_BIND", "127.0.0.1:8000")
workers = int(os.environ.get("TRACKER_PROCESSES") or os.cpu_count() or 2)
threads = int(os.environ.get("TRACKER_THREADS") or 8)
worker_class = Server

# A process that opened the drawing or typesetting libraries before it was copied would hang in them for ever.
preload_app = False

timeout = 120  # a worker that does not even beat for so long is stuck
graceful_timeout = 60  # what is being answered is answered, also while all are told to go
keepalive = 30  # longer than the proxy waits before it reuses a connection
max_requests = 20_000  # then a worker makes place for a new one
max_requests_jitter = 2_000
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108 — gunicorn's heartbeat, which no disk should slow
control_socket_disable = True

# Whose forwarded headers count is the application's own setting, TRACKER_PROXY_HOPS: the server believes nobody.
forwarded_allow_ips = ""

# Each request has its line in the program's own log, without the address that was asked for.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("TRACKER_LOG_LEVEL", "info")


def on_starting(server: Any) -> None:
    """Before a process is copied: all count in one place."""
    from tracker.web.serving import count_together

    count_together()


def post_worker_init(worker: Any) -> None:
    """In each process once it is its own: begin what it does beside answering."""
    from tracker.web.serving import warm

    warm(worker.wsgi)


def child_exit(server: Any, worker: Any) -> None:
    """What a process that is gone had under way counts no more."""
    from tracker.web.serving import forget_process

    forget_process(worker.pid)
