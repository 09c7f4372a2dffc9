"""Taking back what was asked a short while ago: as if it had never been asked."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tracker.coverage.catalogue import find_path
from tracker.curriculum.words import Leaving
from tracker.models import Assignment, AssignmentRule, Craft
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import Group, Plan, assign_path, nearest_crafts, undo_by_name, undo_rule
from tracker.operations.refused import Refused

NEW_YEAR = date(2026, 1, 5)
FLO = "6,Flo,,,15,stagehand,permit,permit,2025-01-01,,\n"
DAYS = (NEW_YEAR, TODAY, date(2026, 12, 1))


def undo(desk: Desk, rule_id: int, later: timedelta = timedelta()) -> int:
    with desk.write() as session:
        rule = session.get_one(AssignmentRule, rule_id)
        return undo_rule(session, rule, OPERATOR, today=desk.today, now=desk.now + later)


def test_a_rule_undone_leaves_the_figures_of_every_day_as_they_were(desk: Desk) -> None:
    desk.roster(ANA + BEN + FLO)
    desk.assign("ai-hours", units=["80"], on=date(2026, 2, 1))
    desk.log("0001", "firefly", TODAY)
    before, changes, asked = desk.figures(*DAYS), desk.changes(), desk.assignments("1")
    rule = desk.assign("ai-hours", everyone=True, on=NEW_YEAR, due_on=TODAY, leaving=Leaving.KEEP).rules[0].id
    assert desk.figures(*DAYS) != before
    assert undo(desk, rule, timedelta(hours=23, minutes=59)) == 3
    assert (desk.figures(*DAYS), desk.changes(), desk.assignments("1")) == (before, changes, asked)
    assert desk.wrong() == []
    desk.roster("9,New,,,80,grip,active,,2026-01-20,,\n")
    assert len(desk.assignments("9")) == 1, "an undone rule reaches nobody later"


def test_an_undone_rule_that_had_been_ended_is_as_never_made_too(desk: Desk) -> None:
    desk.roster(ANA)
    before = desk.figures(*DAYS)
    rule = desk.assign("ai-hours", everyone=True, on=NEW_YEAR).rules[0].id
    desk.unassign(rule, date(2026, 2, 1))
    undo(desk, rule)
    assert desk.figures(*DAYS) == before
    assert desk.wrong() == []


def test_undoing_is_refused_after_a_day_and_the_second_time(desk: Desk) -> None:
    desk.roster(ANA)
    rule = desk.assign("ai-hours", everyone=True, on=NEW_YEAR).rules[0].id
    with pytest.raises(Refused) as late:
        undo(desk, rule, timedelta(hours=24))
    assert late.value.code == "too_late_to_undo"
    assert "End it instead" in late.value.message
    assert desk.figure("ai-hours", "80")[0] == 1
    undo(desk, rule)
    with pytest.raises(Refused) as twice:
        undo(desk, rule)
    assert twice.value.code == "already_undone"


def by_name(desk: Desk) -> int:
    with desk.session() as session:
        wanted = select(Assignment.id).where(Assignment.rule_id.is_(None), Assignment.voided_at.is_(None))
        return session.scalars(wanted).one()


def take_back(desk: Desk, assignment: int, later: timedelta = timedelta()) -> None:
    with desk.write() as session:
        found = session.scalars(select(Assignment).where(Assignment.id == assignment)).one()
        undo_by_name(session, found, OPERATOR, now=desk.now + later)


def test_an_assignment_by_name_undone(desk: Desk) -> None:
    desk.roster(ANA)
    before = desk.figures(*DAYS)
    desk.assign("ai-hours", members=["1"], on=NEW_YEAR)
    made = by_name(desk)
    with pytest.raises(Refused) as late:
        take_back(desk, made, timedelta(days=1))
    assert late.value.code == "too_late_to_undo"
    take_back(desk, made)
    assert desk.figures(*DAYS) == before
    with pytest.raises(Refused) as twice:
        take_back(desk, made)
    assert twice.value.code == "already_undone"
    assert desk.wrong() == []


def test_what_was_asked_long_ago_and_ended_just_now_cannot_be_undone(desk: Desk) -> None:
    """Ending records it anew: that is no making."""
    desk.roster(ANA)
    desk.today = date(2026, 1, 6)
    desk.assign("ai-hours", members=["1"], on=NEW_YEAR)
    desk.today = TODAY
    desk.unassign(by_name(desk), TODAY)
    with pytest.raises(Refused) as refused:
        take_back(desk, by_name(desk))
    assert refused.value.code == "not_by_name"


def test_why_each_is_not_counted(desk: Desk) -> None:
    desk.roster(ANA + BEN + FLO + "7,Gil,,,80,grip,active,,2020-01-01,2026-02-01,\n")
    desk.exempt("0001", "ai-hours", NEW_YEAR)
    with desk.write() as session:
        path = find_path(session, "ai-hours")
        assert path
        plan = Plan(path, on=NEW_YEAR, everyone=True)
        done = assign_path(session, plan, OPERATOR, today=desk.today, now=desk.now, counts_told=True)
    sizes = {group: len(members) for group, members in done.groups.items()}
    assert [sizes[each] for each in (Group.NEW, Group.EXEMPT, Group.STATUS, Group.NO_CARD)] == [1, 1, 1, 1]
    assert done.not_counted == 3
    assert sizes[Group.TOLD] == 1, "Ben has an address; Ana is exempt, and the others are not asked"


def test_a_craft_under_a_unit(desk: Desk) -> None:
    desk.roster(ANA + BEN + BEN.replace("700,editing", "80,grip"))
    assert desk.assign("ai-hours", units=["700"], crafts=["editing"], on=NEW_YEAR).members == 1
    assert (desk.figure("ai-hours", "80")[0], desk.figure("ai-hours", "700")[0]) == (0, 1)


def test_a_craft_that_no_card_has_is_known_by_its_nearest(desk: Desk) -> None:
    desk.roster(ANA + BEN)
    with desk.session() as session:
        assert nearest_crafts(session, "GRIP") is None
        assert nearest_crafts(session, "gripp") == ["grip"]
        assert nearest_crafts(session, "astronomy") == []
        assert session.scalars(select(Craft.name).order_by(Craft.name)).all() == ["editing", "grip"]
