"""On which days a card is asked for a path (docs/design.md section 4, "in scope")."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from typing import NamedTuple

from tracker.curriculum.days import Span, add_days, intersect, subtract, union
from tracker.curriculum.words import AssignmentKind, Leaving


class Card(NamedTuple):
    """One membership, as the rule needs it. ``until_on`` is ``FOREVER`` while the card is open."""

    membership: int
    unit: int
    craft: int
    from_on: date
    until_on: date
    counts: bool  # whether its status is one that the policy counts


class Ask(NamedTuple):
    """One required assignment's days. ``membership`` is None for one made to the person: it reaches all their cards."""

    path: int
    membership: int | None
    from_on: date
    until_on: date


class Excuse(NamedTuple):
    """One exemption's days. ``unit`` is None for one that holds everywhere."""

    path: int
    unit: int | None
    from_on: date
    until_on: date


class InScope(NamedTuple):
    """Days on which one card puts its member in scope of a path."""

    membership: int
    path: int
    unit: int
    craft: int
    from_on: date
    until_on: date


def in_scope(
    cards: Iterable[Card],
    asks: Collection[Ask],
    excuses: Collection[Excuse],
    above: Mapping[int, Collection[int]],
) -> list[InScope]:
    """Every day of every card, decided card by card.

    Args:
        cards: one member's cards.
        asks: the same member's required assignments.
        excuses: the same member's exemptions.
        above: for each unit, itself and every unit above it.
    """
    rows: list[InScope] = []
    for card in cards:
        if not card.counts:
            continue
        spans_of: dict[int, list[Span]] = {}
        for ask in asks:
            if ask.membership is None or ask.membership == card.membership:
                start = max(card.from_on, ask.from_on)
                end = min(card.until_on, ask.until_on)
                if start < end:
                    spans_of.setdefault(ask.path, []).append((start, end))
        for path, spans in spans_of.items():
            if len(spans) > 1:
                spans = union(spans)
            if excuses:
                over = above[card.unit]
                spans = subtract(
                    spans,
                    union(
                        (excuse.from_on, excuse.until_on)
                        for excuse in excuses
                        if excuse.path == path and (excuse.unit is None or excuse.unit in over)
                    ),
                )
            rows += [InScope(card.membership, path, card.unit, card.craft, start, end) for start, end in spans]
    return rows


def asked_of(card: Card, rule_from: date, rule_until: date) -> Span | None:
    """The days on which an open rule asks a matching card: from the later first day, for as long as both last."""
    days = intersect([(card.from_on, card.until_on)], [(rule_from, rule_until)])
    return days[0] if days else None


def open_until(rule_until: date, card_until: date, due_on: date | None, leaving: Leaving | None) -> date:
    """The first day on which what a rule asks through a card is open no more, scope or not.

    In scope a card puts its member only while it lasts; what is open after its end is theirs to finish, and counts nowhere.
    """
    if leaving is Leaving.VOLUNTARY:
        return rule_until
    if leaving is Leaving.KEEP and due_on is not None:
        return min(rule_until, max(card_until, add_days(due_on, 1)))
    return min(rule_until, card_until)


def kind_after_leaving(kind: AssignmentKind, leaving: Leaving | None) -> AssignmentKind:
    """As what a person sees that which stays open after they left the rule."""
    return AssignmentKind.VOLUNTARY if leaving is Leaving.VOLUNTARY else kind
