"""Maps a union's learning paths onto its members, records who completed what, and reports coverage for each local."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask
from flask_migrate import Migrate
from sqlalchemy.engine import make_url

from tracker.config import Settings, shipped
from tracker.models import db
from tracker.models.replica import BIND

__all__ = ["create_app"]

_CONNECT_SECONDS = 5  # for each server of an address that names several


def create_app(settings: Settings | None = None) -> Flask:
    """The application, wired: settings, database, migrations, and the doors of people and programs.

    Raises:
        WrongSetting: the environment holds a setting that cannot be used.
    """
    settings = settings or Settings.from_environment()
    app = Flask(__name__, template_folder=str(shipped("templates")), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_BINDS=_replica(settings),
        SQLALCHEMY_ENGINE_OPTIONS=_engine_options(settings.database_url),
        SETTINGS=settings,
    )
    if settings.database_url.startswith("sqlite:///"):
        _keep_to_ourselves(settings)
    db.init_app(app)
    db.metadatas.pop(BIND, None)  # it holds no tables of its own, and another application has no such engine
    Migrate(app, db, directory=str(shipped("migrations")), render_as_batch=True)

    from tracker import api, web

    web.open_doors(app)
    api.open_doors(app)
    return app


def _engine_options(url: str) -> dict[str, Any]:
    """How the database is reached: a connection that broke is found out before it is used, a server that is gone is not
    waited for long, and what people are called stays out of the messages of errors, which end in logs."""
    options: dict[str, Any] = {"pool_pre_ping": True, "hide_parameters": True}
    if url.startswith("postgresql"):
        options["connect_args"] = {"connect_timeout": _CONNECT_SECONDS}
    return options


def _replica(settings: Settings) -> dict[str, Any]:
    """A second engine to read from, where the settings name one."""
    url = settings.read_database_url
    return {BIND: {"url": url, **_engine_options(url)}} if url else {}


def _keep_to_ourselves(settings: Settings) -> None:
    """Make the instance folder, and the embedded database in it, for no one else on the machine to read."""
    settings.instance.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = make_url(settings.database_url).database
    if file:
        with suppress(OSError):  # a file that cannot be made is told in words when the database is opened
            Path(file).touch(mode=0o600, exist_ok=True)  # what SQLite keeps beside it takes the same mode
