"""Courses that are renewed before they end, lapse by the calendar, or have days of grace.

How long one credit of a course holds, by the terms of the course:

- from its own day: the months after it, or through the first day of ``lapses_each`` on or after it;
- *renewed*: where a cycle of the same course that an earlier completion gave ends within ``renewal_days`` after it, from
  that end, not from its own day. By the calendar the next cycle is known beforehand, so within ``renewal_days`` before a
  cycle's end it holds through the next cycle too, whether anything was held before or not;
- of several such ends the latest counts, and each of them can be renewed. So one completion more never takes a day away, and
  what counts at a high floor counts at a low one;
- after the end it still holds for ``grace_days``. A completion in those days is one like any other, and holds from its day.

A credit through a course that stands in is asked by both courses' terms how long it holds, each looking at the cycles of the
course *stood for*; the earlier day counts. So a newer recording with the same terms renews the older course from its end.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date, timedelta
from operator import attrgetter
from typing import NamedTuple

from tracker.curriculum.days import FOREVER, add_days, add_months, after_yearly
from tracker.curriculum.paths.shapes import CourseTerms


class Entry(NamedTuple):
    """One completion that credits a course, with the terms that say how long: its own, or both courses'."""

    on: date
    assurance: int
    through: int
    terms: tuple[CourseTerms, ...]


class Cycle(NamedTuple):
    """The days for which one completion is good, as one line of a history tells them."""

    from_on: date  # the completion's own day, or the end of the cycle it renewed
    ends_on: date  # the first day after it, grace left out
    until_on: date  # the first day on which it holds no longer
    completed_on: date
    assurance: int
    through: int


def lasting(entries: Iterable[Entry]) -> list[tuple[Entry, Cycle]]:
    """How long each completion of one course holds, in the order of their days, none of them left out."""
    ends: set[date] = set()
    told: list[tuple[Entry, Cycle]] = []
    waiting: set[date] = set()  # ends of the day at hand: what was done on one day renews nothing of the same day
    day = date.min
    for entry in sorted(entries, key=attrgetter("on", "assurance", "through")):
        if entry.on > day:
            ends |= waiting
            waiting = set()
            day = entry.on
        ways = [_ends(entry.on, terms, ends) for terms in entry.terms]
        binding = min(ways, key=max)
        ends_on = max(binding)
        waiting |= {end for way in ways for end in way if end <= ends_on}
        until_on = min(add_days(max(way), terms.grace_days) for way, terms in zip(ways, entry.terms, strict=True))
        since = binding[ends_on]
        from_on = since if since in ends else entry.on
        told.append((entry, Cycle(from_on, ends_on, until_on, entry.on, entry.assurance, entry.through)))
    return told


def _ends(on: date, terms: CourseTerms, held: Collection[date]) -> Mapping[date, date]:
    """Every end to which a completion comes by some terms, each with the day it counts from."""
    window = timedelta(days=terms.renewal_days)
    if terms.lapses_each:
        end = after_yearly(on, terms.lapses_each)
        return {after_yearly(end, terms.lapses_each): end} if end - on <= window else {end: on}
    if not terms.valid_months:
        return {FOREVER: on}
    ends = {add_months(on, terms.valid_months): on}
    if window:
        ends |= {add_months(end, terms.valid_months): end for end in sorted(held) if on < end and end - on <= window}
    return ends
