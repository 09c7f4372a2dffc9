"""Placing every table where :mod:`tracker.models.placement` says, on a distributed PostgreSQL (Citus).

What to do is worked out apart from doing it: :func:`placing` gives statements, from what is there and what is placed.
So whatever ended half way is taken up again where it ended, and what is placed stays as it is.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager

from sqlalchemy import Connection, inspect, text

from tracker.models.base import _WRITERS, db
from tracker.models.placement import PLACEMENT

# A table may point to a copy everywhere before it is placed itself only where this is off; on, a local table that points to
# one is registered by itself.
OFF = "SET citus.enable_local_reference_table_foreign_keys = off"
ON = "SET citus.enable_local_reference_table_foreign_keys = on"
# What changes tables of both kinds in one transaction asks one node after another.
MIGRATING = (
    "SET LOCAL citus.multi_shard_modify_mode TO 'sequential'",
    "SET LOCAL citus.enable_local_reference_table_foreign_keys = off",
)


def is_of_the_models(name: str | None) -> bool:
    """Whether a table is one of the models': the queue of jobs keeps its own beside them."""
    return not (name or "").startswith("huey_")


def in_order() -> dict[str, str]:
    """Every table and its place, in the order of placing: copies everywhere as they point to each other, `member` and what
    belongs to a member beside it, what is spread otherwise, and what stays on the coordinator."""
    steps = ("reference", "member_id", "value", "unit_id", "local")
    pointed_to_first = [table.name for table in db.metadata.sorted_tables]
    return {name: place for place in steps for name in pointed_to_first if PLACEMENT[name] == place}


def placing(there: Collection[str], placed: Collection[str]) -> list[str]:
    """The statements that place what is not placed yet; none where all is.

    Args:
        there: the tables of the database.
        placed: those of them that have their place.
    """
    wanted = {name: place for name, place in in_order().items() if name in there and name not in placed}
    if not wanted:
        return []
    spread = [_spread(name, place) for name, place in wanted.items() if place != "local"]
    local = [
        f"SELECT citus_add_local_table_to_metadata('{name}', cascade_via_foreign_keys => true)"
        for name, place in wanted.items()
        if place == "local"
    ]
    return [OFF, *spread, ON, *local]


def _spread(name: str, place: str) -> str:
    if place == "reference":
        return f"SELECT create_reference_table('{name}')"
    first = _first_of(place)
    beside = "none" if name == first else first
    return f"SELECT create_distributed_table('{name}', '{place}', colocate_with => '{beside}')"


def _first_of(place: str) -> str:
    """The table beside which the others of its kind stand."""
    return next(name for name, its_place in in_order().items() if its_place == place)


def emptying(copies: Iterable[str]) -> list[str]:
    """The statements that remove what placing left of tables on the coordinator, where no query sees it.

    Args:
        copies: placed tables that still take room there. All tables that point to them must be placed by now.
    """
    wanted = set(copies)
    names = [name for name, place in in_order().items() if place != "local" and name in wanted]
    return [f"SELECT truncate_local_data_after_distributing_table('{name}')" for name in names]


# --- Asking and doing -----------------------------------------------------------------------------------------------------


def can_distribute(connection: Connection) -> bool:
    """Whether the database has the extension."""
    if connection.dialect.name != "postgresql":
        return False
    return connection.scalar(text("SELECT to_regclass('pg_dist_partition')")) is not None


def could_distribute(connection: Connection) -> bool:
    """Whether the server offers the extension, though this database may not have it."""
    asked = text("SELECT 1 FROM pg_available_extensions WHERE name = 'citus'")
    return connection.dialect.name == "postgresql" and connection.scalar(asked) is not None


def has_coordinator(connection: Connection) -> bool:
    """Whether the extension knows by which address the other nodes reach this one."""
    return connection.scalar(text("SELECT 1 FROM pg_dist_node WHERE groupid = 0 LIMIT 1")) is not None


def placed_tables(connection: Connection) -> Mapping[str, str]:
    """The tables that have their place, and which: as they are called in :data:`PLACEMENT`, but for a column's name."""
    kinds = "CASE WHEN partmethod = 'h' THEN 'spread' WHEN repmodel = 't' THEN 'reference' ELSE 'local' END"
    rows = connection.execute(text(f"SELECT logicalrelid::regclass::text, {kinds} FROM pg_dist_partition"))
    return {name: kind for name, kind in rows if name in PLACEMENT}


def misplaced(placed: Mapping[str, str]) -> list[str]:
    """Of the placed tables, those that are placed otherwise than they should be."""
    return sorted(
        name
        for name, kind in placed.items()
        if kind != {"reference": "reference", "local": "local"}.get(PLACEMENT[name], "spread")
    )


def place_tables(connection: Connection) -> Iterator[str]:
    """Place everything, each statement on its own; gives each statement once it is done.

    Args:
        connection: one that commits every statement by itself, or the transaction that made the tables.
    """
    there = inspect(connection).get_table_names()
    for sql in placing(there, placed_tables(connection)):
        connection.exec_driver_sql(sql)
        yield sql
    for sql in emptying(_copies(connection)):
        connection.exec_driver_sql(sql)
        yield sql


@contextmanager
def writers_held_off(connection: Connection) -> Iterator[None]:
    """Let nobody write meanwhile, across transactions; it ends with the connection at the latest."""
    connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _WRITERS})
    try:
        yield
    finally:
        connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _WRITERS})


def place_new_tables(connection: Connection) -> None:
    """Place what a migration made, where the union is distributed already; elsewhere nothing happens."""
    if can_distribute(connection) and "member" in placed_tables(connection):
        for _ in place_tables(connection):
            pass


def _copies(connection: Connection) -> list[str]:
    return [name for name in placed_tables(connection) if connection.scalar(text(f"SELECT pg_relation_size('{name}')"))]
