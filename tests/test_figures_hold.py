"""Whoever writes at once and in whatever order: the figures are those of the facts, and no reader ever sees half an act.

``TRACKER_TEST_CROWDS=40 pytest tests/test_figures_hold.py`` looks further than the usual run; a crowd that fails is made
again from its number, as far as threads let it.
"""

from __future__ import annotations

import os
import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests.conftest import empty_database, make_settings
from tests.operations.conftest import COMPLETIONS, ROSTER, TODAY, Desk
from tracker import create_app
from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.figures import By, coverage_report, figures_on
from tracker.coverage.finding import find_member, find_unit
from tracker.curriculum.words import Assurance
from tracker.intake.imports import import_completions, import_roster
from tracker.models import (
    Assignment,
    Batch,
    Completion,
    Course,
    Craft,
    Exemption,
    LearningPath,
    LedgerEntry,
    Membership,
    Unit,
    db,
    writing,
)
from tracker.operations import ledger
from tracker.operations.actor import OPERATOR
from tracker.operations.assignments import exempt_member
from tracker.operations.batches import undo_batch
from tracker.operations.completions import log_completion, void_completion
from tracker.operations.refused import Refused

CROWDS = int(os.environ.get("TRACKER_TEST_CROWDS", "3"))
PARENTS = {"80": ("80", "D2", "IA"), "700": ("700", "D2", "IA"), "15": ("15", "D1", "IA")}
CHILDREN = {"IA": ("D1", "D2"), "D2": ("80", "700"), "D1": ("15",)}
CRAFTS = ("grip", "editing")
PEOPLE = 12
ACTS = 14  # of each writer

# What the worked example's paths ask, its lengths, and what lapses or stands for another.
ASKS = {
    "ai-fundamentals": (
        lambda held: (
            {"what-is-generative-ai", "ai-ethics"} <= held and len(held & {"prompt-engineering", "firefly", "copilot"}) >= 2
        )
    ),
    "ai-hours": lambda held: sum(MINUTES.get(course, 0) for course in held) >= 120,
    "set-safety": lambda held: {"osha-10", "fall-protection"} <= held,
}
MINUTES = {"what-is-generative-ai": 63, "ai-ethics": 52, "prompt-engineering": 44, "firefly": 228, "copilot": 60}
COURSES = (*MINUTES, "ai-for-creatives", "osha-10", "fall-protection", "rigging-week")


def holds(course: str, on: date, day: date) -> Iterator[str]:
    """The courses that a completion stands for on a day."""
    if on > day:
        return
    lapsed = day >= on.replace(year=on.year + 1)  # no 29 February is used
    if course != "fall-protection" or not lapsed:
        yield course
    if course == "ai-for-creatives" and on >= date(2026, 1, 1):
        yield "what-is-generative-ai"
    if course == "rigging-week" and not lapsed:
        yield "fall-protection"


def counted(session: Session, day: date) -> dict[tuple[str, str], list[int]]:
    """The figures by path and unit, counted card by card from the facts as they are kept, without any of the rules."""
    units = dict(session.execute(select(Unit.id, Unit.number)).all())
    paths = dict(session.execute(select(LearningPath.id, LearningPath.code)).all())
    courses = dict(session.execute(select(Course.id, Course.code)).all())
    cards = [each for each in session.scalars(select(Membership)) if each.voided_at is None and each.status == "active"]
    asks = [each for each in session.scalars(select(Assignment)) if each.voided_at is None and each.kind == "required"]
    excuses = [each for each in session.scalars(select(Exemption)) if each.voided_at is None]
    done = [each for each in session.scalars(select(Completion)) if each.voided_at is None]
    found = {(path, unit): [0, 0, 0, 0] for path in paths.values() for unit in units.values()}
    for member in {card.member_id for card in cards}:
        for path_id, path in paths.items():
            here: set[str] = set()
            for card in cards:
                mine = card.member_id == member and card.from_on <= day < (card.until_on or date.max)
                asked = any(
                    (each.member_id, each.path_id) == (member, path_id)
                    and each.membership_id in (None, card.id)
                    and each.assigned_on <= day < (each.until_on or date.max)
                    for each in asks
                )
                above = PARENTS[units[card.unit_id]]
                excused = any(
                    (each.member_id, each.path_id) == (member, path_id)
                    and each.from_on <= day < (each.until_on or date.max)
                    and (each.unit_id is None or units[each.unit_id] in above)
                    for each in excuses
                )
                if mine and asked and not excused:
                    here.update(above)
            numbers = [1]
            for floor in Assurance:
                held = {
                    course
                    for each in done
                    if each.member_id == member and each.assurance >= floor
                    for course in holds(courses[each.course_id], each.completed_on, day)
                }
                numbers.append(int(ASKS[path](held)))
            for unit in here:
                found[path, unit] = [so_far + number for so_far, number in zip(found[path, unit], numbers, strict=True)]
    return found


def reported(session: Session, day: date) -> dict[tuple[str, str], list[int]]:
    return {(row.path, row.unit): list(row.figure) for row in coverage_report(session, as_of=day).rows}


def check_possible(figures: dict[tuple[str, str], list[int]]) -> None:
    """No figure may be what no union could be: shares within 0 and 1, floors that nest, parents that fit their children."""
    for (path, unit), (in_scope, claimed, reviewed, provider) in figures.items():
        assert 0 <= provider <= reviewed <= claimed <= in_scope, (path, unit, figures[path, unit])
        below = [figures[path, child] for child in CHILDREN.get(unit, ()) if (path, child) in figures]
        for column in range(4) if below else ():
            whole = figures[path, unit][column]
            assert max(each[column] for each in below) <= whole <= sum(each[column] for each in below), (path, unit)


class Writer:
    """One of those who write at once. Days are its own, so that no two record the same."""

    def __init__(self, desk: Desk, seed: int, place: int, writers: int) -> None:
        self.desk, self.random = desk, random.Random(f"{seed} {place}")
        self.days = iter(date(2024, 3, 1) + timedelta(days=each) for each in range(place, 730, writers))
        self.place = place
        self.completions: list[tuple[int, int]] = []
        self.batches: list[int] = []
        self.acts = 0
        acts = [self.log] * 6 + [self.void] * 2 + [self.exempt] * 2 + [self.assign, self.roster, self.import_, self.undo]
        self.chosen = [self.random.choice(acts) for _ in range(ACTS)]

    @contextmanager
    def write(self, *, alone: bool = False) -> Iterator[Session]:
        with self.desk.app.app_context(), writing(alone=alone, patience=120) as session:
            yield session

    def a_day(self) -> date:
        return next(day for day in self.days if (day.month, day.day) != (2, 29) and day <= TODAY)

    def someone(self) -> str:
        return str(self.random.randint(1, PEOPLE))

    def work(self) -> None:
        for act in self.chosen:
            with suppress(Refused):  # two may ask the same of one person: the second is told so
                act()
            self.acts += 1

    def log(self) -> None:
        member, course, day = self.someone(), self.random.choice(COURSES), self.a_day()
        with self.write() as session:
            person = find_member(session, member)
            its_id = log_completion(
                session,
                member=person,
                course=find_course(session, course),
                completed_on=day,
                assurance=self.random.choice(list(Assurance)),
                actor=OPERATOR,
                today=TODAY,
                now=self.desk.now,
            )
        self.completions.append((person.member_id, its_id))

    def void(self) -> None:
        if self.completions:
            key = self.completions.pop(self.random.randrange(len(self.completions)))
            with self.write() as session:
                void_completion(session, session.get_one(Completion, key), "not theirs", OPERATOR, now=self.desk.now)

    def exempt(self) -> None:
        start = date(2025, 1, 1) + timedelta(days=self.random.randrange(400))
        with self.write() as session:
            exempt_member(
                session,
                find_member(session, self.someone()),
                find_path(session, self.random.choice(list(ASKS))),
                reason="leave",
                from_on=start,
                until_on=start + timedelta(days=self.random.randint(1, 300)),
                unit=self.random.choice([None, find_unit(session, self.random.choice(("80", "D2")))]),
                actor=OPERATOR,
                now=self.desk.now,
            )

    def assign(self) -> None:
        whom = self.random.choice(({"everyone": True}, {"units": ["D2"]}, {"members": [self.someone()]}, {"units": ["15"]}))
        on = date(2025, 1, 1) + timedelta(days=self.random.randrange(400))
        with self.write(alone=True) as session:
            self.desk.assign_in(session, self.random.choice(list(ASKS)), on=on, **whom)

    def roster(self) -> None:
        number, local = self.someone(), self.random.choice(list(PARENTS))
        status = self.random.choice(("active", "active", "withdrawn"))
        row = f"{number},P,{number},,{local},{self.random.choice(CRAFTS)},{status},member,{self.a_day()},,no\n"
        with self.write(alone=True) as session:
            content = (ROSTER + row).encode()
            import_roster(session, content, f"{self.place}.csv", OPERATOR, today=TODAY, now=self.desk.now)

    def import_(self) -> None:
        rows = "".join(
            f"{self.someone()},,{self.random.choice(COURSES)},{self.a_day()},{self.random.choice(list(Assurance)).word},,\n"
            for _ in range(12)
        )
        with self.write(alone=True) as session:
            content = (COMPLETIONS + rows).encode()
            done = import_completions(session, content, f"{self.place}.csv", OPERATOR, today=TODAY, now=self.desk.now)
        self.batches.append(done.batch_id)

    def undo(self) -> None:
        if self.batches:
            with self.write(alone=True) as session:
                batch = session.get_one(Batch, self.batches.pop())
                undo_batch(session, batch, OPERATOR, today=TODAY, now=self.desk.now)


@contextmanager
def crowd_of(engine: str, request: pytest.FixtureRequest, folder: Path) -> Iterator[Desk]:
    with empty_database(engine, request, folder) as url:
        desk = Desk(create_app(make_settings(folder, url)))
        desk.units()
        desk.catalogue()
        rows = "".join(
            f"{number},P,{number},,{list(PARENTS)[number % 3]},{CRAFTS[number % 2]},active,member,2024-01-01,,yes\n"
            for number in range(1, PEOPLE + 1)
        )
        desk.roster(rows)
        for path in ASKS:
            desk.assign(path, everyone=True, on=date(2024, 6, 1))
        yield desk
        with desk.app.app_context():
            db.engine.dispose()


def together(works: list[Callable[[], None]]) -> list[BaseException]:
    """Do all of these at once, and give what any of them raised."""
    faults: list[BaseException] = []

    def guarded(work: Callable[[], None]) -> None:
        try:
            work()
        except BaseException as fault:
            faults.append(fault)

    threads = [threading.Thread(target=guarded, args=(work,)) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return faults


DAYS = (
    date(2024, 5, 31),
    date(2024, 6, 1),
    date(2025, 3, 31),
    date(2025, 11, 17),
    date(2026, 1, 1),
    TODAY,
    date(2027, 1, 1),
)


def check_held(desk: Desk) -> None:
    with desk.session() as session:
        for day in DAYS:
            assert reported(session, day) == counted(session, day), day
    assert desk.wrong() == []


@pytest.mark.parametrize("seed", range(CROWDS))
def test_whatever_writers_do_at_once_the_figures_are_those_of_the_facts(
    seed: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_LOOKS", 2)
    monkeypatch.setattr(ledger, "_MANY_ENTRIES", 30)
    with crowd_of("postgresql", request, tmp_path) as desk:
        writers = [Writer(desk, seed, place, 4) for place in range(4)]
        is_over = threading.Event()
        seen: list[int] = []

        def read() -> None:
            while not is_over.is_set():
                with desk.session() as session:
                    for day in (TODAY, date(2025, 3, 31)):
                        found = reported(session, day)
                        check_possible(found)
                        seen.append(len(found))

        reader: list[BaseException] = []
        watching = threading.Thread(target=lambda: reader.extend(together([read])))
        watching.start()
        faults = together([writer.work for writer in writers])
        is_over.set()
        watching.join()
        assert (faults, reader) == ([], [])
        assert seen
        assert [writer.acts for writer in writers] == [ACTS] * 4
        check_held(desk)


@pytest.mark.parametrize("seed", range(CROWDS))
@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_whatever_is_done_one_after_another_the_figures_are_those_of_the_facts(
    engine: str, seed: int, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ledger, "_LOOKS", 2)
    monkeypatch.setattr(ledger, "_MANY_ENTRIES", 30)
    with crowd_of(engine, request, tmp_path) as desk:
        writers = [Writer(desk, seed, place, 2) for place in range(2)]
        for one, other in zip(writers[0].chosen, writers[1].chosen, strict=True):
            for act in (one, other):
                with suppress(Refused):
                    act()
                with desk.session() as session:
                    check_possible(reported(session, TODAY))
        check_held(desk)


@pytest.mark.parametrize("engine", ["sqlite", "postgresql"])
def test_no_fact_of_today_moves_a_past_day_and_voiding_an_old_one_does(
    engine: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    with crowd_of(engine, request, tmp_path) as desk:
        writer = Writer(desk, 7, 0, 1)
        for _ in range(8):
            writer.log()
        desk.log("3", "osha-10", date(2025, 5, 5))
        desk.log("3", "fall-protection", date(2025, 5, 6))
        past = [day for day in DAYS if day < TODAY] + [TODAY - timedelta(days=1)]
        before = desk.figures(*past)
        chance = random.Random(7)
        for number in range(1, PEOPLE + 1):
            for course in chance.sample(COURSES, 5):
                desk.log(str(number), course, TODAY, chance.choice(list(Assurance)))
        desk.exempt("4", "ai-hours", TODAY)
        desk.assign("set-safety", members=["5"], on=TODAY)
        desk.roster(f"6,P,6,,15,grip,active,member,{TODAY},,no\n7,P,7,,80,grip,withdrawn,member,,,no\n")
        desk.completions(f"8,,firefly,{TODAY},provider,,\n9,,copilot,{TODAY},reviewed,,\n")
        assert desk.figures(*past) == before
        assert desk.figures(TODAY) != before[-1:]
        check_held(desk)
        void(desk, "3", "osha-10", date(2025, 5, 5))
        assert desk.figures(*past) != before
        check_held(desk)


def void(desk: Desk, member: str, course: str, on: date) -> None:
    with desk.write() as session:
        found = session.scalars(
            select(Completion).where(
                Completion.member_id == find_member(session, member).member_id,
                Completion.course_id == find_course(session, course).id,
                Completion.completed_on == on,
                Completion.voided_at.is_(None),
            )
        ).one()
        void_completion(session, found, "not theirs", OPERATOR, now=desk.now)


def test_a_fold_moves_every_entry_and_no_figure(request: pytest.FixtureRequest, tmp_path: Path) -> None:
    for engine in ("sqlite", "postgresql"):
        with crowd_of(engine, request, tmp_path) as desk:
            writer = Writer(desk, 3, 0, 1)
            for _ in range(20):
                writer.log()
            with desk.session() as session:
                assert session.scalars(select(LedgerEntry)).first() is not None
                crafts = {0, *session.scalars(select(Craft.id))}
                before = [figures_on(session, day, crafts=crafts) for day in DAYS]
                by_craft = coverage_report(session, as_of=TODAY, by=By.CRAFT).rows
            with desk.app.app_context(), writing() as session:
                ledger.fold_entries(session)
            with desk.session() as session:
                assert session.scalars(select(LedgerEntry)).first() is None
                assert [figures_on(session, day, crafts=crafts) for day in DAYS] == before
                assert coverage_report(session, as_of=TODAY, by=By.CRAFT).rows == by_craft
            assert desk.wrong() == []
