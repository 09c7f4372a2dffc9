"""A server that is told to end while it is asked: what it took, it answers whole."""

from __future__ import annotations

import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
import requests

from tests.faults.site import Person, Site, times

ROOT = Path(__file__).parent.parent.parent
SERVERS = ["tracker serve", "gunicorn"]


def command_of(server: str) -> list[str] | None:
    """None: `tracker serve`, as a site runs it by itself."""
    if server == "tracker serve":
        return None
    config = str(ROOT / "deploy" / "gunicorn.conf.py")
    return [sys.executable, "-m", "gunicorn", "-c", config, "tracker:create_app()"]


@pytest.mark.parametrize("server", SERVERS)
def test_no_request_that_was_taken_is_lost_when_the_server_is_told_to_end(
    site: Site, server: str, figures: Callable[[str], None]
) -> None:
    rounds, ends, days = times(1, 10), Counter[str](), 0
    for _ in range(rounds):
        with site.served(command=command_of(server), TRACKER_PROCESSES="2", TRACKER_THREADS="4"):
            people = [site.person(f"m{number}") for number in range(1, 9)]
            before = site.counted()["completion"]
            told, acknowledged, lost = threading.Event(), list[int](), list[str]()

            def go_on(person: Person, first: int) -> None:
                for number in range(first, first + 400):
                    try:
                        answer = person.log(
                            "firefly", f"20{10 + number // 336:02}-{1 + number // 28 % 12:02}-{1 + number % 28:02}"
                        )
                        acknowledged.append(answer.status_code)  # noqa: B023 — ends before the next round
                    except requests.exceptions.ConnectionError as error:
                        if not _was_refused(error):
                            lost.append(str(error))  # noqa: B023
                        return

            threads = [threading.Thread(target=go_on, args=(person, days)) for person in people]
            for each in threads:
                each.start()
            while len(acknowledged) < 30:
                time.sleep(0.01)
            told.set()
            code = site.end()
            for each in threads:
                each.join(90)
        assert code == 0, site.log[-2_000:]
        assert set(acknowledged) == {303}
        assert lost == [] or server == "gunicorn", lost[:3]  # which lets go of those that nobody had taken yet
        assert site.counted()["completion"] - before == len(acknowledged), "each that was answered, and no other"
        days += 1 + len(acknowledged)
        ends["answered"] += len(acknowledged)
    site.clean()
    engine = "SQLite" if site.is_on_sqlite else "PostgreSQL"
    figures(f"{engine}, {server}: told to end {rounds} times under load: {ends['answered']} answered, lost 0")


def _was_refused(error: requests.exceptions.ConnectionError) -> bool:
    """Whether nobody took the request: it was never begun."""
    return "Connection refused" in str(error) or "NewConnectionError" in str(error)
