"""The union in which something of everything is under way, served, and its readers in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

from playwright.sync_api import Browser, Page, StorageState

from tests.browser.fitness import told, watch
from tests.conftest import named_database, run_sql, run_tracker
from tests.full_union import PASSWORD, Reading, fill, leave_empty, once_each, readings
from tracker import create_app
from tracker.config import Settings
from tracker.models import db

TAGS = {"en": "en", "fr_CA": "fr-CA", "es": "es"}  # what each language is called in an address and on a page
ONCE = ("", "member", "officer", "staff", "admin")  # together they open every page


@dataclass
class Union:
    """A union that is served, and what there is to read in it."""

    address: str
    readings: list[Reading]
    states: dict[str, StorageState] = field(default_factory=dict)  # of the browsers in which somebody is signed in

    def read_by(self, reader: str) -> list[Reading]:
        return [each for each in self.readings if each.reader == reader]

    @contextmanager
    def page(
        self, browser: Browser, reader: str, language: str = "en", scheme: str = "light", width: int = 1440
    ) -> Iterator[Page]:
        """A page of a browser whose reader has signed in, once for all languages: the browser asks for one."""
        if reader and reader not in self.states:
            self.states[reader] = self._signed_in(browser, reader)
        context = browser.new_context(
            base_url=self.address,
            storage_state=self.states.get(reader),
            locale=TAGS[language],
            color_scheme=scheme,  # type: ignore[arg-type]
            reduced_motion="reduce",
            viewport={"width": width, "height": 800},
        )
        try:
            yield context.new_page()
        finally:
            context.close()

    def _signed_in(self, browser: Browser, reader: str) -> StorageState:
        context = browser.new_context(base_url=self.address)
        page = context.new_page()
        page.goto("/login")
        page.fill("input[name=email]", f"{reader}@example.org")
        page.fill("input[name=password]", PASSWORD)
        page.click("main [type=submit]")
        page.wait_for_url(lambda url: "/login" not in url)
        state = context.storage_state()
        context.close()
        return state


def open_union(
    workshop: Path,
    postgres: str,
    serve: Callable[[str, str, Path], str],
    name: str,
    *,
    everyone: bool,
    is_empty: bool = False,
) -> Union:
    """Build a union and serve it, or find it built and served by another worker.

    Args:
        everyone: each page by all who can open it, and not by the first of them alone.
        is_empty: only units and who signs in are there.
    """
    note = workshop / f"{name}.json"
    if not note.exists():
        instance = workshop / f"{name}-instance"
        instance.mkdir()
        run_sql(postgres, f"CREATE DATABASE union_{name} TEMPLATE template_tracker")
        database_url = named_database(postgres, f"union_{name}")
        if not is_empty:
            run_tracker("demo", "--members", "400", database_url=database_url, instance=instance, demo=True)
        environment = {"DATABASE_URL": database_url, "TRACKER_INSTANCE": str(instance), "TRACKER_DEMO": "1"}
        app = create_app(Settings.from_environment(environment))
        try:
            those = leave_empty(app) if is_empty else fill(app)
            found = list(readings(app, those)) if everyone else once_each(readings(app, those, ONCE))
        finally:
            with app.app_context():
                db.session.remove()
                db.engine.dispose()
        address = serve(name, database_url, instance)
        note.write_text(json.dumps([address, [asdict(each) for each in found]]))
    address, listed = json.loads(note.read_text())
    return Union(address, [Reading(**each) for each in listed])


def faults_of(page: Page, reading: Reading, look: Callable[[Page], Iterator[str]]) -> list[str]:
    """Open a page and look at it: its faults, each with where it was found."""
    errors = watch(page)
    answer = page.goto(reading.address)
    assert answer is not None
    found = [] if answer.status == 200 else [f"answers {answer.status}"]
    found += [*look(page), *told(errors)]
    where = re.sub(r"\d{6,}", "…", reading.address)
    return [f"{reading.page} {where} ({reading.reader or 'a stranger'}): {each}" for each in found]
