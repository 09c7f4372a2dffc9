"""A user file for the provider, with our locals as groups: so that its reports come back by local.

One row for each member who holds a card that counts, or that covers them as a worker, and has an address of their own. An
address that two share is nobody's: those are told apart, for a person to ask. The provider's template is its own and
changes, so the headings are for staff to say.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from tracker.coverage.exports import safe_text
from tracker.curriculum.keys import email_key
from tracker.curriculum.local_numbers import natural
from tracker.curriculum.policy import Policy
from tracker.models import Unit
from tracker.models.loading import in_chunks, read_rows

FIELDS = ("first_name", "last_name", "email", "member_number", "groups", "status")
# As LinkedIn's guide of 2016 has them, as far as it goes.
HEADINGS: Mapping[str, str] = {
    "first_name": "preferred_first_name",
    "last_name": "preferred_last_name",
    "email": "primary_email_address",
    "member_number": "unique_user_id",
    "groups": "groups",
    "status": "license_english_status",
}
_MEMBERS_AT_ONCE = 5_000


class UserRow(NamedTuple):
    """One member in the file, in the order of :data:`FIELDS`."""

    first_name: str
    last_name: str
    email: str
    member_number: str
    groups: str  # every local where they hold such a card: "Local 80, Local 600"
    status: str = "active"


@dataclass
class UsersFile:
    """The file's rows, and who is not in it: by member number and name."""

    rows: list[UserRow] = field(default_factory=list)
    shared: list[tuple[str, str]] = field(default_factory=list)  # every address of theirs is another member's as well
    without_email: list[tuple[str, str]] = field(default_factory=list)


def users_file(
    session: Session, units: Sequence[Unit], day: date, policy: Policy, only: Collection[int] | None = None
) -> UsersFile:
    """The members of these units on a day, for the provider.

    Args:
        only: of them, those of these ids: such as the ones whom a local has confirmed.
    """
    locals_of = _locals_of(session, units, day, policy, only)
    found = UsersFile()
    sql = "SELECT value FROM identifier WHERE kind = 'email' GROUP BY value HAVING count(*) > 1"
    shared = {value for (value,) in read_rows(session, sql)}
    for chunk in in_chunks(sorted(locals_of), _MEMBERS_AT_ONCE):
        listed = ", ".join(map(str, chunk))
        emails = _emails(session, listed)
        used = _used_addresses(session, listed)
        sql = f"SELECT member_id, number, first_name, last_name, name_key FROM member WHERE member_id IN ({listed})"
        for member, number, first, last, _ in sorted(read_rows(session, sql), key=lambda row: (row[4], row[1])):
            all_of_theirs = emails.get(member, {})
            own = {key: shown for key, shown in all_of_theirs.items() if key not in shared}
            who = (number, f"{first} {last}".strip())
            if own:
                key = next((key for key in own if key in used.get(member, ())), next(iter(own)))
                groups = ", ".join(f"Local {each}" for each in sorted(locals_of[member], key=natural))
                found.rows.append(UserRow(first, last, own[key], number, groups))
            elif all_of_theirs:
                found.shared.append(who)
            else:
                found.without_email.append(who)
    return found


def users_csv(found: UsersFile, headings: Mapping[str, str]) -> str:
    """The file as CSV: the fields that have a heading, in the order in which they are given."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(safe_text(heading) for heading in headings.values())
    places = [FIELDS.index(field) for field in headings]
    writer.writerows([safe_text(row[place]) for place in places] for row in found.rows)
    return out.getvalue()


def _locals_of(
    session: Session, units: Sequence[Unit], day: date, policy: Policy, only: Collection[int] | None
) -> dict[int, set[str]]:
    """The numbers of all locals of whoever is in one of the units, by member; of these members only, if they are given."""
    statuses = sorted(policy.counts | policy.covered_workers)
    marks = ", ".join("?" * len(statuses))
    under = ", ".join(str(unit.id) for unit in units) or "NULL"
    card = f"c.voided_at IS NULL AND c.from_on <= ? AND (c.until_on IS NULL OR c.until_on > ?) AND c.status IN ({marks})"
    found: dict[int, set[str]] = {}
    values = [day, day, *statuses]
    for chunk in [None] if only is None else in_chunks(sorted(only), _MEMBERS_AT_ONCE):
        these = "" if chunk is None else f" AND c.member_id IN ({', '.join(map(str, chunk))})"
        here = (
            "SELECT c.member_id FROM membership c JOIN unit_closure k ON k.descendant_id = c.unit_id"
            f" WHERE k.ancestor_id IN ({under}) AND {card}{these}"
        )
        sql = (
            f"SELECT c.member_id, u.number FROM membership c JOIN unit u ON u.id = c.unit_id WHERE {card}{these}"
            f" AND c.member_id IN ({here})"
        )
        for member, number in read_rows(session, sql, [*values, *values]):
            found.setdefault(member, set()).add(number)
    return found


def _emails(session: Session, listed: str) -> dict[int, dict[str, str]]:
    """Addresses as written by how they are compared, the newest first, by member."""
    found: dict[int, dict[str, str]] = {}
    sql = (
        f"SELECT member_id, value, shown FROM identifier WHERE kind = 'email' AND member_id IN ({listed})"
        " ORDER BY recorded_at DESC, value"
    )
    for member, value, shown in read_rows(session, sql):
        found.setdefault(member, {})[value] = shown
    return found


def _used_addresses(session: Session, listed: str) -> dict[int, set[str]]:
    """The addresses by which the provider knows accounts already: with another it would make a second one."""
    found: dict[int, set[str]] = {}
    sql = (
        f"SELECT member_id, provider_id FROM provider_account WHERE is_open AND voided_at IS NULL"
        f" AND member_id IN ({listed})"
    )
    for member, name in read_rows(session, sql):
        found.setdefault(member, set()).add(email_key(name))
    return found
