"""The paths that a member may take because they want to, those that they took so, and those recommended to them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World, current_world, facts_of
from tracker.coverage.published import published
from tracker.coverage.records.asking import reasons_on
from tracker.coverage.records.counting import Holdings, path_record
from tracker.coverage.records.shapes import PathRecord, Reason
from tracker.curriculum.paths import Asked, credits
from tracker.curriculum.words import AssignmentKind
from tracker.models import LearningPath, Member


class Hindrance(StrEnum):
    """Why a path cannot be joined."""

    RETIRED = "retired"
    NOT_BEGUN = "not begun"  # it has no version yet on the day
    JOINED = "joined"
    ASKED = "asked"  # by a rule or by name: it is on the record
    EXEMPT = "exempt"


@dataclass(frozen=True)
class Offer:
    """A path, with what is left of it for this member."""

    path: LearningPath
    record: PathRecord
    courses: int  # that its version lists

    @property
    def recommended_by(self) -> tuple[str, ...]:
        """In words: "recommended by Local 80"."""
        return tuple(each.words for each in self.record.asking if each.kind is AssignmentKind.RECOMMENDED)


@dataclass(frozen=True)
class Offers:
    """Each list by title."""

    recommended: tuple[Offer, ...]  # on the record already
    joined: tuple[Offer, ...]
    open: tuple[Offer, ...]


def paths_on_offer(session: Session, member: Member, day: date) -> Offers:
    """What a member may take on a day, and what they took of their own will.

    Raises:
        NothingApplied: no curriculum was applied yet.
    """
    world, words = current_world(session), published(session)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id]))
    reasons = reasons_on(session, member.member_id, day, facts, world)
    # without the records behind it: this counts, and tells none of them
    holdings = Holdings(day, world, words.courses, credits(facts.completed, world.curriculum), {})
    recommended, joined, open_ = [], [], []
    for path in sorted(words.paths.values(), key=lambda each: each.title):
        why_not = hindrance(path, reasons.get(path.id, ()), world, day)
        if why_not is None:
            open_.append(_offer(path, facts, reasons.get(path.id, ()), holdings))
        elif why_not is Hindrance.JOINED:
            joined.append(_offer(path, facts, reasons[path.id], holdings))
        elif why_not is Hindrance.ASKED and _strongest(reasons[path.id]) is AssignmentKind.RECOMMENDED:
            recommended.append(_offer(path, facts, reasons[path.id], holdings))
    return Offers(tuple(recommended), tuple(joined), tuple(open_))


def hindrance_for(session: Session, member: Member, path: LearningPath, day: date) -> Hindrance | None:
    """Why this member cannot join this path on a day; None where they can."""
    world = current_world(session)
    facts = next(facts for _, facts in facts_of(session, world, [member.member_id]))
    reasons = reasons_on(session, member.member_id, day, facts, world)
    return hindrance(path, reasons.get(path.id, ()), world, day)


def hindrance(path: LearningPath, reasons: Iterable[Reason], world: World, day: date) -> Hindrance | None:
    """Why a path that is asked for these reasons cannot be joined. What asks nothing today, as of a retired member's card,
    hinders nobody."""
    told = list(reasons)
    if any(is_own_choice(each) for each in told):
        return Hindrance.JOINED  # also where it is offered no more: it can be left
    if path.retired_on is not None and path.retired_on <= day:
        return Hindrance.RETIRED
    if any(each.asks for each in told):
        return Hindrance.ASKED
    if any(each.is_excused for each in told):
        return Hindrance.EXEMPT
    return None if _version_on(path.id, world, day) is not None else Hindrance.NOT_BEGUN


def is_own_choice(reason: Reason) -> bool:
    """Whether a member may leave it again by themselves: they took it, or somebody offered it to them by name."""
    return reason.kind is AssignmentKind.VOLUNTARY and reason.is_by_person


def _strongest(reasons: Iterable[Reason]) -> AssignmentKind | None:
    kinds = {each.kind for each in reasons if each.asks}
    return next((kind for kind in AssignmentKind if kind in kinds), None)


def _version_on(path_id: int, world: World, day: date) -> int | None:
    return max((each.number for each in world.curriculum.paths[path_id] if each.from_on <= day), default=None)


def _offer(path: LearningPath, facts: MemberFacts, reasons: tuple[Reason, ...], holdings: Holdings) -> Offer:
    number = _version_on(path.id, holdings.world, holdings.day) or 1
    versions = {version.number: version for version in path.versions}
    asked = facts.asked.get(path.id, Asked(holdings.day, number))
    record = path_record(path, None, versions, asked, holdings, reasons)
    courses = {course.course.id for section in record.sections for course in section.courses}
    return Offer(path, record, len(courses))
