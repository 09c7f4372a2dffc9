"""The rules that let the schema grow past one machine, as far as the models show them (docs/design.md, "Growth")."""

from __future__ import annotations

import pytest
from sqlalchemy import CheckConstraint, DateTime, ForeignKeyConstraint, Index, Table, UniqueConstraint
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import Constraint

from tracker.models import db
from tracker.models.base import Moment
from tracker.models.placement import PLACEMENT

TABLES = sorted(db.metadata.tables.values(), key=lambda table: table.name)
BY_MEMBER = [table for table in TABLES if PLACEMENT.get(table.name) == "member_id"]
OTHERS = [table for table in TABLES if PLACEMENT.get(table.name) != "member_id"]
each_table = pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
each_member_table = pytest.mark.parametrize("table", BY_MEMBER, ids=lambda table: table.name)


def test_every_table_has_its_place_and_every_place_its_table() -> None:
    assert {table.name for table in TABLES} == PLACEMENT.keys()


def test_there_are_five_kinds_of_place() -> None:
    assert set(PLACEMENT.values()) == {"reference", "member_id", "unit_id", "value", "local"}


@each_table
def test_a_table_spread_by_a_column_has_it_in_its_key_and_in_all_that_is_unique(table: Table) -> None:
    kind = PLACEMENT[table.name]
    assert len(table.primary_key.columns) > 0
    if kind in ("reference", "local"):
        return
    assert kind in table.primary_key.columns
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            assert kind in constraint.columns, constraint.name
    for index in table.indexes:
        assert not index.unique or kind in index.columns, index.name


@each_member_table
def test_a_fact_is_known_by_its_member_and_its_id(table: Table) -> None:
    """What only follows from facts is known by what it says."""
    if table.name not in ("member", "standing", "scope"):
        assert [column.name for column in table.primary_key.columns] == ["member_id", "id"]


@each_member_table
def test_a_fact_points_to_the_same_member_or_to_a_copy_everywhere(table: Table) -> None:
    for foreign in table.foreign_key_constraints:
        kind = PLACEMENT[foreign.referred_table.name]
        if kind == "member_id":
            pairs = {(element.parent.name, element.column.name) for element in foreign.elements}
            assert ("member_id", "member_id") in pairs, foreign.name
        else:
            assert kind == "reference", foreign.name


@pytest.mark.parametrize("table", OTHERS, ids=lambda table: table.name)
def test_nothing_else_points_to_a_fact(table: Table) -> None:
    for foreign in table.foreign_key_constraints:
        kind = PLACEMENT[foreign.referred_table.name]
        assert kind == "reference" or (kind == "local" == PLACEMENT[table.name]), foreign.name


def test_reference_tables_point_to_reference_tables() -> None:
    for table in TABLES:
        if PLACEMENT[table.name] == "reference":
            assert all(PLACEMENT[foreign.referred_table.name] == "reference" for foreign in table.foreign_key_constraints)


@each_table
def test_every_constraint_and_index_has_a_name_that_postgresql_keeps_whole(table: Table) -> None:
    preparer = postgresql.dialect().identifier_preparer
    named: list[Constraint | Index] = [*table.constraints, *table.indexes]
    for each in named:
        name = preparer.format_index(each) if isinstance(each, Index) else preparer.format_constraint(each)
        assert name, f"{table.name}: {each!r} has no name"
        assert len(name) <= 63
        assert name.startswith(("pk_", "uq_", "ck_", "fk_", "ix_"))


@each_table
def test_ids_and_moments_are_made_by_the_program(table: Table) -> None:
    assert table.autoincrement_column is None
    for column in table.columns:
        assert column.server_default is None, column
        assert column.identity is None, column
        assert column.computed is None, column


@each_table
def test_a_moment_has_its_zone_and_a_name_that_says_so(table: Table) -> None:
    for column in table.columns:
        assert not isinstance(column.type, DateTime), f"{column} is not a Moment"
        if isinstance(column.type, Moment):
            assert column.name == "at" or column.name.endswith("_at"), column


def test_names_are_not_used_twice() -> None:
    preparer = postgresql.dialect().identifier_preparer
    names = [preparer.format_index(index) for table in TABLES for index in table.indexes]
    names += [
        preparer.format_constraint(constraint)
        for table in TABLES
        for constraint in table.constraints
        if isinstance(constraint, UniqueConstraint | CheckConstraint | ForeignKeyConstraint)
    ]
    assert len(names) == len(set(names))
