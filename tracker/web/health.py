"""For whoever watches the server: is it alive, is it ready."""

from __future__ import annotations

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from sqlalchemy.exc import SQLAlchemyError

from tracker.models import db
from tracker.web.gate import public
from tracker.web.serving import is_draining

health = Blueprint("health", __name__)

_PLAIN = {"Content-Type": "text/plain; charset=utf-8"}
_Answer = tuple[str, int, dict[str, str]]


@health.get("/healthz")
@public
def alive() -> _Answer:
    return "alive\n", 200, _PLAIN


@health.get("/readyz")
@public
def ready() -> _Answer:
    """Whether more requests may be sent here: the database can be reached, its schema is the one this program knows, and the
    process has not been told to end."""
    if is_draining(current_app._get_current_object()):  # type: ignore[attr-defined]
        return "not ready: this server is ending\n", 503, _PLAIN
    try:
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        return "not ready: the database cannot be reached\n", 503, _PLAIN
    if found != head():
        return "not ready: the database's schema is not the newest: run `tracker db upgrade`\n", 503, _PLAIN
    return "ready\n", 200, _PLAIN


def head() -> str | None:
    """The revision of the newest migration that this program knows."""
    scripts = ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
    return scripts.get_current_head()
