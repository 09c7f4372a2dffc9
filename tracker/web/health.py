"""For whoever watches the server: is it alive, is it ready."""

from __future__ import annotations

import os
from pathlib import Path

from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from flask import Blueprint, current_app
from sqlalchemy.exc import SQLAlchemyError

from tracker.models import db
from tracker.web import gate
from tracker.web.gate import public
from tracker.web.serving import is_draining

health = Blueprint("health", __name__)

# In the instance folder, each of which may be a link to another disk.
FOLDERS = ("evidence", "exports", "frozen", "imports", "jobs", "openings", "simulations", "xapi")

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

    One that cannot keep files is ready all the same, for they are a small part of the work and no other server may do
    better: it says so.
    """
    if is_draining(current_app._get_current_object()):  # type: ignore[attr-defined]
        return "not ready: this server is ending\n", 503, _PLAIN
    try:
        found = MigrationContext.configure(db.session.connection()).get_current_revision()
    except SQLAlchemyError:
        return "not ready: the database cannot be reached\n", 503, _PLAIN
    if found == head():
        return f"ready{_but_for(unwritable_folders(gate.settings().instance))}\n", 200, _PLAIN
    if found is None or found in {each.revision for each in _scripts().walk_revisions()}:
        return "not ready: the database's schema is not the newest: run `tracker db upgrade`\n", 503, _PLAIN
    return "ready: the schema is newer\n", 200, _PLAIN


def unwritable_folders(instance: Path) -> list[str]:
    """Where files cannot be kept, of the folders there are: on a disk that is not there or may only be read, or one that
    this process's service may not write. The kernel is asked, so that nothing is written to find it out."""
    there = (each for each in ("", *FOLDERS) if os.path.lexists(instance / each))
    return [each or "." for each in there if not os.access(instance / each, os.W_OK | os.X_OK)]


def _but_for(folders: list[str]) -> str:
    return f", but files cannot be kept in: {' '.join(folders)}" if folders else ""


def head() -> str | None:
    """The revision of the newest migration that this program knows."""
    return _scripts().get_current_head()


def _scripts() -> ScriptDirectory:
    return ScriptDirectory.from_config(current_app.extensions["migrate"].migrate.get_config())
