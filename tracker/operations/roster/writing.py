"""What a roster changes, into the tables."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from itertools import groupby

from sqlalchemy import update
from sqlalchemy.orm import Session

from tracker.curriculum.keys import member_key, name_key
from tracker.models import Assignment, Member, Membership, new_ids
from tracker.models.loading import in_chunks, load, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.assignments import reach
from tracker.operations.roster.cards import Person


def write_people(
    session: Session,
    people: Sequence[Person],
    new_crafts: Sequence[tuple[int, str, str]],
    actor: Actor,
    batch_id: int | None,
    now: datetime,
) -> None:
    """Write these people's names, e-mails and cards, and let the rules reach the new cards."""
    load(session, "craft", ("id", "name", "key"), new_crafts)
    moment = stored_moment(session, now)
    newcomers = [person for person in people if person.is_new]
    load(
        session,
        "member",
        ("member_id", "number", "first_name", "last_name", "name_key", "created_at"),
        ((person.member, person.number, *person.name, name_key(*person.name), moment) for person in newcomers),
    )
    identifiers = sorted(_identifiers(people, moment))  # in their key's order they are written a fifth faster
    load(session, "identifier", ("kind", "value", "member_id", "shown", "recorded_at"), identifiers)
    for person in people:
        if person.is_renamed and not person.is_new:
            first, last = person.name
            values = {"first_name": first, "last_name": last, "name_key": name_key(first, last)}
            session.execute(update(Member).where(Member.member_id == person.member).values(**values))
    voids = sorted((reason, person.member, card) for person in people for card, reason in person.voids)
    for reason, cards in groupby(voids, key=lambda void: void[0]):
        for chunk in in_chunks(cards, 2_000):
            _void_cards(session, [(member, card) for _, member, card in chunk], reason, actor, batch_id, now)
    fact = (moment, actor.user_id, batch_id)
    load(
        session,
        "membership",
        _CARD_COLUMNS,
        (
            (
                *(person.member, card.id, card.unit_id, card.craft_id, card.status, card.kind, card.is_home),
                *(card.from_on, card.until_on, *fact),
            )
            for person in people
            for card in person.new_cards.values()
        ),
    )
    if batch_id is not None:
        _write_changes(session, people, batch_id)
    changed = [person.member for person in people if person.new_cards]
    ended = {
        (rule, card): day
        for person in people
        for card, ends in person.ends.items()
        if card in person.new_cards
        for rule, day in ends.items()
    }
    if changed:
        reach(session, None, changed, actor, now, batch_id=batch_id, ended=ended)


def _identifiers(people: Iterable[Person], moment: object) -> Iterator[tuple[object, ...]]:
    for person in people:
        if person.is_new:
            yield ("number", member_key(person.number), person.member, person.number, moment)
        for key, shown, _ in person.new_emails:
            yield ("email", key, person.member, shown, moment)


_CARD_COLUMNS = (
    *("member_id", "id", "unit_id", "craft_id", "status", "kind", "is_home", "from_on", "until_on"),
    *("recorded_at", "recorded_by", "batch_id"),
)


def _void_cards(
    session: Session, cards: list[tuple[int, int]], reason: str, actor: Actor, batch_id: int | None, now: datetime
) -> None:
    """Void these cards and the assignments that came through them: the rules reach the corrected card anew."""
    values = {"voided_at": now, "voided_by": actor.user_id, "void_reason": reason, "voided_batch_id": batch_id}
    members, ids = [member for member, _ in cards], [card for _, card in cards]
    session.execute(update(Membership).where(Membership.member_id.in_(members), Membership.id.in_(ids)).values(**values))
    session.execute(
        update(Assignment)
        .where(Assignment.member_id.in_(members), Assignment.membership_id.in_(ids), Assignment.voided_at.is_(None))
        .values(**values)
    )


def _write_changes(session: Session, people: Iterable[Person], batch_id: int) -> None:
    """What is no fact, as undoing takes it back: a name as JSON ``[first, last]``, an e-mail added as written."""
    rows: list[tuple[object, ...]] = []
    for person in people:
        if person.is_renamed and not person.is_new:
            rows.append((batch_id, person.member, person.name_line, "name", _json(person.name_before), _json(person.name)))
        rows += [(batch_id, person.member, line, "email", "", shown) for _, shown, line in person.new_emails]
    load(
        session,
        "batch_change",
        ("id", "batch_id", "member_id", "line", "what", "before", "after"),
        ((its_id, *row) for its_id, row in zip(new_ids(len(rows)), rows, strict=True)),
    )


def _json(texts: Sequence[str]) -> str:
    return json.dumps(list(texts), ensure_ascii=False)
