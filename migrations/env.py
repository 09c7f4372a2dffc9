"""How a migration runs: on the application's own engine, in one transaction, one server at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, event, text

from tracker.models import db
from tracker.models.base import AssuranceType, Moment, Word
from tracker.models.distributing import MIGRATING, can_distribute, is_of_the_models, place_new_tables

_ONE_AT_A_TIME = 7_421_130  # an advisory lock of its own: no other number of the program is this one


def render_item(kind: str, item: object, autogen_context: object) -> str | bool:
    """A migration must not change when the program does: our own types are written as the plain ones they stand on."""
    if kind != "type":
        return False
    if isinstance(item, Moment):
        return "sa.DateTime(timezone=True)"
    if isinstance(item, AssuranceType):
        return "sa.SmallInteger()"
    if isinstance(item, Word):
        return f"sa.String({item.impl_instance.length})"
    return False


def include_object(_object: object, name: str | None, kind: str, _is_reflected: bool, _other: object) -> bool:
    """The queue of jobs keeps tables of its own: they are not the models', so they are neither compared nor dropped."""
    return kind != "table" or is_of_the_models(name)


def prepare(connection: Connection) -> None:
    """Begin every transaction as a distributed database needs it, where this is one."""
    if can_distribute(connection):

        @event.listens_for(connection, "begin")
        def begin(begun: Connection) -> None:
            for setting in MIGRATING:
                begun.exec_driver_sql(setting)


def run() -> None:
    engine = db.engine
    with engine.connect().execution_options(writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
            prepare(connection)
            connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_as_batch=True,
                compare_type=True,
                render_item=render_item,
                include_object=include_object,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
            place_new_tables(connection)
            connection.commit()
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
                connection.commit()


run()
