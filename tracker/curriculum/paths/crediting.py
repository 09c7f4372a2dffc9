"""What a completion credits, and until when."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tracker.curriculum.days import FOREVER, add_months
from tracker.curriculum.paths.renewing import Cycle, Entry, lasting
from tracker.curriculum.paths.shapes import Completed, Credit, Curriculum


def credits(completions: Iterable[Completed], curriculum: Curriculum) -> list[Credit]:
    """What each completion credits: the course itself and every course it stands for.

    An equivalent's credit lapses with the shorter of the two validities. How renewal windows, the calendar and grace act,
    also for a course that is stood for, is told in :mod:`tracker.curriculum.paths.renewing`.
    """
    held: list[Credit] = []
    others: list[Completed] = []
    plain = curriculum.plain
    for completed in completions:
        course, on, assurance = completed
        if (worth := plain.get(course)) is None:
            others.append(completed)
            continue
        months, equivalents = worth
        held.append(Credit(course, on, add_months(on, months) if months else FOREVER, assurance, course))
        for rule, months in equivalents:
            if rule.from_on <= on < rule.until_on:
                until = add_months(on, months) if months else FOREVER
                held.append(Credit(rule.stands_for, on, until, assurance, course))
    if others:
        by_course: dict[int, list[Entry]] = {}
        for course, entry in _credited(others, curriculum):
            by_course.setdefault(course, []).append(entry)
        for course, entries in by_course.items():
            held += _credits_of(course, entries)
    return held


def cycles(course: int, completions: Iterable[Completed], curriculum: Curriculum, floor: int) -> list[Cycle]:
    """The history of one course at a floor: each completion's cycle that ends later than every one before, in order."""
    told: list[Cycle] = []
    entries = [entry for each, entry in _credited(completions, curriculum) if each == course and entry.assurance >= floor]
    for _, cycle in lasting(entries):
        if not told or cycle.ends_on > told[-1].ends_on:
            told.append(cycle)
    return told


def _credited(completions: Iterable[Completed], curriculum: Curriculum) -> Iterator[tuple[int, Entry]]:
    for course, on, assurance in completions:
        own = curriculum.courses[course]
        yield course, Entry(on, assurance, course, (own,))
        for rule in curriculum.stands_for(course):
            if rule.counts_on(on):
                yield rule.stands_for, Entry(on, assurance, course, (own, curriculum.courses[rule.stands_for]))


def _credits_of(course: int, entries: list[Entry]) -> Iterator[Credit]:
    """Each entry's credit at its own assurance, and one more at each lower one at which it lasts longer.

    A floor looks only at completions of at least its assurance, so the chain is followed once for each.
    """
    told: dict[Entry, Cycle] = {}
    for level in sorted({entry.assurance for entry in entries}, reverse=True):
        for entry, cycle in lasting(entry for entry in entries if entry.assurance >= level):
            before = told.get(entry)
            if before is None or (before.until_on, before.ends_on) != (cycle.until_on, cycle.ends_on):
                told[entry] = cycle
                grace_on = cycle.ends_on if cycle.ends_on < cycle.until_on else None
                yield Credit(course, entry.on, cycle.until_on, level, entry.through, grace_on)
