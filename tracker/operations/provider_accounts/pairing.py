"""Which of a member's accounts a row of the provider's list is of. Pure.

An account is known by the provider's own id; where the list has none, by the address it is of; and where it has neither, as
the member's one account there. A list of another form may name it otherwise: then it is the one that it can only be.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date
from typing import NamedTuple

from tracker.operations.provider_accounts.stage import Listed, id_key


class Known(NamedTuple):
    """An account as it is recorded. ``name`` is the provider's own id, or else the address, or else "" (see above)."""

    id: int
    name: str
    is_open: bool
    invited_on: date | None
    activated_on: date | None

    @property
    def key(self) -> str:
        return id_key(self.name)

    @property
    def says(self) -> tuple[object, ...]:
        """What it says: equal, and there is nothing to record."""
        return self.name, self.is_open, self.invited_on, self.activated_on


class Account(NamedTuple):
    """An account that the list names: its rows, and what is recorded of it (None: nothing yet)."""

    known: Known | None
    rows: Sequence[Listed]
    is_doubtful: bool = False  # it may be of either of two, and the list does not say of which

    @property
    def anew(self) -> Known:
        """The account as it is by this list. What a list leaves blank stays as it was known.

        Of several rows of one account the order does not matter: open where any says so, and the earliest days.
        """
        known = self.known
        named = next((row.provider_id.strip() for row in self.rows if row.provider_id), "")
        kept = known.name if known else ""
        return Known(
            known.id if known else 0,
            named if named and id_key(named) != id_key(kept) else kept or min(row.email_key for row in self.rows),
            any(row.is_open for row in self.rows),
            _earliest(row.invited_on for row in self.rows) or (known.invited_on if known else None),
            _earliest(row.activated_on for row in self.rows) or (known.activated_on if known else None),
        )


def pair(rows: Iterable[Listed], known: Iterable[Known]) -> tuple[list[Account], list[Known]]:
    """The accounts that a member's rows are of, and those of the known ones that no row is of."""
    by_id, by_address = _grouped(rows)
    left = {each.key: each for each in sorted(known)}
    found: list[Account] = []
    unknown: list[list[Listed]] = []
    for key, group in (*sorted(by_id.items()), *sorted(by_address.items())):
        if key in left:
            found.append(Account(left.pop(key), group))
        else:
            unknown.append(group)
    for group in unknown:
        ones = [left[key] for key in _names_without_id(group) if key in left]
        is_doubtful = False
        if not group[0].provider_id:
            # a list without ids is of the account with one, unless that is known by another address
            ones = [each for each in left.values() if "@" not in each.key or not group[0].email]
            ones = [each for each in ones if each.is_open] or ones
            is_doubtful = len(ones) > 1
        one = ones[0] if ones and not is_doubtful else None
        if one is not None:
            del left[one.key]
        found.append(Account(one, group, is_doubtful))
    return found, list(left.values())


def _grouped(rows: Iterable[Listed]) -> tuple[dict[str, list[Listed]], dict[str, list[Listed]]]:
    """Rows of one account together, by its id or its address: one without an id is of the one with its address."""
    by_id: dict[str, list[Listed]] = {}
    by_address: dict[str, list[Listed]] = {}
    for row in sorted(rows):
        if row.provider_id:
            by_id.setdefault(row.id_key, []).append(row)
        else:
            by_address.setdefault(row.email_key, []).append(row)
    for address in list(by_address):
        with_it = [group for group in by_id.values() if any(row.email_key == address for row in group)]
        if address and len(with_it) == 1:
            with_it[0].extend(by_address.pop(address))
    return by_id, by_address


def _names_without_id(group: Sequence[Listed]) -> list[str]:
    """By what the account may be known from a list that had no ids."""
    return [*dict.fromkeys(row.email_key for row in group if row.email), ""]


def _earliest(days: Iterable[date | None]) -> date | None:
    return min((day for day in days if day is not None), default=None)
