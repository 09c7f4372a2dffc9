"""Every page once in full, wide and light and in English; once on a phone, in the dark and in another language; and every
form with what is wrong in it. The pages are those of the application: a new one is looked at by itself."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import serve
from tests.browser.fitness import axe_faults, frame_faults, keyboard_faults, motion_faults, room_faults
from tests.browser.reading import ONCE, TAGS, Union, faults_of, open_union
from tests.conftest import make_settings, one_worker
from tests.pages import pages_of
from tracker import create_app

OTHERS = [language for language in TAGS if language != "en"]


@pytest.fixture(scope="session")
def full(workshop: Path, postgres: str) -> Union:
    """A union with something of everything."""
    with one_worker(workshop, "full-lock"):
        return open_union(workshop, postgres, lambda *told: serve(workshop, *told), "full", everyone=False)


# What answers with a file, or leads on to a page that is read.
_NO_PAGES = {
    "account.home",
    "account.link_form",
    "members.completions",
    "members.courses",
    "members.no_preview",
    "reports.local_one_page",
    "reports.nearest",
    "staff.waiting",
    "xapi.about",
    "account.provider",  # leads to the provider, and back
    "account.provider_back",
    "account.code",  # only to who has shown a password and has a factor, as the next two: `test_signing_in_twice.py`
    "account.recovery_codes",
    "account.remove_second_factor",
}


def test_every_page_has_its_reader(full: Union, tmp_path: Path) -> None:
    there = {rule.endpoint for rule in pages_of(create_app(make_settings(tmp_path, "sqlite://")))}
    left = there - {each.page for each in full.readings}
    assert left == _NO_PAGES, "Give a new page its sample in tests/pages.py, or the full union what it shows"


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


# Forms that nothing can be wrong in, by where they go: whatever is chosen is right.
_TAKES_ANYTHING = {"/language"}

# Empty every field of a form as a person might leave it, and let the server find what is wrong.
_SEND_EMPTY = """form => {
  for (const alert of document.querySelectorAll("[role=alert]")) alert.dataset.before = "";
  form.noValidate = true;
  for (const field of form.querySelectorAll("input, textarea, select")) {
    if (["hidden", "submit", "button"].includes(field.type)) continue;
    if (["radio", "checkbox"].includes(field.type)) field.checked = false;
    else if (field.tagName !== "SELECT") field.value = "";
    else if (field.querySelector("option[value='']")) field.value = "";
  }
  form.requestSubmit();
}"""
_FIELDS = "input:not([type=hidden]):not([type=submit]):not([type=button]), textarea, select"


@pytest.mark.parametrize("reader", ONCE)
def test_every_form_says_what_is_wrong_in_it(browser: Browser, full: Union, reader: str) -> None:
    faults, sent = [], set(_TAKES_ANYTHING)
    with full.page(browser, reader, width=360) as page:
        for reading in full.read_by(reader):
            page.goto(reading.address)
            for at in range(page.locator("main form[method=post]").count()):
                form = page.locator("main form[method=post]").nth(at)
                goes_to = re.sub(r"\d{6,}", "…", (form.get_attribute("action") or reading.address).partition("?")[0])
                if goes_to in sent or not form.locator(_FIELDS).count():
                    continue
                sent.add(goes_to)
                form.evaluate(_SEND_EMPTY)
                faults += [f"{reading.page} → {goes_to}: {each}" for each in _wrong(page)]
                page.goto(reading.address)
    assert sent > _TAKES_ANYTHING
    assert not faults, "\n".join(faults)


def _wrong(page: Page) -> Iterator[str]:
    summary = page.locator("main [role=alert]:not([data-before])").first
    try:
        expect(summary).to_be_focused()
    except AssertionError:
        yield "what is wrong is not said, or does not have the focus"
        return
    for link in summary.get_by_role("link").all():
        target = link.get_attribute("href") or ""
        if target.startswith("#") and not page.locator(f"[id='{target[1:]}']").count():
            yield f"{target} leads nowhere"
    yield from axe_faults(page)
    yield from frame_faults(page, "en")
    if not page.title().startswith("Error:"):
        yield "the title does not say that something is wrong"
