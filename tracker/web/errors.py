"""Every refusal in words, with the way back. A program gets the words as JSON."""

from __future__ import annotations

import json
import logging
import sqlite3
from http import HTTPStatus
from typing import Any

import psycopg
from flask import Flask, current_app, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, IntegrityError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException, MethodNotAllowed

from tracker.coverage.derivation import NothingApplied
from tracker.language import _, lazy, mark, number, word
from tracker.models import db, may_be_done_again
from tracker.models.trouble import is_full, is_not_unique
from tracker.operations.refused import Refused
from tracker.web import gate
from tracker.web.forms import said_of_larger
from tracker.web.retrying import may_pass

_log = logging.getLogger(__name__)
_Answer = tuple[str | dict[str, str], int] | tuple[str | dict[str, str], int, dict[str, str]]

_NO_DATABASE = lazy("The database cannot be reached: try again in a minute.")
_FULL = lazy("The disk of this server is full: nothing of what you sent was recorded. Whoever runs it has to make room.")
_SAME = lazy("The same was recorded at this very moment by another request: look at what is there now.")
_FAILED = lazy("Something went wrong on our side.")
_UNCERTAIN = lazy(
    "The database went away at the very moment of recording: look whether what you sent is there before you send it again."
)
_PROGRAMS = frozenset({"oauth2", "xapi"})  # doors of programs, by the first part of their path


def answer_in_words(app: Flask) -> None:
    """Give every way a request can go wrong its own page."""
    app.register_error_handler(403, _not_found)  # "not yours" reads like "not there"
    app.register_error_handler(404, _not_found)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _wrong_request)
    app.register_error_handler(Refused, _refused)
    app.register_error_handler(NothingApplied, _nothing_applied)
    for gone in (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError, psycopg.OperationalError):
        app.register_error_handler(gone, _no_database)
    for met in (IntegrityError, sqlite3.IntegrityError, psycopg.IntegrityError):
        app.register_error_handler(met, _recorded_already)
    app.register_error_handler(OSError, _no_room)
    for odd in (DataError, psycopg.DataError):
        app.register_error_handler(odd, _no_such_text)
    app.register_error_handler(500, _failed)


def _not_found(_error: HTTPException) -> _Answer:
    return _told("errors/404.html", 404, _("Nothing is here."))


def _stale_form(_error: CSRFError) -> _Answer:
    return _told("errors/400.html", 400, _("The form is no longer valid."))


def _wrong_request(error: HTTPException) -> _Answer | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect on its way
    told, status, *more = _told("errors/other.html", error.code, _description(error))
    may = {"Allow": ", ".join(sorted(error.valid_methods or ()))} if isinstance(error, MethodNotAllowed) else {}
    return told, status, {**(more[0] if more else {}), **may}


_USUAL = {
    400: mark("The request makes no sense to this page."),
    405: mark("This page does not take what was sent to it."),
    429: mark("Too many requests: wait a little, then try again."),
}


def _description(error: HTTPException) -> str:
    """In our own words where a page gave some, else in the usual ones."""
    own = error.description if error.description != type(error).description else None
    if error.code == 413 and own is None:
        own = said_of_larger() or _too_large(request.max_content_length or 0)
    return own or word(_USUAL.get(error.code or 0, mark("The request could not be answered.")))


def _too_large(most: int) -> str:
    """The usual words, with what this address takes."""
    if most < 2**20:
        return _("What was sent is larger than can be taken: at most %(most)s kB.", most=number(most // 2**10))
    return _("What was sent is larger than can be taken: at most %(most)s MB.", most=number(round(most / 2**20)))


def _refused(refusal: Refused) -> _Answer:
    return _told("errors/refused.html", 409, refusal.message, refusal=refusal)


def _nothing_applied(_error: NothingApplied) -> _Answer:
    """Before there is a curriculum, say what to load first to those who can."""
    return _told("errors/nothing_applied.html", 503, _("There is no curriculum yet."))


def _no_database(error: Exception) -> _Answer:
    if is_full(error):
        return _no_room(error)
    is_certain = may_pass(error) or may_be_done_again(db.session())
    _log.error("the database did not answer: %s", error.__class__.__name__, exc_info=error)
    words = _NO_DATABASE if is_certain else _UNCERTAIN
    return _without_person("errors/503.html", 503, words, is_certain=is_certain)


def _recorded_already(error: Exception) -> _Answer:
    """Another request recorded the same at this moment. Done again, this one finds it, and answers as it does then."""
    if not is_not_unique(error):
        raise error
    may_pass(error)
    _log.error("the same was recorded at the same moment", exc_info=error)
    return _without_person("errors/other.html", 409, _SAME)


def _no_room(error: Exception) -> _Answer:
    """A disk is full. Any other trouble with a file is a fault of ours."""
    if not is_full(error):
        raise error
    _log.error("the disk is full", exc_info=error)
    return _without_person("errors/507.html", 507, _FULL)


def _no_such_text(_error: Exception) -> _Answer:
    """PostgreSQL takes no text with a NUL in it; no person types one."""
    what = _("What was sent holds a character that no text can hold.")
    return _told("errors/other.html", 400, what)


def _failed(_error: Exception) -> _Answer:
    return _without_person("errors/500.html", 500, _FAILED)


def _without_person(template: str, status: int, words: Any, **shown: Any) -> _Answer:
    """Draw a page that asks the database nothing, for that may be what is broken: the words are lazy, because whose language
    they are in is asked of the person."""
    db.session.remove()
    gate.forget_person()
    return _told(template, status, str(words), **shown)


def _told(template: str, status: int, words: str, **shown: Any) -> _Answer:
    """The page for a person; for a program the words alone."""
    if request.path.startswith("/api/"):
        return _problem(status, words)
    if request.path.split("/", 2)[1] in _PROGRAMS:
        return {"error": HTTPStatus(status).name.lower(), "error_description": words}, status
    return render_template(template, words=words, help_topic=None, **shown), status


def _problem(status: int, words: str) -> _Answer:
    """What the API's own door could not answer, as it would have (RFC 9457)."""
    kind, title = current_app.extensions["api_problem"](status)
    said = {"type": kind, "title": title, "status": status, "detail": words}
    headers = {"Content-Type": "application/problem+json", **({"Retry-After": "30"} if status == 503 else {})}
    return json.dumps(said, ensure_ascii=False), status, headers
