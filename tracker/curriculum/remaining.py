"""What is still to do on a path: the courses that finish it in the fewest minutes, and those that already count."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from tracker.curriculum.paths import CourseTerms, NeedKind, PathVersion, Section

_Needs = tuple[int, ...]


class _Way(NamedTuple):
    """Courses taken so far. Compared as tuples: fewest minutes, then fewest courses, then always the same."""

    minutes: int
    number: int
    courses: tuple[int, ...]


def fewest_minutes(
    version: PathVersion, held: Collection[int], terms: Mapping[int, CourseTerms], cost: Mapping[int, int]
) -> tuple[int, ...] | None:
    """The courses that would complete the version with the fewest minutes; none where it is complete.

    Args:
        held: the courses that count already.
        cost: the courses that can still be taken, and the minutes each would take.

    Returns:
        None where no courses that can still be taken would complete it.
    """
    have = set(held)
    forced = [c for section in version.sections if section.need is NeedKind.ALL for c in section.courses - have]
    chosen = tuple(sorted(set(forced)))
    if any(course not in cost for course in chosen):
        return None
    have.update(chosen)
    open_sections = [section for section in version.sections if not section.is_met(have, terms)]
    more = _cheapest(open_sections, have, terms, cost)
    return None if more is None else (*chosen, *more)


def _cheapest(
    sections: list[Section], have: set[int], terms: Mapping[int, CourseTerms], cost: Mapping[int, int]
) -> tuple[int, ...] | None:
    """Every way to bring what the sections lack to nothing, course by course, keeping the cheapest to each lack."""
    candidates = sorted({course for section in sections for course in section.courses if course in cost} - have)
    best: dict[_Needs, _Way] = {tuple(_lacks(section, have, terms) for section in sections): _Way(0, 0, ())}
    for course in candidates:
        for needs, way in list(best.items()):
            after = tuple(
                max(0, need - _worth(section, course, terms)) for section, need in zip(sections, needs, strict=True)
            )
            longer = _Way(way.minutes + cost[course], way.number + 1, (*way.courses, course))
            if after != needs and (after not in best or longer < best[after]):
                best[after] = longer
    done = best.get((0,) * len(sections))
    return done.courses if done is not None else None


def _lacks(section: Section, have: set[int], terms: Mapping[int, CourseTerms]) -> int:
    return max(0, section.number - sum(_worth(section, course, terms) for course in section.courses & have))


def _worth(section: Section, course: int, terms: Mapping[int, CourseTerms]) -> int:
    """What a course brings a section of the kinds ``any`` and ``minutes``."""
    if course not in section.courses:
        return 0
    return 1 if section.need is NeedKind.ANY else terms[course].minutes


def used(version: PathVersion, held: Mapping[int, int], terms: Mapping[int, CourseTerms]) -> list[int]:
    """Of the courses held, with their assurance, those that the sections need: the surest first, none beyond the need."""
    chosen: list[int] = []
    for section in version.sections:
        mine = sorted(section.courses & held.keys(), key=lambda course: (-held[course], course))
        need = len(mine) if section.need is NeedKind.ALL else section.number
        for course in mine:
            if need <= 0:
                break
            need -= 1 if section.need is NeedKind.ALL else _worth(section, course, terms)
            if course not in chosen:
                chosen.append(course)
    return chosen
