"""Saying once who a reported learner is, or which course a reported one is; and taking it back."""

from __future__ import annotations

import itertools
import random
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import func, select

from tests.operations.conftest import ANA, BEN, TODAY, Desk
from tests.test_worked_example import EXAMPLE
from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.curriculum.words import Assurance
from tracker.models import (
    AuditEntry,
    Batch,
    Completion,
    Course,
    CourseAlias,
    Identifier,
    Member,
    Notice,
    Stranger,
    WaitingCompletion,
    new_id,
    writing,
)
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import record_completions
from tracker.operations.completions.few import record_few
from tracker.operations.recognising import (
    forget_course,
    forget_learner,
    ignore_course,
    map_course,
    recognise_learner,
    set_learner_aside,
    take_learner_back,
)
from tracker.operations.refused import Refused
from tracker.operations.rows import CompletionRow

FIREFLY, ETHICS = "Adobe Firefly Essential Training", "Ethics in the Age of Generative AI"


def _day(text: str = "2026-02-20") -> date:
    return date.fromisoformat(text)


@dataclass
class DeskOverTime(Desk):
    """A desk whose every act has a moment of its own, as in life."""

    moments: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def now(self) -> datetime:
        return super().now + timedelta(seconds=next(self.moments))

    def linkedin(self, *rows: str) -> None:
        """A report's rows of name, e-mail, id and course, completed on 20 February; a day may follow."""
        told = []
        for row in rows:
            name, email, its_id, course, *on = row.split(",")
            told.append(CompletionRow(0, "", its_id, email, name, "", course, _day(*on), Assurance.PROVIDER, "", ""))
        self.report("linkedin", told)

    def table(self, number: str, course: str) -> None:
        """A report that names its learner by number."""
        self.report("table", [CompletionRow(0, number, "", "", "", "", course, _day(), Assurance.PROVIDER, "", "")])

    def report(self, source: str, rows: list[CompletionRow]) -> None:
        rows = [row._replace(line=line) for line, row in enumerate(rows, start=2)]
        with self.write() as session:
            now = self.now
            batch = Batch(id=new_id(), kind="completions", profile=source, file_name="l.csv", sha256="", recorded_at=now)
            session.add(batch)
            session.flush()
            record_completions(session, rows, source=source, actor=OPERATOR, batch_id=batch.id, today=self.today, now=now)

    def act(self, verb: Callable[..., Any], *said: Any, **more: Any) -> Any:
        needs_today = {"today": self.today} if "today" in verb.__code__.co_varnames else {}
        with self.write() as session:
            return verb(session, *said, OPERATOR, **needs_today, **more, now=self.now)

    def recognise(self, key: str, number: str) -> Any:
        with self.write() as session:
            member = find_member(session, number)
            return recognise_learner(session, key, member, OPERATOR, today=self.today, now=self.now)

    def forget(self, key: str, number: str) -> Any:
        with self.write() as session:
            member = find_member(session, number)
            assert member
            return forget_learner(session, key, member, OPERATOR, today=self.today, now=self.now)

    def map(self, name: str, code: str) -> Any:
        with self.write() as session:
            course = find_course(session, code)
            return map_course(session, name, course, OPERATOR, today=self.today, now=self.now)

    def done(self) -> list[str]:
        """Who completed what and when, as it counts."""
        with self.session() as session:
            rows = session.execute(
                select(Member.number, Course.code, Completion.completed_on)
                .join(Completion, Completion.member_id == Member.member_id)
                .join(Course, Course.id == Completion.course_id)
                .where(Completion.voided_at.is_(None))
            )
            return sorted(f"{number} {code} {on}" for number, code, on in rows)

    def known_by(self, number: str) -> list[str]:
        with self.session() as session:
            member = find_member(session, number)
            assert member
            rows = session.scalars(select(Identifier).where(Identifier.member_id == member.member_id))
            return sorted(f"{row.kind.value} {row.value}" for row in rows)

    def waiting(self) -> list[str]:
        """Learner and reason of every row that asks."""
        with self.session() as session:
            asks = (WaitingCompletion.settled_at.is_(None), WaitingCompletion.is_set_aside.is_(False))
            rows = session.scalars(select(WaitingCompletion).where(*asks))
            return sorted(f"{row.learner_key} {row.reason.value}" for row in rows)

    def acts(self) -> list[str]:
        with self.session() as session:
            return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.fixture
def desk(app: Flask) -> DeskOverTime:
    """Ana (0001, Local 80) and Ben (0002, Local 700), asked for ai-hours."""
    desk = DeskOverTime(app)
    desk.units()
    desk.catalogue()
    desk.roster(ANA + BEN)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    return desk


def test_recognising_a_learner_records_what_waited_and_what_comes_later(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,ana@home.example,U-5,{FIREFLY}", f"Ana E,ana@home.example,U-5,{ETHICS}", "Ana E,,U-5,No Such")
    done = desk.recognise("id:u-5", "0001")
    assert (done.recorded, done.known, done.waiting) == (2, 0, 1)
    assert done.taught == ("U-5", "ana@home.example")
    assert desk.done() == ["0001 ai-ethics 2026-02-20", "0001 firefly 2026-02-20"]
    assert desk.known_by("0001") == ["email ana@example.org", "email ana@home.example", "number 1", "provider-id u-5"]
    assert desk.waiting() == ["id:u-5 unknown course"]
    desk.linkedin(f"Someone,,u-5,{FIREFLY},2026-02-25", f"Ana,ANA@home.example,U-6,{ETHICS},2026-02-25")
    assert len(desk.done()) == 4
    assert desk.acts().count("recognise_learner") == 1
    assert desk.wrong() == []


def test_a_member_is_told_of_an_address_that_is_taught_where_they_were_written_to_before(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,ana@home.example,U-5,{FIREFLY}")
    desk.recognise("id:u-5", "0001")
    with desk.session() as session:
        (notice,) = session.scalars(select(Notice))
        assert (notice.address, notice.subject) == ("ana@example.org", "Another e-mail address was added for you")
        assert "ana@home.example" in notice.body


def test_what_was_recorded_before_is_known_and_not_twice(desk: DeskOverTime) -> None:
    desk.table("0001", "firefly")
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}")
    done = desk.recognise("id:u-5", "0001")
    assert (done.recorded, done.known, done.waiting) == (0, 1, 0)
    assert desk.done() == ["0001 firefly 2026-02-20"]


def test_an_address_that_nobody_has_is_taught_and_finds_other_learners_with_it(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana Example,ana@home.example,,{FIREFLY}", f"Ana M Example,ana@home.example,U-9,{ETHICS}")
    done = desk.recognise("email:ana@home.example|ana example", "0001")
    assert (done.recorded, done.further, done.taught) == (2, 1, ("ana@home.example",))
    assert desk.waiting() == []


def test_an_address_reported_for_two_people_becomes_an_alias_of_each(desk: DeskOverTime) -> None:
    rows = [f"Ana Example,both@home.example,,{FIREFLY}", f"Ben Example,both@home.example,,{ETHICS}"]
    desk.linkedin(*rows)
    done = desk.recognise("email:both@home.example|ana example", "0001")
    assert "several people" in done.untaught[0]
    assert desk.done() == ["0001 firefly 2026-02-20"]
    desk.recognise("email:both@home.example|ben example", "0002")
    assert desk.done() == ["0001 firefly 2026-02-20", "0002 ai-ethics 2026-02-20"]
    assert "alias email:both@home.example|ben example" in desk.known_by("0002")
    desk.linkedin(f"ANA example,Both@home.example,,{ETHICS},2026-02-26")
    assert "0001 ai-ethics 2026-02-26" in desk.done()
    assert desk.waiting() == []


def test_an_address_that_two_members_hold_matches_only_together_with_the_name(desk: DeskOverTime) -> None:
    desk.roster("0003,Cy,Example,ana@example.org,80,grip,active,member,2019-03-01,,yes\n")
    desk.linkedin(f"Cy Example,ana@example.org,,{FIREFLY}", f"Ana Example,ana@example.org,,{FIREFLY}")
    assert len(desk.waiting()) == 2
    done = desk.recognise("email:ana@example.org|cy example", "0003")
    assert done.recorded == 1
    assert "another member’s address as well" in done.untaught[0]
    assert desk.waiting() == ["email:ana@example.org|ana example unmatched"]
    desk.linkedin(f"Cy Example,ana@example.org,,{ETHICS}", f"Dee Example,ana@example.org,,{ETHICS}")
    assert desk.done() == ["0003 ai-ethics 2026-02-20", "0003 firefly 2026-02-20"]


def test_a_wrong_number_becomes_an_alias_until_someone_has_it(desk: DeskOverTime) -> None:
    desk.table("0099", "firefly")
    assert desk.recognise("number:99", "0001").recorded == 1
    desk.table("99", "ai-ethics")
    assert desk.done() == ["0001 ai-ethics 2026-02-20", "0001 firefly 2026-02-20"]
    desk.roster("0099,New,Comer,,80,grip,active,member,2026-01-01,,yes\n")
    desk.table("0099", "copilot")
    assert "0099 copilot 2026-02-20" in desk.done()


def named(name: str, course: str, on: date = date(2026, 2, 2)) -> CompletionRow:
    return CompletionRow(1, "", "", "", name, "", course, on, Assurance.PROVIDER, "", "", "80")


def test_a_mere_name_is_settled_and_teaches_nothing(desk: DeskOverTime) -> None:
    with desk.write() as session:
        rows = [named("Ana Example", "firefly"), named("Ana Example", "Mystery")]
        record_few(session, rows, source="hall", actor=OPERATOR, today=desk.today, now=desk.now)
    before = desk.known_by("0001")
    done = desk.recognise("name:hall:ana example", "0001")
    assert (done.recorded, done.waiting, done.taught) == (1, 1, ())
    assert desk.known_by("0001") == before
    assert desk.map("text:mystery", "copilot").recorded == 1  # whom a person named is remembered for the row itself
    assert desk.done() == ["0001 copilot 2026-02-02", "0001 firefly 2026-02-02"]
    with desk.write() as session:
        later = [named("Ana Example", "firefly", date(2026, 2, 3))]
        record_few(session, later, source="hall", actor=OPERATOR, today=desk.today, now=desk.now)
    assert desk.waiting() == ["name:hall:ana example unmatched"]


def test_what_is_refused_is_said_in_words_and_writes_nothing(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}", f"Bea,,U-6,{FIREFLY}")
    desk.act(set_learner_aside, "id:u-6")
    before = desk.written()
    for key, number, code in (
        ("id:u-5", "0777", "unknown_member"),
        ("id:u-7", "0001", "nothing_waits"),
        ("id:u-6", "0001", "set_aside"),
    ):
        with pytest.raises(Refused) as refused:
            desk.recognise(key, number)
        assert refused.value.code == code
    assert desk.written() == before


def test_an_id_that_another_member_has_offers_to_merge(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}")
    with desk.write() as session:
        ben = find_member(session, "0002")
        assert ben
        session.add(Identifier(kind="provider-id", value="u-5", member_id=ben.member_id, shown="U-5", recorded_at=desk.now))
    with pytest.raises(Refused, match=r"Ben Example’s .* merge the two members"):
        desk.recognise("id:u-5", "0001")


# --- Taking it back ------------------------------------------------------------------------------------------------------


def everything(desk: DeskOverTime) -> tuple[Any, ...]:
    return desk.done(), desk.waiting(), desk.known_by("0001"), desk.known_by("0002"), desk.figures()


def test_taking_back_leaves_everything_as_it_was(desk: DeskOverTime) -> None:
    desk.table("0001", "firefly")
    desk.linkedin(f"Ana E,x@home.example,U-5,{FIREFLY}", f"Ana E,x@home.example,U-5,{ETHICS}", "Ana E,,U-5,No Such")
    before = everything(desk)
    desk.recognise("id:u-5", "0001")
    assert everything(desk) != before
    done = desk.forget("id:u-5", "0001")
    assert (done.voided, done.waiting, done.imported_since) == (1, 3, 0)  # what the table had brought stays
    assert everything(desk) == before
    assert desk.wrong() == []
    assert desk.recognise("id:u-5", "0002").recorded == 2
    with pytest.raises(Refused) as refused:
        desk.forget("id:u-5", "0001")
    assert refused.value.code == "not_recognised"


def test_what_was_taken_back_can_be_said_again(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,x@home.example,U-5,{FIREFLY}")
    with desk.write() as session:  # and one that came without a file
        row = CompletionRow(1, "", "U-5", "", "Ana E", "", "copilot", date(2026, 2, 2), Assurance.PROVIDER, "", "S1")
        record_few(session, [row], source="xapi", actor=OPERATOR, today=desk.today, now=desk.now)
    for _ in range(3):
        assert desk.recognise("id:u-5", "0001").recorded == 2
        assert desk.forget("id:u-5", "0001").voided == 2
        assert desk.wrong() == []
    desk.recognise("id:u-5", "0001")
    assert desk.done() == ["0001 copilot 2026-02-02", "0001 firefly 2026-02-20"]


def test_what_a_person_voided_stays_void_when_the_learner_is_said_again(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}")
    desk.recognise("id:u-5", "0001")
    desk.void("0001", "firefly")
    assert desk.forget("id:u-5", "0001").voided == 0
    assert desk.recognise("id:u-5", "0001").known == 1
    assert desk.done() == []


def test_taking_back_says_what_reports_brought_in_the_meantime(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}")
    desk.recognise("id:u-5", "0001")
    desk.linkedin(f"Ana E,,U-5,{ETHICS}")
    assert desk.forget("id:u-5", "0001").imported_since == 1
    assert desk.done() == ["0001 ai-ethics 2026-02-20"]


def test_a_named_learner_is_taken_back_too(desk: DeskOverTime) -> None:
    with desk.write() as session:
        rows = [named("Ana Example", "firefly"), named("Ana Example", "Mystery")]
        record_few(session, rows, source="hall", actor=OPERATOR, today=desk.today, now=desk.now)
    before = everything(desk)
    desk.recognise("name:hall:ana example", "0001")
    desk.forget("name:hall:ana example", "0001")
    assert everything(desk) == before
    desk.map("text:mystery", "copilot")
    assert desk.done() == []


# --- Not one of ours -----------------------------------------------------------------------------------------------------


def test_a_stranger_asks_no_more_now_or_later_until_taken_back(desk: DeskOverTime) -> None:
    desk.linkedin(f"Stan Ger,stan@home.example,U-5,{FIREFLY}")
    assert desk.act(set_learner_aside, "id:u-5") == 1
    desk.linkedin(f"Stan Ger,stan@home.example,U-5,{ETHICS}")
    assert desk.waiting() == []
    with pytest.raises(Refused):
        desk.act(set_learner_aside, "id:u-5")
    assert desk.act(take_learner_back, "id:u-5") == 2
    assert desk.waiting() == ["id:u-5 unmatched"] * 2
    assert desk.recognise("id:u-5", "0001").recorded == 2
    with pytest.raises(Refused) as refused:
        desk.act(take_learner_back, "id:u-5")
    assert refused.value.code == "not_set_aside"
    assert desk.acts()[-3:] == ["set_learner_aside", "take_learner_back", "recognise_learner"]
    assert desk.wrong() == []


def test_a_stranger_who_joins_meanwhile_is_found_when_taken_back(desk: DeskOverTime) -> None:
    desk.linkedin(f"Stan Ger,stan@home.example,U-5,{FIREFLY}")
    desk.act(set_learner_aside, "id:u-5")
    desk.roster("0005,Stan,Ger,stan@home.example,80,grip,active,member,2026-01-01,,yes\n")
    assert desk.done() == []
    desk.act(take_learner_back, "id:u-5")
    assert desk.done() == ["0005 firefly 2026-02-20"]


# --- Courses -------------------------------------------------------------------------------------------------------------


def test_mapping_a_course_records_what_waited_and_what_comes_later(desk: DeskOverTime) -> None:
    desk.linkedin("Ana,ana@example.org,,Firefly Basics", "Ben,ben@example.org,,Firefly Basics", "Cy,,U-5,Firefly Basics")
    done = desk.map("text:firefly basics", "firefly")
    assert (done.recorded, done.waiting) == (2, 1)
    desk.linkedin("Ana,ana@example.org,,FIREFLY basics,2026-02-26")
    assert desk.done() == ["0001 firefly 2026-02-20", "0001 firefly 2026-02-26", "0002 firefly 2026-02-20"]
    assert desk.recognise("id:u-5", "0001").known == 1
    assert desk.wrong() == []


def test_an_ignored_course_asks_no_more_until_taken_back(desk: DeskOverTime) -> None:
    desk.linkedin("Ana,ana@example.org,,Yoga", "Cy,,U-5,Yoga")
    assert desk.act(ignore_course, "text:yoga") == 2
    desk.linkedin("Ben,ben@example.org,,yoga")
    assert desk.waiting() == []
    with pytest.raises(Refused) as refused:
        desk.map("text:yoga", "firefly")
    assert refused.value.code == "already_decided"
    desk.act(forget_course, "text:yoga")
    assert sorted(desk.waiting()) == [
        "email:ana@example.org|ana unknown course",
        "email:ben@example.org|ben unknown course",
        "id:u-5 unmatched",
    ]


def test_rows_of_a_stranger_stay_aside_when_their_course_is_taken_back(desk: DeskOverTime) -> None:
    desk.linkedin("Cy,,U-5,Yoga", "Cy,,U-5,Pilates")
    desk.act(ignore_course, "text:yoga")
    desk.act(set_learner_aside, "id:u-5")
    desk.act(forget_course, "text:yoga")
    assert desk.waiting() == []
    desk.act(take_learner_back, "id:u-5")
    assert len(desk.waiting()) == 2


def test_a_course_mapped_wrongly_is_taken_back(desk: DeskOverTime) -> None:
    desk.table("0002", "firefly")
    desk.linkedin("Ana,ana@example.org,,Firefly Basics", "Ben,ben@example.org,,Firefly Basics")
    before = everything(desk)
    desk.map("text:firefly basics", "firefly")
    assert desk.act(forget_course, "text:firefly basics") == 1
    assert everything(desk) == before
    assert desk.map("text:firefly basics", "copilot").recorded == 2
    assert desk.act(forget_course, "text:firefly basics") == 2
    assert desk.map("text:firefly basics", "firefly").recorded == 1
    assert desk.wrong() == []


def test_a_course_that_the_catalogue_has_by_now_stays_found_when_its_mapping_is_taken_back(desk: DeskOverTime) -> None:
    desk.linkedin("Ana,ana@example.org,,Spotting Deepfakes")
    desk.map("text:spotting deepfakes", "firefly")
    new = "  - {code: deepfakes, title: Spotting Deepfakes, provider: LinkedIn Learning, minutes: 30, language: en}\npaths:"
    desk.catalogue((EXAMPLE / "courses.yaml").read_text().replace("paths:", new))
    assert desk.act(forget_course, "text:spotting deepfakes") == 0
    with desk.session() as session:
        assert session.scalar(select(func.count()).select_from(CourseAlias)) == 0
    desk.linkedin("Ana,ana@example.org,,Spotting Deepfakes,2026-02-26")
    assert "0001 deepfakes 2026-02-26" in desk.done()


# --- Whatever the order --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
def test_learners_recognised_in_any_order_leave_the_same_completions(app: Flask, seed: int) -> None:
    chance = random.Random(seed)
    people = [f"{number:04}" for number in range(1, 7)]
    truth = {}
    rows = []
    for place, number in enumerate(people):
        home = f"p{place}@home.example"
        spellings = [(f"Nn{place} Pp{place}xyz", home), (f"Nn{place} Pp{place}xyz", "")]
        if place % 3 == 0:
            spellings.append((f"Nn{place} Pp{place}xyz", "shared@home.example"))
        for tag, (name, email) in enumerate(spellings):
            its_id = "" if email and chance.random() < 0.5 else f"U-{place}{tag}"
            key = f"id:{its_id.casefold()}" if its_id else f"email:{email}|{name.casefold()}"
            truth[key] = number
            for _ in range(chance.randint(1, 3)):
                course = chance.choice([FIREFLY, ETHICS, "No Such Course"])
                day = date(2026, 1, 10) + timedelta(days=chance.randint(0, 9))
                rows.append(f"{name},{email},{its_id},{course},{day}")
    roster = "".join(f"{each},N,{each},,80,grip,active,member,2019-03-01,,yes\n" for each in people)
    ended = []
    desk = DeskOverTime(app)
    desk.units()
    desk.catalogue()
    desk.roster(roster)
    desk.assign("ai-hours", everyone=True, on=date(2026, 1, 5))
    desk.linkedin(*rows)
    for _ in range(2):
        order = list(truth)
        chance.shuffle(order)
        done = []
        for key in order:
            if f"{key} unmatched" in desk.waiting():  # an address taught before may have found them
                desk.recognise(key, truth[key])
                done.append(key)
        ended.append((desk.done(), desk.waiting(), desk.figures(date(2026, 1, 15), TODAY)))
        assert desk.wrong() == []
        for key in reversed(done):
            desk.forget(key, truth[key])
        assert desk.done() == []
        assert desk.wrong() == []
    assert ended[0] == ended[1]
    assert ended[0][0]


def test_tables_of_decisions_hold_one_row_each(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}", "Ana,ana@example.org,,Yoga")
    desk.act(set_learner_aside, "id:u-5")
    desk.act(ignore_course, "text:yoga")
    with desk.session() as session:
        assert [(row.value, row.shown) for row in session.scalars(select(Stranger))] == [("id:u-5", "Ana E (U-5)")]
        assert [(row.value, row.course_id) for row in session.scalars(select(CourseAlias))] == [("text:yoga", None)]


def test_two_people_who_decide_at_once_decide_once(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana E,,U-5,{FIREFLY}", f"Ana E,,U-5,{ETHICS}")
    ready = threading.Barrier(2)

    def decide(number: str) -> str:
        with desk.app.app_context():
            try:
                with writing() as session:
                    member = find_member(session, number)
                    if session.get_bind().dialect.name == "postgresql":
                        ready.wait(5)  # SQLite lets one writer in at a time
                    recognise_learner(session, "id:u-5", member, OPERATOR, today=TODAY, now=desk.now)
            except Refused as refused:
                return refused.code
            return number

    with ThreadPoolExecutor(2) as pool:
        said = sorted(pool.map(decide, ("0001", "0002")))
    assert said[1] == "nothing_waits"
    assert {line.split()[0] for line in desk.done()} == {said[0]}
    assert len(desk.done()) == 2
    assert desk.wrong() == []
