"""What one member's completions come to on one path: the pure rules, told course by course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from tracker.coverage.derivation import World
from tracker.coverage.records.shapes import CourseRecord, PathRecord, Progress, Reason, SectionRecord, Sighting
from tracker.curriculum.days import FOREVER, add_months, union
from tracker.curriculum.paths import (
    Asked,
    Completed,
    Credit,
    Equivalent,
    NeedKind,
    PathVersion,
    counted,
    is_complete,
    standing,
    versions_over_time,
)
from tracker.curriculum.remaining import fewest_minutes, used
from tracker.curriculum.states import State, complete_until, course_state, path_state
from tracker.curriculum.words import Assurance
from tracker.models import Course, LearningPath, Principle
from tracker.models import PathVersion as VersionRow

FLOOR = Assurance.REVIEWED


@dataclass(frozen=True)
class Holdings:
    """One member's completions and what they credit, and the catalogue to tell them with."""

    day: date
    world: World
    courses: Mapping[int, Course]
    credits: Sequence[Credit]
    sightings: Mapping[Completed, Sighting]
    floor: Assurance = FLOOR

    def told(self, credits: Iterable[Credit]) -> tuple[Sighting, ...]:
        """The records behind some credits, in the order of their days, as one line tells them."""
        whole = sorted(
            {Completed(each.through, each.from_on, each.assurance) for each in credits if self._is_past(each)},
            key=lambda completed: (completed.on, completed.assurance),
        )
        return in_one_line([self.sightings[completed] for completed in whole])

    def _is_past(self, credit: Credit) -> bool:
        return credit.from_on <= self.day


def in_one_line(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """The same records, each after the first with what it adds: "logged", then "confirmed by LinkedIn Learning"."""
    told: list[Sighting] = []
    surest = 0
    for each in sightings:
        confirms = 0 < surest < each.assurance and each.course.id == told[-1].course.id
        told.append(replace(each, verb=_verb(each, confirms)))
        surest = max(surest, int(each.assurance))
    return tuple(told)


def _verb(sighting: Sighting, confirms: bool) -> str:
    if sighting.assurance is Assurance.CLAIMED:
        return "logged"
    if sighting.assurance is Assurance.REVIEWED:
        return "checked by staff" if confirms else "recorded by staff"
    return f"confirmed by {sighting.course.provider}" if confirms else f"reported by {sighting.course.provider}"


def path_record(
    path: LearningPath,
    principle: Principle | None,
    rows: Mapping[int, VersionRow],
    asked: Asked,
    holdings: Holdings,
    reasons: tuple[Reason, ...] = (),
    exemptions: tuple[str, ...] = (),
) -> PathRecord:
    """Where a member stands on one path.

    Args:
        rows: the path's versions as stored, by number: their sections have titles.
        asked: since when, and with which version.
    """
    day, curriculum = holdings.day, holdings.world.curriculum
    listed = curriculum.listed(path.id)
    held = [credit for credit in holdings.credits if credit.course in listed]
    timeline = versions_over_time(curriculum.paths[path.id], asked, held)
    since, version = next(each for each in reversed(timeline) if each[0] <= day or each is timeline[0])
    later = next((each for each in timeline if each[0] > max(day, since)), None)
    mine = counted(version, asked, held)
    standings = standing(path.id, asked, held, curriculum)
    asking = [reason for reason in reasons if reason.asks]
    due_on = min((reason.due_on for reason in asking if reason.due_on), default=None)
    state = path_state(
        day=day,
        floor=holdings.floor,
        standings=standings,
        due_on=due_on,
        is_exempt=not asking and any(reason.is_excused for reason in reasons),
        policy=holdings.world.policy,
        by_equivalent=_needs_equivalents(version, mine, holdings),
    )
    until_on = complete_until(standings, holdings.floor, day) or FOREVER
    to_go = _to_go(version, mine, holdings) if not (state.is_complete or state is State.UNDER_REVIEW) else ()
    lookback = version.lookback_months
    return PathRecord(
        path=path,
        principle=principle,
        state=state,
        version=version.number,
        sections=_sections(rows[version.number], version, mine, held, to_go or (), holdings),
        progress=_progress(version, mine, to_go, holdings),
        reasons=reasons,
        due_on=due_on,
        until_on=until_on,
        oldest_on=add_months(asked.on, -lookback) if lookback is not None else None,
        next_version=(later[0], later[1].number) if later else None,
        exemptions=exemptions,
    )


def _held_levels(mine: Iterable[Credit], day: date) -> dict[int, int]:
    """The courses that count on the day, each at its surest."""
    levels: dict[int, int] = {}
    for credit in mine:
        if credit.from_on <= day < credit.until_on:
            levels[credit.course] = max(levels.get(credit.course, 0), credit.assurance)
    return levels


def _needs_equivalents(version: PathVersion, mine: Sequence[Credit], holdings: Holdings) -> bool:
    own = [credit for credit in mine if credit.through == credit.course and credit.assurance >= holdings.floor]
    return not is_complete(version, set(_held_levels(own, holdings.day)), holdings.world.curriculum.courses)


def _to_go(version: PathVersion, mine: Sequence[Credit], holdings: Holdings) -> tuple[int, ...] | None:
    terms = holdings.world.curriculum.courses
    cost = {
        course: min(terms[each].minutes for each in ways)
        for course in version.courses
        if (ways := _ways_to(course, holdings))
    }
    return fewest_minutes(version, _held_levels(mine, holdings.day), terms, cost)


def _ways_to(course: int, holdings: Holdings) -> list[int]:
    """The courses by which one can be held today: itself while it is offered, else those that stand for it."""
    if _is_offered(holdings.courses[course], holdings.day):
        return [course]
    return [each.id for each in _instead_of(course, holdings)]


def _instead_of(course: int, holdings: Holdings) -> list[Course]:
    return [
        holdings.courses[rule.course]
        for rule in holdings.world.curriculum.equivalents
        if rule.stands_for == course
        and rule.from_on <= holdings.day < rule.until_on
        and _is_offered(holdings.courses[rule.course], holdings.day)
    ]


def _is_offered(course: Course, day: date) -> bool:
    return course.retired_on is None or day <= course.retired_on


def _progress(version: PathVersion, mine: Sequence[Credit], to_go: tuple[int, ...] | None, holdings: Holdings) -> Progress:
    terms = holdings.world.curriculum.courses
    levels = _held_levels(mine, holdings.day)
    counting = [levels[course] for course in used(version, levels, terms)]
    if to_go is None:  # nothing on offer finishes it: count what it would need all the same
        every = {course: terms[course].minutes for course in version.courses}
        left = fewest_minutes(version, levels, terms, every) or ()
        minutes = None
    else:
        left = to_go
        ways = [min(_ways_to(course, holdings), key=lambda way: terms[way].minutes) for course in to_go]
        minutes = sum(terms[way].minutes for way in ways)
    return Progress(
        needed=len(counting) + len(left),
        claimed=len(counting),
        reviewed=sum(1 for level in counting if level >= Assurance.REVIEWED),
        provider=sum(1 for level in counting if level >= Assurance.PROVIDER),
        minutes_to_go=minutes,
        without_length=sum(1 for course in left if terms[course].minutes == 0),
    )


def _sections(
    row: VersionRow,
    version: PathVersion,
    mine: Sequence[Credit],
    held: Sequence[Credit],
    to_go: tuple[int, ...],
    holdings: Holdings,
) -> tuple[SectionRecord, ...]:
    terms = holdings.world.curriculum.courses
    sure = set(_held_levels((credit for credit in mine if credit.assurance >= holdings.floor), holdings.day))
    late = [credit for credit in held if credit not in mine]
    return tuple(
        SectionRecord(
            title=section_row.title,
            needs=needs_in_words(section_row.need, section_row.number, len(section_row.courses)),
            is_met=section.is_met(sure, terms),
            courses=tuple(
                _course(each.course_id, mine, late, section.need is not NeedKind.ALL and each.course_id in to_go, holdings)
                for each in section_row.courses
            ),
        )
        for section_row, section in zip(row.sections, version.sections, strict=True)
    )


def needs_in_words(need: NeedKind, number: int, courses: int) -> str:
    """What a section asks: "all 2 courses", "any 2 of 5 courses"."""
    if need is NeedKind.ANY:
        return f"any {number} of {courses} courses"
    if need is NeedKind.MINUTES:
        return f"at least {number:,} minutes of these"
    return f"all {courses} courses" if courses > 1 else "this course"


def _course(
    course_id: int, mine: Sequence[Credit], late: Sequence[Credit], is_proposed: bool, holdings: Holdings
) -> CourseRecord:
    day = holdings.day
    credits = [credit for credit in mine if credit.course == course_id and credit.from_on <= day]
    state = course_state(day=day, floor=holdings.floor, credits=credits, policy=holdings.world.policy)
    missing = not state.is_complete
    through = {credit.through for credit in credits if credit.through != course_id}
    return CourseRecord(
        course=holdings.courses[course_id],
        state=state,
        sightings=holdings.told(credit for credit in credits if credit.through == course_id),
        stood_for=holdings.told(credit for credit in credits if credit.through != course_id),
        rules=tuple(
            _rule_in_words(rule, holdings.courses)
            for rule in holdings.world.curriculum.equivalents
            if rule.stands_for == course_id and rule.course in through
        ),
        too_old=holdings.told(credit for credit in late if credit.course == course_id) if missing else (),
        until_on=_until(credits, state, holdings),
        instead=tuple(_instead_of(course_id, holdings)) if missing else (),
        is_proposed=is_proposed,
        is_retired=not _is_offered(holdings.courses[course_id], day),
    )


def _rule_in_words(rule: Equivalent, courses: Mapping[int, Course]) -> str:
    """By which rule one course counts as another."""
    told = f"{courses[rule.course].title} counts as {courses[rule.stands_for].title}"
    if rule.from_on != date.min:
        told += f", completed on or after {_day(rule.from_on)}"
    if rule.until_on != FOREVER:
        told += f", completed before {_day(rule.until_on)}"
    return f"{told}."


def _day(on: date) -> str:
    return f"{on.day} {on:%B %Y}"


def _until(credits: Sequence[Credit], state: State, holdings: Holdings) -> date:
    """The first day on which a course holds no longer: to come while it holds, past once it has lapsed."""
    sure = [credit for credit in credits if credit.assurance >= holdings.floor or not state.is_complete]
    ends = [end for start, end in union((each.from_on, each.until_on) for each in sure) if start <= holdings.day]
    return ends[-1] if ends else FOREVER
