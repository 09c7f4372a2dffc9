"""How a course that lapses was held over time, what renews it, and credits in words."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, timedelta

from babel.dates import format_skeleton

from tracker.coverage.records.shapes import HeldCycle, Renewal
from tracker.curriculum.days import FOREVER
from tracker.curriculum.paths import CourseTerms, Cycle, NeedKind, Section
from tracker.language import _, in_list, locale, ngettext, number
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
    if terms.lapses_each:
        last = date.fromisoformat(f"2025-{terms.lapses_each}")  # any year will do: it is never 29 February
        held = _("holds until %(day)s, each year anew", day=_day_of_year(last))
    else:
        held = ngettext("holds for %(n)s month", "holds for %(n)s months", terms.valid_months or 0)
    if not terms.grace_days:
        return held
    return ngettext("%(held)s, with %(n)s day of grace", "%(held)s, with %(n)s days of grace", terms.grace_days, held=held)


def needs_in_words(section: Section) -> str:
    """What a section asks: "all 2 courses", "any 2 of 5 courses", "40 credits in 60 months, 10 of them rigging"."""
    courses = len(section.courses)
    if section.need is NeedKind.ANY:
        asked = number(section.number)
        return ngettext("any %(asked)s of %(n)s course", "any %(asked)s of %(n)s courses", courses, asked=asked)
    if section.need is NeedKind.MINUTES:
        return ngettext("at least %(n)s minute of these", "at least %(n)s minutes of these", section.number)
    if section.need is NeedKind.CREDITS:
        asked = _credits(section.number)
        within = ngettext("%(credits)s in %(n)s month", "%(credits)s in %(n)s months", section.within_months, credits=asked)
        kinds = [_("%(amount)s of them %(kind)s", amount=_amount(each), kind=kind) for kind, each in section.of_kinds]
        return ", ".join([within, in_list(kinds)] if kinds else [within])
    return ngettext("this course", "all %(n)s courses", courses)


def credits_so_far(section: Section, counting: Collection[int], terms: Mapping[int, CourseTerms]) -> str:
    """How many of a section's credits count: "12.5 of 40 credits count, rigging 5 of 10"; nothing for other needs."""
    told = []
    for kind, asked in section.credit_needs:
        have, whole = _amount(section.credits_of(kind, counting, terms)), _amount(asked)
        if kind is None:
            told.append(_("%(have)s of %(whole)s credits count", have=have, whole=whole))
        else:
            told.append(_("%(kind)s %(have)s of %(whole)s", kind=kind, have=have, whole=whole))
    return ", ".join(told)


def credits_in_words(terms: CourseTerms) -> str:
    """What one course brings: "1.5 credits of rigging"."""
    if not terms.credit_hundredths:
        return _("no credits")
    told = _credits(terms.credit_hundredths)
    return _("%(credits)s of %(kind)s", credits=told, kind=terms.credit_kind) if terms.credit_kind else told


def _credits(hundredths: int) -> str:
    whole = 1 if hundredths == 100 else max(2, hundredths // 100)
    return ngettext("%(amount)s credit", "%(amount)s credits", whole, amount=_amount(hundredths))


def _amount(hundredths: int) -> str:
    return number(hundredths / 100 if hundredths % 100 else hundredths // 100)


def _day_of_year(on: date) -> str:
    """31 December: a day that comes each year."""
    if locale().language == "en":
        return f"{on.day} {on:%B}"  # as every day of ours is written
    return format_skeleton("MMMMd", on, locale=locale())
