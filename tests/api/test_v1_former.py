"""What a program of a local's officer is told of someone who has left it: no more than the page tells."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

import time_machine

from tests.api.programs import Site, site
from tracker.curriculum.words import Assurance

__all__ = ["site"]

LATER = datetime(2026, 4, 20, 18, tzinfo=UTC)
THEN = "as_of=2026-03-15"


def test_a_former_local_is_told_the_past_as_it_was_known_then(site: Site) -> None:
    bo = site.member("0002")
    site.desk.today = date(2026, 3, 10)
    site.desk.log("0002", "ai-ethics", date(2026, 3, 8), Assurance.REVIEWED)
    site.desk.today = LATER.date()
    with time_machine.travel(LATER):
        site.desk.roster(
            "0002,Bo,Example,bo@example.org,80,grip,active,member,2022-01-01,2026-04-01,yes\n"
            "0002,Bo,Example,bo@example.org,700,editing,active,member,2026-04-01,,yes\n"
        )
        record, past = f"/api/v1/members/{bo}", f"/api/v1/members/{bo}?{THEN}"

        def told(who: str) -> dict[str, Any]:
            found: dict[str, Any] = site.get(who, past)
            return found

        before = told("viv")
        site.desk.log("0002", "firefly", date(2026, 3, 9), Assurance.REVIEWED)
        site.desk.void("0002", "ai-ethics", "forged")
        for who in ("ben", "viv"):
            assert site.ask(who, record).status_code == 404
            assert site.ask(who, f"{record}/completions").status_code == 404
            assert site.ask(who, f"{record}/completions?{THEN}").status_code == 422, "of today alone"
            assert told(who) == before
        assert before["known"] == "2026-03-15"
        assert [card["unit"]["number"] for card in before["cards"]] == ["80"]
        assert [path["reviewed"] for path in before["paths"]] == [1]
        staff = told("sam")
        assert staff["known"] is None
        days = [each["completed_on"] for section in staff["paths"][0]["sections"] for each in section["courses"]]
        assert ["2026-03-08"] not in days
        assert ["2026-03-09"] in days


def test_a_list_of_a_past_day_names_who_left_as_they_were_known_then(site: Site) -> None:
    bo = str(site.member("0002"))
    site.desk.today = LATER.date()
    with time_machine.travel(LATER):
        site.desk.roster(
            "0002,Bo,Example,bo@example.org,80,grip,active,member,2022-01-01,2026-04-01,yes\n"
            "0002,Bo,Example,bo@example.org,700,editing,active,member,2026-04-01,,yes\n"
            "0003,Cy,Example,cy@example.org,80,grip,active,member,2026-06-01,,no\n"
        )
        asked = "/api/v1/units/80/members?path=ai-fundamentals"

        def told(who: str) -> dict[str, Any]:
            return next(each for each in site.get(who, f"{asked}&{THEN}")["items"] if each["id"] == bo)

        before = told("viv")
        site.desk.log("0002", "firefly", date(2026, 3, 9), Assurance.REVIEWED)
        assert told("viv") == before
        assert told("sam") != before
        to_come = f"{asked}&as_of=2026-07-01"
        numbers = {who: [each["number"] for each in site.get(who, to_come)["items"]] for who in ("viv", "sam")}
        assert numbers == {"viv": ["0001"], "sam": ["0001", "0003"]}
        record = f"/api/v1/members/{site.member('0003')}?as_of=2026-07-01"
        assert site.ask("viv", record).status_code == 404
        assert site.ask("sam", record).status_code == 200
        program = {"Authorization": f"Bearer {site.access_token(site.clients['viewer']).get_json()['access_token']}"}
        assert site.ask("", record, headers=program).status_code == 404
        ana = f"/api/v1/members/{site.member('0001')}"
        assert site.ask("", ana, headers=program).status_code == 200
