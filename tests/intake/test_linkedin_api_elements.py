"""Elements of a learning activity report: what is a completion, on which day, and what can be wrong with it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from copy import deepcopy
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.intake.linkedin_stand_in import engagement, milliseconds
from tracker.curriculum.words import Assurance
from tracker.intake.linkedin_api.elements import row_of
from tracker.operations.rows import CompletionRow, NotACompletion, RowFaults

FILES = Path(__file__).parent / "files"
TODAY = date(2026, 3, 31)
AT = datetime(2026, 3, 10, 3, 56, 40, tzinfo=UTC)  # the evening before, in Los Angeles
DAY = date(2026, 3, 9)


def sample() -> list[dict[str, Any]]:
    report = json.loads((FILES / "linkedin_learningActivityReports_individual_content.json").read_text())
    elements: list[dict[str, Any]] = report["elements"]
    return elements


def completion(element: object) -> CompletionRow:
    row = row_of(1, element, TODAY)
    assert isinstance(row, CompletionRow), row
    return row


def with_activities(
    *activities: tuple[str, object], at: object = milliseconds(AT), asset: object = "COURSE"
) -> dict[str, Any]:
    element = engagement(1, 1, AT)
    element["activities"] = [
        {"engagementType": kind, "engagementValue": value, "assetType": asset, "lastEngagedAt": at}
        for kind, value in activities
    ]
    return element


def test_the_documented_sample_is_one_completion_and_one_that_is_none() -> None:
    done, begun = (row_of(line, element, TODAY) for line, element in enumerate(sample(), start=1))
    assert done == CompletionRow(
        line=1,
        member_number="",
        provider_id="IA-0000001",
        email="testy.mcgaffer@example.org",
        learner_name="Testy McGaffer",
        course_id="1",
        course="Example Course",
        completed_on=DAY,
        assurance=Assurance.PROVIDER,
        evidence_url="",
        external_id="urn:li:enterpriseProfile:(urn:li:enterpriseAccount:999,1) 1 completed",
        learner_local="Local 999",
    )
    assert begun == NotACompletion(2, "16 % of the course")


@pytest.mark.parametrize(
    ("activities", "expected"),
    [
        ([("COMPLETIONS", 1)], Assurance.PROVIDER),
        ([("COMPLETIONS", 2)], Assurance.PROVIDER),
        ([("COMPLETIONS", 1.0)], Assurance.PROVIDER),
        ([("PROGRESS_PERCENTAGE", 100), ("COMPLETIONS", 1)], Assurance.PROVIDER),
        ([("PROGRESS_PERCENTAGE", 40), ("COMPLETIONS", 1)], Assurance.PROVIDER),
        # all was watched, and LinkedIn did not call it completed
        ([("PROGRESS_PERCENTAGE", 100)], Assurance.CLAIMED),
        ([("PROGRESS_PERCENTAGE", 100), ("COMPLETIONS", 0)], Assurance.CLAIMED),
        # the learner said so
        ([("MARKED_AS_DONE", 1)], Assurance.CLAIMED),
        ([("PROGRESS_PERCENTAGE", 20), ("MARKED_AS_DONE", 1)], Assurance.CLAIMED),
        # what LinkedIn adds one day
        ([("COMPLETIONS", 1), ("APPLAUSE", None)], Assurance.PROVIDER),
    ],
)
def test_how_sure_a_completion_is(activities: list[tuple[str, object]], expected: Assurance) -> None:
    row = completion(with_activities(*activities))
    assert (row.assurance, row.completed_on) == (expected, DAY)


@pytest.mark.parametrize(
    ("element", "reason"),
    [
        (with_activities(("PROGRESS_PERCENTAGE", 99.9), ("COMPLETIONS", 0)), "99 % of the course"),
        (with_activities(("PROGRESS_PERCENTAGE", 0)), "0 % of the course"),
        (with_activities(("SECONDS_VIEWED", 610), ("VIEWS", 1)), "opened, not completed"),
        (with_activities(), "opened, not completed"),
        (with_activities(("MARKED_AS_DONE", 0)), "opened, not completed"),
        (with_activities(("COMPLETIONS", 1), asset="VIDEO"), "opened, not completed"),
        (engagement(1, 1, AT) | {"contentDetails": {"contentUrn": "urn:li:lyndaVideo:1"}}, "a video"),
        (engagement(1, 1, AT) | {"contentDetails": {"contentUrn": "urn:lyndaLearningPath:5ce7"}}, "a learning path"),
        (engagement(1, 1, AT) | {"contentDetails": {"contentUrn": "urn:li:lyndaArticle:1"}}, "an article"),
    ],
)
def test_what_is_no_completion_says_why(element: object, reason: str) -> None:
    assert row_of(7, element, TODAY) == NotACompletion(7, reason)


@pytest.mark.parametrize(
    ("at", "day"),
    [
        (datetime(2026, 3, 9, 7, 0, tzinfo=UTC), date(2026, 3, 9)),  # daylight saving began the night before: UTC-7
        (datetime(2026, 3, 9, 6, 59, 59, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2026, 3, 8, 7, 59, 59, tzinfo=UTC), date(2026, 3, 7)),  # UTC-8
        (datetime(2026, 3, 8, 8, 0, tzinfo=UTC), date(2026, 3, 8)),
        (datetime(2025, 11, 2, 6, 59, 59, tzinfo=UTC), date(2025, 11, 1)),  # UTC-7 until two o'clock
        (datetime(2025, 11, 3, 7, 59, 59, tzinfo=UTC), date(2025, 11, 2)),
        (datetime(2024, 3, 1, 7, 59, 59, tzinfo=UTC), date(2024, 2, 29)),
    ],
)
def test_the_day_is_the_one_in_los_angeles(at: datetime, day: date) -> None:
    assert completion(engagement(1, 1, at)).completed_on == day


def test_of_several_completions_the_earliest_counts_in_whatever_order_they_stand() -> None:
    element = with_activities(("COMPLETIONS", 1), ("COMPLETIONS", 1))
    element["activities"][0]["lastEngagedAt"] += 5 * 86_400_000
    assert completion(element).completed_on == DAY
    element["activities"].reverse()
    assert completion(element).completed_on == DAY


def test_a_learner_without_an_id_of_ours_is_known_by_the_profile() -> None:
    row = completion(engagement(7, 1, AT, uniqueUserId=None, name=None, email=None))
    assert (row.provider_id, row.email, row.learner_name) == (
        "urn:li:enterpriseProfile:(urn:li:enterpriseAccount:999,7)",
        "",
        "",
    )


def test_a_learner_with_an_address_alone_is_known_by_it_and_the_report_has_no_id() -> None:
    row = completion(engagement(7, 1, AT, uniqueUserId="", entity=None, name="  Zoë  "))
    assert (row.provider_id, row.email, row.learner_name, row.external_id) == ("", "m7@example.org", "Zoë", "")


def test_a_course_told_again_has_the_same_id_whatever_its_day_and_a_claim_another() -> None:
    later = datetime(2026, 3, 20, tzinfo=UTC)
    assert completion(engagement(1, 1, AT)).external_id == completion(engagement(1, 1, later)).external_id
    assert completion(engagement(1, 1, AT)).external_id != completion(engagement(2, 1, AT)).external_id
    assert completion(engagement(1, 1, AT)).external_id != completion(engagement(1, 2, AT)).external_id
    claim = completion(with_activities(("PROGRESS_PERCENTAGE", 100)))
    assert claim.external_id != completion(engagement(1, 1, AT)).external_id


@pytest.mark.parametrize(
    ("groups", "local"),
    [
        (["Local 80", "Lighting"], "Local 80, Lighting"),
        ([], ""),
        (None, ""),
        ("Local 80", ""),
        ([1, None, {"a": 2}, "Local 80\u0000\ud800"], "Local 80"),
        (["x" * 300], "x" * 199 + "…"),
    ],
)
def test_groups_are_a_hint_that_never_stands_in_the_way(groups: object, local: str) -> None:
    assert completion(engagement(1, 1, AT, enterpriseGroups=groups)).learner_local == local


LEARNER, CONTENT, ACTIVITIES = "learnerDetails", "contentDetails", "activities"


@pytest.mark.parametrize(
    ("place", "value", "column", "shown", "reason"),
    [
        ((), None, "", "", "is missing"),
        ((), "text", "", '"text"', "no object"),
        ((), [1], "", "[1]", "no object"),
        ((LEARNER,), None, "learnerDetails", "", "is missing"),
        ((LEARNER,), 7, "learnerDetails", "7", "no object"),
        ((LEARNER, "email"), 7, "learnerDetails.email", "7", "no text"),
        ((LEARNER, "email"), "a\u0000b@example.org", "learnerDetails.email", '"a\\u0000b@example.org"', "U+0000"),
        ((LEARNER, "name"), ["Ana"], "learnerDetails.name", '["Ana"]', "no text"),
        ((LEARNER, "name"), "\ud800", "learnerDetails.name", '"\\ud800"', "invisible character"),
        ((LEARNER, "name"), "A" * 201, "learnerDetails.name", '"AAAA', "characters long"),
        ((LEARNER, "uniqueUserId"), True, "learnerDetails.uniqueUserId", "true", "no text"),
        ((LEARNER, "entity"), "urn", "learnerDetails.entity", '"urn"', "no object"),
        ((LEARNER, "entity", "profileUrn"), 1, "learnerDetails.entity.profileUrn", "1", "no text"),
        ((CONTENT,), None, "contentDetails", "", "is missing"),
        ((CONTENT,), {}, "contentDetails", "", "names no course"),
        ((CONTENT, "contentUrn"), 1, "contentDetails.contentUrn", "1", "no text"),
        ((CONTENT, "name"), 1, "contentDetails.name", "1", "no text"),
        ((ACTIVITIES,), None, "activities", "", "is missing"),
        ((ACTIVITIES,), {}, "activities", "{}", "no list"),
        ((ACTIVITIES, 2, "engagementValue"), None, "activities[2].engagementValue", "", "is missing"),
        ((ACTIVITIES, 2, "engagementValue"), "1", "activities[2].engagementValue", '"1"', "no number"),
        ((ACTIVITIES, 2, "engagementValue"), True, "activities[2].engagementValue", "true", "no number"),
        ((ACTIVITIES, 2, "engagementValue"), -1, "activities[2].engagementValue", "-1", "no number"),
        ((ACTIVITIES, 2, "engagementValue"), float("nan"), "activities[2].engagementValue", "NaN", "no number"),
        ((ACTIVITIES, 2, "engagementType"), 1, "activities[2].engagementType", "1", "no text"),
        ((ACTIVITIES, 2, "lastEngagedAt"), None, "activities[2].lastEngagedAt", "", "is missing, so the day"),
        ((ACTIVITIES, 2, "lastEngagedAt"), "1773115000000", "activities[2].lastEngagedAt", '"17731', "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), 1_773_115_000, "activities[2].lastEngagedAt", "1773115000", "on 1970-01-21"),
        ((ACTIVITIES, 2, "lastEngagedAt"), 0, "activities[2].lastEngagedAt", "0", "on 1969-12-31"),
        ((ACTIVITIES, 2, "lastEngagedAt"), -1, "activities[2].lastEngagedAt", "-1", "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), 10**30, "activities[2].lastEngagedAt", "1000", "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), float("inf"), "activities[2].lastEngagedAt", "Infinity", "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), float("nan"), "activities[2].lastEngagedAt", "NaN", "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), 253_402_300_799_999, "activities[2].lastEngagedAt", "2534", "milliseconds"),
        ((ACTIVITIES, 2, "lastEngagedAt"), milliseconds(datetime(2026, 4, 1, 12, tzinfo=UTC)), None, "17", "in the future"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(
    place: tuple[str | int, ...], value: object, column: str | None, shown: str, reason: str
) -> None:
    element: Any = engagement(1, 1, AT)
    if place:
        holder = element
        for step in place[:-1]:
            holder = holder[step]
        holder[place[-1]] = value
    else:
        element = value
    row = row_of(9, element, TODAY)
    assert isinstance(row, RowFaults), row
    [fault] = row.faults
    assert fault.line == 9
    assert column is None or fault.column == column
    assert fault.value.startswith(shown)
    assert reason in fault.reason
    assert (fault.value + fault.reason).isprintable()
    assert len(fault.value) <= 80


def test_a_report_of_the_whole_account_names_no_course() -> None:
    report = json.loads((FILES / "linkedin_learningActivityReports_account.json").read_text())
    row = row_of(1, report["elements"][0], TODAY)
    assert isinstance(row, RowFaults)
    assert (row.faults[0].column, row.faults[0].reason) == ("contentDetails", "is missing")


def test_nobody_named_is_a_fault() -> None:
    row = row_of(1, engagement(1, 1, AT, uniqueUserId=None, email=None, entity={}), TODAY)
    assert isinstance(row, RowFaults)
    assert "names nobody" in row.faults[0].reason


def test_junk_beside_a_completion_does_not_lose_it_and_junk_beside_a_claim_is_looked_at() -> None:
    sure, claim = with_activities(("COMPLETIONS", 1)), with_activities(("PROGRESS_PERCENTAGE", 100))
    for element in (sure, claim):
        element["activities"] += [None, 7, {"engagementType": ["COMPLETIONS"]}]
    assert completion(sure).assurance is Assurance.PROVIDER
    row = row_of(1, claim, TODAY)
    assert isinstance(row, RowFaults)
    assert row.faults[0].column == "activities[1]"


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def spoiled(draw: st.DrawFn) -> Any:
    """A good element with anything at all put somewhere in it."""
    element: Any = deepcopy(engagement(1, 1, AT))
    holder: Any = element
    while True:
        step: Any = draw(st.sampled_from(sorted(holder)) if isinstance(holder, dict) else st.integers(0, len(holder) - 1))
        inner = holder[step]
        if not isinstance(inner, dict | list) or not inner or draw(st.booleans()):
            holder[step] = draw(ANYTHING)
            return element
        holder = inner


@given(spoiled() | ANYTHING)
def test_no_element_however_spoiled_raises_or_cannot_be_stored(element: Any) -> None:
    row = row_of(1, json.loads(json.dumps(element)), TODAY)
    texts = (
        [text for fault in row.faults for text in (fault.column, fault.value, fault.reason)]
        if isinstance(row, RowFaults)
        else [each for each in row if isinstance(each, str)]
    )
    for text in texts:
        text.encode()
        assert "\0" not in text
        assert len(text) <= 200


@pytest.mark.parametrize("zone", ["UTC", "Asia/Tokyo", "America/St_Johns"])
def test_the_day_does_not_depend_on_where_the_server_stands(zone: str) -> None:
    program = (
        "import json, sys; from datetime import date; from tracker.intake.linkedin_api.elements import row_of\n"
        "print([row_of(1, each, date(2026, 3, 31)).completed_on.isoformat() for each in json.load(sys.stdin)])"
    )
    moments = [datetime(2026, 3, 8, 7, 59, tzinfo=UTC), datetime(2026, 3, 9, 6, 59, tzinfo=UTC), AT]
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps([engagement(1, 1, at) for at in moments]),
        env={**os.environ, "TZ": zone},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "['2026-03-07', '2026-03-08', '2026-03-09']"
