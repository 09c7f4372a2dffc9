"""Keeping the coverage ledger and its balances."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from tracker.curriculum.coverage import Deltas
from tracker.models import BalanceDay, LedgerBalance, LedgerDelta
from tracker.models.loading import add_up

_NUMBERS = ("in_scope", "claimed", "reviewed", "provider")
_KEY = ("day", "craft_id", "unit_id", "path_id")

# From here on it is cheaper to make the balances anew than to add to each of them.
_MANY_CHANGES = 5_000


def record_deltas(session: Session, deltas: Deltas, *, alone: bool = False) -> None:
    """Add to the ledger, and to every balance of the same day or later.

    Args:
        alone: no other writer is at work, and :func:`settle_balances` follows: many changes may then drop the balances they
            touch instead of adding to each.
    """
    if not deltas:
        return
    add_up(session, LedgerDelta.__table__, _KEY, _NUMBERS, _as_rows(deltas))
    if alone and len(deltas) > _MANY_CHANGES:
        _drop_balances(session, since=min(day for *_, day in deltas))
        return
    days = balance_days(session)
    later: Deltas = {}
    for (unit, craft, path, day), numbers in deltas.items():
        for balance_day in days:
            if balance_day >= day:
                row = later.setdefault((unit, craft, path, balance_day), [0, 0, 0, 0])
                for column, number in enumerate(numbers):
                    row[column] += number
    add_up(session, LedgerBalance.__table__, _KEY, _NUMBERS, _as_rows(later))


def _as_rows(deltas: Deltas) -> list[tuple[object, ...]]:
    return [(day, craft, unit, path, *numbers) for (unit, craft, path, day), numbers in deltas.items() if any(numbers)]


def settle_balances(session: Session, today: date) -> None:
    """Bring the balances to today: one at the end of today, and one at the beginning of each past quarter.

    Only where no other writer is at work (``writing(alone=True)``): a delta on its way would be missed for ever.
    """
    first = session.scalar(select(func.min(LedgerDelta.day)))
    wanted = {today, *_quarters(first, today)} if first and first <= today else {today}
    have = set(balance_days(session))
    for day in have - wanted:
        session.execute(delete(LedgerBalance).where(LedgerBalance.day == day))
        session.execute(delete(BalanceDay).where(BalanceDay.day == day))
    for day in sorted(wanted - have):
        _make_balance(session, day)


def clear_ledger(session: Session) -> None:
    """Empty the ledger and its balances, to be made anew from facts."""
    for table in (LedgerBalance, BalanceDay, LedgerDelta):
        session.execute(delete(table))


def balance_days(session: Session) -> list[date]:
    """The days that have balances, in order."""
    return list(session.scalars(select(BalanceDay.day).order_by(BalanceDay.day)))


def _quarters(first: date, today: date) -> Iterator[date]:
    for year in range(first.year, today.year + 1):
        for month in (1, 4, 7, 10):
            day = date(year, month, 1)
            if first <= day < today:
                yield day


def _drop_balances(session: Session, since: date) -> None:
    session.execute(delete(LedgerBalance).where(LedgerBalance.day >= since))
    session.execute(delete(BalanceDay).where(BalanceDay.day >= since))


def _make_balance(session: Session, day: date) -> None:
    """The sums at the end of a day, from the balance before it and the deltas since."""
    before = session.scalar(select(func.max(BalanceDay.day)).where(BalanceDay.day < day)) or date.min
    sums = ", ".join(f"sum({number}) AS {number}" for number in _NUMBERS)
    numbers = ", ".join(_NUMBERS)
    nonzero = " OR ".join(f"sum({number}) <> 0" for number in _NUMBERS)
    session.execute(insert(BalanceDay).values(day=day))
    session.execute(
        text(
            f"INSERT INTO coverage_balance (day, craft_id, unit_id, path_id, {numbers}) "
            f"SELECT CAST(:day AS {_day_type(session)}), craft_id, unit_id, path_id, {sums} FROM ("
            f" SELECT craft_id, unit_id, path_id, {numbers} FROM coverage_balance WHERE day = :before"
            f" UNION ALL"
            f" SELECT craft_id, unit_id, path_id, {numbers} FROM coverage_ledger WHERE day > :before AND day <= :day"
            f") AS parts GROUP BY craft_id, unit_id, path_id HAVING {nonzero}"
        ),
        {"day": day, "before": before},
    )


def _day_type(session: Session) -> str:
    return "TEXT" if session.get_bind().dialect.name == "sqlite" else "date"
