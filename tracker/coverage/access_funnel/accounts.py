"""What the providers' lists say of whose accounts on a day."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import FactReader
from tracker.models import Batch, BatchUndone, ProviderAccount, Unit
from tracker.models.loading import read_rows


@dataclass(slots=True)
class Access:
    """What the providers' lists say of one member's accounts on a day."""

    open_at: list[str] = field(default_factory=list)  # a provider for each open account
    is_activated: bool = False  # one of the open ones
    is_closed: bool = False  # there is one that may not be used
    invited_on: date | None = None
    activated_on: date | None = None

    @property
    def has_account(self) -> bool:
        return bool(self.open_at)

    @property
    def has_two(self) -> bool:
        """Whether there are two at one provider: what was done in the one is not seen in the other."""
        return len(set(self.open_at)) < len(self.open_at)


NO_ACCOUNT = Access()


class AccountsKnown(NamedTuple):
    """How much is known of accounts at all."""

    listed_at: datetime | None  # when the newest list was recorded; None: there never was one
    tells_activation: bool  # whether any list says who has activated theirs


def _valid(moment: datetime | None) -> tuple[str, list[Any]]:
    if moment is None:
        return "a.voided_at IS NULL", []
    return "a.recorded_at <= ? AND (a.voided_at IS NULL OR a.voided_at > ?)", [moment, moment]


def accounts_sql(session: Session, day: date, moment: datetime | None) -> tuple[str, list[Any]]:
    """The query for the accounts that there were on a day, and its values: whose, at which provider, whether it is open and
    activated, and its days."""
    valid, known = _valid(moment)
    # a list that says of nobody who has activated theirs cannot tell who has not
    silent = [provider for provider, tells in _providers(session, moment) if not tells]
    is_activated = "a.activated_on <= ?"
    if silent:
        is_activated += f" OR a.provider IN ({', '.join('?' * len(silent))})"
    sql = (
        "SELECT a.member_id, a.provider, a.is_open, a.invited_on, a.activated_on,"
        f" CASE WHEN {is_activated} THEN 1 ELSE 0 END AS is_activated FROM provider_account a WHERE {valid}"
        " AND (coalesce(a.invited_on, a.activated_on) IS NULL OR a.invited_on <= ? OR a.activated_on <= ?)"
    )
    return sql, [day, *silent, *known, day, day]


def accounts_under(session: Session, unit: Unit, day: date, moment: datetime | None) -> dict[int, Access]:
    """What is known of the accounts of whoever ever held a card in a unit, by member, of those who have any."""
    sql, values = accounts_sql(session, day, moment)
    under = "SELECT descendant_id FROM unit_closure WHERE ancestor_id = ?"
    here = f"SELECT c.member_id FROM membership c WHERE c.unit_id IN ({under})"
    return _by_member(session, f"{sql} AND a.member_id IN ({here})", [*values, unit.id])


def accounts_of_all(session: Session, day: date, moment: datetime | None) -> dict[int, Access]:
    """The same of everyone."""
    return _by_member(session, *accounts_sql(session, day, moment))


def _by_member(session: Session, sql: str, values: Sequence[Any]) -> dict[int, Access]:
    read = FactReader(session, ())
    found: dict[int, Access] = {}
    for member, provider, is_open, invited_on, activated_on, is_activated in read_rows(session, sql, values):
        own = found.setdefault(member, Access())
        if not is_open:
            own.is_closed = True
            continue
        own.open_at.append(provider)
        own.is_activated = own.is_activated or bool(is_activated)
        own.invited_on = _earliest(own.invited_on, invited_on and read.day(invited_on))
        own.activated_on = _earliest(own.activated_on, activated_on and is_activated and read.day(activated_on))
    return found


def _earliest(one: date | None, other: date | None) -> date | None:
    return min((each for each in (one, other) if each), default=None)


def accounts_known(session: Session, moment: datetime | None = None) -> AccountsKnown:
    """When the newest list of accounts was recorded, as we know it or as we knew it by a moment."""
    undone = select(BatchUndone.batch_id)
    lists = select(func.max(Batch.recorded_at)).where(Batch.kind == "accounts")
    facts = select(func.max(ProviderAccount.recorded_at))  # of lists that came without a file
    if moment is None:
        facts = facts.where(ProviderAccount.voided_at.is_(None))
    else:
        undone = undone.where(BatchUndone.undone_at <= moment)
        lists = lists.where(Batch.recorded_at <= moment)
        facts = facts.where(
            ProviderAccount.recorded_at <= moment,
            or_(ProviderAccount.voided_at.is_(None), ProviderAccount.voided_at > moment),
        )
    listed_at = session.scalar(lists.where(Batch.id.not_in(undone))) or session.scalar(facts)
    return AccountsKnown(listed_at, any(tells for _, tells in _providers(session, moment)))


def _providers(session: Session, moment: datetime | None) -> Iterator[tuple[str, bool]]:
    """The providers that have any account, and whether their lists say who has activated theirs."""
    valid, known = _valid(moment)
    sql = f"SELECT a.provider, max(CASE WHEN a.activated_on IS NULL THEN 0 ELSE 1 END) FROM provider_account a WHERE {valid}"
    for provider, tells in read_rows(session, f"{sql} GROUP BY a.provider", known):
        yield provider, bool(tells)
