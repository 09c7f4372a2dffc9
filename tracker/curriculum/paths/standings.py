"""On which days a member has begun or holds a path."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from tracker.curriculum.days import FOREVER, Span, add_months, intersect
from tracker.curriculum.paths.sections import are_met
from tracker.curriculum.paths.shapes import (
    Asked,
    ChangePolicy,
    CourseTerms,
    Credit,
    Curriculum,
    NeedKind,
    PathVersion,
    Section,
    Standing,
)
from tracker.curriculum.words import STARTED, Assurance

_LEVELS = tuple(sorted((int(each) for each in Assurance), reverse=True))


def counted(version: PathVersion, asked: Asked, held: Sequence[Credit]) -> list[Credit]:
    """The credits that this version lists and its look-back lets count for a member asked on that day."""
    listed = version.courses
    if version.lookback_months is None:
        return [credit for credit in held if credit.course in listed]
    oldest = add_months(asked.on, -version.lookback_months)
    return [credit for credit in held if credit.course in listed and credit.from_on >= oldest]


def versions_over_time(
    versions: Sequence[PathVersion], asked: Asked, held: Sequence[Credit]
) -> list[tuple[date, PathVersion]]:
    """Which version binds a member from which day on: the pinned one first, then as each later one's policy says.

    Under ``keep`` a member who holds a course that their version lists, completed before the new version's first day, has
    begun and stays. Theirs is the one that binds them on that day, not one that waits for its day of grace.
    """
    timeline = [(date.min, next(version for version in versions if version.number == asked.version))]
    for version in versions:
        if version.number <= asked.version:
            continue
        if version.change is ChangePolicy.KEEP:
            theirs = next(each for since, each in reversed(timeline) if since <= version.from_on)
            if any(credit.from_on < version.from_on for credit in counted(theirs, asked, held)):
                continue
            moves_on = version.from_on
        elif version.change is ChangePolicy.GRACE and version.grace_on:
            moves_on = max(version.grace_on, version.from_on)
        else:
            moves_on = version.from_on
        # a version that binds sooner than one before it takes that one's place
        while timeline and timeline[-1][0] >= moves_on and timeline[-1][0] != date.min:
            timeline.pop()
        timeline.append((moves_on, version))
    return timeline


def standing(path: int, asked: Asked, held: Sequence[Credit], curriculum: Curriculum) -> list[Standing]:
    """The spans of days in which a member has begun or holds a path, each at its highest level.

    Args:
        path: the path's key.
        asked: since when, and with which version.
        held: all the member's credits, as :func:`credits` returns them.

    Returns:
        Spans sorted by day that do not overlap; days before the first are "not started". Once begun, a path stays at
        least ``STARTED``: a lapse does not undo the beginning.
    """
    versions = curriculum.paths[path]
    listed = curriculum.listed(path)
    held = [credit for credit in held if credit.course in listed]
    if not held:
        return []
    timeline = versions_over_time(versions, asked, held) if len(versions) > 1 else [(date.min, versions[0])]
    rows: list[Standing] = []
    begun: date | None = None
    for index, (from_on, version) in enumerate(timeline):
        until_on = timeline[index + 1][0] if index + 1 < len(timeline) else FOREVER
        mine = counted(version, asked, held)
        if not mine:
            continue
        first = max(min(credit.from_on for credit in mine), from_on)
        if first < until_on:  # else completed after this version was left, and for this one too late to begin
            begun = first if begun is None else min(begun, first)
        rows += _levels(version, mine, curriculum.courses, from_on, until_on)
    if begun is None:
        return []
    return _with_started(rows, begun)


def _levels(
    version: PathVersion, held: Sequence[Credit], courses: Mapping[int, CourseTerms], from_on: date, until_on: date
) -> list[Standing]:
    """The complete spans within ``[from_on, until_on)``, each day at the highest assurance that completes it."""
    present = {credit.assurance for credit in held}
    rows: list[Standing] = []
    for level in _LEVELS:
        if level not in present:
            continue  # nothing is gained by going down to this floor
        spans = _complete_spans(version, [credit for credit in held if credit.assurance >= level], courses)
        for start, end in spans:
            start, end = max(start, from_on), min(end, until_on)
            if start < end:
                rows += _uncovered(start, end, level, rows)
    rows.sort()
    return rows


def _uncovered(start: date, end: date, level: int, taken: list[Standing]) -> list[Standing]:
    """The parts of ``[start, end)`` that no higher level has taken."""
    free: list[Standing] = []
    for other in sorted(taken):
        if other.until_on <= start:
            continue
        if other.from_on >= end:
            break
        if other.from_on > start:
            free.append(Standing(start, other.from_on, level))
        start = max(start, other.until_on)
        if start >= end:
            break
    if start < end:
        free.append(Standing(start, end, level))
    return free


def _with_started(rows: list[Standing], begun: date) -> list[Standing]:
    """The levels with ``STARTED`` in every gap from the first credit on, neighbours of one level joined."""
    whole: list[Standing] = []

    def add(row: Standing) -> None:
        if whole and whole[-1].level == row.level and whole[-1].until_on == row.from_on:
            whole[-1] = Standing(whole[-1].from_on, row.until_on, row.level)
        else:
            whole.append(row)

    day = begun
    for row in rows:
        if row.from_on > day:
            add(Standing(day, row.from_on, STARTED))
        add(row)
        day = row.until_on
    if day != FOREVER:
        add(Standing(day, FOREVER, STARTED))
    return whole


def _complete_spans(version: PathVersion, held: Sequence[Credit], courses: Mapping[int, CourseTerms]) -> list[Span]:
    """The days on which these credits complete the version."""
    sections = version.sections
    if not are_met(sections, {credit.course for credit in held}, courses):
        return []  # not even all of them at once would do: the common case, and cheap
    if all(section.need is not NeedKind.CREDITS for section in sections):
        return _met_spans(sections, held, courses)
    spans: list[Span] = [(date.min, FOREVER)]
    if plain := [section for section in sections if section.need is not NeedKind.CREDITS]:
        spans = _met_spans(plain, held, courses)
    for section in sections:
        if section.need is NeedKind.CREDITS:  # of a completion these count from its day for the section's own months
            recent = [each._replace(until_on=add_months(each.from_on, section.within_months)) for each in held]
            spans = intersect(spans, _met_spans([section], recent, courses))
    return spans


def _met_spans(sections: Sequence[Section], held: Sequence[Credit], courses: Mapping[int, CourseTerms]) -> list[Span]:
    """The days on which these credits meet every one of some sections."""
    edges: list[tuple[date, int, int]] = []  # day, +1 or −1, course; a course may be held twice over
    for credit in held:
        edges.append((credit.from_on, 1, credit.course))
        if credit.until_on != FOREVER:
            edges.append((credit.until_on, -1, credit.course))
    edges.sort()
    spans: list[Span] = []
    times: dict[int, int] = {}
    now: set[int] = set()
    since: date | None = None
    last = len(edges) - 1
    for index, (day, step, course) in enumerate(edges):
        times[course] = count = times.get(course, 0) + step
        if count > 0:
            now.add(course)
        else:
            now.discard(course)
        if index < last and edges[index + 1][0] == day:
            continue
        complete = are_met(sections, now, courses)
        if complete and since is None:
            since = day
        elif not complete and since is not None:
            spans.append((since, day))
            since = None
    if since is not None:
        spans.append((since, FOREVER))
    return spans
