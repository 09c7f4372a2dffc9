"""Placing the tables on a distributed PostgreSQL: the plan, statement by statement, and its carrying out.

No Citus runs here. The plan is held to the rules it was tried by; what carries it out runs on a real PostgreSQL on which
functions of the extension's names stand in for it, and note what they are asked.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import flask_migrate
import pytest
from click.testing import CliRunner, Result
from sqlalchemy import Connection, create_engine, text

from tests.conftest import empty_database, make_settings
from tracker import create_app
from tracker.cli import main
from tracker.models import db
from tracker.models.distributing import (
    OFF,
    ON,
    emptying,
    in_order,
    is_of_the_models,
    misplaced,
    place_new_tables,
    place_tables,
    placing,
)
from tracker.models.placement import PLACEMENT

ALL = list(PLACEMENT)
_NAMED = re.compile(r"\('(\w+)'")


def named(statements: list[str]) -> list[str]:
    return [found[1] for each in statements if (found := _NAMED.search(each))]


# --- The plan -------------------------------------------------------------------------------------------------------------


def test_every_table_is_placed_once() -> None:
    assert sorted(named(placing(ALL, []))) == sorted(ALL)


def test_the_setting_is_off_while_tables_are_spread_and_on_before_local_ones_are_registered() -> None:
    plan = placing(ALL, [])
    assert plan[0] == OFF
    local = [index for index, sql in enumerate(plan) if "citus_add_local_table_to_metadata" in sql]
    assert plan.index(ON) == min(local) - 1
    assert max(local) == len(plan) - 1
    assert OFF.startswith("SET citus.enable_local_reference_table_foreign_keys")


def test_copies_come_first_then_members_then_values_then_units() -> None:
    kinds = [PLACEMENT[name] for name in named(placing(ALL, []))]
    assert list(dict.fromkeys(kinds)) == ["reference", "member_id", "value", "unit_id", "local"]


def test_a_table_comes_after_those_it_points_to() -> None:
    order = named(placing(ALL, []))
    for table in db.metadata.sorted_tables:
        for foreign in table.foreign_key_constraints:
            if foreign.referred_table is not table:
                assert order.index(foreign.referred_table.name) < order.index(table.name), foreign.name


def test_members_facts_stand_beside_them_and_the_rest_beside_their_own_kind() -> None:
    plan = placing(ALL, [])
    assert "SELECT create_reference_table('unit')" in plan
    assert "SELECT create_distributed_table('member', 'member_id', colocate_with => 'none')" in plan
    assert "SELECT create_distributed_table('completion', 'member_id', colocate_with => 'member')" in plan
    assert "SELECT citus_add_local_table_to_metadata('audit_entry', cascade_via_foreign_keys => true)" in plan
    spread = [sql for sql in plan if "create_distributed_table" in sql]
    alone = [sql for sql in spread if "'none'" in sql]
    assert {PLACEMENT[name] for name in named(alone)} == {"member_id", "value", "unit_id"}
    assert len(alone) == 3
    for sql in spread:
        name, column, beside = re.findall(r"'(\w+)'", sql)
        assert column == PLACEMENT[name]
        assert beside == "none" or PLACEMENT[beside] == column


def test_what_ended_half_way_goes_on_where_it_ended() -> None:
    whole, chance = placing(ALL, []), random.Random(6)
    for _ in range(50):
        placed = chance.sample(ALL, chance.randrange(len(ALL)))
        assert placing(ALL, placed) == [sql for sql in whole if not (set(named([sql])) & set(placed))]
    assert placing(ALL, ALL) == []
    assert placing([*ALL, "huey_task", "spatial_ref_sys"], ALL) == []


def test_only_copies_of_what_is_spread_are_emptied() -> None:
    said = emptying(["member", "unit", "audit_entry", "no_table_of_ours"])
    assert said == [f"SELECT truncate_local_data_after_distributing_table('{each}')" for each in ("unit", "member")]


def test_what_is_placed_otherwise_is_told() -> None:
    assert misplaced({"unit": "reference", "member": "spread", "audit_entry": "local"}) == []
    assert misplaced({"unit": "local", "member": "reference", "audit_entry": "local"}) == ["member", "unit"]


def test_the_queue_of_jobs_is_not_of_the_models() -> None:
    assert not is_of_the_models("huey_task")
    assert all(is_of_the_models(name) for name in in_order())


# --- Carried out on a stand-in --------------------------------------------------------------------------------------------

_STAND_IN = """
CREATE SCHEMA stand_in;
CREATE TABLE stand_in.pg_dist_partition (logicalrelid regclass PRIMARY KEY, partmethod "char", repmodel "char");
CREATE TABLE stand_in.pg_dist_node (groupid integer);
CREATE TABLE stand_in.asked (position serial PRIMARY KEY, said text, setting text, mode text);
CREATE FUNCTION stand_in.note(said text) RETURNS void LANGUAGE sql AS $$
    INSERT INTO stand_in.asked (said, setting, mode) VALUES (said,
        current_setting('citus.enable_local_reference_table_foreign_keys', true),
        current_setting('citus.multi_shard_modify_mode', true)) $$;
CREATE FUNCTION stand_in.create_reference_table(name regclass) RETURNS void LANGUAGE sql AS $$
    SELECT stand_in.note('reference ' || name::text); INSERT INTO stand_in.pg_dist_partition VALUES (name, 'n', 't') $$;
CREATE FUNCTION stand_in.create_distributed_table(name regclass, col text, colocate_with text) RETURNS void
    LANGUAGE sql AS $$
    SELECT stand_in.note('spread ' || name::text); INSERT INTO stand_in.pg_dist_partition VALUES (name, 'h', 's') $$;
CREATE FUNCTION stand_in.citus_add_local_table_to_metadata(name regclass, cascade_via_foreign_keys boolean) RETURNS void
    LANGUAGE sql AS $$
    SELECT stand_in.note('local ' || name::text); INSERT INTO stand_in.pg_dist_partition VALUES (name, 'n', 's')
    ON CONFLICT DO NOTHING $$;
CREATE FUNCTION stand_in.truncate_local_data_after_distributing_table(name regclass) RETURNS void LANGUAGE plpgsql AS $$
    BEGIN PERFORM stand_in.note('empty ' || name::text); EXECUTE 'TRUNCATE ' || name::text || ' CASCADE'; END $$;
"""


@pytest.fixture
def postgresql_url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with empty_database("postgresql", request, tmp_path_factory.mktemp("plain")) as url:
        yield url


@pytest.fixture
def stand_in(postgresql_url: str) -> Iterator[tuple[str, Connection]]:
    """The address of a database in which the extension seems to be, and a connection to see what it was asked."""
    url = f"{postgresql_url}&options=-csearch_path%3Dpublic,stand_in"
    engine = create_engine(url.replace("postgresql://", "postgresql+psycopg://"), isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.exec_driver_sql(_STAND_IN)
        yield url, connection
    engine.dispose()


@pytest.fixture
def distribute(
    stand_in: tuple[str, Connection], tracker_on: Callable[[str], Callable[..., Result]]
) -> Callable[..., Result]:
    return tracker_on(stand_in[0])


@pytest.fixture
def tracker_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], Callable[..., Result]]:
    """The ``tracker`` command on a database of one's own."""

    def on(url: str) -> Callable[..., Result]:
        monkeypatch.setenv("DATABASE_URL", url)
        monkeypatch.setenv("TRACKER_INSTANCE", str(tmp_path))
        monkeypatch.setenv("SECRET_KEY", "a-key-for-tests-0123456789-abcdefghijklmnop")

        def run(*arguments: str, exit_code: int = 0) -> Result:
            result = CliRunner().invoke(main, arguments)
            assert result.exit_code == exit_code, result.output
            return result

        return run

    return on


def asked(connection: Connection) -> list[str]:
    return list(connection.execute(text("SELECT said FROM stand_in.asked ORDER BY position")).scalars())


def test_it_is_carried_out_and_then_there_is_nothing_to_do(
    stand_in: tuple[str, Connection], distribute: Callable[..., Result]
) -> None:
    _, connection = stand_in
    connection.exec_driver_sql("INSERT INTO stand_in.pg_dist_node VALUES (0)")
    connection.exec_driver_sql("INSERT INTO craft (id, name, key) VALUES (1, 'Grip', 'grip')")
    said = distribute("db", "distribute").output
    assert "Every table has its place now." in said
    first = asked(connection)
    assert len(first) == len(PLACEMENT) + 1
    assert first[-1] == "empty craft"  # the one that held a row
    settings = connection.execute(text("SELECT split_part(said, ' ', 1), setting FROM stand_in.asked")).all()
    assert {tuple(each) for each in settings} == {
        *(("reference", "off"), ("spread", "off"), ("local", "on"), ("empty", "on")),
    }
    assert "Every table has its place." in distribute("db", "distribute").output
    assert asked(connection) == first


def test_a_place_that_is_wrong_is_told(stand_in: tuple[str, Connection], distribute: Callable[..., Result]) -> None:
    _, connection = stand_in
    connection.exec_driver_sql("INSERT INTO stand_in.pg_dist_node VALUES (0)")
    connection.exec_driver_sql("SELECT stand_in.create_reference_table('member')")
    assert "Placed otherwise than they should be: member" in distribute("db", "distribute", exit_code=1).output


def test_nodes_that_cannot_reach_this_one_are_told_of_first(
    stand_in: tuple[str, Connection], distribute: Callable[..., Result]
) -> None:
    assert "citus_set_coordinator_host" in distribute("db", "distribute", exit_code=1).output
    assert asked(stand_in[1]) == []


def test_a_migration_of_a_distributed_union_places_what_it_makes(stand_in: tuple[str, Connection], tmp_path: Path) -> None:
    url, connection = stand_in
    app = create_app(make_settings(tmp_path, url))
    with app.app_context():
        flask_migrate.downgrade(revision="0004")
        list(place_tables(connection))
        before = len(asked(connection))
        flask_migrate.upgrade()
        db.engine.dispose()
    after = connection.execute(text("SELECT said, mode FROM stand_in.asked ORDER BY position")).all()[before:]
    assert {"local audit_seal", "local erasure"} <= {said for said, _mode in after}
    assert {mode for _said, mode in after} == {"sequential"}


def test_a_union_that_is_not_distributed_is_left_as_it_is_by_a_migration(stand_in: tuple[str, Connection]) -> None:
    place_new_tables(stand_in[1])
    assert asked(stand_in[1]) == []


# --- Elsewhere ------------------------------------------------------------------------------------------------------------


def test_there_is_nothing_to_distribute_on_sqlite_or_a_plain_postgresql(tracker: Callable[..., Result]) -> None:
    assert "Nothing to distribute" in tracker("db", "distribute").output
    assert "does not have the extension" in tracker("db", "distribute", "--require", exit_code=1).output
