"""Every refusal in words, with the way back. A program gets the words as JSON."""

from __future__ import annotations

import logging
import sqlite3
from http import HTTPStatus
from typing import Any

import psycopg
from flask import Flask, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from tracker.coverage.derivation import NothingApplied
from tracker.language import _, mark, word
from tracker.models import db
from tracker.operations.refused import Refused
from tracker.web import gate

_log = logging.getLogger(__name__)
_Answer = tuple[str | dict[str, str], int]

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
    return _told("errors/other.html", error.code, _description(error))


_USUAL = {
    400: mark("The request makes no sense to this page."),
    405: mark("This page does not take what was sent to it."),
    413: mark("What was sent is larger than can be taken: at most 64 MB."),
    429: mark("Too many requests: wait a little, then try again."),
}


def _description(error: HTTPException) -> str:
    """In our own words where a page gave some, else in the usual ones."""
    own = error.description if error.description != type(error).description else None
    return own or word(_USUAL.get(error.code or 0, mark("The request could not be answered.")))


def _refused(refusal: Refused) -> _Answer:
    return _told("errors/refused.html", 409, refusal.message, refusal=refusal)


def _nothing_applied(_error: NothingApplied) -> _Answer:
    """Before there is a curriculum, say what to load first to those who can."""
    return _told("errors/nothing_applied.html", 503, _("There is no curriculum yet."))


def _no_database(error: Exception) -> _Answer:
    _log.error("the database did not answer: %s", error.__class__.__name__, exc_info=error)
    return _without_person("errors/503.html", 503, _("The database cannot be reached: try again in a minute."))


def _no_such_text(_error: Exception) -> _Answer:
    """PostgreSQL takes no text with a NUL in it; no person types one."""
    what = _("What was sent holds a character that no text can hold.")
    return _told("errors/other.html", 400, what)


def _failed(_error: Exception) -> _Answer:
    return _without_person("errors/500.html", 500, _("Something went wrong on our side."))


def _without_person(template: str, status: int, words: str) -> _Answer:
    """Draw a page that asks the database nothing, for that may be what is broken."""
    db.session.remove()
    gate.forget_person()
    return _told(template, status, words)


def _told(template: str, status: int, words: str, **shown: Any) -> _Answer:
    """The page for a person; for a program the words alone."""
    if request.path.split("/", 2)[1] in _PROGRAMS:
        return {"error": HTTPStatus(status).name.lower(), "error_description": words}, status
    return render_template(template, words=words, help_topic=None, **shown), status
