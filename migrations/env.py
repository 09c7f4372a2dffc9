"""How a migration runs: on the application's own engine, in one transaction, one server at a time."""

from __future__ import annotations

from alembic import context
from sqlalchemy import text

from tracker.models import db
from tracker.models.base import AssuranceType, Moment, Word

_ONE_AT_A_TIME = 7_421_101


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


def run() -> None:
    engine = db.engine
    with engine.connect().execution_options(writes=True) as connection:
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _ONE_AT_A_TIME})
            connection.commit()
        try:
            context.configure(
                connection=connection,
                target_metadata=db.metadata,
                render_as_batch=True,
                compare_type=True,
                render_item=render_item,
                transaction_per_migration=True,
            )
            with context.begin_transaction():
                context.run_migrations()
        finally:
            if connection.dialect.name == "postgresql":
                connection.rollback()
                connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _ONE_AT_A_TIME})
                connection.commit()


run()
