"""The provider's list of accounts: most people have one that they activated, a few have two.

A licence is given for a year. Whoever learns little lost theirs, or was invited anew and has not activated it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from random import Random

from tracker.demonstration.learning import Learning
from tracker.demonstration.people import JUST_JOINED_DAYS, Person
from tracker.operations.rows import AccountRow


def account_rows(everyone: Iterable[Person], learning: Learning, seed: int, today: date) -> Iterator[AccountRow]:
    """The rows of the list. The provider knows people by their member number, as its single sign-on told it."""
    line = 1
    for person in everyone:
        rng = Random((seed * 10_000_019 + person.ordinal) * 4 + 3)
        begun_on = min((row.completed_on for row in learning.reported((person,))), default=None)
        luck = 1.0 if person.ordinal == 1 else rng.random() / max(1 - person.keenness, 0.05)
        if luck < 0.15 or (begun_on is None and luck < 0.5):
            continue  # their licence ran out, or they never asked for one
        if min(card.from_on for card in person.cards) > today - timedelta(days=JUST_JOINED_DAYS):
            continue  # nobody has said yet that they may have one
        line += 1
        is_open, is_activated = luck > 0.25, luck > 0.5
        if begun_on is None or not is_activated:
            invited_on = today - timedelta(days=20 + rng.randrange(300))
            activated_on = invited_on + timedelta(days=rng.randrange(20)) if is_activated else None
        else:
            activated_on = begun_on - timedelta(days=rng.randrange(45))
            invited_on = activated_on - timedelta(days=rng.randrange(60))
        yield _row(line, person, person.number, is_open, invited_on, activated_on)
        if rng.random() < 0.006:  # invited by the old way as well
            line += 1
            yield _row(line, person, f"ttf-{person.ordinal}", True, invited_on, activated_on)


def _row(
    line: int, person: Person, provider_id: str, is_open: bool, invited_on: date, activated_on: date | None
) -> AccountRow:
    name = f"{person.first_name} {person.last_name}"
    return AccountRow(line, person.number, provider_id, person.email, name, is_open, invited_on, activated_on)
