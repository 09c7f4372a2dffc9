"""Maps a union's learning paths onto its members, records who completed what, and reports coverage for each local."""

from __future__ import annotations

from flask import Flask
from flask_migrate import Migrate

from tracker.config import Settings, shipped
from tracker.models import db

__all__ = ["create_app"]


def create_app(settings: Settings | None = None) -> Flask:
    """The application, wired: settings, database, migrations, and the people's doors.

    Raises:
        WrongSetting: the environment holds a setting that cannot be used.
    """
    settings = settings or Settings.from_environment()
    app = Flask(__name__, template_folder=str(shipped("templates")), static_folder=None)
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SQLALCHEMY_DATABASE_URI=settings.database_url,
        SQLALCHEMY_ENGINE_OPTIONS={"pool_pre_ping": True},
        SETTINGS=settings,
    )
    if settings.database_url.startswith("sqlite:///"):
        settings.instance.mkdir(parents=True, exist_ok=True)
    db.init_app(app)
    Migrate(app, db, directory=str(shipped("migrations")), render_as_batch=True)

    from tracker import web

    web.open_doors(app)
    return app
