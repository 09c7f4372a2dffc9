"""Who cannot get in and who has not done it: on a few people counted by hand, and on random unions counted the slow way."""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.operations.conftest import Desk
from tracker.coverage.access_funnel import (
    AccessReport,
    Step,
    UnitAccess,
    Who,
    locals_access,
    paths_in,
    unit_access,
    without_small_steps,
)
from tracker.coverage.access_funnel.files import access_document
from tracker.coverage.catalogue import find_path
from tracker.coverage.derivation import derive, facts_of, world_as_known
from tracker.coverage.exports import document_csv
from tracker.coverage.figures import coverage_report, end_of
from tracker.coverage.finding import find_unit
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import Assurance
from tracker.demonstration.accounts import account_rows
from tracker.demonstration.building import catalogue_text
from tracker.demonstration.learning import Learning
from tracker.demonstration.people import people
from tracker.models import Batch, LearningPath, Member, Unit, db, new_id
from tracker.operations.actor import OPERATOR
from tracker.operations.batches import undo_batch
from tracker.operations.provider_accounts import AccountList
from tracker.operations.rows import AccountRow

TODAY = date(2026, 3, 2)
REVIEWED = Assurance.REVIEWED


@pytest.fixture
def desk(app: Flask) -> Desk:
    desk = Desk(app, TODAY)
    desk.units()
    desk.catalogue()
    return desk


def account(number: str, **said: Any) -> AccountRow:
    given = {"email": "", "provider_id": f"U{number}", "learner_name": "", "is_open": True}
    given |= {"invited_on": None, "activated_on": None, "line": int(number) + 1}
    return AccountRow(member_number=number, **{**given, **said})


def listed(desk: Desk, rows: Iterable[AccountRow], *, full: bool = False, provider: str = "linkedin") -> int:
    """Record a list as a batch of its own."""
    rows = list(rows)
    with (
        desk.app.app_context(),
        AccountList(db.session(), lambda: rows, provider, full=full) as accounts,
        desk.write() as session,
    ):
        batch = Batch(id=new_id(), kind="accounts", profile="mapping", file_name="people.csv", sha256="")
        batch.recorded_at = desk.now
        session.add(batch)
        session.flush()
        accounts.record(session, actor=OPERATOR, batch_id=batch.id, today=desk.today, now=desk.now)
        return batch.id


def unit_of(number: str) -> Unit:
    unit = find_unit(db.session(), number)
    assert unit is not None
    return unit


def path_of(code: str) -> LearningPath:
    path = find_path(db.session(), code)
    assert path is not None
    return path


def asked(
    desk: Desk,
    unit: str = "80",
    path: str = "ai-hours",
    on: date = TODAY,
    known: date | None = None,
    floor: Assurance = REVIEWED,
) -> UnitAccess:
    with desk.session() as session:
        return unit_access(session, unit_of(unit), path_of(path), as_of=on, known=known, floor=floor)


def names(found: UnitAccess, who: Who) -> str:
    return " ".join(each.person.number.lstrip("0") for each in found.chosen(who))


CARDS = "".join(f"{n:04},First,Last{n:02},,80,grip,active,member,2019-03-01,,yes\n" for n in range(1, 10))


@pytest.fixture
def local(desk: Desk) -> Desk:
    """Nine people of Local 80 (9 is excused), each of whom got to another step."""
    desk.roster(CARDS)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.exempt("0009", "ai-hours", date(2026, 1, 1))
    desk.completions(
        "".join(
            f"{number},,{course},2026-02-20,{assurance},,\n"
            for number, course, assurance in (
                *((number, "copilot", "provider") for number in ("0004", "0007")),
                *(("0005", course, "provider") for course in ("what-is-generative-ai", "copilot")),
                *(("0006", course, "reviewed") for course in ("what-is-generative-ai", "copilot")),
                *(("0008", course, "claimed") for course in ("what-is-generative-ai", "copilot")),
            )
        )
    )
    day = date(2026, 1, 10)
    listed(
        desk,
        [
            account("2", invited_on=day),
            account("3", invited_on=day, activated_on=date(2026, 2, 1)),
            account("4", activated_on=day),
            account("5", activated_on=day),
            account("7", activated_on=day, is_open=False),
            account("8", activated_on=day),
            account("9", activated_on=day),
        ],
    )
    return desk


def test_everyone_in_scope_stands_at_exactly_one_step(local: Desk) -> None:
    found = asked(local)
    assert {each.person.number[-1]: each.step.name for each in found.people} == {
        "1": "NO_ACCOUNT",
        "2": "NOT_ACTIVATED",
        "3": "NOT_BEGUN",
        "4": "BEGUN",
        "5": "COMPLETE",
        "6": "COMPLETE",  # in a class, without an account
        "7": "NO_ACCOUNT",  # closed
        "8": "BEGUN",  # claimed only
    }
    wanted = {
        Who.IN_SCOPE: "1 2 3 4 5 6 7 8",
        Who.WITH_ACCOUNT: "2 3 4 5 6 8",
        Who.ACTIVATED: "3 4 5 6 8",
        Who.STARTED: "4 5 6 8",
        Who.COMPLETE: "5 6",
        Who.CANNOT_GET_IN: "1 2 7",
        Who.NOT_DONE: "3 4 8",
        Who.NO_ACCOUNT: "1 7",
        Who.NOT_ACTIVATED: "2",
        Who.NOT_BEGUN: "3",
        Who.BEGUN: "4 8",
        Who.TWO_ACCOUNTS: "",
    }
    assert {who: names(found, who) for who in Who} == wanted
    assert {who: found.funnel.count(who) for who in Who if who is not Who.TWO_ACCOUNTS} == {
        who: len(numbers.split()) for who, numbers in wanted.items() if who is not Who.TWO_ACCOUNTS
    }
    assert found.funnel.done_without == 1
    assert names(asked(local, floor=Assurance.CLAIMED), Who.COMPLETE) == "5 6 8"
    assert names(asked(local, floor=Assurance.PROVIDER), Who.COMPLETE) == "5"
    assert names(asked(local, floor=Assurance.PROVIDER), Who.CANNOT_GET_IN) == "1 2 6 7"


def test_the_same_on_an_earlier_day(local: Desk) -> None:
    found = asked(local, on=date(2026, 1, 20))
    assert names(found, Who.COMPLETE) == ""
    assert names(found, Who.NOT_ACTIVATED) == "2 3", "3 activated theirs on 1 February"
    assert names(found, Who.NOT_BEGUN) == "4 5 8"
    found = asked(local, on=date(2026, 1, 9))
    assert names(found, Who.NO_ACCOUNT) == "1 2 3 4 5 6 7 8", "nobody was invited yet"


def test_as_known_goes_by_when_a_list_was_recorded(local: Desk) -> None:
    local.today = date(2026, 3, 9)
    second = listed(local, [account("1", activated_on=TODAY), account("4", is_open=False)])
    assert names(asked(local, on=local.today), Who.CANNOT_GET_IN) == "2 4 7"
    assert names(asked(local, on=local.today, known=date(2026, 3, 8)), Who.CANNOT_GET_IN) == "1 2 7"
    never = asked(local, on=local.today, known=date(2026, 3, 1))
    assert never.report.accounts.listed_at is None
    known = asked(local, known=date(2026, 3, 8)).report.accounts.listed_at
    assert known == datetime.combine(TODAY, time(12), UTC)
    assert asked(local).report.accounts.listed_at == local.now
    local.today = date(2026, 3, 10)
    with local.write() as session:
        undo_batch(session, session.get_one(Batch, second), OPERATOR, today=local.today, now=local.now)
    assert names(asked(local, on=local.today), Who.CANNOT_GET_IN) == "1 2 7"
    assert asked(local).report.accounts.listed_at == known
    assert asked(local, known=date(2026, 3, 9)).report.accounts.listed_at != known, "it was not undone yet"


def test_without_a_list_that_is_said(desk: Desk) -> None:
    desk.roster(CARDS)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    assert asked(desk).report.accounts.listed_at is None
    batch = listed(desk, [account("77")])
    assert asked(desk).report.accounts.listed_at == desk.now, "a list of which nobody is known is one"
    with desk.write() as session:
        undo_batch(session, session.get_one(Batch, batch), OPERATOR, today=desk.today, now=desk.now)
    assert asked(desk).report.accounts.listed_at is None


def test_a_list_that_says_of_nobody_who_has_activated_theirs_leaves_none_at_that_step(desk: Desk) -> None:
    desk.roster(CARDS)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    listed(desk, [account("1"), account("2", invited_on=date(2026, 1, 10)), account("3", is_open=False)])
    found = asked(desk)
    assert not found.report.accounts.tells_activation
    assert (names(found, Who.NOT_ACTIVATED), names(found, Who.NOT_BEGUN)) == ("", "1 2")
    listed(desk, [account("4", activated_on=date(2026, 1, 10)), account("2")], provider="elsewhere")
    found = asked(desk)
    assert found.report.accounts.tells_activation
    assert names(found, Who.NOT_BEGUN) == "1 2 4", "2 can get in where nobody tells"
    assert names(found, Who.TWO_ACCOUNTS) == "", "one at each"
    listed(desk, [account("1", provider_id="other")])
    assert names(asked(desk), Who.TWO_ACCOUNTS) == "1"


def test_whose_completion_has_lapsed_has_begun(desk: Desk) -> None:
    desk.roster(CARDS)
    desk.assign("set-safety", everyone=True, on=date(2024, 1, 5))
    desk.completions("".join(f"0001,,{course},2025-01-20,reviewed,,\n" for course in ("osha-10", "fall-protection")))
    listed(desk, [account("1", activated_on=date(2025, 1, 1)), account("2", activated_on=date(2025, 1, 1))])
    before = asked(desk, path="set-safety", on=date(2026, 1, 19))
    assert (names(before, Who.COMPLETE), names(before, Who.NOT_BEGUN)) == ("1", "2")
    after = asked(desk, path="set-safety", on=date(2026, 1, 20))
    assert (names(after, Who.COMPLETE), names(after, Who.BEGUN)) == ("", "1")
    with desk.session() as session:
        report = locals_access(session, path_of("set-safety"), as_of=date(2026, 1, 20), known=None, floor=REVIEWED)
    assert report.rows[0].funnel == after.funnel


def test_paths_that_ask_someone_come_first(local: Desk) -> None:
    with local.session() as session:
        here = [(choice.path.code, choice.is_asked) for choice in paths_in(session, unit_of("80"), TODAY)]
        assert here == [("ai-hours", True), ("ai-fundamentals", False), ("set-safety", False)]
        assert paths_in(session, None, TODAY)[0].path.code == "ai-hours"
        assert not any(choice.is_asked for choice in paths_in(session, unit_of("15"), TODAY))


def test_a_report_as_a_file(local: Desk) -> None:
    found = asked(local)
    text = document_csv(access_document(found.report, found.report.rows[0].path, "Local 80"), header=False)
    assert text.splitlines() == [
        "path,unit,unit_kind,in_scope,with_account,activated,started,complete,cannot_get_in,not_done,complete_without_account",
        "ai-hours,80,local,8,6,5,4,2,3,3,1",
    ]


TOLD = (Who.WITH_ACCOUNT, Who.ACTIVATED, Who.STARTED, Who.CANNOT_GET_IN, Who.NOT_DONE, Who.NO_ACCOUNT)


def test_what_a_reader_from_outside_is_told(local: Desk) -> None:
    """Eight in scope: two without an account, one who has not activated theirs, one who has not begun, two who have, two
    complete, one of them without an account."""
    found = asked(local)

    def told(smallest: int, *, is_part: bool = False, named: Iterable[int] = ()) -> tuple[list[int | None], int | None]:
        seen = without_small_steps(found, smallest, is_part=is_part, named={*named})
        assert not seen.people
        assert (seen.funnel.in_scope, seen.funnel.count(Who.COMPLETE)) == (8, 2)
        for who in Who:
            if seen.funnel.told(who) is None:
                with pytest.raises(ValueError, match="hidden"):
                    seen.funnel.count(who)
        return [seen.funnel.told(who) for who in TOLD], seen.funnel.done_without

    nothing: list[int | None] = [None] * len(TOLD)
    assert told(1) == ([6, 5, 4, 3, 3, 2], 1)
    assert told(1, is_part=True) == (nothing, None), "of a part nothing, however large"
    assert told(2) == ([6, None, None, None, None, 2], None), "one each at two steps, and a third that would tell them"
    assert told(5) == (nothing, None)
    by_name = [each.person.member_id for each in found.people if each.step in (Step.NOT_ACTIVATED, Step.NOT_BEGUN)]
    assert told(2, named=by_name) == ([6, 5, 4, 3, 3, 2], None), "these are known; the others are two at each step"
    assert told(3, named=by_name) == (nothing, None)
    assert told(9, named=(each.person.member_id for each in found.people)) == ([6, 5, 4, 3, 3, 2], 1)


# --- Random unions, counted the slow way ------------------------------------------------------------------------------

LOCALS = ("80", "700", "15")
PATHS = ("ai-fundamentals", "ai-hours", "set-safety")
COURSES = ("what-is-generative-ai", "ai-ethics", "firefly", "copilot", "osha-10", "fall-protection")


@dataclass
class Story:
    """A random union and its lists of accounts; of the lists it keeps what each said, and when."""

    desk: Desk
    chance: random.Random
    # after each list, at its moment: number → account → (open, invited, activated)
    lists: list[tuple[datetime, dict[str, dict[str, tuple[bool, date | None, date | None]]]]] = field(default_factory=list)

    def live(self) -> None:
        rows, done = [], []
        for number in range(1, 41):
            for local in self.chance.sample(LOCALS, self.chance.choice((1, 1, 1, 2))):
                status = self.chance.choice(("active", "active", "active", "apprentice", "retired"))
                until = self.chance.choice(("", "", "", "2026-02-10"))
                rows.append(f"{number:04},First,L{number},,{local},grip,{status},member,2024-01-01,{until},no\n")
            for course in self.chance.sample(COURSES, self.chance.randrange(len(COURSES))):
                on = self.day()
                done.append(f"{number:04},,{course},{on},{self.chance.choice(('claimed', 'reviewed', 'provider'))},,\n")
        self.desk.today = date(2025, 11, 1)
        self.desk.roster("".join(rows))
        self.desk.assign("ai-fundamentals", everyone=True, on=date(2025, 6, 1))
        self.desk.assign("ai-hours", units=["D2"], on=date(2025, 9, 1))
        self.desk.assign("set-safety", units=["80", "15"], on=date(2025, 3, 1))
        half = len(done) // 2
        self.desk.completions("".join(row for row in done[:half] if row.split(",")[3] <= "2025-11-01"))
        for today in (date(2025, 12, 1), date(2026, 1, 15), date(2026, 2, 15)):
            self.desk.today = today
            self.take_a_list()
        self.desk.today = TODAY
        self.desk.completions("".join(done[half:]))
        self.desk.exempt("0003", "ai-fundamentals", date(2026, 1, 1))

    def day(self) -> date:
        return date(2025, 1, 1) + timedelta(days=self.chance.randrange(420))

    def take_a_list(self) -> None:
        """A list with ids, so that there is no doubt which account a row is of; sometimes a complete one."""
        full = self.chance.random() < 0.4
        before = self.lists[-1][1] if self.lists else {}
        state = {number: dict(accounts) for number, accounts in before.items()}
        rows = []
        for number in self.chance.sample(range(1, 41), self.chance.randrange(15, 35)):
            for name in self.chance.sample(("a", "b"), self.chance.choice((1, 1, 1, 2))):
                invited, activated = (self.chance.choice((None, self.day())) for _ in range(2))
                is_open = self.chance.random() < 0.8
                row = account(str(number), provider_id=f"{name}{number}", is_open=is_open, invited_on=invited)
                rows.append(replace_days(row, activated, self.desk.today))
        named = {(row.member_number, row.provider_id) for row in rows}
        if full:
            for whose, accounts in state.items():
                for called, (_, invited, activated) in accounts.items():
                    if (whose, called) not in named:
                        accounts[called] = (False, invited, activated)
        for row in rows:
            _, invited, activated = state.setdefault(row.member_number, {}).get(row.provider_id, (False, None, None))
            state[row.member_number][row.provider_id] = (
                row.is_open,
                row.invited_on or invited,
                row.activated_on or activated,
            )
        listed(self.desk, [row._replace(line=line) for line, row in enumerate(rows, start=2)], full=full)
        self.lists.append((self.desk.now, state))

    def accounts(self, known: date | None) -> dict[str, dict[str, tuple[bool, date | None, date | None]]]:
        moment = end_of(known) if known else None
        said = [state for at, state in self.lists if moment is None or at <= moment]
        return said[-1] if said else {}


def replace_days(row: AccountRow, activated: date | None, today: date) -> AccountRow:
    """No list tells of days to come."""
    invited = row.invited_on and min(row.invited_on, today)
    return row._replace(invited_on=invited, activated_on=activated and min(activated, today))


def slow_steps(
    story: Story, path: str, day: date, known: date | None, floor: Assurance
) -> dict[tuple[str, str], tuple[Step, bool, bool]]:
    """By unit and member: the step, whether they have an open account, and whether two. Straight from the facts."""
    session = db.session()
    world = world_as_known(session, end_of(known) if known else None)
    numbers = {row.member_id: row.number for row in session.execute(select(Member.member_id, Member.number))}
    units = {row.id: row.number for row in session.execute(select(Unit.id, Unit.number))}
    said = story.accounts(known)
    tells = any(each[2] for accounts in said.values() for each in accounts.values())
    path_id = path_of(path).id
    steps = {}
    for member, facts in facts_of(session, world, known_at=end_of(known) if known else None):
        derived = derive(facts, world)
        spans = derived.standings.get(path_id, [])
        there = [
            (is_open, activated)
            for is_open, invited, activated in said.get(str(int(numbers[member])), {}).values()
            if min((each for each in (invited, activated) if each), default=day) <= day
        ]
        is_open = any(each[0] for each in there)
        can_get_in = any(each[0] and (not tells or (each[1] is not None and each[1] <= day)) for each in there)
        if any(span.level >= floor and span.from_on <= day < span.until_on for span in spans):
            step = Step.COMPLETE
        elif not can_get_in:
            step = Step.NOT_ACTIVATED if is_open else Step.NO_ACCOUNT
        else:
            step = Step.BEGUN if any(span.from_on <= day for span in spans) else Step.NOT_BEGUN
        for row in derived.scope:
            if row.path == path_id and row.from_on <= day < row.until_on:
                for unit in world.above[row.unit]:
                    steps[units[unit], numbers[member]] = (step, is_open, sum(each[0] for each in there) > 1)
    return steps


def compare(story: Story, path: str, day: date, known: date | None, floor: Assurance) -> None:
    session = db.session()
    wanted = slow_steps(story, path, day, known, floor)
    figures = {row.unit: row.figure for row in coverage_report(session, as_of=day, known=known, path=path_of(path)).rows}
    units = {}
    for number in ("IA", "D1", "D2", *LOCALS):
        found = unit_access(session, unit_of(number), path_of(path), as_of=day, known=known, floor=floor)
        here = {member: each for (unit, member), each in wanted.items() if unit == number}
        if number in LOCALS:
            got = {each.person.number: (each.step, each.access.has_account, each.access.has_two) for each in found.people}
            assert got == here, (path, day, known, floor)
            units[number] = found.funnel
        assert {step: found.funnel.steps.get(step, 0) for step in Step} == {
            step: sum(each[0] is step for each in here.values()) for step in Step
        }
        assert found.funnel.done_without == sum(step is Step.COMPLETE and not is_open for step, is_open, _ in here.values())
        assert found.funnel.in_scope == figures[number].in_scope
        assert found.funnel.count(Who.COMPLETE) == figures[number].covered(floor)
        nested = [
            found.funnel.count(who) for who in (Who.IN_SCOPE, Who.WITH_ACCOUNT, Who.ACTIVATED, Who.STARTED, Who.COMPLETE)
        ]
        assert nested == sorted(nested, reverse=True)
        assert nested[0] == found.funnel.cannot_get_in + found.funnel.not_done + nested[-1]
    report: AccessReport = locals_access(session, path_of(path), as_of=day, known=known, floor=floor)
    assert {row.unit.number: row.funnel for row in report.rows} == {
        number: funnel for number, funnel in units.items() if funnel.in_scope
    }
    assert [row.funnel.cannot_get_in for row in report.rows] == sorted(
        (row.funnel.cannot_get_in for row in report.rows), reverse=True
    )


@pytest.mark.parametrize("seed", range(4))
def test_a_random_union_is_counted_as_the_slow_way(desk: Desk, seed: int) -> None:
    story = Story(desk, random.Random(seed))
    story.live()
    days = [TODAY, date(2026, 1, 1), date(2025, 6, 1), *(story.day() for _ in range(3))]
    with desk.session():
        for day in days:
            for path in PATHS:
                compare(story, path, day, None, story.chance.choice(list(Assurance)))
        for known in (date(2025, 11, 30), date(2026, 1, 20), TODAY):
            compare(story, story.chance.choice(PATHS), story.chance.choice(days), known, REVIEWED)
    assert desk.wrong() == []


# --- The demonstration -------------------------------------------------------------------------------------------------


def test_the_demonstrations_list_is_the_same_from_the_same_seed() -> None:
    catalogue = read_catalogue(catalogue_text(), "the demonstration")

    def rows(seed: int) -> list[AccountRow]:
        return list(account_rows(people(300, seed, TODAY), Learning(catalogue, seed, TODAY), seed, TODAY))

    assert rows(1893) == rows(1893) != rows(7)
    found = rows(1893)
    assert [row.line for row in found] == list(range(2, len(found) + 2))
    assert all(day is None or day <= TODAY for row in found for day in (row.invited_on, row.activated_on))
    assert {row.is_open for row in found} == {True, False}
