"""`tracker db`: the schema."""

from __future__ import annotations

import click
import flask_migrate

from tracker.cli import main
from tracker.cli.running import with_app


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
@with_app
def upgrade() -> None:
    """Bring the database to the newest schema."""
    flask_migrate.upgrade()
    click.echo("The database is at the newest schema.")
