"""`tracker db`: the schema, and where its tables live."""

from __future__ import annotations

import click
import flask_migrate

from tracker.cli import main
from tracker.cli.reports import doctor
from tracker.cli.running import with_app
from tracker.coverage.derivation import NothingApplied
from tracker.models import db as database
from tracker.models.distributing import (
    can_distribute,
    could_distribute,
    has_coordinator,
    misplaced,
    place_tables,
    placed_tables,
    writers_held_off,
)
from tracker.operations.refused import Refused


@main.group()
def db() -> None:
    """The database's schema."""


@db.command()
@with_app
def upgrade() -> None:
    """Bring the database to the newest schema."""
    flask_migrate.upgrade()
    click.echo("The database is at the newest schema.")


@db.command()
@click.option("--require", is_flag=True, help="Refuse where the database cannot be distributed, instead of doing nothing.")
@click.pass_context
@with_app
def distribute(context: click.Context, require: bool) -> None:
    """Spread the tables over the nodes of a distributed PostgreSQL (Citus), then prove every figure.

    It goes on where it ended, and does nothing where all is done, on SQLite, and on a PostgreSQL that does not offer Citus.
    """
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if not can_distribute(connection):
            if could_distribute(connection) or require:
                raise Refused(
                    "no_extension",
                    "This database does not have the extension: on a server with Citus run CREATE EXTENSION citus, add "
                    "the workers by citus_add_node, and try again.",
                )
            click.echo(f"Nothing to distribute: this is a plain {connection.dialect.name} database.")
            return
        if not has_coordinator(connection):
            raise Refused(
                "no_coordinator",
                "The other nodes do not know how to reach this one: run SELECT citus_set_coordinator_host(HOST, PORT), "
                "and try again.",
            )
        done = 0
        with writers_held_off(connection):
            for sql in place_tables(connection):
                done += 1
                click.echo(sql)
            wrong = misplaced(placed_tables(connection))
    if wrong:
        raise Refused(
            "misplaced",
            f"Placed otherwise than they should be: {', '.join(wrong)}. Run undistribute_table on them, and this again.",
        )
    click.echo("Every table has its place now." if done else "Every table has its place.")
    try:
        context.invoke(doctor)
    except NothingApplied:
        click.echo("No curriculum is applied yet: there are no figures to prove.")
