"""How a course that lapses was held over time, what renews it, and credits in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from tracker.coverage.records.shapes import HeldCycle, Renewal
from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import CourseTerms, Cycle, NeedKind, Section
from tracker.models import Course

_DAY = timedelta(days=1)


def held_cycles(course: int, history: Sequence[Cycle], courses: Mapping[int, Course]) -> tuple[HeldCycle, ...]:
    """Every cycle that lapses or has lapsed; none of a course that holds for ever."""
    return tuple(
        HeldCycle(
            cycle.from_on,
            cycle.ends_on - _DAY,
            _grace_last_on(cycle),
            cycle.completed_on,
            courses[cycle.through] if cycle.through != course else None,
        )
        for cycle in history
        if cycle.ends_on != FOREVER
    )


def renewal(course: Course, history: Sequence[Cycle], day: date, by: tuple[Course, ...]) -> Renewal | None:
    """Until when a course is held on a day, and what renews it; None where it does not lapse."""
    if not history or history[-1].ends_on == FOREVER:
        return None
    last = history[-1]
    return Renewal(
        last_on=last.ends_on - _DAY,
        grace_last_on=_grace_last_on(last),
        counts_from=last.ends_on - timedelta(days=course.renewal_days) if course.renewal_days else None,
        is_in_grace=last.ends_on <= day,
        by=by,
    )


def _grace_last_on(cycle: Cycle) -> date | None:
    return cycle.until_on - _DAY if cycle.ends_on < cycle.until_on else None


def validity_in_words(terms: CourseTerms) -> str:
    """For how long a course holds by its terms: such as "holds for 12 months"; empty where it holds for ever."""
    if not terms.lapses:
        return ""
    grace = f", with {_plural(terms.grace_days, 'day')} of grace" if terms.grace_days else ""
    if terms.lapses_each:
        last = date.fromisoformat(f"2025-{terms.lapses_each}")  # any year will do: it is never 29 February
        return f"holds until {last.day} {last:%B}, each year anew{grace}"
    return f"holds for {_plural(terms.valid_months or 0, 'month')}{grace}"


def _plural(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def needs_in_words(section: Section) -> str:
    """What a section asks: "all 2 courses", "any 2 of 5 courses", "40 credits in 60 months, 10 of them rigging"."""
    courses = len(section.courses)
    if section.need is NeedKind.ANY:
        return f"any {section.number} of {courses} courses"
    if section.need is NeedKind.MINUTES:
        return f"at least {section.number:,} minutes of these"
    if section.need is NeedKind.CREDITS:
        kinds = " and ".join(f"{_amount(asked)} of them {kind}" for kind, asked in section.of_kinds)
        return f"{_credits(section.number)} in {_plural(section.within_months, 'month')}" + (f", {kinds}" if kinds else "")
    return f"all {courses} courses" if courses > 1 else "this course"


def credits_so_far(section: Section, counting: Collection[int], terms: Mapping[int, CourseTerms]) -> str:
    """How many of a section's credits count: "12.5 of 40 credits count, rigging 5 of 10"; nothing for other needs."""
    told = []
    for kind, asked in section.credit_needs:
        have = f"{_amount(section.credits_of(kind, counting, terms))} of {_amount(asked)}"
        told.append(f"{have} credits count" if kind is None else f"{kind} {have}")
    return ", ".join(told)


def credits_in_words(terms: CourseTerms) -> str:
    """What one course brings: "1.5 credits of rigging"."""
    if not terms.credit_hundredths:
        return "no credits"
    return _credits(terms.credit_hundredths) + (f" of {terms.credit_kind}" if terms.credit_kind else "")


def _credits(hundredths: int) -> str:
    return f"{_amount(hundredths)} credit{'' if hundredths == 100 else 's'}"


def _amount(hundredths: int) -> str:
    return f"{hundredths / 100:,.2f}".rstrip("0").rstrip(".")
