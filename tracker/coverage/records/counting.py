"""What one member's completions come to on one path: the pure rules, told course by course."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from tracker.coverage.derivation import World
from tracker.coverage.records.cycles import (
    credits_in_words,
    credits_so_far,
    held_cycles,
    needs_in_words,
    renewal,
    validity_in_words,
)
from tracker.coverage.records.shapes import (
    CourseCredits,
    CourseRecord,
    How,
    PathRecord,
    Progress,
    Reason,
    ReturnedClaim,
    SectionRecord,
    Sighting,
)
from tracker.curriculum.days import FOREVER, add_months, union
from tracker.curriculum.paths import (
    Asked,
    Completed,
    Credit,
    Equivalent,
    NeedKind,
    PathVersion,
    Section,
    counted,
    courses_held,
    cycles,
    is_complete,
    recent_courses,
    standing,
    versions_over_time,
)
from tracker.curriculum.paths.sections import counting_for
from tracker.curriculum.remaining import fewest_minutes, surest_levels, used
from tracker.curriculum.states import State, complete_until, course_state, path_state
from tracker.curriculum.words import Assurance
from tracker.language import _
from tracker.language import day as in_words
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
    returned: Mapping[int, ReturnedClaim] = field(default_factory=dict)  # by course
    floor: Assurance = FLOOR

    def told(self, credits: Iterable[Credit]) -> tuple[Sighting, ...]:
        """The records behind some credits, in the order of their days, as one line tells them."""
        whole = sorted(
            {Completed(each.through, each.from_on, each.assurance) for each in credits if self._is_past(each)},
            key=lambda completed: (completed.on, completed.assurance),
        )
        # a credit that lasts longer by what came before stands beside its completion's own, at a lower assurance
        return in_one_line([self.sightings[completed] for completed in whole if completed in self.sightings])

    def _is_past(self, credit: Credit) -> bool:
        return credit.from_on <= self.day


def in_one_line(sightings: Sequence[Sighting]) -> tuple[Sighting, ...]:
    """The same records, each after the first with what it adds: "logged", then "confirmed by LinkedIn Learning"."""
    told: list[Sighting] = []
    surest = 0
    for each in sightings:
        confirms = 0 < surest < each.assurance and each.course.id == told[-1].course.id
        told.append(replace(each, how=_how(each, confirms)))
        surest = max(surest, int(each.assurance))
    return tuple(told)


def _how(sighting: Sighting, confirms: bool) -> How:
    if sighting.assurance is Assurance.CLAIMED:
        return How.LOGGED
    if sighting.assurance is Assurance.REVIEWED:
        return How.CHECKED if confirms else How.RECORDED
    return How.CONFIRMED if confirms else How.REPORTED


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
        in_grace=_needs_grace(version, mine, holdings),
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
        lookback_months=lookback,
        next_version=(later[0], later[1].number) if later else None,
        exemptions=exemptions,
    )


def _needs_equivalents(version: PathVersion, mine: Sequence[Credit], holdings: Holdings) -> bool:
    return not _completes(version, [credit for credit in mine if credit.through == credit.course], holdings)


def _needs_grace(version: PathVersion, mine: Sequence[Credit], holdings: Holdings) -> bool:
    return not _completes(version, [each._replace(until_on=each.grace_on or each.until_on) for each in mine], holdings)


def _completes(version: PathVersion, credits: Iterable[Credit], holdings: Holdings) -> bool:
    """Whether these credits alone complete the version on the day, at the floor."""
    sure = [credit for credit in credits if credit.assurance >= holdings.floor]
    recent = recent_courses(version, sure, holdings.day)
    return is_complete(version, courses_held(sure, holdings.day), holdings.world.curriculum.courses, recent)


def _to_go(version: PathVersion, mine: Sequence[Credit], holdings: Holdings) -> tuple[int, ...] | None:
    terms = holdings.world.curriculum.courses
    cost = {
        course: min(terms[each].minutes for each in ways)
        for course in version.courses
        if (ways := _ways_to(course, holdings))
    }
    day = holdings.day
    return fewest_minutes(version, courses_held(mine, day), terms, cost, recent_courses(version, mine, day))


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
    levels, recent = courses_held(mine, holdings.day), recent_courses(version, mine, holdings.day)
    surest = surest_levels(levels, *recent.values())
    counting = [surest[course] for course in used(version, levels, terms, recent)]
    if to_go is None:  # nothing on offer finishes it: count what it would need all the same
        every = {course: terms[course].minutes for course in version.courses}
        left = fewest_minutes(version, levels, terms, every, recent) or ()
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
    sure = [credit for credit in mine if credit.assurance >= holdings.floor]
    levels, recent = courses_held(sure, holdings.day), recent_courses(version, sure, holdings.day)
    late = [credit for credit in held if credit not in mine]
    told = []
    for section_row, section in zip(row.sections, version.sections, strict=True):
        has_choice = section.need is not NeedKind.ALL
        counting = counting_for(section, levels, recent)
        told.append(
            SectionRecord(
                title=section_row.title,
                needs=needs_in_words(section),
                is_met=section.is_met(counting, terms),
                courses=tuple(
                    replace(
                        course_record(each.course_id, mine, late, has_choice and each.course_id in to_go, holdings),
                        credits=_credits(each.course_id, section, sure, holdings),
                    )
                    for each in section_row.courses
                ),
                so_far=credits_so_far(section, counting, terms),
                asks_all=not has_choice,
            )
        )
    return tuple(told)


def _credits(course: int, section: Section, sure: Sequence[Credit], holdings: Holdings) -> CourseCredits | None:
    """What a course brings a section of credits, and until when what was completed of it does."""
    if section.need is not NeedKind.CREDITS:
        return None
    days = [credit.from_on for credit in sure if credit.course == course and credit.from_on <= holdings.day]
    end = add_months(max(days), section.within_months) if days else date.min
    words = credits_in_words(holdings.world.curriculum.courses[course])
    return CourseCredits(words, end - timedelta(days=1) if end > holdings.day else None)


def course_record(
    course_id: int, mine: Sequence[Credit], late: Sequence[Credit], is_proposed: bool, holdings: Holdings
) -> CourseRecord:
    """What a member holds of one course.

    Args:
        mine: the credits that count where it is listed.
        late: those that would, had they not come before the look-back.
    """
    day, course = holdings.day, holdings.courses[course_id]
    credits = [credit for credit in mine if credit.course == course_id and credit.from_on <= day]
    state = course_state(day=day, floor=holdings.floor, credits=credits, policy=holdings.world.policy)
    missing = not state.is_complete
    through = {credit.through for credit in credits if credit.through != course_id}
    instead = tuple(_instead_of(course_id, holdings))
    past = [each for each in holdings.sightings if each.on <= day]
    history = cycles(course_id, past, holdings.world.curriculum, holdings.floor)
    return CourseRecord(
        course=course,
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
        instead=instead if missing else (),
        is_proposed=is_proposed,
        is_retired=not _is_offered(course, day),
        replaced_by=holdings.courses.get(course.replaced_by_id or 0),
        returned=holdings.returned.get(course_id) if missing else None,
        validity=validity_in_words(holdings.world.curriculum.courses[course_id]),
        cycles=held_cycles(course_id, history, holdings.courses),
        renewal=renewal(course, history, day, instead) if state.is_complete else None,
    )


def _rule_in_words(rule: Equivalent, courses: Mapping[int, Course]) -> str:
    """By which rule one course counts as another."""
    told = {"course": courses[rule.course].title, "other": courses[rule.stands_for].title}
    first, last = rule.from_on, rule.until_on
    if first == date.min and last == FOREVER:
        return _("%(course)s counts as %(other)s.", **told)
    if last == FOREVER:
        return _("%(course)s counts as %(other)s, completed on or after %(first)s.", first=in_words(first), **told)
    if first == date.min:
        return _("%(course)s counts as %(other)s, completed before %(end)s.", end=in_words(last), **told)
    return _(
        "%(course)s counts as %(other)s, completed on or after %(first)s and before %(end)s.",
        first=in_words(first),
        end=in_words(last),
        **told,
    )


def _until(credits: Sequence[Credit], state: State, holdings: Holdings) -> date:
    """The first day on which a course holds no longer: to come while it holds, past once it has lapsed."""
    sure = [credit for credit in credits if credit.assurance >= holdings.floor or not state.is_complete]
    ends = [end for start, end in union((each.from_on, each.until_on) for each in sure) if start <= holdings.day]
    return ends[-1] if ends else FOREVER
