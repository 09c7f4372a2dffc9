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
    """Whether more requests may be sent here: the database can be reached, its schema is the one that this program knows or
    a newer one, and the process has not been told to end.

    A revision that is not known here came with a newer program, whose migrations add before they take away: this one serves
    on while the servers change over to that one, and after they went back from it.
    """
    if is_draining(current_app._get_current_object()):  # type: ignore[attr-defined]
        return "not ready: this server is ending\n", 503, _PLAIN
    try:
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        return "not ready: the database cannot be reached\n", 503, _PLAIN
    if found == head():
        return "ready\n", 200, _PLAIN
    if found is None or found in {each.revision for each in _scripts().walk_revisions()}:
        return "not ready: the database's schema is not the newest: run `tracker db upgrade`\n", 503, _PLAIN
    return "ready: the schema is newer\n", 200, _PLAIN


def head() -> str | None:
    """The revision of the newest migration that this program knows."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
