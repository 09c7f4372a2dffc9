"""Every refusal in words, with the way back."""

from __future__ import annotations

import logging
import sqlite3

import psycopg
from flask import Flask, render_template
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import BadRequest, HTTPException

from tracker.models import db
from tracker.operations.refused import Refused
from tracker.web import gate

_log = logging.getLogger(__name__)
_Answer = tuple[str, int]


def answer_in_words(app: Flask) -> None:
    """Give every way a request can go wrong its own page."""
    app.register_error_handler(403, _not_found)  # "not yours" reads like "not there"
    app.register_error_handler(404, _not_found)
    app.register_error_handler(CSRFError, _stale_form)
    app.register_error_handler(HTTPException, _wrong_request)
    app.register_error_handler(Refused, _refused)
    for gone in (OperationalError, InterfaceError, PoolTimeout, sqlite3.OperationalError, psycopg.OperationalError):
        app.register_error_handler(gone, _no_database)
    for odd in (DataError, psycopg.DataError):
        app.register_error_handler(odd, _no_such_text)
    app.register_error_handler(500, _failed)


def _not_found(_error: HTTPException) -> _Answer:
    return render_template("errors/404.html"), 404


def _stale_form(_error: CSRFError) -> _Answer:
    return render_template("errors/400.html"), 400


def _wrong_request(error: HTTPException) -> _Answer | HTTPException:
    if error.code is None or error.code < 400:
        return error  # a redirect on its way
    return render_template("errors/other.html", error=error), error.code


def _refused(refusal: Refused) -> _Answer:
    return render_template("errors/refused.html", refusal=refusal), 409


def _no_database(error: Exception) -> _Answer:
    _log.error("the database did not answer: %s", error.__class__.__name__, exc_info=error)
    return _without_person("errors/503.html"), 503


def _no_such_text(_error: Exception) -> _Answer:
    """PostgreSQL takes no text with a NUL in it; no person types one."""
    return render_template(
        "errors/other.html", error=BadRequest("What was sent holds a character that no text can hold.")
    ), 400


def _failed(_error: Exception) -> _Answer:
    return _without_person("errors/500.html"), 500


def _without_person(template: str) -> str:
    """Draw a page that asks the database nothing, for that may be what is broken."""
    db.session.remove()
    gate.forget_person()
    return render_template(template)
