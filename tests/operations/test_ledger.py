"""The ledger and its balances: whatever is written, however late, each figure is the same as counted anew."""

from __future__ import annotations

from datetime import date

import pytest

from tests.operations.conftest import ANA, BEN, Desk
from tracker.coverage.figures import figures_on
from tracker.models import BalanceDay, LedgerBalance, writing
from tracker.operations import ledger
from tracker.operations.ledger import balance_days, settle_balances
from tracker.operations.standings import rebuild

DAYS = (date(2025, 12, 31), date(2026, 1, 5), date(2026, 2, 1), date(2026, 3, 1), date(2026, 3, 2), date(2026, 9, 1))


@pytest.fixture
def union(desk: Desk) -> Desk:
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2025, 2, 10))
    return desk


def balances(desk: Desk) -> list[date]:
    with desk.session() as session:
        return balance_days(session)


def test_there_is_a_balance_of_today_and_two_of_each_month(union: Desk) -> None:
    found = balances(union)
    assert found[:4] == [date(2025, 2, 16), date(2025, 3, 1), date(2025, 3, 16), date(2025, 4, 1)]
    assert found[-4:] == [date(2026, 2, 1), date(2026, 2, 16), date(2026, 3, 1), date(2026, 3, 2)]
    assert len(found) == 2 * 12 + 3


def test_settling_on_a_later_day_moves_the_balance_of_today_and_no_figure(union: Desk) -> None:
    union.log("1", "firefly", date(2026, 2, 1))
    before = union.figures(*DAYS)
    for day in (date(2026, 3, 3), date(2026, 4, 1), date(2026, 7, 2), date(2026, 7, 1), date(2026, 3, 2)):
        with union.write() as session:
            settle_balances(session, day)
        assert balances(union)[-1] == day
        assert union.figures(*DAYS) == before
        assert union.wrong() == []


@pytest.mark.parametrize("on", [date(2019, 5, 5), date(2025, 3, 31), date(2025, 4, 1), date(2025, 12, 31), date(2026, 3, 2)])
def test_a_late_fact_reaches_every_balance_after_its_day(union: Desk, on: date) -> None:
    union.log("1", "firefly", on)
    first = max(on, date(2025, 2, 10))
    for day in (*DAYS, first):
        assert union.figure("ai-hours", "80", day) == (1, *((1, 0, 0) if day >= first else (0, 0, 0)))
    assert union.wrong() == []


def test_many_changes_at_once_drop_the_balances_and_make_them_anew(union: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    few = union.figures(*DAYS)
    rows = "1,,firefly,2025-03-05,provider,,\n2,,firefly,2025-08-05,reviewed,,\n2,,copilot,2026-02-05,provider,,\n"
    monkeypatch.setattr(ledger, "_MANY_CHANGES", 0)
    union.completions(rows)
    assert union.figures(*DAYS) != few
    assert balances(union)[-1] == union.today
    assert union.wrong() == []
    dropped = union.figures(*DAYS)
    with union.write() as session:
        monkeypatch.undo()
        rebuild(session, union.today)
    assert union.figures(*DAYS) == dropped


def test_figures_are_the_same_with_balances_and_without(union: Desk) -> None:
    union.completions("1,,firefly,2025-03-05,provider,,\n2,,firefly,2025-08-05,reviewed,,\n")
    with_balances = union.figures(*DAYS)
    with union.app.app_context(), writing(alone=True) as session:
        for table in (LedgerBalance, BalanceDay):
            session.query(table).delete()
    assert union.figures(*DAYS) == with_balances


def test_what_is_undone_leaves_no_trace_in_the_ledger(union: Desk) -> None:
    before = union.changes()
    union.log("1", "firefly", date(2026, 2, 1))
    assert union.changes() != before
    union.void("1", "firefly")
    assert union.changes() == before
    assert union.wrong() == []


def test_a_figure_is_empty_where_no_one_ever_was_in_scope(desk: Desk) -> None:
    with desk.session() as session:
        assert figures_on(session, desk.today) == {}


def test_a_dual_card_counts_once_in_each_parent(union: Desk) -> None:
    union.roster(BEN.replace("700,editing", "80,grip") + BEN.replace("700,editing", "15,stagehand").replace("2022", "2026"))
    union.log("2", "firefly", date(2026, 2, 1))
    units = {unit: union.figure("ai-hours", unit)[:2] for unit in ("80", "700", "15", "D1", "D2", "IA")}
    assert units == {"80": (2, 1), "700": (1, 1), "15": (1, 1), "D1": (1, 1), "D2": (2, 1), "IA": (2, 1)}
    assert union.wrong() == []
