"""The members a roster names, with their cards: changed in memory, then written."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader, current_policy
from tracker.curriculum.faults import Fault
from tracker.curriculum.keys import craft_key, email_key, member_key, name_key
from tracker.curriculum.words import MembershipKind, Outcome
from tracker.models import Assignment, Craft, IdentifierKind, Member, Membership, new_id
from tracker.models.loading import in_chunks, load, read_rows, stored_moment
from tracker.operations.actor import Actor
from tracker.operations.matching import LocalFinder
from tracker.operations.rows import RosterRow

NO_CRAFT = "unspecified"
_OPEN_STATUS = "active"  # what a new card has where the roster states no status


@dataclass(frozen=True, slots=True)
class _Card:
    """A card as the database holds it, or will."""

    id: int
    unit_id: int
    craft_id: int
    status: str
    kind: str
    is_home: bool
    from_on: date
    until_on: date | None


class _CardKey(NamedTuple):
    unit_id: int
    craft_id: int
    from_on: date


class Book:
    """The members of some rows with their cards: opened for a chunk of rows, changed in memory, closed by writing."""

    def __init__(self, session: Session, actor: Actor, batch_id: int | None, today: date, now: datetime) -> None:
        self._session = session
        self._actor = actor
        self._batch_id = batch_id
        self._today = today
        self._now = now
        self._statuses = frozenset(current_policy(session).statuses)
        self._units = LocalFinder(session)
        self._crafts = {craft.key: craft.id for craft in session.scalars(select(Craft))}
        self.faults: list[Fault] = []
        self.touched: set[int] = set()
        self.new_members = 0
        self.ended: dict[tuple[int, int], date] = {}

    # -- reading ----------------------------------------------------------------------------------------------------

    def open(self, rows: list[RosterRow]) -> None:
        """Read what is known of everyone these rows name."""
        self._member_of = _holders(self._session, "number", {member_key(row.member_number) for row in rows})
        known = sorted(set(self._member_of.values()))
        self._names: dict[int, tuple[str, str]] = {}
        self._emails: dict[int, set[str]] = {}
        self._cards: dict[int, dict[_CardKey, _Card]] = {}
        self._ended_by_hand: dict[tuple[int, int], date] = {}
        for chunk in in_chunks(known, 5_000):
            self._read_members(chunk)
        self._new_members: list[tuple[object, ...]] = []
        self._new_identifiers: list[tuple[object, ...]] = []
        self._new_cards: dict[int, tuple[int, _Card]] = {}
        self._voids: list[tuple[int, int]] = []
        self._renames: dict[int, tuple[str, str]] = {}

    def _read_members(self, chunk: list[int]) -> None:
        listed = ", ".join(map(str, chunk))
        for member, first, last in read_rows(
            self._session, f"SELECT member_id, first_name, last_name FROM member WHERE member_id IN ({listed})"
        ):
            self._names[member] = (first, last)
        for member, value in read_rows(
            self._session, f"SELECT member_id, value FROM identifier WHERE kind = 'email' AND member_id IN ({listed})"
        ):
            self._emails.setdefault(member, set()).add(value)
        read = FactReader(self._session, chunk)
        for member, card_id, unit, craft, status, kind, home, start, end in read.rows(
            "membership", "id, unit_id, craft_id, status, kind, is_home, from_on, until_on"
        ):
            until = None if end is None else read.day(end)
            card = _Card(card_id, unit, craft, status, kind, bool(home), read.day(start), until)
            self._cards.setdefault(member, {})[_CardKey(unit, craft, card.from_on)] = card
        ends = read_rows(
            self._session,
            "SELECT a.rule_id, a.membership_id, a.until_on FROM assignment a"
            " JOIN assignment_rule r ON r.id = a.rule_id"
            " JOIN membership m ON m.member_id = a.member_id AND m.id = a.membership_id"
            f" WHERE a.member_id IN ({listed}) AND a.voided_at IS NULL AND a.until_on IS NOT NULL"
            " AND (r.until_on IS NULL OR a.until_on < r.until_on) AND (m.until_on IS NULL OR a.until_on < m.until_on)",
        )
        self._ended_by_hand.update({(rule, card): read.day(end) for rule, card, end in ends})

    # -- changing ---------------------------------------------------------------------------------------------------

    def take(self, row: RosterRow) -> Outcome:
        """Do what one row says, in memory."""
        unit_id = self._units.find(row.local)
        faults = self._faults(row, unit_id)
        if faults or unit_id is None:
            self.faults += faults
            return Outcome.FAULTY
        member = self._member(row)
        changed = self._take_names(member, row)
        changed |= self._take_card(member, row, unit_id)
        if changed:
            self.touched.add(member)
        return Outcome.RECORDED if changed else Outcome.ALREADY_KNOWN

    def _faults(self, row: RosterRow, unit_id: int | None) -> list[Fault]:
        faults = []
        if unit_id is None:
            faults.append(Fault(row.line, "local", row.local, self._units.why_not(row.local)))
        if row.status and row.status not in self._statuses:
            known = ", ".join(sorted(self._statuses))
            faults.append(Fault(row.line, "status", row.status, f"is not a status of the policy: use one of {known}"))
        if row.from_on is None and row.until_on is not None and unit_id is not None:
            card = self._open_card(self._member_of.get(member_key(row.member_number)), row, unit_id)
            if row.until_on <= (card.from_on if card else self._today):
                faults.append(
                    Fault(row.line, "until_on", str(row.until_on), "ends no open card: give the card's from_on as well")
                )
        return faults

    def _member(self, row: RosterRow) -> int:
        key = member_key(row.member_number)
        member = self._member_of.get(key)
        if member is None:
            member = self._member_of[key] = new_id()
            self.new_members += 1
            name = (row.first_name, row.last_name)
            self._names[member] = name
            self._new_members.append((member, row.member_number, *name, name_key(*name), self._now))
            self._new_identifiers.append((IdentifierKind.NUMBER.value, key, member, row.member_number, self._now))
            self.touched.add(member)
        return member

    def _take_names(self, member: int, row: RosterRow) -> bool:
        changed = False
        before = self._names[member]
        name = (row.first_name or before[0], row.last_name or before[1])
        if name != before:
            self._names[member] = self._renames[member] = name
            changed = True
        email = email_key(row.email)
        if email and email not in self._emails.setdefault(member, set()):
            self._emails[member].add(email)
            self._new_identifiers.append((IdentifierKind.EMAIL.value, email, member, row.email, self._now))
            changed = True
        return changed

    def _take_card(self, member: int, row: RosterRow, unit_id: int) -> bool:
        cards = self._cards.setdefault(member, {})
        craft_id = self._craft(row.craft) if row.craft else None
        known = None
        if row.from_on is None:
            known = self._open_card(member, row, unit_id)
        elif craft_id is not None:
            known = cards.get(_CardKey(unit_id, craft_id, row.from_on))
        else:
            known = next((c for key, c in cards.items() if (key.unit_id, key.from_on) == (unit_id, row.from_on)), None)
        if known is None:
            self._add(member, self._new_card(row, unit_id, craft_id or self._craft(NO_CRAFT)))
            return True
        wanted = replace(
            known,
            status=row.status or known.status,
            kind=row.kind or known.kind,
            is_home=known.is_home if row.home is None else row.home,
            until_on=row.until_on or known.until_on,
        )
        if wanted == known:
            return False
        if row.from_on is None and wanted.status != known.status and known.from_on < self._today:
            # the file does not say since when: a new status begins today, and the days before stay as they were
            last = min(self._today, wanted.until_on or self._today)
            self._correct(member, known, replace(known, until_on=last))
            if wanted.until_on is None or wanted.until_on > self._today:
                self._add(member, replace(wanted, id=new_id(), from_on=self._today))
            return True
        self._correct(member, known, wanted)
        return True

    def _new_card(self, row: RosterRow, unit_id: int, craft_id: int) -> _Card:
        status = row.status or _OPEN_STATUS
        kind = row.kind or (MembershipKind.PERMIT if status == MembershipKind.PERMIT else MembershipKind.MEMBER)
        from_on = row.from_on or self._today
        return _Card(new_id(), unit_id, craft_id, status, str(kind), bool(row.home), from_on, row.until_on)

    def _open_card(self, member: int | None, row: RosterRow, unit_id: int) -> _Card | None:
        """The card that a row without a first day means: the open one of that local and craft, or the newest of several."""
        if member is None:
            return None
        craft_id = self._crafts.get(craft_key(row.craft)) if row.craft else None
        if row.craft and craft_id is None:
            return None
        found = [
            card
            for card in self._cards.get(member, {}).values()
            if card.unit_id == unit_id
            and (craft_id is None or card.craft_id == craft_id)
            and (card.until_on is None or card.until_on > self._today)
        ]
        # a card that only begins later is not open yet: it is meant only where none holds today
        return max(found, key=lambda card: (card.from_on <= self._today, card.from_on), default=None)

    def _craft(self, name: str) -> int:
        key = craft_key(name)
        if key not in self._crafts:
            craft = Craft(id=new_id(), name=" ".join(name.split()), key=key)
            self._session.add(craft)
            self._session.flush()
            self._crafts[key] = craft.id
        return self._crafts[key]

    def _add(self, member: int, card: _Card) -> None:
        self._cards[member][_CardKey(card.unit_id, card.craft_id, card.from_on)] = card
        self._new_cards[card.id] = (member, card)

    def _correct(self, member: int, known: _Card, wanted: _Card) -> None:
        wanted = replace(wanted, id=new_id())
        if self._new_cards.pop(known.id, None) is None:
            self._voids.append((member, known.id))
            for (rule, card), end in list(self._ended_by_hand.items()):
                if card == known.id:
                    self.ended[rule, wanted.id] = end
        else:
            for (rule, card), end in list(self.ended.items()):
                if card == known.id:
                    self.ended[rule, wanted.id] = end
        self._add(member, wanted)

    # -- writing ----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Write what changed since :meth:`open`."""
        session = self._session
        load(session, "member", _MEMBER_COLUMNS, self._new_members)
        load(session, "identifier", _IDENTIFIER_COLUMNS, self._new_identifiers)
        for member, (first, last) in self._renames.items():
            values = {"first_name": first, "last_name": last, "name_key": name_key(first, last)}
            session.execute(update(Member).where(Member.member_id == member).values(**values))
        for chunk in in_chunks(self._voids, 2_000):
            _void_cards(session, chunk, self._actor, self._now)
        fact = (stored_moment(session, self._now), self._actor.user_id, self._batch_id)
        load(
            session,
            "membership",
            _CARD_COLUMNS,
            (
                (
                    *(member, card.id, card.unit_id, card.craft_id, card.status, card.kind, card.is_home),
                    *(card.from_on, card.until_on, *fact),
                )
                for member, card in self._new_cards.values()
            ),
        )


_MEMBER_COLUMNS = ("member_id", "number", "first_name", "last_name", "name_key", "created_at")
_IDENTIFIER_COLUMNS = ("kind", "value", "member_id", "shown", "recorded_at")
_CARD_COLUMNS = (
    *("member_id", "id", "unit_id", "craft_id", "status", "kind", "is_home", "from_on", "until_on"),
    *("recorded_at", "recorded_by", "batch_id"),
)


def _void_cards(session: Session, cards: list[tuple[int, int]], actor: Actor, now: datetime) -> None:
    """Void these cards and the assignments that came through them: the rules reach the corrected card anew."""
    values = {"voided_at": now, "voided_by": actor.user_id, "void_reason": "corrected by a roster"}
    members, ids = [member for member, _ in cards], [card for _, card in cards]
    session.execute(update(Membership).where(Membership.member_id.in_(members), Membership.id.in_(ids)).values(**values))
    session.execute(
        update(Assignment)
        .where(Assignment.member_id.in_(members), Assignment.membership_id.in_(ids), Assignment.voided_at.is_(None))
        .values(**values)
    )


def _holders(session: Session, kind: str, values: set[str]) -> dict[str, int]:
    """Who holds each of these identifiers."""
    held: dict[str, int] = {}
    for chunk in in_chunks(sorted(values), 5_000):
        marks = ", ".join("?" * len(chunk))
        sql = f"SELECT value, member_id FROM identifier WHERE kind = ? AND value IN ({marks})"
        held.update(read_rows(session, sql, [kind, *chunk]))
    return held
