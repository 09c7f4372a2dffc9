"""The database goes, and comes back: a page in words at once, and all goes on without a restart."""

from __future__ import annotations

import time
from collections.abc import Callable

import requests

from tests.faults.conftest import OwnServer
from tests.faults.site import Person, Site, engine_of, times, until

SOON = 10.0  # seconds in which a page that needs the database must say that it is gone: else it hangs
BACK = 5.0


def day(number: int) -> str:
    return f"2026-02-{1 + number % 28:02}"


def test_a_database_that_is_stopped_is_told_and_used_again_when_it_is_back(
    own_site: Site, own_server: OwnServer, figures: Callable[[str], None]
) -> None:
    gone, longest = times(1, 60), 0.0
    with own_site.served():
        member = own_site.person("m1")
        assert member.log("firefly", day(0)).status_code == 303
        before = own_site.counted()
        own_server.stop()
        try:
            ends = time.monotonic() + gone
            while True:
                for answer in (member.get("/my/", SOON), member.log("firefly", day(1), timeout=SOON)):
                    longest = max(longest, answer.elapsed.total_seconds())
                    assert answer.status_code == 503
                    assert "cannot reach its records" in answer.text
                assert requests.get(f"{own_site.base}/healthz", timeout=SOON).status_code == 200
                assert requests.get(f"{own_site.base}/readyz", timeout=SOON).status_code == 503
                if time.monotonic() > ends:
                    break
        finally:
            own_server.start()
        back = until(lambda: member.get("/my/").status_code == 200, BACK)
        assert own_site.counted() == before
        assert member.log("firefly", day(1)).status_code == 303
    own_site.clean()
    figures(f"PostgreSQL gone for {gone} s: 503 in at most {longest:.2f} s, back after {back:.2f} s, lost 0")


def test_a_file_that_another_holds_for_long_is_told_and_used_again(site: Site, figures: Callable[[str], None]) -> None:
    """Another process writes for longer than a form waits: reading goes on, and what is sent is refused in words."""
    with site.served():
        member = site.person("m2")
        before = site.counted()
        engine = engine_of(site.database_url)
        with engine.connect() as holder:
            holder.execution_options(writes=True)
            holder.exec_driver_sql("SELECT 1" if site.is_on_sqlite else "SELECT pg_advisory_xact_lock(7421100)")
            for _ in range(times(1, 8)):
                answer = member.log("copilot", day(3))
                assert answer.status_code == 422, answer.text
                assert "Others are writing at this moment" in answer.text
                assert member.get("/my/").status_code == 200
            holder.rollback()
        engine.dispose()
        assert site.counted()["completion"] == before["completion"]
        assert member.log("copilot", day(3)).status_code == 303
    site.clean()
    figures(f"{'SQLite' if site.is_on_sqlite else 'PostgreSQL'} held by another: told in words, recorded afterwards, lost 0")


def test_people_who_go_on_while_the_database_is_away_find_what_was_answered(
    own_site: Site, own_server: OwnServer, figures: Callable[[str], None]
) -> None:
    """Each course whose logging was answered is there, however often the server was stopped meanwhile."""
    rounds, logged = times(2, 12), 0
    with own_site.served():
        member = own_site.person("m3")
        for number in range(rounds):
            for course in ("firefly", "copilot", "ai-ethics"):
                if course == "copilot":
                    own_server.stop()
                    own_server.start()
                answer = _answered(member, course, day(number))
                assert answer.status_code in (303, 409), answer.text
                logged += 1
        assert own_site.counted()["completion"] == logged
    own_site.clean()
    figures(f"PostgreSQL stopped {rounds} times between courses: {logged} logged, lost 0, doubled 0")


def _answered(member: Person, course: str, on: str) -> requests.Response:
    until(lambda: member.get("/my/").status_code == 200, BACK)
    return member.log(course, on)
