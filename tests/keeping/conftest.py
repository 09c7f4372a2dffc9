"""A union with something of everything that a backup keeps, and a second, empty place to restore it to."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from installation import Place, copied, fill, place_of

from tests.conftest import ENGINES, empty_database


@pytest.fixture(scope="session")
def filled_sqlite(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """An instance folder with the union and its embedded database, to be copied."""
    folder = tmp_path_factory.mktemp("filled")
    with empty_database("sqlite", request, folder) as url:
        fill(place_of(url, folder / "instance"))
        yield folder / "instance"


@pytest.fixture(scope="session")
def filled_postgresql(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The same on PostgreSQL."""
    folder = tmp_path_factory.mktemp("filled")
    with empty_database("postgresql", request, folder) as url:
        place = place_of(url, folder / "instance")
        fill(place)
        yield place


@pytest.fixture
def sqlite_here(filled_sqlite: Path, tmp_path: Path) -> Place:
    """A union on SQLite: for what no engine can change."""
    shutil.copytree(filled_sqlite, tmp_path / "here")
    return Place(f"sqlite:///{tmp_path / 'here' / 'tracker.db'}", tmp_path / "here")


@pytest.fixture(params=ENGINES)
def here(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """A union on each engine in turn; an embedded database lies in the instance folder."""
    if request.param == "sqlite":
        yield request.getfixturevalue("sqlite_here")
        return
    like: Place = request.getfixturevalue("filled_postgresql")
    shutil.copytree(like.instance, tmp_path / "here")
    with copied(like.url, request.getfixturevalue("postgres")) as url:
        yield Place(url, tmp_path / "here")


@pytest.fixture
def new_place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[str], Place]]:
    """Makes an empty installation, on an engine."""
    opened: list[Any] = []

    def make(engine: str) -> Place:
        database = empty_database(engine, request, tmp_path)
        opened.append(database)
        return place_of(database.__enter__(), tmp_path / f"there-{len(opened)}")

    yield make
    for database in opened:
        database.__exit__(None, None, None)


@pytest.fixture
def backup(here: Place, tmp_path: Path) -> Path:
    file = tmp_path / "union.backup"
    here.run("backup", file)
    return file
