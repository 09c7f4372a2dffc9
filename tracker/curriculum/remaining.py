"""What is still to do on a path: the courses that finish it in the fewest minutes, and those that already count."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import NamedTuple

from tracker.curriculum.paths import CourseTerms, NeedKind, PathVersion, Section
from tracker.curriculum.paths.sections import Recent, counting_for


class _Need(NamedTuple):
    """What a section lacks: courses, minutes, or credits of a kind (None: of any). No course counts twice."""

    section: Section
    kind: str | None
    counting: frozenset[int]  # what counts for it already
    lack: int

    def worth(self, course: int, terms: Mapping[int, CourseTerms]) -> int:
        """What taking a course would bring."""
        if course not in self.section.courses or course in self.counting:
            return 0
        return _worth(self.section, self.kind, terms[course])


class _Way(NamedTuple):
    """Courses taken so far. Compared as tuples: fewest minutes, then fewest courses, then always the same."""

    minutes: int
    number: int
    courses: tuple[int, ...]


def fewest_minutes(
    version: PathVersion,
    held: Collection[int],
    terms: Mapping[int, CourseTerms],
    cost: Mapping[int, int],
    recent: Recent | None = None,
) -> tuple[int, ...] | None:
    """The courses that would complete the version with the fewest minutes; none where it is complete.

    Args:
        held: the courses that count already.
        cost: the courses that can still be taken, and the minutes each would take.
        recent: what counts for sections of credits (:func:`tracker.curriculum.paths.recent_courses`); None: those held.
            A course that is held, but whose credits have run out, brings them again when it is taken again.

    Returns:
        None where no courses that can still be taken would complete it.
    """
    have = set(held)
    forced = [c for section in version.sections if section.need is NeedKind.ALL for c in section.courses - have]
    chosen = tuple(sorted(set(forced)))
    if any(course not in cost for course in chosen):
        return None
    needs: list[_Need] = []
    for section in version.sections:
        if section.need is not NeedKind.ALL:
            counting = frozenset(counting_for(section, have, recent)) | frozenset(chosen)
            needs += [need for need in _needs(section, counting, terms) if need.lack > 0]
    more = _cheapest(needs, terms, cost)
    return None if more is None else (*chosen, *more)


def _needs(section: Section, counting: frozenset[int], terms: Mapping[int, CourseTerms]) -> list[_Need]:
    asked = section.credit_needs or ((None, section.number),)
    listed = [terms[course] for course in section.courses & counting]
    return [
        _Need(section, kind, counting, number - sum(_worth(section, kind, each) for each in listed))
        for kind, number in asked
    ]


def _worth(section: Section, kind: str | None, course: CourseTerms) -> int:
    """What a listed course brings a section of the kinds ``any``, ``minutes`` and ``credits``."""
    if section.need is NeedKind.ANY:
        return 1
    if section.need is NeedKind.MINUTES:
        return course.minutes
    return course.credit_hundredths if kind is None or course.credit_kind == kind else 0


def _cheapest(needs: list[_Need], terms: Mapping[int, CourseTerms], cost: Mapping[int, int]) -> tuple[int, ...] | None:
    """Every way to bring what the sections lack to nothing, course by course, keeping the cheapest to each lack.

    A way is given up where even the quickest courses could not finish it in the minutes that one known way takes: credits in
    small parts would otherwise make too many.
    """
    worths = {course: tuple(need.worth(course, terms) for need in needs) for course in sorted(cost)}
    worths = {course: worth for course, worth in worths.items() if any(worth)}
    bound = _quick(needs, worths, cost)
    if bound is None:
        return None
    order = sorted(worths, key=lambda course: cost[course] / max(worths[course]))
    best: dict[tuple[int, ...], _Way] = {tuple(need.lack for need in needs): _Way(0, 0, ())}
    for place, course in enumerate(order):
        paces = _paces(needs, order[place + 1 :], worths, cost)
        for lacks, way in list(best.items()):
            after = tuple(max(0, lack - part) for lack, part in zip(lacks, worths[course], strict=True))
            longer = _Way(way.minutes + cost[course], way.number + 1, tuple(sorted((*way.courses, course))))
            if after != lacks and (after not in best or longer < best[after]) and _within(bound, longer, after, paces):
                best[after] = longer
        best = {lacks: way for lacks, way in best.items() if _within(bound, way, lacks, paces)}
    return best[(0,) * len(needs)].courses


def _paces(
    needs: list[_Need], left: Sequence[int], worths: Mapping[int, tuple[int, ...]], cost: Mapping[int, int]
) -> list[float]:
    """For each need: the fewest minutes for one of what it lacks, among the courses left."""
    return [
        min((cost[course] / worths[course][place] for course in left if worths[course][place]), default=inf)
        for place in range(len(needs))
    ]


def _within(bound: int, way: _Way, lacks: tuple[int, ...], paces: list[float]) -> bool:
    """Whether a way may still meet every need in so many minutes."""
    rest = max((lack * pace for lack, pace in zip(lacks, paces, strict=True) if lack), default=0.0)
    return way.minutes + rest <= bound + 1e-6


def _quick(needs: list[_Need], worths: Mapping[int, tuple[int, ...]], cost: Mapping[int, int]) -> int | None:
    """The minutes of one way to meet the needs, always the course that brings most for them; None if there is none."""
    lacks = [need.lack for need in needs]
    left = dict(worths)
    minutes = 0

    def gain(course: int) -> float:
        parts = (min(lack, part) / need.lack for lack, part, need in zip(lacks, left[course], needs, strict=True))
        return sum(parts) / max(cost[course], 0.1)

    while any(lacks):
        course = max(left, key=gain, default=None)
        if course is None or gain(course) == 0:
            return None
        lacks = [max(0, lack - part) for lack, part in zip(lacks, left.pop(course), strict=True)]
        minutes += cost[course]
    return minutes


def surest_levels(*counting: Mapping[int, int]) -> dict[int, int]:
    """Courses with their assurance, each as sure as it is in any of these."""
    levels: dict[int, int] = {}
    for each in counting:
        for course, level in each.items():
            levels[course] = max(level, levels.get(course, 0))
    return levels


def used(
    version: PathVersion, held: Mapping[int, int], terms: Mapping[int, CourseTerms], recent: Recent | None = None
) -> list[int]:
    """Of the courses that count, with their assurance, those that the sections need: the surest first, none beyond the need.

    Args:
        recent: as for :func:`fewest_minutes`, each with its assurance.
    """
    chosen: list[int] = []
    for section in version.sections:
        counting = counting_for(section, held, recent)
        levels = counting if isinstance(counting, Mapping) else held
        mine = sorted(section.courses & levels.keys(), key=lambda course: (-levels[course], course))
        if section.need is NeedKind.ALL:
            chosen += [course for course in mine if course not in chosen]
            continue
        lacks = {need.kind: need.lack for need in _needs(section, frozenset(), terms)}
        for course in mine:
            worth = {kind: _worth(section, kind, terms[course]) for kind in lacks}
            if not any(lacks[kind] > 0 and worth[kind] for kind in lacks):
                continue
            lacks = {kind: lack - worth[kind] for kind, lack in lacks.items()}
            if course not in chosen:
                chosen.append(course)
    return chosen
