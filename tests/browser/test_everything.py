"""Every page by every reader who may open it, in every language, light and dark, in a full union and in an empty one.

Too long for every run: collected only where ``TRACKER_TEST_AXE`` is set, as ``make test-axe`` does. What each run looks at
is in test_every_page.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import serve
from tests.browser.fitness import axe_faults, frame_faults, keyboard_faults, motion_faults, room_faults
from tests.browser.reading import TAGS, Union, faults_of, open_union
from tests.conftest import one_worker
from tests.full_union import READERS


@pytest.fixture(scope="session", params=["everything", "nothing"])
def union(request: pytest.FixtureRequest, workshop: Path, postgres: str) -> Union:
    """A union with something of everything, and one of which only its units and who signs in are there."""
    name: str = request.param
    with one_worker(workshop, f"{name}-lock"):
        return open_union(
            workshop, postgres, lambda *told: serve(workshop, *told), name, everyone=True, is_empty=name == "nothing"
        )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("language", TAGS)
@pytest.mark.parametrize("reader", READERS)
def test_every_page_is_fit_for_everyone(browser: Browser, union: Union, reader: str, language: str, scheme: str) -> None:
    def look(page: Page) -> Iterator[str]:
        yield from axe_faults(page)
        yield from frame_faults(page, TAGS[language])
        yield from keyboard_faults(page)
        yield from motion_faults(page)
        yield from room_faults(page)

    pages = union.read_by(reader)
    assert pages
    with union.page(browser, reader, language, scheme, 1440 if scheme == "light" else 360) as page:
        faults = [fault for each in pages for fault in faults_of(page, each, look)]
    assert not faults, "\n".join(faults)
