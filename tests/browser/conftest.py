"""A real browser on a real server: the demonstration on PostgreSQL, served as `make run` serves it."""

from __future__ import annotations

import os
import shutil
import socket
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.fitness import told, watch
from tests.conftest import named_database, one_worker, run_sql, run_tracker

PASSWORD = "backstage-demo"
collect_ignore = [] if os.environ.get("TRACKER_TEST_AXE") else ["test_everything.py"]  # for hours: `make test-axe`
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if CHROMIUM is None:
        skip = pytest.mark.skip(reason="Chromium is not installed: install Debian's package chromium to run these tests")
        for item in items:
            if Path(__file__).parent in item.path.parents:
                item.add_marker(skip)


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict[str, Any]) -> dict[str, Any]:
    quiet = ["--disable-background-networking", "--disable-component-update", "--disable-sync", "--no-first-run"]
    if os.geteuid() == 0:
        quiet.append("--no-sandbox")  # Chromium refuses to run as root within its sandbox
    return {**browser_type_launch_args, "executable_path": CHROMIUM, "args": quiet}


@pytest.fixture(scope="session")
def server(workshop: Path, postgres: str) -> str:
    """The address of the one server of the run, on a demonstration of some hundred members."""
    with one_worker(workshop, "browser-lock"):
        note = workshop / "server-address"
        if not note.exists():
            note.write_text(_start(workshop, postgres))
        return note.read_text()


def _start(workshop: Path, postgres: str) -> str:
    instance = workshop / "browser-instance"
    instance.mkdir()
    run_sql(postgres, "CREATE DATABASE browser TEMPLATE template_tracker")
    database_url = named_database(postgres, "browser")
    run_tracker("demo", "--members", "400", database_url=database_url, instance=instance, demo=True)
    return serve(workshop, "browser", database_url, instance)


def serve(workshop: Path, name: str, database_url: str, instance: Path) -> str:
    """Serve a union as `make run` does, to the end of the run; where."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {**os.environ, "DATABASE_URL": database_url, "TRACKER_INSTANCE": str(instance), "TRACKER_DEMO": "1"}
    log = (os.O_WRONLY | os.O_CREAT, 0o600)
    process = os.posix_spawn(  # not a child that this worker waits for: the run's owner ends it
        shutil.which("tracker") or "tracker",
        ["tracker", "serve", "--port", str(port)],
        environment,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 1, str(workshop / f"{name}.log"), *log),
            (os.POSIX_SPAWN_DUP2, 1, 2),
        ],
        setsid=True,
    )
    (workshop / f"server-process-{name}").write_text(str(process))
    address = f"http://127.0.0.1:{port}"
    for _ in range(150):
        try:
            with urllib.request.urlopen(f"{address}/readyz", timeout=2):
                return address
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the server did not come up:\n{(workshop / f'{name}.log').read_text()}")


@pytest.fixture(scope="session")
def base_url(server: str) -> str:
    """Where `page.goto("/…")` goes."""
    return server


@pytest.fixture
def watched(page: Page) -> Iterator[Page]:
    """A page whose console errors and outside requests fail the test."""
    errors = watch(page)
    yield page
    assert told(errors) == []


@pytest.fixture
def sign_in(watched: Page) -> Callable[[str], Page]:
    """Sign in as one of the four people of the demonstration."""

    def go(name: str) -> Page:
        watched.goto("/login")
        watched.fill("input[name=email]", f"{name}@example.org")
        watched.fill("input[name=password]", PASSWORD)
        watched.click("main [type=submit]")
        watched.wait_for_url(lambda url: "/login" not in url)
        return watched

    return go
