"""What is asked of one member on a day, through which cards, and why."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import MemberFacts, World
from tracker.coverage.records.shapes import HeldCard, Reason
from tracker.curriculum.scope import Card, Excuse, kind_after_leaving
from tracker.curriculum.words import AssignmentKind, Leaving, UnitKind
from tracker.language import _, mark
from tracker.models import Assignment, AssignmentRule, Craft, Exemption, Membership, Unit


def valid(fact: Any, known_at: datetime | None = None) -> ColumnElement[bool]:
    """The condition that a fact holds: as we know it, or as we knew it by a moment."""
    if known_at is None:
        return fact.voided_at.is_(None)  # type: ignore[no-any-return]
    return (fact.recorded_at <= known_at) & (fact.voided_at.is_(None) | (fact.voided_at > known_at))  # type: ignore[no-any-return]


def held_on(member_id: int, day: date, known_at: datetime | None = None) -> Select[Membership, Unit, str]:
    """The cards a member holds on a day, each with its local and its craft's name, the home card first."""
    return (
        select(Membership, Unit, Craft.name)
        .join(Unit, Unit.id == Membership.unit_id)
        .join(Craft, Craft.id == Membership.craft_id)
        .where(
            Membership.member_id == member_id,
            valid(Membership, known_at),
            Membership.from_on <= day,
            or_(Membership.until_on.is_(None), Membership.until_on > day),
        )
        .order_by(Membership.is_home.desc(), Membership.from_on, Membership.id)
    )


def cards_on(
    session: Session, member_id: int, day: date, world: World, known_at: datetime | None = None
) -> tuple[HeldCard, ...]:
    """The cards a member holds on a day, and whether the figures count each."""
    return tuple(
        HeldCard(
            *(unit, craft, card.status, card.kind, card.is_home, card.from_on, card.until_on),
            counts=card.status in world.policy.counts,
            membership_id=card.id,
        )
        for card, unit, craft in session.execute(held_on(member_id, day, known_at))
    )


def reasons_on(
    session: Session,
    member_id: int,
    day: date,
    facts: MemberFacts,
    world: World,
    known_at: datetime | None = None,
    *,
    is_part: bool = False,
) -> dict[int, tuple[Reason, ...]]:
    """By path: every reason for which it is asked on the day, each told once though it may reach several cards.

    Args:
        is_part: ``facts`` holds only some of the member's cards: what a rule asks through another is left out.
    """
    rows = session.execute(
        select(Assignment, AssignmentRule, Unit, Craft.name)
        .outerjoin(AssignmentRule, AssignmentRule.id == Assignment.rule_id)
        .outerjoin(Unit, Unit.id == AssignmentRule.unit_id)
        .outerjoin(Craft, Craft.id == AssignmentRule.craft_id)
        .where(
            Assignment.member_id == member_id,
            valid(Assignment, known_at),
            Assignment.assigned_on <= day,
            or_(Assignment.until_on.is_(None), Assignment.until_on > day),
        )
        .order_by(Assignment.assigned_on, Assignment.id)
    )
    cards = {card.membership for card in facts.cards}
    found: dict[int, dict[int, Reason]] = {}
    for assignment, rule, unit, craft in rows:
        if is_part and assignment.membership_id is not None and assignment.membership_id not in cards:
            continue
        if has_left_rule(assignment, rule, facts, day):
            reason = _reason_left(assignment, rule, unit, craft, day, facts, world)
        else:
            reason = _reason(assignment, unit, craft, day, facts, world)
        if reason is None:
            continue
        same = found.setdefault(assignment.path_id, {})
        key = assignment.rule_id or assignment.id
        same[key] = _joined(same[key], reason) if key in same else reason
    return {path: tuple(reasons.values()) for path, reasons in found.items()}


def exemptions_on(
    session: Session, member_id: int, day: date, known_at: datetime | None = None
) -> dict[int, list[tuple[Exemption, Unit | None]]]:
    """By path: the exemptions that hold on the day, each with the unit it is limited to."""
    rows = session.execute(
        select(Exemption, Unit)
        .outerjoin(Unit, Unit.id == Exemption.unit_id)
        .where(
            Exemption.member_id == member_id,
            valid(Exemption, known_at),
            Exemption.from_on <= day,
            or_(Exemption.until_on.is_(None), Exemption.until_on > day),
        )
        .order_by(Exemption.from_on, Exemption.id)
    )
    found: dict[int, list[tuple[Exemption, Unit | None]]] = {}
    for exemption, unit in rows:
        found.setdefault(exemption.path_id, []).append((exemption, unit))
    return found


class _Asked(NamedTuple):
    """How each kind says who asks."""

    by_unit: str
    by_unit_of_craft: str
    by_craft: str
    by_everyone: str
    by_person: str


_ASKED = {
    AssignmentKind.REQUIRED: _Asked(
        mark("required by %(unit)s"),
        mark("required by %(unit)s · %(craft)s"),
        mark("required for the craft %(craft)s"),
        mark("required for everyone"),
        mark("required by name"),
    ),
    AssignmentKind.RECOMMENDED: _Asked(
        mark("recommended by %(unit)s"),
        mark("recommended by %(unit)s · %(craft)s"),
        mark("recommended for the craft %(craft)s"),
        mark("recommended for everyone"),
        mark("recommended by name"),
    ),
    AssignmentKind.VOLUNTARY: _Asked(
        mark("offered by %(unit)s"),
        mark("offered by %(unit)s · %(craft)s"),
        mark("offered to the craft %(craft)s"),
        mark("offered to everyone"),
        mark("chosen by you"),
    ),
}


def in_words(kind: AssignmentKind, unit: Unit | None, craft: str | None, *, is_by_person: bool) -> str:
    """Who asks, in words: "required by Local 80 · grips"."""
    asked = _ASKED[kind]
    if is_by_person:
        return _(asked.by_person)
    if unit is None:
        return _(asked.by_craft, craft=craft) if craft else _(asked.by_everyone)
    where = _("Local %(number)s", number=unit.number) if unit.kind is UnitKind.LOCAL else unit.title
    return _(asked.by_unit_of_craft, unit=where, craft=craft) if craft else _(asked.by_unit, unit=where)


def _reason(
    assignment: Assignment, unit: Unit | None, craft: str | None, day: date, facts: MemberFacts, world: World
) -> Reason:
    through = [
        card
        for card in facts.cards
        if card.from_on <= day < card.until_on and assignment.membership_id in (None, card.membership)
    ]
    counting = [card for card in through if card.counts]
    excuses = [
        excuse for excuse in facts.excuses if excuse.path == assignment.path_id and excuse.from_on <= day < excuse.until_on
    ]
    return Reason(
        words=in_words(assignment.kind, unit, craft, is_by_person=assignment.rule_id is None),
        kind=assignment.kind,
        assignment_id=assignment.id,
        rule_id=assignment.rule_id,
        is_by_person=assignment.rule_id is None,
        assigned_on=assignment.assigned_on,
        due_on=assignment.due_on,
        is_excused=bool(counting) and all(_is_excused(card, excuses, world) for card in counting),
        is_dormant=assignment.kind is AssignmentKind.REQUIRED and not counting,
    )


def has_left_rule(assignment: Assignment, rule: AssignmentRule | None, facts: MemberFacts, day: date) -> bool:
    """Whether what a rule asked is still open, though its card has ended or stands no more under the rule's unit."""
    if rule is None:
        return False
    ends = {card.membership: card.until_on for card in facts.cards}
    return assignment.kind != rule.kind or ends.get(assignment.membership_id or 0, day) <= day


def _reason_left(
    assignment: Assignment,
    rule: AssignmentRule,
    unit: Unit | None,
    craft: str | None,
    day: date,
    facts: MemberFacts,
    world: World,
) -> Reason | None:
    """What stays open of a rule that its member left; None where the card never counted, and nothing was asked by it."""
    card = next((card for card in facts.cards if card.membership == assignment.membership_id), None)
    if card is None or (rule.kind is AssignmentKind.REQUIRED and not card.counts):
        return None
    kind = kind_after_leaving(rule.kind, rule.leaving)
    asked = in_words(kind, unit, craft, is_by_person=False)
    is_kept = rule.leaving is not Leaving.VOLUNTARY
    excuses = [
        excuse for excuse in facts.excuses if excuse.path == assignment.path_id and excuse.from_on <= day < excuse.until_on
    ]
    return Reason(
        words=_("%(asked)s, kept until its due day", asked=asked)
        if is_kept
        else _("%(asked)s, since the card ended", asked=asked),
        kind=kind,
        assignment_id=assignment.id,
        rule_id=rule.id,
        is_by_person=False,
        assigned_on=assignment.assigned_on,
        due_on=assignment.due_on if is_kept else None,
        is_excused=_is_excused(card, excuses, world),
        is_dormant=False,
        has_left=True,
    )


def _is_excused(card: Card, excuses: list[Excuse], world: World) -> bool:
    return any(excuse.unit is None or excuse.unit in world.above[card.unit] for excuse in excuses)


def _joined(one: Reason, other: Reason) -> Reason:
    """One rule through two cards: it asks if it does through either, with the nearer due date of those that ask.

    Who left it through one card and is counted by it through another has not left it.
    """
    if one.has_left != other.has_left:
        left, held = (one, other) if one.has_left else (other, one)
        return left if held.is_dormant else held
    if one.asks != other.asks:
        return one if one.asks else other
    due = min((each.due_on for each in (one, other) if each.due_on), default=None)
    return replace(
        one,
        due_on=due,
        is_excused=one.is_excused or other.is_excused,
        is_dormant=one.is_dormant and other.is_dormant,
    )
