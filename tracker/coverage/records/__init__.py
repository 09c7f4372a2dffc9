"""One member's record: what is asked of them, what counted and why, and what is missing.

- `shapes`    what a record is made of
- `asking`    what is asked of a member on a day, and why
- `recorded`  their completions, with what is behind each
- `claims`    their own claims: waiting, or sent back
- `counting`  what their completions come to on one path
- `cycles`    how a course that lapses was held, and credits in words

The rules themselves stand in `curriculum/`; this reads one member's facts, asks the rules, and keeps the names.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World, current_world, facts_of, world_as_known
from tracker.coverage.published import Published, published
from tracker.coverage.records.asking import cards_on, exemptions_on, reasons_on
from tracker.coverage.records.claims import returned_claims
from tracker.coverage.records.counting import FLOOR, Holdings, course_record, in_one_line, path_record
from tracker.coverage.records.recorded import sightings_of
from tracker.coverage.records.shapes import CourseRecord, MemberRecord, PathRecord, Reason, ReturnedClaim, Sighting
from tracker.curriculum.paths import Asked, credits
from tracker.curriculum.states import course_state
from tracker.curriculum.words import AssignmentKind, Assurance
from tracker.language import _
from tracker.language import day as in_words
from tracker.models import Course, Exemption, LearningPath, Member, Principle, Unit
from tracker.models import PathVersion as VersionRow

__all__ = ["CourseRecord", "MemberRecord", "PathRecord", "course_on_record", "member_record", "path_page"]


def member_record(
    session: Session,
    member: Member,
    day: date,
    known_at: datetime | None = None,
    units: Collection[int] | None = None,
) -> MemberRecord:
    """Everything that a member's own page shows, as it was true on a day.

    Args:
        known_at: as :func:`path_page` takes it; claims that were sent back are then not told. None: all.
        units: as :func:`path_page` takes them; then only the cards there and the paths asked there are told, neither claims
            that were sent back nor courses of no path. None: all.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world = current_world(session) if known_at is None else world_as_known(session, known_at)
    facts = next(facts for __, facts in facts_of(session, world, [member.member_id], known_at=known_at))
    returned = []
    if known_at is None and units is None:
        returned = returned_claims(session, member.member_id, published(session).courses, day)
    holdings = _holdings(session, member, facts, world, day, known_at, returned)
    reasons, exempt = _asks(session, member.member_id, day, facts, world, known_at, units)
    paths = [
        path_record(
            path,
            principle,
            _versions(path),
            facts.asked[path.id],
            holdings,
            reasons[path.id],
            exempt.get(path.id, ()),
        )
        for path, principle in _paths(published(session), reasons)
    ]
    paths.sort(key=_urgency)
    cards = cards_on(session, member.member_id, day, world, known_at)
    return MemberRecord(
        day,
        cards if units is None else tuple(card for card in cards if card.unit.id in units),
        tuple(paths),
        _elsewhere(paths, holdings) if units is None else (),
        tuple(returned),
    )


def path_page(
    session: Session,
    path: LearningPath,
    member: Member | None,
    day: date,
    floor: Assurance = FLOOR,
    known_at: datetime | None = None,
    units: Collection[int] | None = None,
) -> PathRecord:
    """What one path asks on a day; with where a member stands on it at a floor, asked or not, if there is one.

    Args:
        known_at: only what was recorded by that moment, and not voided by then. None: all.
        units: the locals whose officer reads it: reasons, due day, exemptions and state then follow from what reaches the
            cards in these, and from what a person was asked or chose, as the lists of these locals do. What another local
            asks of its own members, or excuses, is not this local's to read. None: all.

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
    facts = next(facts for __, facts in facts_of(session, world, [member.member_id], known_at=known_at))
    holdings = replace(_holdings(session, member, facts, world, day, known_at), floor=floor)
    reasons, exempt = _asks(session, member.member_id, day, facts, world, known_at, units)
    return path_record(
        path,
        principle,
        _versions(path),
        facts.asked.get(path.id, asked),
        holdings,
        reasons.get(path.id, ()),
        exempt.get(path.id, ()),
    )


def course_on_record(session: Session, member: Member, course: Course, day: date) -> CourseRecord:
    """What a member holds of one course by its own records, whatever asks for it.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world = current_world(session)
    facts = next(facts for __, facts in facts_of(session, world, [member.member_id]))
    holdings = _holdings(session, member, facts, world, day)
    own = [credit for credit in holdings.credits if credit.course == credit.through == course.id]
    found = course_record(course.id, own, (), False, holdings)
    # of a day that holds no longer too: it is on record
    mine = [each for each in holdings.sightings.values() if each.course.id == course.id]
    return replace(found, sightings=in_one_line(sorted(mine, key=lambda each: (each.on, each.assurance))))


def _asks(
    session: Session,
    member_id: int,
    day: date,
    facts: MemberFacts,
    world: World,
    known_at: datetime | None,
    units: Collection[int] | None,
) -> tuple[dict[int, tuple[Reason, ...]], dict[int, tuple[str, ...]]]:
    """By path: what asks a member for it through the cards in these units, and the exemptions that cover one of them."""
    if units is not None:
        facts = replace(facts, cards=[card for card in facts.cards if card.unit in units])
    reasons = reasons_on(session, member_id, day, facts, world, known_at, is_part=units is not None)
    exempt = exemptions_on(session, member_id, day, known_at) if facts.excuses else {}
    over = {unit for card in facts.cards for unit in world.above[card.unit]}
    return reasons, {
        path: tuple(
            _exemption_in_words(exemption, unit)
            for exemption, unit in found
            if units is None or unit is None or unit.id in over
        )
        for path, found in exempt.items()
    }


def _holdings(
    session: Session,
    member: Member,
    facts: MemberFacts,
    world: World,
    day: date,
    known_at: datetime | None = None,
    returned: Iterable[ReturnedClaim] = (),
) -> Holdings:
    courses = published(session).courses
    return Holdings(
        day,
        world,
        courses,
        credits(facts.completed, world.curriculum),
        sightings_of(session, member.member_id, courses, known_at),
        {claim.course.id: claim for claim in returned},
    )


def _paths(words: Published, ids: Iterable[int]) -> Iterator[tuple[LearningPath, Principle | None]]:
    for each in ids:
        path = words.paths[each]
        yield path, words.principles[path.principle_id] if path.principle_id else None


def _versions(path: LearningPath) -> dict[int, VersionRow]:
    return {version.number: version for version in path.versions}


def _exemption_in_words(exemption: Exemption, unit: Unit | None) -> str:
    told = {"reason": exemption.reason}
    if unit is not None and exemption.until_on:
        return _(
            "%(reason)s on the cards under %(unit)s until %(day)s",
            unit=unit.title,
            day=in_words(exemption.until_on),
            **told,
        )
    if unit is not None:
        return _("%(reason)s on the cards under %(unit)s", unit=unit.title, **told)
    if exemption.until_on:
        return _("%(reason)s until %(day)s", day=in_words(exemption.until_on), **told)
    return exemption.reason


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
