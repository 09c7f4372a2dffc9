"""One member of a roster, and what its rows make of their name and their cards. Nothing here reads or writes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date
from typing import NamedTuple

from tracker.curriculum.words import MembershipKind
from tracker.models import new_id
from tracker.operations.rows import RosterRow

NO_CRAFT = "unspecified"
CORRECTED = "corrected by a roster"
ABSENT = "absent from a complete roster"
_PERMIT, _MEMBER = MembershipKind.PERMIT.value, MembershipKind.MEMBER.value
_OPEN_STATUS = "active"  # what a new card has where the roster states no status


@dataclass(frozen=True, slots=True)
class Card:
    """A card as the database holds it, or will."""

    id: int
    unit_id: int
    craft_id: int
    status: str
    kind: str
    is_home: bool
    from_on: date
    until_on: date | None

    def holds_on(self, day: date) -> bool:
        return self.from_on <= day and (self.until_on is None or day < self.until_on)


class CardKey(NamedTuple):
    unit_id: int
    craft_id: int
    from_on: date


class Place(NamedTuple):
    """What a row names: a local, and a craft by its id. ``craft_id`` is None where the row gives none."""

    unit_id: int
    craft_id: int | None


class Reopening(NamedTuple):
    """A card that an earlier complete roster closed by leaving it out; ``until_on`` is the end it had before."""

    until_on: date | None


@dataclass(frozen=True)
class Terms:
    """What holds for every row of a roster.

    Attributes:
        is_full: the file is complete: a card that has ended and is named without an end is held again, from today.
        no_craft: gives the craft of a card whose row names none.
        closed: tells whether a card was closed for being absent from an earlier file: a row that names it opens it.
    """

    today: date
    is_full: bool
    new_id: Callable[[], int]
    no_craft: Callable[[], int]
    closed: Callable[[Card], Reopening | None]


class Person:
    """A member while the rows about them are taken.

    Attributes:
        ends: by card and rule, days on which a person ended what the rule asks through the card.
        new_cards: the cards to be recorded, by id; ``voids`` those to be voided, each with the reason.
        new_emails: keys of the e-mails that the rows add, as written, with their lines.
        lines: by local, the line that last changed a card there; ``absent`` are the locals where the file names no card.
        named: the places that rows name, and ``kept`` the locals of faulty rows (None: a faulty row whose local is unknown).
    """

    __slots__ = (
        *("absent", "before", "cards", "emails", "ends", "is_new", "kept", "lines", "member", "name", "name_before"),
        *("name_line", "named", "new_cards", "new_emails", "number", "voids"),
    )

    def __init__(self, member: int, number: str, name: tuple[str, str], *, is_new: bool) -> None:
        self.member = member
        self.number = number
        self.name = self.name_before = name
        self.is_new = is_new
        self.emails: dict[str, str] = {}
        self.cards: dict[CardKey, Card] = {}
        self.before: list[Card] = []
        self.ends: dict[int, dict[int, date]] = {}
        self.new_cards: dict[int, Card] = {}
        self.voids: list[tuple[int, str]] = []
        self.new_emails: list[tuple[str, str, int]] = []
        self.name_line = 0
        self.lines: dict[int, int] = {}
        self.absent: set[int] = set()
        self.named: set[Place] = set()
        self.kept: set[int | None] = set()

    @property
    def is_changed(self) -> bool:
        return bool(self.is_new or self.new_cards or self.voids or self.new_emails or self.is_renamed)

    @property
    def is_renamed(self) -> bool:
        return self.name != self.name_before

    @property
    def called(self) -> str:
        return " ".join(filter(None, self.name))

    def hold(self, card: Card) -> None:
        """Take a card as the database has it."""
        self.cards[CardKey(card.unit_id, card.craft_id, card.from_on)] = card
        self.before.append(card)

    # -- names and e-mails ----------------------------------------------------------------------------------------------

    def take_name(self, row: RosterRow) -> bool:
        """Whether the row says another name. A blank never erases."""
        name = (row.first_name or self.name[0], row.last_name or self.name[1])
        if name == self.name:
            return False
        self.name, self.name_line = name, row.line
        return True

    def take_email(self, key: str, row: RosterRow) -> None:
        self.emails[key] = row.email
        self.new_emails.append((key, row.email, row.line))

    # -- cards ----------------------------------------------------------------------------------------------------------

    def open_card(self, row: RosterRow, place: Place, today: date) -> Card | None:
        """The card that a row without a first day means: the open one of that local and craft, or the newest of several."""
        found = [
            card
            for card in self.cards.values()
            if card.unit_id == place.unit_id
            and (place.craft_id is None or card.craft_id == place.craft_id)
            and (card.until_on is None or card.until_on > today)
        ]
        # a card that only begins later is not open yet: it is meant only where none holds today
        return max(found, key=lambda card: (card.from_on <= today, card.from_on, *_likeness(card, row)), default=None)

    def take_card(self, row: RosterRow, place: Place, terms: Terms) -> bool:
        """Do what a row says of a card; whether that changes anything."""
        today = terms.today
        self.named.add(place)
        known = self._meant(row, place, today)
        until_on = row.until_on or (known.until_on if known else None)
        if known and row.until_on is None and known.until_on and known.until_on <= today:
            reopening = terms.closed(known)
            if reopening is not None:
                until_on = reopening.until_on
            elif terms.is_full:
                row = row._replace(from_on=None)
                known = self.open_card(row, place, today)
                until_on = known.until_on if known else None
        if known is None:
            self._add(_new_card(row, place, terms), row.line)
            return True
        wanted = replace(
            known,
            status=row.status or known.status,
            kind=row.kind or known.kind,
            is_home=known.is_home if row.home is None else row.home,
            until_on=until_on,
        )
        if wanted == known:
            return False
        if row.from_on is None and wanted.status != known.status and known.from_on < today:
            # the file does not say since when: a new status begins today, and the days before stay as they were
            last = min(today, wanted.until_on or today)
            self._correct(known, replace(known, until_on=last), row.line)
            if wanted.until_on is None or wanted.until_on > today:
                self._add(replace(wanted, id=terms.new_id(), from_on=today), row.line)
            return True
        self._correct(known, wanted, row.line)
        return True

    def close_absent(self, extent: frozenset[int] | None, today: date) -> None:
        """Close today the open cards that no row names, in these locals (None: in all)."""
        for card in list(self.cards.values()):
            if not card.holds_on(today) or (extent is not None and card.unit_id not in extent):
                continue
            is_named = Place(card.unit_id, None) in self.named or Place(card.unit_id, card.craft_id) in self.named
            if is_named or None in self.kept or card.unit_id in self.kept:
                continue
            self.absent.add(card.unit_id)
            if card.from_on == today:
                self._void(card, ABSENT)
            else:
                self._correct(card, replace(card, until_on=today), 0, ABSENT)

    def _meant(self, row: RosterRow, place: Place, today: date) -> Card | None:
        if row.from_on is None:
            return self.open_card(row, place, today)
        if place.craft_id is not None:
            return self.cards.get(CardKey(place.unit_id, place.craft_id, row.from_on))
        found = [card for card in self.cards.values() if (card.unit_id, card.from_on) == (place.unit_id, row.from_on)]
        return max(found, key=lambda card: _likeness(card, row), default=None)

    def _add(self, card: Card, line: int) -> None:
        self.cards[CardKey(card.unit_id, card.craft_id, card.from_on)] = card
        self.new_cards[card.id] = card
        self.lines[card.unit_id] = line

    def _correct(self, known: Card, wanted: Card, line: int, reason: str = CORRECTED) -> None:
        wanted = replace(wanted, id=new_id())
        if known.id in self.ends:
            self.ends[wanted.id] = self.ends.pop(known.id)
        self._void(known, reason)
        self._add(wanted, line)

    def _void(self, card: Card, reason: str) -> None:
        del self.cards[CardKey(card.unit_id, card.craft_id, card.from_on)]
        if self.new_cards.pop(card.id, None) is None:
            self.voids.append((card.id, reason))


def _likeness(card: Card, row: RosterRow) -> tuple[bool, int]:
    """Of cards in several crafts, a row without one means the card that it would not change: so it means the same twice."""
    says_so = (
        row.status in ("", card.status)
        and row.kind in ("", card.kind)
        and row.home in (None, card.is_home)
        and row.until_on in (None, card.until_on)
    )
    return (says_so, -card.craft_id)


def _new_card(row: RosterRow, place: Place, terms: Terms) -> Card:
    craft_id = terms.no_craft() if place.craft_id is None else place.craft_id
    status = row.status or _OPEN_STATUS
    kind = row.kind or (_PERMIT if status == _PERMIT else _MEMBER)
    from_on = row.from_on or terms.today
    return Card(terms.new_id(), place.unit_id, craft_id, status, kind, bool(row.home), from_on, row.until_on)
