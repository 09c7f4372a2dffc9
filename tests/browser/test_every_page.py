"""Every page once in full, wide and light and in English; once on a phone, in the dark and in another language; and every
form with what is wrong in it. The pages are those of the application: a new one is looked at by itself."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.conftest import serve
from tests.browser.fitness import axe_faults, frame_faults, keyboard_faults, motion_faults, room_faults
from tests.browser.reading import ONCE, TAGS, Union, faults_of, open_union
from tests.conftest import one_worker

OTHERS = [language for language in TAGS if language != "en"]


@pytest.fixture(scope="session")
def full(workshop: Path, postgres: str) -> Union:
    """A union with something of everything."""
    with one_worker(workshop, "full-lock"):
        return open_union(workshop, postgres, lambda *told: serve(workshop, *told), "full", everyone=False)


@pytest.mark.parametrize("reader", ONCE)
def test_every_page_is_fit_to_read(browser: Browser, full: Union, reader: str) -> None:
    def look(page: Page) -> Iterator[str]:
        yield from axe_faults(page)
        yield from frame_faults(page, "en")
        yield from keyboard_faults(page)

    with full.page(browser, reader) as page:
        faults = [fault for each in full.read_by(reader) for fault in faults_of(page, each, look)]
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize("language", OTHERS)
@pytest.mark.parametrize("reader", ONCE)
def test_every_page_is_fit_on_a_phone_in_the_dark_and_in_other_languages(
    browser: Browser, full: Union, reader: str, language: str
) -> None:
    def look(page: Page) -> Iterator[str]:
        yield from axe_faults(page)
        yield from frame_faults(page, TAGS[language])
        yield from keyboard_faults(page)
        yield from motion_faults(page)
        yield from room_faults(page)

    turn = OTHERS.index(language)
    mine = [each for at, each in enumerate(full.readings) if each.reader == reader and at % len(OTHERS) == turn]
    with full.page(browser, reader, language, "dark", 360) as page:
        faults = [fault for each in mine for fault in faults_of(page, each, look)]
    assert not faults, "\n".join(faults)
