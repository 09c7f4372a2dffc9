"""Both locals of `tests.access.planted`, with everyone signed in: made once a file, and as planted for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.access.asking import Asker, Kept, union_on


@pytest.fixture(scope="module")
def _union(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Asker, Kept]]:
    with union_on("sqlite", request, tmp_path_factory.mktemp("abuse")) as (asker, address):
        yield asker, Kept(address.removeprefix("sqlite:///"))


@pytest.fixture
def kept(_union: tuple[Asker, Kept]) -> Iterator[Kept]:
    yield _union[1]
    _union[1].restore()


@pytest.fixture
def union(_union: tuple[Asker, Kept], kept: Kept) -> Asker:
    return _union[0]
