"""What every answer tells the browser: load nothing from elsewhere, guess nothing, keep nothing."""

from __future__ import annotations

import functools
import hashlib
from pathlib import Path
from typing import Any

from flask import Flask, current_app, request
from werkzeug.wrappers import Response

from tracker.operations.accounts import FAILURES_WINDOW
from tracker.web.cookies import Sessions
from tracker.web.gate import FILES

_LASTING = frozenset({"reports.chart_script"})  # whose address names the content

_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

_ALWAYS = {
    "Content-Security-Policy": _POLICY,
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",  # not "no-referrer": over https the CSRF check reads it
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}


def set_on(app: Flask) -> None:
    """Put the headers on every answer, and a content hash on the address of every static file."""
    app.session_interface = Sessions()
    app.config.update(SESSION_COOKIE_HTTPONLY=True, SESSION_COOKIE_SAMESITE="Lax", SESSION_COOKIE_NAME="tracker")
    app.config["PERMANENT_SESSION_LIFETIME"] = 12 * 3600  # and at the latest when the browser closes
    app.after_request(_guard)
    app.url_defaults(_version)


def _guard(response: Response) -> Response:
    for name, value in _ALWAYS.items():
        response.headers.setdefault(name, value)  # a page that serves evidence may be stricter
    if request.is_secure:
        response.headers["Strict-Transport-Security"] = "max-age=31536000; includeSubDomains"
    if response.status_code == 429:
        response.headers.setdefault("Retry-After", str(int(FAILURES_WINDOW.total_seconds())))
    if request.endpoint in _LASTING and response.status_code < 400:
        response.headers["Cache-Control"] = "public, max-age=31536000, immutable"
    elif request.endpoint in FILES and response.status_code < 400:
        lasting = "public, max-age=31536000, immutable" if "v" in request.args else "public, max-age=300"
        response.headers["Cache-Control"] = lasting
    else:
        response.headers["Cache-Control"] = "no-store"
        response.vary.add("Cookie")
    return response


def _version(endpoint: str, values: dict[str, Any]) -> None:
    if endpoint in FILES and "filename" in values:
        holder = current_app if endpoint == "static" else current_app.blueprints["bootstrap"]
        values.setdefault("v", _content_hash(Path(holder.static_folder or "", values["filename"])))


@functools.cache
def _content_hash(file: Path) -> str:
    """Names a file's content, so that browsers may keep it for ever and yet never see an old one."""
    return hashlib.sha256(file.read_bytes()).hexdigest()[:12]
