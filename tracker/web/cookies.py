"""Our cookies: of this very host and sent by https alone, except on this very machine, where nothing lies between."""

from __future__ import annotations

from flask import Flask, Response, request
from flask.sessions import SecureCookieSessionInterface

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "[::1]"})
_YEAR = 365 * 24 * 3600


def is_secure() -> bool:
    """Whether the cookies of this request's site travel by https alone."""
    return request.is_secure or request.host.rsplit(":", 1)[0].strip() not in _LOOPBACK


def named(name: str) -> str:
    """What one of our cookies is called: a browser takes it from this host alone, so no site beside it can plant one."""
    return f"__Host-{name}" if is_secure() else name


class Sessions(SecureCookieSessionInterface):
    """Sessions in a cookie that is named and sent as the others are."""

    def get_cookie_name(self, app: Flask) -> str:
        return named(super().get_cookie_name(app))

    def get_cookie_secure(self, app: Flask) -> bool:
        return is_secure()


def keep_choice(answer: Response, name: str, chosen: str) -> None:
    """Keep what a browser's reader chose, for a year."""
    answer.set_cookie(named(name), chosen, max_age=_YEAR, httponly=True, samesite="Lax", secure=is_secure())


def choice(name: str) -> str:
    """What was chosen in this browser, "" where nothing was: as the browser says it, so anything at all."""
    return request.cookies.get(named(name), "")
