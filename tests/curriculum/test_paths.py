"""What a completion credits, what a section asks, and on which days a path is complete: both edges of every day."""

from __future__ import annotations

from calendar import monthrange
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import (
    Asked,
    ChangePolicy,
    Completed,
    CourseTerms,
    Credit,
    Curriculum,
    Equivalent,
    NeedKind,
    PathVersion,
    Section,
    Standing,
    counted,
    credits,
    standing,
)
from tracker.curriculum.words import STARTED, Assurance

BASICS, SAFETY, ETHICS, WEEK = 1, 2, 3, 4  # WEEK, a week's class, may stand for another
PATH = 1
CLAIMED, REVIEWED, PROVIDER = (int(each) for each in Assurance)
NOT_STARTED = None
ASKED = Asked(date(2025, 1, 1), 1)
TERMS = {
    BASICS: CourseTerms(60),
    SAFETY: CourseTerms(45, valid_months=12),
    ETHICS: CourseTerms(),
    WEEK: CourseTerms(300),
}


def all_of(*courses: int) -> Section:
    return Section(NeedKind.ALL, frozenset(courses))


def any_of(number: int, *courses: int) -> Section:
    return Section(NeedKind.ANY, frozenset(courses), number)


def minutes_of(number: int, *courses: int) -> Section:
    return Section(NeedKind.MINUTES, frozenset(courses), number)


def path_of(*sections: Section, equivalents: tuple[Equivalent, ...] = (), lookback: int | None = None) -> Curriculum:
    return Curriculum(TERMS, equivalents, {PATH: (PathVersion(1, sections, lookback),)})


def level_on(day: date, completions: list[Completed], curriculum: Curriculum, asked: Asked = ASKED) -> int | None:
    spans = standing(PATH, asked, credits(completions, curriculum), curriculum)
    return next((row.level for row in spans if row.from_on <= day < row.until_on), NOT_STARTED)


# --- Days ----------------------------------------------------------------------------------------------------------

ANA = [Completed(BASICS, date(2025, 3, 1), REVIEWED), Completed(SAFETY, date(2025, 3, 1), REVIEWED)]
ANA_AGAIN = [*ANA, Completed(SAFETY, date(2026, 3, 2), REVIEWED)]


@pytest.mark.parametrize(
    ("completions", "day", "expected"),
    [
        (ANA, date(2025, 2, 28), NOT_STARTED),
        (ANA, date(2025, 3, 1), REVIEWED),
        (ANA, date(2026, 2, 28), REVIEWED),
        (ANA, date(2026, 3, 1), STARTED),  # lapsed: begun, and no longer complete
        (ANA_AGAIN, date(2026, 3, 1), STARTED),
        (ANA_AGAIN, date(2026, 3, 2), REVIEWED),
        (ANA_AGAIN, date(2027, 3, 1), REVIEWED),
        (ANA_AGAIN, date(2027, 3, 2), STARTED),
    ],
)
def test_a_lapsed_course_reopens_the_path(completions: list[Completed], day: date, expected: int | None) -> None:
    assert level_on(day, completions, path_of(all_of(BASICS, SAFETY))) == expected


def test_a_renewal_in_time_leaves_no_gap() -> None:
    renewed = [Completed(SAFETY, date(2025, 3, 1), REVIEWED), Completed(SAFETY, date(2026, 3, 1), REVIEWED)]
    curriculum = path_of(all_of(SAFETY))
    assert standing(PATH, ASKED, credits(renewed, curriculum), curriculum) == [
        Standing(date(2025, 3, 1), date(2027, 3, 1), REVIEWED),
        Standing(date(2027, 3, 1), FOREVER, STARTED),
    ]


@pytest.mark.parametrize(
    ("completed_on", "months", "last_day"),
    [
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 2, 28), 12, date(2026, 2, 27)),
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2026, 3, 31), 3, date(2026, 6, 30)),
        (date(2026, 5, 15), 24, date(2028, 5, 14)),
    ],
)
def test_a_validity_ends_the_day_before_the_same_day_months_later(completed_on: date, months: int, last_day: date) -> None:
    curriculum = Curriculum({SAFETY: CourseTerms(valid_months=months)}, (), {PATH: (PathVersion(1, (all_of(SAFETY),)),)})
    completions = [Completed(SAFETY, completed_on, PROVIDER)]
    assert level_on(last_day, completions, curriculum) == PROVIDER
    assert level_on(last_day + timedelta(days=1), completions, curriculum) == STARTED


# --- Sections ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("section", "held", "met"),
    [
        (all_of(BASICS, SAFETY), {BASICS, SAFETY, ETHICS}, True),
        (all_of(BASICS, SAFETY), {BASICS, ETHICS}, False),
        (any_of(2, BASICS, SAFETY, ETHICS), {BASICS, ETHICS}, True),
        (any_of(2, BASICS, SAFETY, ETHICS), {BASICS, WEEK}, False),
        (minutes_of(105, BASICS, SAFETY), {BASICS, SAFETY}, True),
        (minutes_of(106, BASICS, SAFETY), {BASICS, SAFETY}, False),
        (minutes_of(60, BASICS, SAFETY), {SAFETY, WEEK}, False),  # the week is not listed
        (minutes_of(60, BASICS, ETHICS), {ETHICS}, False),  # a course without minutes counts 0
    ],
)
def test_a_section_counts_different_listed_courses(section: Section, held: set[int], met: bool) -> None:
    assert section.is_met(held, TERMS) is met


def test_a_course_taken_twice_counts_once() -> None:
    twice = [Completed(BASICS, date(2025, 3, 1), CLAIMED), Completed(BASICS, date(2025, 4, 1), CLAIMED)]
    assert level_on(date(2025, 5, 1), twice, path_of(any_of(2, BASICS, ETHICS))) == STARTED
    assert level_on(date(2025, 5, 1), twice, path_of(minutes_of(120, BASICS, ETHICS))) == STARTED


def test_a_course_in_two_sections_counts_in_each_and_every_section_is_needed() -> None:
    curriculum = path_of(all_of(BASICS), any_of(1, BASICS, ETHICS), minutes_of(45, SAFETY))
    basics = [Completed(BASICS, date(2025, 3, 1), CLAIMED)]
    both = [*basics, Completed(SAFETY, date(2025, 4, 1), CLAIMED)]
    assert level_on(date(2025, 4, 1), basics, curriculum) == STARTED
    assert level_on(date(2025, 3, 31), both, curriculum) == STARTED
    assert level_on(date(2025, 4, 1), both, curriculum) == CLAIMED


# --- Equivalents ---------------------------------------------------------------------------------------------------

IN_2025 = Equivalent(WEEK, BASICS, date(2025, 1, 1), date(2026, 1, 1))


@pytest.mark.parametrize(
    ("completed_on", "expected"),
    [
        (date(2024, 12, 31), NOT_STARTED),
        (date(2025, 1, 1), REVIEWED),
        (date(2025, 12, 31), REVIEWED),
        (date(2026, 1, 1), NOT_STARTED),
    ],
)
def test_an_equivalent_stands_in_from_its_first_day_until_the_day_before_its_last(
    completed_on: date, expected: int | None
) -> None:
    curriculum = path_of(all_of(BASICS), equivalents=(IN_2025,))
    assert level_on(date(2026, 6, 1), [Completed(WEEK, completed_on, REVIEWED)], curriculum) == expected


def test_an_equivalent_goes_one_way() -> None:
    curriculum = path_of(all_of(WEEK), equivalents=(Equivalent(WEEK, BASICS),))
    assert level_on(date(2026, 1, 1), [Completed(BASICS, date(2025, 3, 1), REVIEWED)], curriculum) == NOT_STARTED


def test_an_equivalent_goes_one_step() -> None:
    chain = (Equivalent(WEEK, ETHICS), Equivalent(ETHICS, BASICS))
    credit = credits([Completed(WEEK, date(2025, 3, 1), REVIEWED)], path_of(all_of(BASICS), equivalents=chain))
    assert [each.course for each in credit] == [WEEK, ETHICS]


@pytest.mark.parametrize(
    ("own", "theirs", "until_on"),
    [
        (None, None, FOREVER),
        (None, 12, date(2026, 3, 1)),
        (6, 12, date(2025, 9, 1)),
        (12, 6, date(2025, 9, 1)),
        (6, None, date(2025, 9, 1)),
    ],
)
def test_an_equivalents_credit_lapses_with_the_shorter_validity(own: int | None, theirs: int | None, until_on: date) -> None:
    terms = {WEEK: CourseTerms(valid_months=own), BASICS: CourseTerms(valid_months=theirs)}
    curriculum = Curriculum(terms, (Equivalent(WEEK, BASICS),), {PATH: (PathVersion(1, (all_of(BASICS),)),)})
    assert credits([Completed(WEEK, date(2025, 3, 1), REVIEWED)], curriculum)[1] == Credit(
        BASICS, date(2025, 3, 1), until_on, REVIEWED, through=WEEK
    )


@pytest.mark.parametrize("section", [all_of(BASICS, WEEK), any_of(2, BASICS, WEEK), minutes_of(360, BASICS, WEEK)])
def test_one_completion_may_hold_two_listed_courses(section: Section) -> None:
    curriculum = path_of(section, equivalents=(Equivalent(WEEK, BASICS),))
    assert level_on(date(2025, 3, 1), [Completed(WEEK, date(2025, 3, 1), REVIEWED)], curriculum) == REVIEWED


# --- Floors --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 1, 31), NOT_STARTED),
        (date(2025, 2, 1), CLAIMED),
        (date(2025, 2, 19), CLAIMED),
        (date(2025, 2, 20), PROVIDER),
    ],
)
def test_a_providers_report_does_not_move_the_claim(day: date, expected: int | None) -> None:
    logged_and_confirmed = [
        Completed(BASICS, date(2025, 2, 1), CLAIMED),
        Completed(BASICS, date(2025, 2, 20), PROVIDER),
    ]
    assert level_on(day, logged_and_confirmed, path_of(all_of(BASICS))) == expected


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 6, 1), PROVIDER),
        (date(2026, 2, 28), PROVIDER),
        (date(2026, 3, 1), CLAIMED),  # the provider's lapsed, the claim of September lasts
        (date(2026, 8, 31), CLAIMED),
        (date(2026, 9, 1), STARTED),
    ],
)
def test_a_claim_carries_on_where_the_providers_report_lapses(day: date, expected: int) -> None:
    completions = [Completed(SAFETY, date(2025, 3, 1), PROVIDER), Completed(SAFETY, date(2025, 9, 1), CLAIMED)]
    assert level_on(day, completions, path_of(all_of(SAFETY))) == expected


def test_a_path_is_as_sure_as_its_least_sure_course() -> None:
    mixed = [Completed(BASICS, date(2025, 2, 1), PROVIDER), Completed(ETHICS, date(2025, 2, 1), REVIEWED)]
    assert level_on(date(2025, 2, 1), mixed, path_of(all_of(BASICS, ETHICS))) == REVIEWED


# --- Look-back -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("completed_on", "expected"),
    [(date(2025, 5, 31), NOT_STARTED), (date(2025, 6, 1), REVIEWED), (date(2026, 6, 30), REVIEWED)],
)
def test_a_look_back_leaves_out_what_is_older_at_assignment(completed_on: date, expected: int | None) -> None:
    curriculum = path_of(all_of(BASICS), lookback=12)
    completions = [Completed(BASICS, completed_on, REVIEWED)]
    assert level_on(date(2026, 7, 1), completions, curriculum, Asked(date(2026, 6, 1), 1)) == expected
    assert level_on(date(2026, 7, 1), completions, path_of(all_of(BASICS)), Asked(date(2026, 6, 1), 1)) == REVIEWED


# --- Versions ------------------------------------------------------------------------------------------------------

NEW = date(2026, 1, 1)
GRACE = date(2026, 6, 1)


def republished(change: ChangePolicy, grace_on: date | None = None) -> Curriculum:
    first = PathVersion(1, (all_of(BASICS, ETHICS),))
    second = PathVersion(2, (all_of(BASICS, SAFETY),), from_on=NEW, change=change, grace_on=grace_on)
    return Curriculum(TERMS | {SAFETY: CourseTerms(45)}, (), {PATH: (first, second)})


FINISHER = [Completed(BASICS, date(2025, 3, 1), REVIEWED), Completed(ETHICS, date(2025, 3, 1), REVIEWED)]
STARTER = [Completed(BASICS, date(2025, 12, 31), REVIEWED), Completed(SAFETY, date(2026, 2, 1), REVIEWED)]
LATE = [Completed(BASICS, NEW, REVIEWED), Completed(SAFETY, date(2026, 2, 1), REVIEWED)]


@pytest.mark.parametrize(
    ("change", "grace_on", "completions", "levels"),
    [  # levels on the last day before the version, on its first, on the last day of grace, on the day of grace
        (ChangePolicy.KEEP, None, FINISHER, (REVIEWED, REVIEWED, REVIEWED, REVIEWED)),
        (ChangePolicy.GRACE, GRACE, FINISHER, (REVIEWED, REVIEWED, REVIEWED, STARTED)),
        (ChangePolicy.REQUIRE, None, FINISHER, (REVIEWED, STARTED, STARTED, STARTED)),
        (ChangePolicy.KEEP, None, STARTER, (STARTED, STARTED, STARTED, STARTED)),  # began the day before: stays
        (ChangePolicy.GRACE, GRACE, STARTER, (STARTED, STARTED, STARTED, REVIEWED)),
        (ChangePolicy.REQUIRE, None, STARTER, (STARTED, STARTED, REVIEWED, REVIEWED)),
        (ChangePolicy.KEEP, None, LATE, (NOT_STARTED, STARTED, REVIEWED, REVIEWED)),  # had not begun: moves
        (ChangePolicy.GRACE, GRACE, LATE, (NOT_STARTED, STARTED, STARTED, REVIEWED)),
        (ChangePolicy.REQUIRE, None, LATE, (NOT_STARTED, STARTED, REVIEWED, REVIEWED)),
    ],
)
def test_a_new_version_keeps_waits_or_requires(
    change: ChangePolicy, grace_on: date | None, completions: list[Completed], levels: tuple[int | None, ...]
) -> None:
    curriculum = republished(change, grace_on)
    days = (date(2025, 12, 31), NEW, date(2026, 5, 31), GRACE)
    assert tuple(level_on(day, completions, curriculum) for day in days) == levels


def test_who_was_asked_for_the_new_version_is_bound_to_it_on_every_day() -> None:
    curriculum = republished(ChangePolicy.KEEP)
    assert level_on(date(2025, 6, 1), FINISHER, curriculum, Asked(NEW, 2)) == STARTED
    assert level_on(date(2026, 2, 1), STARTER, curriculum, Asked(NEW, 2)) == REVIEWED


def test_a_course_that_only_a_left_version_lists_begins_nothing() -> None:
    ethics = [Completed(ETHICS, date(2026, 2, 1), REVIEWED)]
    assert level_on(date(2026, 3, 1), ethics, republished(ChangePolicy.REQUIRE)) == NOT_STARTED


def test_a_third_version_that_keeps_starters_looks_at_the_version_that_still_binds() -> None:
    first = PathVersion(1, (all_of(BASICS),))
    second = PathVersion(2, (all_of(ETHICS),), from_on=NEW, change=ChangePolicy.GRACE, grace_on=GRACE)
    third = PathVersion(3, (all_of(WEEK),), from_on=date(2026, 3, 1), change=ChangePolicy.KEEP)
    curriculum = Curriculum(TERMS, (), {PATH: (first, second, third)})
    finisher = [Completed(BASICS, date(2025, 3, 1), REVIEWED)]
    assert level_on(date(2026, 3, 1), finisher, curriculum) == REVIEWED  # still the first, finished
    assert level_on(date(2026, 5, 31), finisher, curriculum) == REVIEWED
    assert level_on(GRACE, finisher, curriculum) == STARTED  # now the second


# --- Against a plain reading of the rules, day by day --------------------------------------------------------------

START = date(2026, 1, 1)
LENGTH = 150  # days


def months_later(day: date, months: int) -> date:
    """The day a validity lapses, counted month by month."""
    year, month = day.year, day.month
    for _ in range(abs(months)):
        month += 1 if months > 0 else -1
        year, month = (year + 1, 1) if month == 13 else (year - 1, 12) if month == 0 else (year, month)
    last = monthrange(year, month)[1]
    return date(year, month, day.day) if day.day <= last else date(year, month, last) + timedelta(days=1)


class Reading:
    """The rules of design.md section 4 as they are told: one member, one path, one day after the other."""

    def __init__(self, curriculum: Curriculum, asked: Asked, completions: list[Completed]) -> None:
        self.curriculum, self.asked, self.completions = curriculum, asked, completions
        self.versions = {version.number: version for version in curriculum.paths[PATH]}

    def levels(self) -> list[int | None]:
        bound, begun, levels = self.versions[self.asked.version], False, []
        for day in (START + timedelta(days=count) for count in range(LENGTH)):
            for number in range(bound.number + 1, len(self.versions) + 1):
                if self.binds_from(self.versions[number], bound, day):
                    bound = self.versions[number]
            begun = begun or any(self.credited(one, bound) and one.on <= day for one in self.completions)
            floors = [floor for floor in (CLAIMED, REVIEWED, PROVIDER) if self.is_complete(bound, day, floor)]
            levels.append(max(floors, default=STARTED if begun else NOT_STARTED))
        return levels

    def binds_from(self, version: PathVersion, bound: PathVersion, day: date) -> bool:
        if version.change is ChangePolicy.GRACE:
            return day == version.grace_on
        begun = any(self.credited(one, bound) and one.on < day for one in self.completions)
        return day == version.from_on and (version.change is ChangePolicy.REQUIRE or not begun)

    def credited(self, one: Completed, version: PathVersion) -> dict[int, int | None]:
        """The courses of the version that a completion credits, with the months each holds."""
        if version.lookback_months and one.on < months_later(self.asked.on, -version.lookback_months):
            return {}
        own = self.curriculum.courses[one.course].valid_months
        held = {one.course: own}
        for rule in self.curriculum.equivalents:
            if rule.course == one.course and rule.from_on <= one.on < rule.until_on:
                theirs = self.curriculum.courses[rule.stands_for].valid_months
                held[rule.stands_for] = min(own or 999, theirs or 999) if own or theirs else None
        listed = {course for section in version.sections for course in section.courses}
        return {course: months for course, months in held.items() if course in listed}

    def is_complete(self, version: PathVersion, day: date, floor: int) -> bool:
        held = {
            course
            for one in self.completions
            if one.assurance >= floor and one.on <= day
            for course, months in self.credited(one, version).items()
            if not months or day < months_later(one.on, months)
        }
        for section in version.sections:
            listed = [course for course in section.courses if course in held]
            minutes = sum(self.curriculum.courses[course].minutes for course in listed)
            enough = {
                NeedKind.ALL: len(listed) == len(section.courses),
                NeedKind.ANY: len(listed) >= section.number,
                NeedKind.MINUTES: minutes >= section.number,
            }
            if not enough[section.need]:
                return False
        return True


days = st.integers(0, LENGTH - 1).map(lambda count: START + timedelta(days=count))
courses = st.sampled_from([BASICS, SAFETY, ETHICS, WEEK])
lists_of_courses = st.frozensets(courses, min_size=1, max_size=3)
some_sections = st.lists(
    st.one_of(
        st.builds(Section, st.just(NeedKind.ALL), lists_of_courses),
        st.builds(Section, st.just(NeedKind.ANY), lists_of_courses, st.integers(1, 2)),
        st.builds(Section, st.just(NeedKind.MINUTES), lists_of_courses, st.integers(1, 120)),
    ),
    min_size=1,
    max_size=2,
).map(tuple)
lookbacks = st.none() | st.integers(1, 3)
some_completions = st.lists(st.builds(Completed, courses, days, st.sampled_from([CLAIMED, REVIEWED, PROVIDER])), max_size=6)
some_terms = st.fixed_dictionaries(
    {course: st.builds(CourseTerms, st.sampled_from([0, 30, 60]), st.none() | st.integers(1, 3)) for course in TERMS}
)
some_equivalents = st.lists(
    st.builds(Equivalent, st.just(WEEK), st.sampled_from([BASICS, SAFETY]), days, days | st.just(FOREVER)),
    max_size=2,
    unique_by=lambda rule: rule.stands_for,
).map(tuple)


@st.composite
def some_versions(draw: st.DrawFn) -> tuple[PathVersion, ...]:
    versions = [PathVersion(1, draw(some_sections), draw(lookbacks))]
    for number, from_on in enumerate(sorted(draw(st.sets(days, max_size=2))), start=2):
        change = draw(st.sampled_from(ChangePolicy))
        grace_on = from_on + timedelta(days=draw(st.integers(0, 60))) if change is ChangePolicy.GRACE else None
        versions.append(PathVersion(number, draw(some_sections), draw(lookbacks), from_on, change, grace_on))
    return tuple(versions)


@settings(deadline=None)
@given(some_terms, some_equivalents, some_versions(), some_completions, days, st.data())
def test_the_spans_say_what_reading_the_rules_day_by_day_says(
    terms: dict[int, CourseTerms],
    equivalents: tuple[Equivalent, ...],
    versions: tuple[PathVersion, ...],
    completions: list[Completed],
    asked_on: date,
    data: st.DataObject,
) -> None:
    curriculum = Curriculum(terms, equivalents, {PATH: versions})
    asked = Asked(asked_on, data.draw(st.sampled_from([version.number for version in versions])))
    spans = standing(PATH, asked, credits(completions, curriculum), curriculum)
    assert all(before.until_on <= after.from_on for before, after in pairwise(spans))
    found = [
        next((row.level for row in spans if row.from_on <= day < row.until_on), NOT_STARTED)
        for day in (START + timedelta(days=count) for count in range(LENGTH))
    ]
    assert found == Reading(curriculum, asked, completions).levels()


def test_a_look_back_counts_from_the_day_asked_not_from_the_version() -> None:
    held = credits([Completed(BASICS, date(2025, 6, 1), CLAIMED)], path_of(all_of(BASICS)))
    version = PathVersion(2, (all_of(BASICS),), lookback_months=6, from_on=date(2026, 6, 1))
    assert counted(version, Asked(date(2025, 12, 1), 1), held) == held
    assert counted(version, Asked(date(2025, 12, 2), 1), held) == []
