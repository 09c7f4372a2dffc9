"""One member's record: what is asked of them, what counted and why, and what is missing.

- `shapes`    what a record is made of
- `asking`    what is asked of a member on a day, and why
- `counting`  what their completions come to on one path

The rules themselves stand in `curriculum/`; this reads one member's facts, asks the rules, and keeps the names.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World, current_world, facts_of, world_as_known
from tracker.coverage.published import Published, published
from tracker.coverage.records.asking import cards_on, exemptions_on, reasons_on, valid
from tracker.coverage.records.counting import FLOOR, Holdings, in_one_line, path_record
from tracker.coverage.records.shapes import CourseRecord, MemberRecord, PathRecord, Sighting
from tracker.curriculum.paths import Asked, Completed, credits
from tracker.curriculum.states import course_state
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.models import Completion, Evidence, Exemption, LearningPath, Member, Principle, Unit
from tracker.models import PathVersion as VersionRow

__all__ = ["MemberRecord", "PathRecord", "member_record", "path_page"]


def member_record(session: Session, member: Member, day: date) -> MemberRecord:
    """Everything that a member's own page shows, as it was true on a day.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world = current_world(session)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id]))
    holdings = _holdings(session, member, facts, world, day)
    reasons = reasons_on(session, member.member_id, day, facts, world)
    exempt = exemptions_on(session, member.member_id, day) if facts.excuses else {}
    paths = [
        path_record(
            path,
            principle,
            _versions(path),
            facts.asked[path.id],
            holdings,
            reasons[path.id],
            tuple(_exemption_in_words(*each) for each in exempt.get(path.id, ())),
        )
        for path, principle in _paths(published(session), reasons)
    ]
    paths.sort(key=_urgency)
    return MemberRecord(day, cards_on(session, member.member_id, day, world), tuple(paths), _elsewhere(paths, holdings))


def path_page(
    session: Session,
    path: LearningPath,
    member: Member | None,
    day: date,
    floor: Assurance = FLOOR,
    known_at: datetime | None = None,
) -> PathRecord:
    """What one path asks on a day; with where a member stands on it at a floor, asked or not, if there is one.

    Args:
        known_at: only what was recorded by that moment, and not voided by then. None: all.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world = current_world(session) if known_at is None else world_as_known(session, known_at)
    words = published(session)
    path, principle = next(_paths(words, [path.id]))
    number = max(each.number for each in world.curriculum.paths[path.id] if each.from_on <= day)
    asked = Asked(day, number)
    if member is None:
        nothing = Holdings(day, world, words.courses, (), {})
        return path_record(path, principle, _versions(path), asked, nothing)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id], known_at=known_at))
    holdings = replace(_holdings(session, member, facts, world, day, known_at), floor=floor)
    reasons = reasons_on(session, member.member_id, day, facts, world, known_at).get(path.id, ())
    exempt = exemptions_on(session, member.member_id, day, known_at).get(path.id, ())
    return path_record(
        path,
        principle,
        _versions(path),
        facts.asked.get(path.id, asked),
        holdings,
        reasons,
        tuple(_exemption_in_words(*each) for each in exempt),
    )


def _holdings(
    session: Session,
    member: Member,
    facts: MemberFacts,
    world: World,
    day: date,
    known_at: datetime | None = None,
) -> Holdings:
    courses = published(session).courses
    completions = session.execute(
        select(Completion, Evidence.url)
        .outerjoin(
            Evidence,
            (Evidence.member_id == Completion.member_id)
            & (Evidence.completion_id == Completion.id)
            & Evidence.url.is_not(None),
        )
        .where(Completion.member_id == member.member_id, valid(Completion, known_at))
    )
    sightings = {
        Completed(each.course_id, each.completed_on, int(each.assurance)): Sighting(each, courses[each.course_id], "", url)
        for each, url in completions
    }
    return Holdings(day, world, courses, credits(facts.completed, world.curriculum), sightings)


def _paths(words: Published, ids: Iterable[int]) -> Iterator[tuple[LearningPath, Principle | None]]:
    for each in ids:
        path = words.paths[each]
        yield path, words.principles[path.principle_id] if path.principle_id else None


def _versions(path: LearningPath) -> dict[int, VersionRow]:
    return {version.number: version for version in path.versions}


def _exemption_in_words(exemption: Exemption, unit: Unit | None) -> str:
    where = f" on the cards under {unit.title}" if unit is not None else ""
    until = f" until {exemption.until_on.day} {exemption.until_on:%B %Y}" if exemption.until_on else ""
    return f"{exemption.reason}{where}{until}"


def _urgency(record: PathRecord) -> tuple[bool, int, date, str]:
    """What a person must do first stands first, what is done last."""
    kinds = list(AssignmentKind)
    is_settled = record.state.is_complete or not record.asking
    rank = kinds.index(record.kind) if record.kind else len(kinds)
    return is_settled, rank, record.due_on or date.max, record.path.title


def _elsewhere(paths: list[PathRecord], holdings: Holdings) -> tuple[CourseRecord, ...]:
    """The completed courses that stand on none of these paths, the newest first."""
    told = {
        sighting.completion.id
        for path in paths
        for section in path.sections
        for course in section.courses
        for sighting in (*course.sightings, *course.stood_for, *course.too_old)
    }
    by_course: dict[int, list[Sighting]] = {}
    for sighting in sorted(holdings.sightings.values(), key=lambda each: (each.on, each.assurance)):
        if sighting.completion.id not in told and sighting.on <= holdings.day:
            by_course.setdefault(sighting.course.id, []).append(sighting)
    records = []
    for course_id, sightings in by_course.items():
        own = [each for each in holdings.credits if each.course == each.through == course_id]
        state = course_state(day=holdings.day, floor=FLOOR, credits=own, policy=holdings.world.policy)
        records.append(CourseRecord(holdings.courses[course_id], state, in_one_line(sightings)))
    return tuple(sorted(records, key=lambda record: record.sightings[-1].on, reverse=True))
