"""What the desk shows: learners who wait, whom they may be and why, unknown courses, decisions, members that may be one."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from tests.operations.conftest import TODAY
from tests.operations.test_recognising import FIREFLY, DeskOverTime, named
from tests.test_worked_example import EXAMPLE
from tracker.coverage.desk.candidates import Candidate, Rank, candidates_of
from tracker.coverage.desk.courses import courses_page, courses_waiting, proposed_entry
from tracker.coverage.desk.decided import decided_page
from tracker.coverage.desk.doubles import namesakes_page, sharing_an_address, side_of
from tracker.coverage.desk.learners import learner_of, learners_page, learners_waiting, rows_of
from tracker.coverage.worklist import work_list
from tracker.curriculum.catalogue import read_catalogue
from tracker.models import Member
from tracker.operations.actor import OPERATOR
from tracker.operations.completions.few import record_few
from tracker.operations.merging import merge_members
from tracker.operations.recognising import forget_course, ignore_course, set_learner_aside, take_learner_back

ROSTER = """\
0012,Ana,Example,ana.example@gmail.com,80,grip,active,member,2019-03-01,,yes
0034,Robert,Example,bob@example.org,80,grip,active,member,2019-03-01,,yes
0056,Zoë,Fauxfoley,family@home.example,600,sound,active,member,2019-03-01,,yes
0057,Tim,Fauxfoley,family@home.example,600,sound,active,member,2019-03-01,,yes
0070,Ana,Namesake,,80,grip,active,member,2019-03-01,,yes
0071,Ana,Namesake,,700,editing,active,member,2019-03-01,,yes
"""


@pytest.fixture
def desk(app: Flask) -> DeskOverTime:
    desk = DeskOverTime(app)
    union = (EXAMPLE / "union.csv").read_text()
    desk.units(union.replace("\n", "\n600,Local 600,local,D2,,,,,\n", 1) if "\n600," not in union else union)
    desk.catalogue()
    desk.roster(ROSTER)
    return desk


def may_be(desk: DeskOverTime, name: str, email: str = "", its_id: str = "U-1x", local: str = "") -> list[Candidate]:
    """Whom one reported learner may be."""
    with desk.write() as session:
        row = named(name, "Mystery")._replace(email=email, provider_id=its_id, learner_local=local)
        record_few(session, [row], source="linkedin", actor=OPERATOR, today=desk.today, now=desk.now)
    with desk.session() as session:
        page = learners_page(session)
        found = candidates_of(session, page.rows, TODAY)
        return found[page.rows[-1].key]


def told(candidates: list[Candidate]) -> list[tuple[str, Rank]]:
    return [(each.member.number, each.rank) for each in candidates]


# what a report says of someone, and whom it may mean first, by which reason, and whether that is sure
CASES: list[tuple[dict[str, str], str, Rank, bool, str]] = [
    ({"name": "Ana Example", "its_id": "IA-0000012"}, "0012", Rank.NUMBER, True, "member number 0012, written otherwise"),
    ({"name": "Someone Else", "its_id": "IA-12"}, "0012", Rank.UNLIKE, False, "but another name"),
    ({"name": "", "its_id": "IA-12"}, "0012", Rank.NUMBER, False, "written otherwise"),
    ({"name": "Zoe Fauxfooley", "its_id": "IA-12"}, "0056", Rank.LIKE, False, "one letter"),
    ({"name": "Ana Example", "email": "anaexample+li@gmail.com"}, "0012", Rank.EMAIL, True, "same mailbox"),
    ({"name": "A. Example", "email": "ana.example@gmial.com"}, "0012", Rank.EMAIL, True, "one letter after the @"),
    ({"name": "Bob Example", "email": "bob@example.com"}, "0034", Rank.LIKE, False, "begins as their address"),
    ({"name": "Zoe Fauxfoley", "email": "FAMILY@home.example"}, "0056", Rank.SHARED, False, "another member’s"),
    ({"name": "Zoe Fauxfoley"}, "0056", Rank.NAME, False, "the same name"),
    ({"name": "Fauxfoley, Zoë"}, "0056", Rank.NAME, False, "the same name"),
    ({"name": "Fauxfoley Zoe"}, "0056", Rank.NAME, False, "in another order"),
    ({"name": "0056", "its_id": ""}, "0056", Rank.NUMBER, False, "0056 is their member number"),  # a line of a sheet
    ({"name": "No. 34", "its_id": ""}, "0034", Rank.NUMBER, False, "member number 0034, written otherwise"),
    ({"name": "bob@example.org", "its_id": ""}, "0034", Rank.EMAIL, False, "is their address"),
    ({"name": "Bobby Example"}, "0034", Rank.LIKE, False, "short form"),
    ({"name": "Zoe Fauxfooley"}, "0056", Rank.LIKE, False, "one letter"),
    ({"name": "Zoe Gauxfoley"}, "0056", Rank.LIKE, False, "one letter"),
    ({"name": "Toe Fauxfoley"}, "0056", Rank.LIKE, False, "one letter"),
    ({"name": "Ana Namesake", "local": "Local 700, Lighting"}, "0071", Rank.LOCAL, False, "a card in Local 700"),
    ({"name": "Ana Namesake", "local": "Local 80"}, "0070", Rank.LOCAL, False, "a card in Local 80"),
]


@pytest.mark.parametrize(("said", "number", "rank", "is_sure", "reason"), CASES, ids=lambda value: str(value)[:40])
def test_whom_a_learner_may_be_and_why(
    desk: DeskOverTime, said: dict[str, str], number: str, rank: Rank, is_sure: bool, reason: str
) -> None:
    first = may_be(desk, **said)[0]
    assert (first.member.number, first.rank, first.is_sure) == (number, rank, is_sure)
    assert reason in "; ".join(first.reasons)


def test_a_like_name_alone_is_a_suggestion_and_nothing_like_is_none(desk: DeskOverTime) -> None:
    assert told(may_be(desk, "Quite Unknown", "q@nowhere.example")) == []


def test_who_shares_an_address_comes_with_the_like_name_first(desk: DeskOverTime) -> None:
    assert told(may_be(desk, "Tim Fauxfoley", "family@home.example")) == [("0057", Rank.SHARED), ("0056", Rank.SHARED)]


def test_what_was_recognised_before_speaks_for_the_same_member(desk: DeskOverTime) -> None:
    desk.linkedin(f"Zoe F,family@home.example,,{FIREFLY}")
    desk.recognise("email:family@home.example|zoe f", "0056")
    first = may_be(desk, "Zoe F", "family@home.example", "U-77")[0]
    assert (first.member.number, first.rank) == ("0056", Rank.RECOGNISED)


def test_two_exact_reasons_for_two_members_are_not_sure(desk: DeskOverTime) -> None:
    candidates = may_be(desk, "", "ana.example+x@gmail.com", "IA-34")
    assert told(candidates)[:2] == [("0034", Rank.NUMBER), ("0012", Rank.EMAIL)]
    assert not any(each.is_sure for each in candidates)


def test_merged_members_are_no_candidates(desk: DeskOverTime) -> None:
    with desk.write() as session:
        members = {each.number: each for each in session.scalars(select(Member))}
        merge_members(session, members["0070"], members["0071"], OPERATOR, today=desk.today, now=desk.now)
    assert told(may_be(desk, "Ana Namesake")) == [("0070", Rank.NAME)]


def test_learners_are_one_line_each_the_oldest_first_and_paged_by_key(desk: DeskOverTime) -> None:
    desk.linkedin("Old Hand,,U-1,Yoga", "Old Hand,old@x.example,U-1,Pilates", "Old Hand,,U-1,Yoga,2026-02-21")
    desk.linkedin(*(f"P{place},,V-{place},Yoga" for place in range(45)))
    with desk.session() as session:
        seen = []
        after = None
        while True:
            page = learners_page(session, after=after)
            seen += [learner.name for learner in page.rows]
            if page.next_key is None:
                break
            after = int(page.next_key)
        assert seen == ["Old Hand", *(f"P{place}" for place in range(45))]
        assert learners_waiting(session) == 46
        first = learners_page(session).rows[0]
        assert (first.rows, first.all("email"), [tuple(each) for each in first.courses]) == (
            3,
            ["old@x.example"],
            [("Yoga", 2), ("Pilates", 1)],
        )
        assert [row.completed_on.day for row in rows_of(session, first.key)] == [20, 20, 21]
        assert learner_of(session, first.id) == first
        assert learner_of(session, 1) is None


@pytest.mark.parametrize("query", ["hand", "HAND", "Zoë", "zoë h", "old@x", "U-1", "u-1"])
def test_a_learner_is_searched_by_whatever_was_said(desk: DeskOverTime, query: str) -> None:
    desk.linkedin("Zoë Hand,old@x.example,U-1,Yoga", "Someone Else,else@y.example,V-2,Yoga")
    with desk.session() as session:
        assert [learner.name for learner in learners_page(session, query).rows] == ["Zoë Hand"]
        assert learners_page(session, "100%_").rows == []


def test_what_is_set_aside_is_not_counted_as_waiting(desk: DeskOverTime) -> None:
    desk.linkedin("A,,U-1,Yoga", "B,,U-2,Pilates", "Ana,ana.example@gmail.com,,Yoga")
    with desk.session() as session:
        work = work_list(session, TODAY)
        assert (work.unmatched.count, work.unknown_courses.count) == (2, 1)
    desk.act(set_learner_aside, "id:u-1")
    desk.act(ignore_course, "text:yoga")
    with desk.session() as session:
        work = work_list(session, TODAY)
        assert (work.unmatched.count, work.unknown_courses.count) == (1, 0)
        assert courses_waiting(session) == 0
    assert "note: completions wait" not in str(desk.wrong())


# --- Courses -------------------------------------------------------------------------------------------------------------


def test_a_course_says_why_it_is_not_found_and_what_it_may_be(desk: DeskOverTime) -> None:
    twins = """  - {code: copilot-two, title: Learning Microsoft Copilot, provider: X, minutes: 5, language: en}\npaths:"""
    desk.catalogue((EXAMPLE / "courses.yaml").read_text().replace("paths:", twins))
    desk.linkedin("Ana,ana.example@gmail.com,,Learning Microsoft Copilot", "Ana,ana.example@gmail.com,,Microsoft Copilot")
    with desk.session() as session:
        twin, other = courses_page(session).rows
        assert "2 courses have this title (copilot, copilot-two)" in twin.reason
        assert other.reason == "no course has this id, title or address"
        assert other.likely[0].course.title == "Learning Microsoft Copilot"
        assert [each.title for each in courses_page(session, "learning m").rows] == ["Learning Microsoft Copilot"]


@pytest.mark.parametrize(
    ("course", "course_id", "lines"),
    [
        ("Spotting Deepfakes", "0001234", ["code: spotting-deepfakes", 'ids: ["0001234"]', 'title: "Spotting Deepfakes"']),
        ('The "Big" One: Zoë', "", ["code: the-big-one-zoe"]),
        ("https://www.linkedin.com/learning/new-thing-99?u=1", "", ["code: new-thing-99", 'slugs: ["new-thing-99"]']),
        ("Firefly!", "", ["code: firefly-2"]),
        ("光", "", ["code: "]),
    ],
)
def test_a_proposed_entry_is_one_that_the_catalogue_takes(
    desk: DeskOverTime, course: str, course_id: str, lines: list[str]
) -> None:
    with desk.write() as session:
        row = named("Ana", course)._replace(course_id=course_id, email="ana.example@gmail.com")
        record_few(session, [row], source="linkedin", actor=OPERATOR, today=desk.today, now=desk.now)
    with desk.session() as session:
        entry = proposed_entry(session, courses_page(session).rows[0])
    for line in lines:
        assert line in entry
    text = (EXAMPLE / "courses.yaml").read_text().replace("paths:", f"{entry}\npaths:")
    assert len(read_catalogue(text).courses) == 10
    desk.catalogue(text)
    assert desk.waiting() == [], "and with it the rows count"


# --- What was decided ----------------------------------------------------------------------------------------------------


def test_decisions_are_told_newest_first_and_whether_they_hold(desk: DeskOverTime) -> None:
    desk.linkedin("A,,U-1,Yoga", "B,,U-2,Yoga", "Ana,ana.example@gmail.com,,Pilates", f"A,,U-1,{FIREFLY}")
    desk.recognise("id:u-1", "0012")
    desk.forget("id:u-1", "0012")
    desk.recognise("id:u-1", "0034")
    desk.act(set_learner_aside, "id:u-2")
    desk.act(take_learner_back, "id:u-2")
    desk.act(set_learner_aside, "id:u-2")
    desk.map("text:pilates", "firefly")
    desk.act(forget_course, "text:pilates")
    desk.act(ignore_course, "text:pilates")

    def lines(which: str = "") -> list[tuple[str, bool]]:
        with desk.session() as session:
            return [(line.decision.value, line.holds) for line in decided_page(session, which).rows]

    assert lines() == [
        ("ignore_course", True),
        ("forget_course", False),
        ("map_course", False),
        ("set_learner_aside", True),
        ("take_learner_back", False),
        ("set_learner_aside", False),
        ("recognise_learner", True),
        ("forget_learner", False),
        ("recognise_learner", False),
    ]
    assert [decision for decision, _ in lines("not-ours")] == ["set_learner_aside", "take_learner_back", "set_learner_aside"]
    with desk.session() as session:
        first = decided_page(session, "learners").rows[0]
        assert (first.member.number if first.member else "", first.by) == ("0034", "the operator")


# --- Members that may be one ---------------------------------------------------------------------------------------------


def test_members_with_one_address_are_suggested_like_names_first(desk: DeskOverTime) -> None:
    desk.roster("0099,Ana,Exampel,ana.example@gmail.com,700,grip,active,member,2020-01-01,,no\n")
    with desk.session() as session:
        doubles = sharing_an_address(session, TODAY)
        assert [(each.one.member.number, each.other.member.number, each.is_likely) for each in doubles] == [
            ("0012", "0099", True),
            ("0056", "0057", False),
        ]


def test_namesakes_of_one_local_are_suggested_where_their_cards_do_not_overlap(desk: DeskOverTime) -> None:
    rows = ""
    for place in range(25):
        rows += f"{200 + place},Same,Name{place:02},,80,grip,active,member,2015-01-01,2018-01-01,yes\n"
        rows += f"{300 + place},Same,Name{place:02},,80,grip,active,member,2018-01-01,,yes\n"
    rows += "400,Two,People,,80,grip,active,member,2015-01-01,,yes\n401,Two,People,,80,grip,active,member,2016-01-01,,yes\n"
    desk.roster(rows)
    with desk.session() as session:
        page = namesakes_page(session, TODAY)
        assert page.next_key is not None
        after: Any = tuple(map(int, page.next_key.split("-")))
        rest = namesakes_page(session, TODAY, after)
        pairs = [each.one.member.number for each in (*page.rows, *rest.rows)]
        assert sorted(pairs) == [str(200 + place) for place in range(25)]
        assert rest.next_key is None


def test_a_side_tells_everything_that_would_move(desk: DeskOverTime) -> None:
    desk.linkedin(f"Ana,ana.example@gmail.com,,{FIREFLY}")
    desk.assign("ai-hours", members=["0012"], on=date(2026, 1, 5))
    desk.exempt("0012", "set-safety", date(2026, 1, 1))
    with desk.session() as session:
        side = side_of(session, session.scalars(select(Member).where(Member.number == "0012")).one())
        words = [fact.words for fact in (*side.cards, *side.completions, *side.asked, *side.excuses)]
    assert words == [
        "Local 80 · grip · active",
        "Adobe Firefly Essential Training · provider",
        "Two hours of AI, required",
        "Set Safety",
    ]


# --- At the union's size -------------------------------------------------------------------------------------------------


def test_candidates_are_found_by_index(sqlite_app: Flask) -> None:
    """No look at all members, or all addresses, for any reason: SQLite says how it goes about each read."""
    desk = DeskOverTime(sqlite_app)
    desk.units()
    desk.catalogue()
    desk.roster(ROSTER.replace(",600,", ",80,"))
    desk.linkedin("Ana Example,ana@work.example,IA-0000099,Yoga", "Zoe Fauxfooley,z@work.example,,Yoga")
    with desk.session() as session:
        asked: list[str] = []
        driver: Any = session.connection().connection.driver_connection
        driver.set_trace_callback(asked.append)
        candidates_of(session, learners_page(session).rows, TODAY)
        driver.set_trace_callback(None)
        steps = [
            f"{row[3]}: {sql}"
            for sql in asked
            if sql.startswith(("SELECT", "WITH"))
            for row in driver.execute(f"EXPLAIN QUERY PLAN {sql}").fetchall()
        ]
    assert any(step.startswith("SEARCH m USING COVERING INDEX ix_member_name_key") for step in steps)
    assert [step for step in steps if re.match(r"SCAN (m|i|member|identifier|membership)\b", step)] == []
