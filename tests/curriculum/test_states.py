"""The word for where someone stands, on both sides of every edge."""

from __future__ import annotations

from datetime import date

import pytest

from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import Credit, Standing
from tracker.curriculum.policy import Policy
from tracker.curriculum.states import State, complete_until, course_state, path_state
from tracker.curriculum.words import STARTED, Assurance

CLAIMED, REVIEWED, PROVIDER = Assurance
POLICY = Policy(
    statuses=("active",),
    counts=frozenset({"active"}),
    covered_workers=frozenset({"active"}),
    expiring_within_days=60,
    due_soon_within_days=30,
    small_group=5,
)
MARCH_1 = date(2026, 3, 1)

BEGUN = [Standing(date(2026, 1, 10), FOREVER, STARTED)]
DONE = [Standing(date(2026, 1, 10), MARCH_1, STARTED), Standing(MARCH_1, FOREVER, REVIEWED)]
CLAIM_THEN_PROVIDER = [Standing(date(2026, 2, 1), MARCH_1, CLAIMED), Standing(MARCH_1, FOREVER, PROVIDER)]
LAPSING = [Standing(date(2025, 3, 1), MARCH_1, PROVIDER), Standing(MARCH_1, FOREVER, STARTED)]
RENEWED = [Standing(date(2025, 3, 1), MARCH_1, PROVIDER), Standing(MARCH_1, FOREVER, REVIEWED)]
CLAIM_RENEWS = [Standing(date(2025, 3, 1), MARCH_1, PROVIDER), Standing(MARCH_1, FOREVER, CLAIMED)]


@pytest.mark.parametrize(
    ("standings", "day", "state"),
    [
        ([], "2026-03-01", State.NOT_STARTED),
        (BEGUN, "2026-01-09", State.NOT_STARTED),
        (BEGUN, "2026-01-10", State.IN_PROGRESS),
        (DONE, "2026-02-28", State.IN_PROGRESS),
        (DONE, "2026-03-01", State.COMPLETE),
        (CLAIM_THEN_PROVIDER, "2026-01-31", State.NOT_STARTED),
        (CLAIM_THEN_PROVIDER, "2026-02-01", State.UNDER_REVIEW),
        (CLAIM_THEN_PROVIDER, "2026-02-28", State.UNDER_REVIEW),
        (CLAIM_THEN_PROVIDER, "2026-03-01", State.COMPLETE),
        (LAPSING, "2025-12-30", State.COMPLETE),  # 61 days before it lapses
        (LAPSING, "2025-12-31", State.EXPIRING),
        (LAPSING, "2026-02-28", State.EXPIRING),
        (LAPSING, "2026-03-01", State.EXPIRED),
        (RENEWED, "2026-02-28", State.COMPLETE),  # another level takes over without a day between
        (CLAIM_RENEWS, "2026-02-28", State.EXPIRING),
        (CLAIM_RENEWS, "2026-03-01", State.UNDER_REVIEW),
    ],
)
def test_a_path_at_the_reviewed_floor(standings: list[Standing], day: str, state: State) -> None:
    assert _path(standings, day) is state


@pytest.mark.parametrize(
    ("day", "state"),
    [
        ("2026-02-28", State.NOT_STARTED),  # 31 days before
        ("2026-03-01", State.DUE_SOON),
        ("2026-03-31", State.DUE_SOON),  # the whole of the last day is on time
        ("2026-04-01", State.OVERDUE),
    ],
)
def test_a_due_date(day: str, state: State) -> None:
    assert _path([], day, due_on=date(2026, 3, 31)) is state


@pytest.mark.parametrize(
    ("standings", "state"),
    [
        (BEGUN, State.OVERDUE),
        (DONE, State.COMPLETE),
        (CLAIM_RENEWS, State.UNDER_REVIEW),
        (LAPSING, State.EXPIRED),
    ],
)
def test_a_due_date_is_said_only_where_nothing_tells_more(standings: list[Standing], state: State) -> None:
    assert _path(standings, "2026-04-01", due_on=date(2026, 3, 31)) is state


@pytest.mark.parametrize("standings", [[], BEGUN, DONE, LAPSING])
def test_an_exemption_is_said_first(standings: list[Standing]) -> None:
    assert _path(standings, "2026-04-01", due_on=MARCH_1, is_exempt=True) is State.EXEMPT


@pytest.mark.parametrize(
    ("floor", "state"), [(CLAIMED, State.COMPLETE), (REVIEWED, State.COMPLETE), (PROVIDER, State.UNDER_REVIEW)]
)
def test_a_floor_asks_for_at_least_that_much(floor: Assurance, state: State) -> None:
    assert _path(DONE, "2026-03-01", floor=floor) is state


def test_a_lapse_below_the_floor_is_no_expiry() -> None:
    claimed_once = [Standing(date(2025, 3, 1), MARCH_1, CLAIMED), Standing(MARCH_1, FOREVER, STARTED)]
    assert _path(claimed_once, "2026-03-01") is State.IN_PROGRESS
    assert _path(claimed_once, "2026-03-01", floor=CLAIMED) is State.EXPIRED


def test_by_equivalent_is_a_way_of_being_complete() -> None:
    assert _path(DONE, "2026-03-01", by_equivalent=True) is State.BY_EQUIVALENT
    assert _path(LAPSING, "2026-02-28", by_equivalent=True) is State.EXPIRING
    assert _path(BEGUN, "2026-03-01", by_equivalent=True) is State.IN_PROGRESS
    assert [state for state in State if state.is_complete] == [State.COMPLETE, State.BY_EQUIVALENT, State.EXPIRING]


def _path(
    standings: list[Standing],
    day: str,
    *,
    floor: Assurance = REVIEWED,
    due_on: date | None = None,
    is_exempt: bool = False,
    by_equivalent: bool = False,
    in_grace: bool = False,
) -> State:
    return path_state(
        day=date.fromisoformat(day),
        floor=floor,
        standings=standings,
        due_on=due_on,
        is_exempt=is_exempt,
        policy=POLICY,
        by_equivalent=by_equivalent,
        in_grace=in_grace,
    )


def test_complete_until_runs_on_through_every_level_of_the_floor() -> None:
    assert complete_until(LAPSING, REVIEWED, date(2026, 2, 28)) == MARCH_1
    assert complete_until(RENEWED, REVIEWED, date(2026, 2, 28)) == FOREVER
    assert complete_until(LAPSING, REVIEWED, MARCH_1) is None


def test_a_path_that_is_complete_by_grace_is_expiring_however_long_the_grace_is() -> None:
    assert _path(LAPSING, "2025-12-30", in_grace=True) is State.EXPIRING
    assert _path(LAPSING, "2026-03-01", in_grace=True) is State.EXPIRED


OWN, OTHER = 1, 2
FROM = date(2025, 3, 1)


@pytest.mark.parametrize(
    ("credits", "day", "state"),
    [
        ([], "2026-03-01", State.NOT_STARTED),
        ([Credit(OWN, FROM, FOREVER, REVIEWED, OWN)], "2025-02-28", State.NOT_STARTED),
        ([Credit(OWN, FROM, FOREVER, REVIEWED, OWN)], "2025-03-01", State.COMPLETE),
        ([Credit(OWN, FROM, FOREVER, CLAIMED, OWN)], "2025-03-01", State.UNDER_REVIEW),
        ([Credit(OWN, FROM, FOREVER, REVIEWED, OTHER)], "2025-03-01", State.BY_EQUIVALENT),
        (
            [Credit(OWN, FROM, FOREVER, REVIEWED, OTHER), Credit(OWN, FROM, FOREVER, PROVIDER, OWN)],
            "2025-03-01",
            State.COMPLETE,
        ),
        (
            [Credit(OWN, FROM, FOREVER, REVIEWED, OTHER), Credit(OWN, FROM, FOREVER, CLAIMED, OWN)],
            "2025-03-01",
            State.BY_EQUIVALENT,
        ),
        ([Credit(OWN, FROM, MARCH_1, REVIEWED, OWN)], "2025-12-30", State.COMPLETE),
        ([Credit(OWN, FROM, MARCH_1, REVIEWED, OWN)], "2025-12-31", State.EXPIRING),
        ([Credit(OWN, FROM, MARCH_1, REVIEWED, OWN)], "2026-02-28", State.EXPIRING),
        ([Credit(OWN, FROM, MARCH_1, REVIEWED, OWN)], "2026-03-01", State.EXPIRED),
        ([Credit(OWN, FROM, date(2026, 6, 1), REVIEWED, OWN, grace_on=MARCH_1)], "2026-02-28", State.COMPLETE),
        ([Credit(OWN, FROM, date(2026, 6, 1), REVIEWED, OWN, grace_on=MARCH_1)], "2026-03-01", State.EXPIRING),
        ([Credit(OWN, FROM, date(2026, 6, 1), REVIEWED, OWN, grace_on=MARCH_1)], "2026-06-01", State.EXPIRED),
        (
            [
                Credit(OWN, FROM, date(2026, 6, 1), REVIEWED, OWN, grace_on=MARCH_1),
                Credit(OWN, MARCH_1, FOREVER, REVIEWED, OWN),
            ],
            "2026-03-01",
            State.COMPLETE,
        ),
        (
            [Credit(OWN, FROM, MARCH_1, REVIEWED, OWN), Credit(OWN, date(2026, 2, 1), FOREVER, PROVIDER, OWN)],
            "2026-02-28",
            State.COMPLETE,
        ),
        (
            [Credit(OWN, FROM, MARCH_1, REVIEWED, OWN), Credit(OWN, date(2026, 2, 1), FOREVER, CLAIMED, OWN)],
            "2026-03-01",
            State.UNDER_REVIEW,
        ),
    ],
)
def test_a_course_at_the_reviewed_floor(credits: list[Credit], day: str, state: State) -> None:
    assert course_state(day=date.fromisoformat(day), floor=REVIEWED, credits=credits, policy=POLICY) is state
