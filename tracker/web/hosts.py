"""The names a request may call this site by: a `Host` header is written by whoever asks, and must lead nobody elsewhere."""

from __future__ import annotations

from flask import Flask, request
from werkzeug.wrappers import Response

from tracker.language import _
from tracker.web import gate


def answer_to(app: Flask, hosts: tuple[str, ...]) -> None:
    """Answer to these names alone, whatever is asked for: pages, files, programs' doors, health.

    Stands before the gate: under another name nothing is looked up, and nobody is recognised.
    """
    names = frozenset(hosts)

    def ask() -> Response | None:
        if _name(request.host) in names:
            return None
        gate.forget_person()
        words = _("This site does not answer to the name it was called by.")
        remedy = _("Use the address you were given. Whoever runs this site lists its names in the setting TRACKER_HOSTS.")
        return Response(f"{words}\n{remedy}\n", 400, content_type="text/plain; charset=utf-8")

    app.before_request(ask)


def _name(host: str) -> str:
    """A host without its port, an IPv6 address without its brackets; "" where there is none that could be."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()
