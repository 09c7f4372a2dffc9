"""The members of one local on a day, by name, with what a list of that local may show: nothing of their other cards."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date

from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.keys import member_key, plain_text
from tracker.models import Unit
from tracker.models.loading import read_rows

_PAGE = 50


@dataclass(slots=True)
class PersonOfLocal:
    """Someone with a card in the local on the day."""

    member_id: int
    number: str
    name: str
    name_key: str
    crafts: list[str] = field(default_factory=list)
    statuses: list[str] = field(default_factory=list)

    def answers_to(self, words: str) -> bool:
        """Whether these words are their number, or all occur in their name."""
        if words.strip() and member_key(words) == member_key(self.number):
            return True
        return all(word in self.name_key for word in plain_text(words).split())


def people_of_local(session: Session, unit: Unit, day: date) -> list[PersonOfLocal]:
    """Everyone with a card in a local on a day, whatever its status, by last name: one statement."""
    sql = (
        "SELECT c.member_id, m.number, m.first_name, m.last_name, m.name_key, k.name, c.status FROM membership c"
        " JOIN member m ON m.member_id = c.member_id JOIN craft k ON k.id = c.craft_id"
        " WHERE c.unit_id = ? AND c.voided_at IS NULL AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?)"
    )
    found: dict[int, PersonOfLocal] = {}
    for member, number, first, last, name_key, craft, status in read_rows(session, sql, [unit.id, day, day]):
        if member not in found:
            found[member] = PersonOfLocal(member, number, f"{first} {last}".strip() or number, name_key)
        person = found[member]
        if craft not in person.crafts:
            person.crafts.append(craft)
        if status not in person.statuses:
            person.statuses.append(status)
    for person in found.values():
        person.crafts.sort()
        person.statuses.sort()
    return sorted(found.values(), key=lambda each: (each.name_key, each.member_id))


def some_of(people: Iterable[PersonOfLocal], words: str = "", after: int | None = None) -> Page[PersonOfLocal]:
    """Those whom some words find, fifty at a time, from the one after the member ``after``."""
    chosen: Sequence[PersonOfLocal] = [each for each in people if each.answers_to(words)]
    start = next((place + 1 for place, each in enumerate(chosen) if each.member_id == after), 0)
    shown = list(chosen[start : start + _PAGE])
    return Page(shown, str(shown[-1].member_id) if start + _PAGE < len(chosen) else None)
