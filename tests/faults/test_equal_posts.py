"""The same thing sent by eight at once, over HTTP, to two processes: it is there once, and nobody gets an error page."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from datetime import date, timedelta

import requests

from tests.faults.site import Site, at_once, times

EIGHT = 8
COURSES = ("firefly", "copilot", "ai-ethics", "prompt-engineering")


def test_abuse_18_eight_equal_posts_at_once_are_one_completion(site: Site, figures: Callable[[str], None]) -> None:
    rounds, answers = times(8, 500), Counter[int]()
    with site.served():
        people = [site.person(f"m{number}") for number in range(1, 5)]
        before = site.counted()
        for number in range(rounds):
            person, course = people[number % 4], COURSES[(number // 4) % 4]
            day = (date(2026, 2, 1) - timedelta(days=number // 16)).isoformat()
            ends = at_once(EIGHT, lambda _: person.log(course, day).status_code)  # noqa: B023 — done before the next round
            assert sorted(ends, key=str) == [303, *[409] * (EIGHT - 1)], (number, ends)
            answers.update(ends)
        after = site.counted()
        assert after["completion"] - before["completion"] == rounds
        assert after["audit_entry"] - before["audit_entry"] == rounds
    site.clean()
    engine = "SQLite" if site.is_on_sqlite else "PostgreSQL"
    figures(f"{engine}: {rounds} rounds of {EIGHT} equal posts: {rounds} completions, doubled 0, answers {dict(answers)}")


def test_eight_equal_assignments_at_once_are_one_rule(site: Site, figures: Callable[[str], None]) -> None:
    rounds = times(2, 60)
    with site.served():
        staff = site.person("staff")
        before = site.counted()
        for number in range(rounds):
            day = (date(2026, 3, 1) + timedelta(days=number)).isoformat()
            sent = {
                "path": "set-safety", "kind": "required", "who": "unit", "unit": "80", "on": day, "until": "none",
                "leaving": "end",
            }  # fmt: skip
            ends = at_once(EIGHT, lambda _: staff.post("/staff/assign/apply", sent).status_code)  # noqa: B023
            assert sorted(ends, key=str) == [303, *[422] * (EIGHT - 1)], ends
        assert site.counted()["audit_entry"] - before["audit_entry"] == rounds
    site.clean()
    engine = "SQLite" if site.is_on_sqlite else "PostgreSQL"
    figures(f"{engine}: {rounds} rounds of {EIGHT} equal assignments: {rounds} rules, doubled 0")


def test_eight_equal_statements_at_once_are_one_completion(site: Site, figures: Callable[[str], None]) -> None:
    rounds = times(4, 200)
    client, secret = (site.instance / "client").read_text().split()
    with site.served():
        form = {"grant_type": "client_credentials", "client_id": client, "client_secret": secret, "scope": "xapi:write"}
        token = requests.post(f"{site.base}/oauth2/token", data=form, timeout=60).json()["access_token"]
        headers = {"X-Experience-API-Version": "1.0.0", "Authorization": f"Bearer {token}"}
        before = site.counted()
        for number in range(rounds):
            said = {
                "id": f"00000000-0000-4000-8000-{number:012}",
                "actor": {"mbox": f"mailto:m{1 + number % 12}@example.org"},
                "verb": {"id": "http://adlnet.gov/expapi/verbs/completed"},
                "object": {"id": "https://www.linkedin.com/learning/what-is-generative-ai"},
                "timestamp": f"{date(2026, 2, 20) - timedelta(days=number // 12)}T12:00:00Z",
                "result": {"completion": True},
            }
            body = json.dumps(said)
            ends = at_once(EIGHT, lambda _: _sent(f"{site.base}/xapi/statements", body, headers))  # noqa: B023
            assert ends == [200] * EIGHT
        site.tracker("xapi", "settle")
        after = site.counted()
        assert after["xapi_statement"] - before["xapi_statement"] == rounds
        assert after["completion"] - before["completion"] == rounds
    site.clean()
    engine = "SQLite" if site.is_on_sqlite else "PostgreSQL"
    figures(f"{engine}: {rounds} rounds of {EIGHT} equal statements: {rounds} completions, doubled 0, lost 0")


def test_eight_equal_calls_of_the_api_at_once_are_one_completion(site: Site, figures: Callable[[str], None]) -> None:
    rounds = times(2, 200)
    headers = {"Authorization": f"Bearer {(site.instance / 'token').read_text()}", "Content-Type": "application/json"}
    with site.served():
        before = site.counted()["completion"]
        for number in range(rounds):
            day = (date(2026, 2, 20) - timedelta(days=number // 12)).isoformat()
            row = {"member_number": str(1 + number % 12), "course": "copilot", "completed_on": day, "assurance": "reviewed"}
            body = json.dumps({"completions": [row]})
            ends = at_once(EIGHT, lambda _: _sent(f"{site.base}/api/v1/completions", body, headers))  # noqa: B023
            assert ends == [200] * EIGHT
        assert site.counted()["completion"] - before == rounds
    site.clean()
    engine = "SQLite" if site.is_on_sqlite else "PostgreSQL"
    figures(f"{engine}: {rounds} rounds of {EIGHT} equal calls of the API: {rounds} completions, doubled 0")


def _sent(address: str, body: str, headers: dict[str, str]) -> int:
    return requests.post(address, data=body, headers=headers, timeout=60).status_code
