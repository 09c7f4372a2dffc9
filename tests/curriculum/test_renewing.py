"""Courses that lapse, are renewed, have grace, or bring credits: both edges of every day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.curriculum.days import FOREVER, union
from tracker.curriculum.paths import (
    Asked,
    Completed,
    CourseTerms,
    Credit,
    Curriculum,
    Cycle,
    Equivalent,
    NeedKind,
    PathVersion,
    Section,
    credits,
    cycles,
    recent_courses,
    standing,
)
from tracker.curriculum.words import STARTED, Assurance

SAFETY, NEWER = 1, 2  # NEWER may stand for SAFETY
PATH = 1
CLAIMED, REVIEWED, PROVIDER = (int(each) for each in Assurance)
A_YEAR = CourseTerms(valid_months=12, renewal_days=30)
CALENDAR = CourseTerms(lapses_each="12-31")
IN_DECEMBER = CourseTerms(lapses_each="12-31", renewal_days=30)
NEWER_COUNTS = (Equivalent(NEWER, SAFETY),)


def day(text: str) -> date:
    return date.fromisoformat(text)


def curriculum_of(terms: CourseTerms, newer: CourseTerms | None = None) -> Curriculum:
    section = Section(NeedKind.ALL, frozenset({SAFETY}))
    equivalents = NEWER_COUNTS if newer else ()
    courses = {SAFETY: terms, NEWER: newer or CourseTerms()}
    return Curriculum(courses, equivalents, {PATH: (PathVersion(1, (section,)),)})


def held(curriculum: Curriculum, *done: Completed, floor: int = CLAIMED) -> list[tuple[str, str]]:
    """The unbroken days on which SAFETY is held, each with its last."""
    found = [each for each in credits(done, curriculum) if each.course == SAFETY and each.assurance >= floor]
    spans = union((each.from_on, each.until_on) for each in found)
    return [(str(start), str(end - timedelta(days=1))) for start, end in spans]


def safety(on: str, assurance: int = REVIEWED) -> Completed:
    return Completed(SAFETY, day(on), assurance)


def newer(on: str, assurance: int = REVIEWED) -> Completed:
    return Completed(NEWER, day(on), assurance)


# --- A renewal window ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("again", "last"),
    [
        ("2025-01-29", "2026-01-28"),  # the day before the window: from its own day
        ("2025-01-30", "2026-02-28"),  # the window's first day: from the end
        ("2025-02-28", "2026-02-28"),  # its last
        ("2025-03-01", "2026-02-28"),  # the first day on which nothing is held: from its own day again
    ],
)
def test_a_completion_in_the_last_thirty_days_renews_from_the_end_of_what_is_held(again: str, last: str) -> None:
    assert held(curriculum_of(A_YEAR), safety("2024-03-01"), safety(again)) == [("2024-03-01", last)]


def test_a_completion_after_the_end_renews_nothing() -> None:
    late = held(curriculum_of(A_YEAR), safety("2024-03-01"), safety("2025-03-02"))
    assert late == [("2024-03-01", "2025-02-28"), ("2025-03-02", "2026-03-01")]


def test_one_cycle_is_renewed_once_however_often_the_course_is_done_in_its_window() -> None:
    done = [safety("2024-03-01"), safety("2025-02-01"), safety("2025-02-02"), safety("2025-02-28", PROVIDER)]
    assert held(curriculum_of(A_YEAR), *done) == [("2024-03-01", "2026-02-28")]


def test_renewals_follow_one_another() -> None:
    done = [safety("2024-03-01"), safety("2025-02-10"), safety("2026-02-20"), safety("2027-02-28")]
    assert held(curriculum_of(A_YEAR), *done) == [("2024-03-01", "2028-02-29")]


def test_an_early_completion_does_not_spoil_a_later_one_in_the_window() -> None:
    """Done in June, it holds until May; done in February besides, the first cycle is renewed all the same."""
    done = [safety("2024-03-01"), safety("2024-06-01"), safety("2025-02-10")]
    assert held(curriculum_of(A_YEAR), *done) == [("2024-03-01", "2026-02-28")]


def test_what_was_done_on_one_day_renews_nothing_of_that_day() -> None:
    terms = CourseTerms(valid_months=1, renewal_days=28)
    done = [safety("2025-02-01", CLAIMED), safety("2025-02-01", PROVIDER)]
    assert held(curriculum_of(terms), *done) == [("2025-02-01", "2025-02-28")]


# --- A fixed day of each year ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("on", "last"),
    [("2024-12-31", "2024-12-31"), ("2025-01-01", "2025-12-31"), ("2025-12-30", "2025-12-31")],
)
def test_a_course_lapses_after_the_first_such_day_on_or_after_its_completion(on: str, last: str) -> None:
    assert held(curriculum_of(CALENDAR), safety(on)) == [(on, last)]


@pytest.mark.parametrize(
    ("on", "last"), [("2024-02-28", "2024-02-28"), ("2024-02-29", "2025-02-28"), ("2024-03-01", "2025-02-28")]
)
def test_a_leap_day_belongs_to_the_cycle_that_it_begins(on: str, last: str) -> None:
    assert held(curriculum_of(CourseTerms(lapses_each="02-28")), safety(on)) == [(on, last)]


@pytest.mark.parametrize(
    ("on", "last"),
    [
        ("2025-12-01", "2025-12-31"),  # 31 days before the cycle's end
        ("2025-12-02", "2026-12-31"),
        ("2025-12-31", "2026-12-31"),
        ("2026-01-01", "2026-12-31"),
    ],
)
def test_by_the_calendar_a_completion_in_the_window_counts_for_the_next_cycle_too_with_nothing_held_before(
    on: str, last: str
) -> None:
    assert held(curriculum_of(IN_DECEMBER), safety(on)) == [(on, last)]


# --- Grace -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "last"),
    [
        (CourseTerms(valid_months=12), "2025-02-28"),
        (CourseTerms(valid_months=12, grace_days=1), "2025-03-01"),
        (CourseTerms(valid_months=12, grace_days=30), "2025-03-30"),
        (CourseTerms(lapses_each="12-31", grace_days=30), "2025-01-30"),
    ],
)
def test_after_the_end_a_course_still_holds_for_its_days_of_grace(terms: CourseTerms, last: str) -> None:
    assert held(curriculum_of(terms), safety("2024-03-01")) == [("2024-03-01", last)]


def test_a_credit_says_from_which_day_it_holds_by_grace_alone() -> None:
    curriculum = curriculum_of(CourseTerms(lapses_each="12-31", grace_days=30))
    assert credits([safety("2024-03-01")], curriculum) == [
        Credit(SAFETY, day("2024-03-01"), day("2025-01-31"), REVIEWED, SAFETY, day("2025-01-01"))
    ]


@pytest.mark.parametrize(
    ("again", "last"),
    [
        ("2025-02-28", "2026-03-10"),  # in the window: from the end, and its grace after that
        ("2025-03-01", "2026-03-10"),  # the first day of grace: from its own day
        ("2025-03-10", "2026-03-19"),  # the last
    ],
)
def test_a_completion_in_grace_holds_from_its_own_day(again: str, last: str) -> None:
    terms = CourseTerms(valid_months=12, renewal_days=30, grace_days=10)
    assert held(curriculum_of(terms), safety("2024-03-01"), safety(again)) == [("2024-03-01", last)]


# --- A course that is stood for --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("own", "theirs", "last"),
    [
        (CourseTerms(valid_months=12), CALENDAR, "2024-12-31"),
        (CourseTerms(valid_months=6), CALENDAR, "2024-08-31"),
        (CALENDAR, CourseTerms(valid_months=12), "2024-12-31"),
        (CALENDAR, CourseTerms(), "2024-12-31"),
        (CourseTerms(valid_months=9, grace_days=60), CALENDAR, "2024-12-31"),  # until 29 January with grace: the later one
        (CourseTerms(valid_months=12), CourseTerms(lapses_each="12-31", grace_days=30), "2025-01-30"),
    ],
)
def test_an_equivalent_lapses_on_the_earlier_day_of_both_courses_terms(
    own: CourseTerms, theirs: CourseTerms, last: str
) -> None:
    assert held(curriculum_of(theirs, own), newer("2024-03-01")) == [("2024-03-01", last)]


@pytest.mark.parametrize(
    ("own", "again", "last"),
    [
        (A_YEAR, "2025-02-10", "2026-02-28"),  # a newer recording on the same terms renews from the end
        (CourseTerms(), "2025-02-10", "2026-02-28"),  # one that never lapses does too
        (CourseTerms(valid_months=12), "2025-02-10", "2026-02-09"),  # one without a window holds from its own day
        (CourseTerms(valid_months=6), "2025-02-10", "2025-08-09"),
    ],
)
def test_a_newer_course_renews_the_one_it_stands_for_as_the_terms_of_both_allow(
    own: CourseTerms, again: str, last: str
) -> None:
    assert held(curriculum_of(A_YEAR, own), safety("2024-03-01"), newer(again)) == [("2024-03-01", last)]


def test_a_course_for_ever_is_held_as_long_as_the_one_that_stands_for_it_is_renewed() -> None:
    done = [newer("2024-03-01"), newer("2025-02-10"), newer("2026-02-10")]
    assert held(curriculum_of(CourseTerms(), A_YEAR), *done) == [("2024-03-01", "2027-02-28")]


def test_completing_the_course_itself_renews_what_an_equivalent_gave() -> None:
    assert held(curriculum_of(A_YEAR, A_YEAR), newer("2024-03-01"), safety("2025-02-10")) == [("2024-03-01", "2026-02-28")]


# --- Floors ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("floor", "last"), [(CLAIMED, "2026-02-28"), (REVIEWED, "2026-02-09"), (PROVIDER, "2026-02-09")])
def test_a_floor_does_not_see_that_a_claim_before_was_renewed(floor: int, last: str) -> None:
    done = [safety("2024-03-01", CLAIMED), safety("2025-02-10", PROVIDER)]
    assert held(curriculum_of(A_YEAR), *done, floor=floor)[-1][1] == last


def test_a_path_shows_each_day_at_its_surest() -> None:
    curriculum = curriculum_of(A_YEAR)
    done = [safety("2024-03-01", CLAIMED), safety("2025-02-10", PROVIDER)]
    assert standing(PATH, Asked(day("2024-01-01"), 1), credits(done, curriculum), curriculum) == [
        (day("2024-03-01"), day("2025-02-10"), CLAIMED),
        (day("2025-02-10"), day("2026-02-10"), PROVIDER),
        (day("2026-02-10"), day("2026-03-01"), CLAIMED),
        (day("2026-03-01"), FOREVER, STARTED),
    ]


def test_a_look_back_leaves_out_an_old_completion_and_not_what_it_lengthened() -> None:
    section = Section(NeedKind.ALL, frozenset({SAFETY}))
    curriculum = Curriculum({SAFETY: A_YEAR}, (), {PATH: (PathVersion(1, (section,), lookback_months=2),)})
    done = [safety("2024-03-01"), safety("2025-02-10")]
    (complete, _) = standing(PATH, Asked(day("2025-04-01"), 1), credits(done, curriculum), curriculum)
    assert complete == (day("2025-02-10"), day("2026-03-01"), REVIEWED)


some_terms = st.builds(
    lambda months, each, window, grace: CourseTerms(0, None if each else months, each, window, grace),
    st.sampled_from((None, 1, 2, 12)),
    st.sampled_from((None, None, "12-31", "02-28")),
    st.sampled_from((0, 1, 14, 28)),
    st.sampled_from((0, 1, 10)),
)
some_completions = st.lists(
    st.builds(
        Completed, st.sampled_from((SAFETY, NEWER)), st.dates(day("2024-01-01"), day("2026-12-31")), st.integers(1, 3)
    ),
    max_size=10,
)


@settings(max_examples=300, deadline=None)
@given(some_terms, some_terms, some_completions)
def test_a_floor_holds_what_the_completions_it_looks_at_hold_alone(
    terms: CourseTerms, newer_terms: CourseTerms, done: list[Completed]
) -> None:
    curriculum = curriculum_of(terms, newer_terms)
    for floor in (CLAIMED, REVIEWED, PROVIDER):
        alone = [each for each in done if each.assurance >= floor]
        assert held(curriculum, *done, floor=floor) == held(curriculum, *alone)


@settings(max_examples=300, deadline=None)
@given(some_terms, some_terms, some_completions, some_completions)
def test_one_completion_more_never_takes_a_day_away(
    terms: CourseTerms, newer_terms: CourseTerms, done: list[Completed], more: list[Completed]
) -> None:
    curriculum = curriculum_of(terms, newer_terms)
    fewer, all_of_them = (credits(each, curriculum) for each in (done, done + more))
    spans = [(each.from_on, each.until_on) for each in all_of_them if each.course == SAFETY]
    assert union(spans) == union(spans + [(each.from_on, each.until_on) for each in fewer if each.course == SAFETY])


# --- The history -----------------------------------------------------------------------------------------------------


def test_every_cycle_is_told_with_what_gave_it() -> None:
    done = [
        safety("2024-03-01"),
        newer("2025-02-10"),  # in the window
        safety("2025-02-12", CLAIMED),  # below the floor
        safety("2025-02-20"),  # the same cycle again: nothing more
        safety("2026-06-01"),  # after a gap
    ]
    assert cycles(SAFETY, done, curriculum_of(A_YEAR, A_YEAR), REVIEWED) == [
        Cycle(day("2024-03-01"), day("2025-03-01"), day("2025-03-01"), day("2024-03-01"), REVIEWED, SAFETY),
        Cycle(day("2025-03-01"), day("2026-03-01"), day("2026-03-01"), day("2025-02-10"), REVIEWED, NEWER),
        Cycle(day("2026-06-01"), day("2027-06-01"), day("2027-06-01"), day("2026-06-01"), REVIEWED, SAFETY),
    ]


def test_by_the_calendar_a_cycle_begins_where_the_last_one_ended_or_on_the_day_of_completion() -> None:
    first, second = cycles(SAFETY, [safety("2024-12-20"), safety("2025-12-20")], curriculum_of(IN_DECEMBER), CLAIMED)
    assert (first.from_on, first.ends_on) == (day("2024-12-20"), day("2026-01-01"))
    assert (second.from_on, second.ends_on) == (day("2026-01-01"), day("2027-01-01"))


# --- Credits ---------------------------------------------------------------------------------------------------------

RIGGING, MORE_RIGGING, OTHER = 1, 2, 3
CREDITS: dict[str, Any] = {"credit_hundredths": 1_000}
TERMS = {
    RIGGING: CourseTerms(valid_months=1, credit_kind="rigging", **CREDITS),
    MORE_RIGGING: CourseTerms(credit_kind="rigging", **CREDITS),
    OTHER: CourseTerms(**CREDITS),
}


def credited_on(on: str, section: Section, *done: Completed) -> bool:
    curriculum = Curriculum(
        TERMS, (Equivalent(OTHER, MORE_RIGGING, day("2026-01-01")),), {PATH: (PathVersion(1, (section,)),)}
    )
    rows = standing(PATH, Asked(day("2020-01-01"), 1), credits(done, curriculum), curriculum)
    return any(row.from_on <= day(on) < row.until_on and row.level > STARTED for row in rows)


def credits_in(months: int, number: int, **kinds: int) -> Section:
    return Section(NeedKind.CREDITS, frozenset(TERMS), number, months, tuple(sorted(kinds.items())))


DONE = [Completed(RIGGING, day("2020-03-01"), REVIEWED), Completed(OTHER, day("2022-03-01"), REVIEWED)]


@pytest.mark.parametrize(
    ("on", "met"),
    [
        ("2022-02-28", False),
        ("2022-03-01", True),  # both, though the first holds for a month only: credits outlast the course
        ("2025-02-28", True),
        ("2025-03-01", False),  # the first was completed more than sixty months ago
    ],
)
def test_a_course_brings_its_credits_for_so_many_months_from_its_completion(on: str, met: bool) -> None:
    assert credited_on(on, credits_in(60, 2_000), *DONE) is met


def test_a_course_done_twice_within_the_months_counts_once() -> None:
    twice = [Completed(OTHER, day("2022-03-01"), REVIEWED), Completed(OTHER, day("2023-03-01"), REVIEWED)]
    assert not credited_on("2023-06-01", credits_in(60, 2_000), *twice)
    assert credited_on("2028-02-29", credits_in(60, 1_000), *twice)
    assert not credited_on("2028-03-01", credits_in(60, 1_000), *twice)


@pytest.mark.parametrize(
    ("section", "met"),
    [
        (credits_in(60, 2_000, rigging=1_000), True),
        (credits_in(60, 2_000, rigging=1_001), False),
        (credits_in(60, 2_000, safety=1), False),
        (credits_in(60, 2_001), False),
    ],
)
def test_so_many_of_a_kind_are_asked_besides_the_sum(section: Section, met: bool) -> None:
    assert credited_on("2022-03-01", section, *DONE) is met


@pytest.mark.parametrize(("on", "met"), [("2025-12-31", False), ("2026-01-01", True)])
def test_a_course_that_stands_for_another_brings_the_credits_of_both(on: str, met: bool) -> None:
    assert credited_on("2026-06-01", credits_in(12, 2_000, rigging=1_000), Completed(OTHER, day(on), REVIEWED)) is met


def test_credits_and_courses_held_may_be_asked_together() -> None:
    version = PathVersion(1, (Section(NeedKind.ALL, frozenset({RIGGING})), credits_in(60, 2_000)))
    curriculum = Curriculum(TERMS, (), {PATH: (version,)})
    done = [*DONE, Completed(RIGGING, day("2022-06-10"), PROVIDER)]
    rows = standing(PATH, Asked(day("2020-01-01"), 1), credits(done, curriculum), curriculum)
    assert [row for row in rows if row.level > STARTED] == [(day("2022-06-10"), day("2022-07-10"), REVIEWED)]


def test_what_counts_lately_is_told_for_each_number_of_months() -> None:
    version = PathVersion(1, (credits_in(12, 1), credits_in(60, 1), Section(NeedKind.ANY, frozenset(TERMS), 1)))
    found = credits(DONE, Curriculum(TERMS, (), {}))
    assert recent_courses(version, found, day("2022-06-01")) == {
        12: {OTHER: REVIEWED},
        60: {RIGGING: REVIEWED, OTHER: REVIEWED},
    }
    assert recent_courses(PathVersion(1, ()), found, day("2022-06-01")) == {}
