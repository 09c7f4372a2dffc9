"""What counts on one day, and whether it is enough."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date

from tracker.curriculum.days import add_months
from tracker.curriculum.paths.shapes import CourseTerms, Credit, NeedKind, PathVersion, Section

# By the months within which a section counts credits: the courses completed within them.
Recent = Mapping[int, Collection[int]]


def is_complete(
    version: PathVersion, held: Collection[int], courses: Mapping[int, CourseTerms], recent: Recent | None = None
) -> bool:
    """Whether courses, held on one day, complete the version: every section is met.

    Args:
        recent: those that count for sections of credits, as :func:`recent_courses` returns them; None: those held.
    """
    return are_met(version.sections, held, courses, recent)


def are_met(
    sections: Sequence[Section], held: Collection[int], courses: Mapping[int, CourseTerms], recent: Recent | None = None
) -> bool:
    """As :func:`is_complete`, of some sections."""
    if recent is None:  # the common case, asked for every span of everyone
        return all(section.is_met(held, courses) for section in sections)
    return all(section.is_met(counting_for(section, held, recent), courses) for section in sections)


def counting_for(section: Section, held: Collection[int], recent: Recent | None) -> Collection[int]:
    """The courses that may count for a section: those held or, where it asks for credits, those completed lately."""
    if section.need is NeedKind.CREDITS and recent is not None:
        return recent.get(section.within_months, ())
    return held


def courses_held(held: Iterable[Credit], day: date) -> dict[int, int]:
    """The courses held on a day, each with its surest assurance."""
    levels: dict[int, int] = {}
    for credit in held:
        if credit.from_on <= day < credit.until_on:
            levels[credit.course] = max(levels.get(credit.course, 0), credit.assurance)
    return levels


def recent_courses(version: PathVersion, held: Iterable[Credit], day: date) -> dict[int, dict[int, int]]:
    """For each number of months within which the version counts credits: the courses completed in those up to the day,
    each with its surest assurance. Nothing where it asks for no credits."""
    asked = {section.within_months for section in version.sections if section.need is NeedKind.CREDITS}
    held = list(held) if asked else ()
    return {
        months: courses_held((each._replace(until_on=add_months(each.from_on, months)) for each in held), day)
        for months in asked
    }
