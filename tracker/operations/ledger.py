"""Keeping the coverage ledger and its balances.

A single act appends its deltas as entries, so that two who write at once never wait for the same row of a local, or of the
whole union. Entries are folded into the ledger and its balances by whoever writes alone, and now and then by a single act. A
figure is a balance, the ledger since and the entries, read in one statement: it is the same before and after a fold.
"""

from __future__ import annotations

import random
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date

from sqlalchemy import delete, func, insert, select, text
from sqlalchemy.orm import Session

from tracker.curriculum.coverage import Deltas
from tracker.models import BalanceDay, LedgerBalance, LedgerDelta, LedgerEntry
from tracker.models.base import only_one
from tracker.models.loading import add_up, load, read_rows

_NUMBERS = ("in_scope", "claimed", "reviewed", "provider")
_KEY = ("day", "craft_id", "unit_id", "path_id")
_ENTRY_COLUMNS = ("id", *_KEY, *_NUMBERS)

# From so many rows of balances on it is cheaper to make them anew than to add to each of them.
_MANY_CHANGES = 20_000

_MANY_ENTRIES = 2_000  # from here on a single act folds them, if no other does
_LOOKS = 16  # one act in so many looks how many there are


def append_deltas(session: Session, deltas: Deltas) -> None:
    """Note what a single act changes, beside other writers: rows of its own, for which none of them waits."""
    if not deltas:
        return
    first = random.getrandbits(62)  # not by time: the servers that append at one moment share these keys
    load(session, "coverage_entry", _ENTRY_COLUMNS, ((first + place, *row) for place, row in enumerate(_as_rows(deltas))))
    if random.randrange(_LOOKS) == 0 and _entries(session) > _MANY_ENTRIES and only_one(session):
        fold_entries(session)


def fold_entries(session: Session) -> None:
    """Move the entries into the ledger and its balances. Only one at a time (``only_one``), or as the only writer.

    Entries that others have appended and not committed yet are not seen, and stay.
    """
    deltas: Deltas = {}
    sql = f"DELETE FROM coverage_entry RETURNING unit_id, craft_id, path_id, day, {', '.join(_NUMBERS)}"
    for unit, craft, path, day, *numbers in read_rows(session, sql):
        row = deltas.setdefault((unit, craft, path, _as_day(day)), [0, 0, 0, 0])
        for column, number in enumerate(numbers):
            row[column] += number
    add_deltas(session, deltas)


def _entries(session: Session) -> int:
    return session.scalar(select(func.count()).select_from(LedgerEntry)) or 0


def _as_day(value: date | str) -> date:
    return date.fromisoformat(value) if isinstance(value, str) else value


def add_deltas(session: Session, deltas: Deltas, *, settles: bool = False) -> None:
    """Add to the ledger, and to every balance of the same day or later. Nobody else may be adding.

    Args:
        settles: :func:`settle_balances` follows: many changes may then drop the balances they touch instead of adding to
            each.
    """
    if not deltas:
        return
    add_up(session, LedgerDelta.__table__, _KEY, _NUMBERS, _as_rows(deltas))
    days = balance_days(session)
    if settles and sum(len(days) - bisect_left(days, day) for *_, day in deltas) > _MANY_CHANGES:
        _drop_balances(session, since=min(day for *_, day in deltas))
        return
    later: Deltas = {}
    for (unit, craft, path, day), numbers in deltas.items():
        for balance_day in days[bisect_left(days, day) :]:
            row = later.setdefault((unit, craft, path, balance_day), [0, 0, 0, 0])
            for column, number in enumerate(numbers):
                row[column] += number
    add_up(session, LedgerBalance.__table__, _KEY, _NUMBERS, _as_rows(later))


def _as_rows(deltas: Deltas) -> list[tuple[object, ...]]:
    return [(day, craft, unit, path, *numbers) for (unit, craft, path, day), numbers in deltas.items() if any(numbers)]


def settle_balances(session: Session, today: date) -> None:
    """Fold the entries, and bring the balances to today: one at the end of today, and one twice in every month before.

    A past day is then read from a balance and half a month of the ledger at most.

    Only where no other writer is at work (``writing(alone=True)``): a delta on its way would be missed for ever.
    """
    fold_entries(session)
    first = session.scalar(select(func.min(LedgerDelta.day)))
    wanted = {today, *_half_months(first, today)} if first and first <= today else {today}
    have = set(balance_days(session))
    for day in have - wanted:
        session.execute(delete(LedgerBalance).where(LedgerBalance.day == day))
        session.execute(delete(BalanceDay).where(BalanceDay.day == day))
    for day in sorted(wanted - have):
        _make_balance(session, day)


def clear_ledger(session: Session) -> None:
    """Empty the ledger, its entries and its balances, to be made anew from facts."""
    for table in (LedgerEntry, LedgerBalance, BalanceDay, LedgerDelta):
        session.execute(delete(table))


def balance_days(session: Session) -> list[date]:
    """The days that have balances, in order."""
    return list(session.scalars(select(BalanceDay.day).order_by(BalanceDay.day)))


def _half_months(first: date, today: date) -> Iterator[date]:
    for month in range(first.year * 12 + first.month - 1, today.year * 12 + today.month):
        for number in (1, 16):
            day = date(month // 12, month % 12 + 1, number)
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
