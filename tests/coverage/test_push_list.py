"""Whom to call, from the facts: when those on the list finish, the target is reached, and not before."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from click.testing import Result
from flask import Flask

from tracker.coverage.catalogue import find_course, find_path
from tracker.coverage.exports import document_csv
from tracker.coverage.figures import coverage_report
from tracker.coverage.finding import find_member, find_unit
from tracker.coverage.push_list import PushList, calls_by_local, calls_document, push_document, push_line_page, push_list
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath, Unit, db, writing
from tracker.operations.actor import OPERATOR
from tracker.operations.completions import log_completion

DAY = date(2026, 3, 1)
UNITS = """number,name,kind,parent
IA,The union,international,
D1,District 1,district,IA
80,Grips,local,D1
81,Others,local,D1
82,No one,local,D1
"""
COURSES = """
principles:
  - {code: education, number: 4, title: Education, text: "Members have a right to training."}
courses:
  - {code: basics, title: AI Basics, provider: LinkedIn Learning, minutes: 60, language: en}
  - {code: ethics, title: AI Ethics, provider: LinkedIn Learning, minutes: 45, language: en}
  - {code: prompts, title: Prompting, provider: LinkedIn Learning, minutes: 30, language: en}
  - {code: pictures, title: Pictures, provider: LinkedIn Learning, minutes: 200, language: en}
  - code: creatives
    title: AI for Creatives
    provider: Training Trust Fund
    minutes: 240
    language: en
    satisfies: [{course: basics}]
  - {code: gone, title: Gone, provider: Training Trust Fund, minutes: 20, language: en}
  - {code: lost, title: Lost, provider: Training Trust Fund, minutes: 20, language: en}
  - {code: found, title: Found, provider: Training Trust Fund, minutes: 25, language: en, satisfies: [{course: lost}]}
paths:
  - code: ai
    title: AI Fundamentals
    principle: education
    version: 1
    target: 0.8
    sections:
      - {title: Foundations, need: all, courses: [basics, ethics]}
      - {title: Pick one, need: {any: 1}, courses: [prompts, pictures]}
  - code: old
    title: Old
    principle: education
    version: 1
    sections:
      - {title: Gone, need: all, courses: [gone]}
  - code: kept
    title: Kept
    principle: education
    version: 1
    sections:
      - {title: Lost, need: all, courses: [lost]}
"""
HEADINGS = "member_number,first_name,last_name,email,local,craft,status,kind,from_on,until_on,home\n"
ROSTER = HEADINGS + "".join(
    f"{number},{name},Example,,{local},grip,{status},member,2020-01-01,,yes\n"
    for number, name, local, status in [
        ("01", "Abe", "80", "active"),
        ("02", "Bea", "80", "active"),
        ("03", "Cal", "80", "active"),
        ("04", "Dot", "80", "active"),
        ("05", "Eve", "80", "active"),
        ("06", "Fin", "80", "active"),
        ("07", "Gil", "80", "active"),
        ("08", "Hal", "80", "active"),
        ("09", "Ida", "80", "retired"),
        ("11", "Jo", "81", "active"),
        ("12", "Kit", "81", "active"),
    ]
)
DONE = [
    *(("02", course, "provider") for course in ("basics", "ethics")),
    *(("03", "basics", "provider"), ("03", "ethics", "claimed"), ("03", "prompts", "claimed")),
    *(("04", course, "provider") for course in ("creatives", "ethics")),
    *(("05", course, "provider") for course in ("basics", "ethics", "pictures", "gone")),
    *(("06", course, "claimed") for course in ("basics", "ethics", "prompts")),
    ("07", "basics", "claimed"),
    *(("11", course, "reviewed") for course in ("basics", "ethics", "prompts")),
]


@pytest.fixture
def union(app: Flask, tracker: Callable[..., Result], tmp_path: Path) -> Flask:
    """Local 80: Eve is covered; Cal and Fin only wait; Bea and Dot lack one course, Gil two, Abe three; Hal is exempt."""
    for name, text in (("union.csv", UNITS), ("courses.yaml", COURSES), ("roster.csv", ROSTER)):
        (tmp_path / name).write_text(text)
    tracker("union", "apply", tmp_path / "union.csv")
    tracker("catalogue", "apply", tmp_path / "courses.yaml")
    tracker("roster", "import", tmp_path / "roster.csv")
    for path in ("ai", "old", "kept"):
        tracker("assign", path, "--everyone", "--on", "2026-01-05", "--due", "2026-04-01")
    tracker("exempt", "08", "ai", "--reason", "leave", "--from", "2026-01-05")
    for number, course, assurance in DONE:
        _record(app, number, course, Assurance.from_word(assurance))
    retired = COURSES
    for title in ("Gone", "Lost"):
        retired = retired.replace(f"title: {title}, provider", f"title: {title}, retired_on: 2026-02-01, provider")
    (tmp_path / "courses.yaml").write_text(retired)
    tracker("catalogue", "apply", tmp_path / "courses.yaml")
    return app


def _record(app: Flask, number: str, course: str, assurance: Assurance) -> None:
    with app.app_context(), writing() as session:
        log_completion(
            session,
            member=find_member(session, number),
            course=find_course(session, course),
            completed_on=date(2026, 1, 10),
            assurance=assurance,
            actor=OPERATOR,
            today=DAY,
            now=datetime.now(UTC),
        )


def _unit(number: str) -> Unit:
    unit = find_unit(db.session(), number)
    assert unit is not None
    return unit


def _path(code: str) -> LearningPath:
    path = find_path(db.session(), code)
    assert path is not None
    return path


def _list(
    number: str = "80",
    path: str = "ai",
    target: float = 0.8,
    floor: Assurance = Assurance.REVIEWED,
    day: date = DAY,
    known: date | None = None,
) -> PushList:
    return push_list(db.session(), _unit(number), _path(path), as_of=day, known=known, floor=floor, target=target)


def _names(found: PushList) -> list[str]:
    lines, _ = push_line_page(db.session(), found, [*found.callers, *found.waiters], size=None)
    return [each.line.member.first_name for each in lines]


def test_the_list_says_who_is_nearest_and_what_each_lacks(union: Flask) -> None:
    with union.app_context():
        found = _list()
        assert (found.in_scope, found.covered, found.push.needed, found.push.beyond) == (7, 1, 5, 1)
        lines, more = push_line_page(db.session(), found, found.callers)
        told = [
            (each.line.member.first_name, [course.code for course in each.take], each.minutes, len(each.unsure))
            for each in lines
        ]
        assert told == [("Bea", ["prompts"], 30, 0), ("Dot", ["prompts"], 30, 0), ("Gil", ["ethics", "prompts"], 75, 1)]
        assert more is None
        waiting, _ = push_line_page(db.session(), found, found.waiters)
        assert [(each.line.member.first_name, len(each.unsure)) for each in waiting] == [("Cal", 2), ("Fin", 3)]
        assert found.finding.replace("\u00a0", " ") == (
            "5 people take Local 80 to 80 %; 2 of them are one 30-minute course away; 2 of them only wait for review."
        )
        assert [(need.courses[0].code, need.minutes, need.people) for need in found.needs] == [
            ("prompts", 30, 2),
            ("ethics", 75, 1),
        ]
        assert (found.within(29), found.within(30), found.within(60), found.within(75)) == (2, 4, 4, 5)


@pytest.mark.parametrize("target", [0.2, 0.5, 0.8, 1.0])
def test_when_they_finish_the_target_is_reached_and_not_before(union: Flask, target: float) -> None:
    with union.app_context():
        found = _list(target=target)
        assert found.push.is_enough
        lines, _ = push_line_page(db.session(), found, [*found.waiters, *found.callers], size=None)
        todo = [(each.line.member.number, [c.code for c in (*each.take, *each.unsure)]) for each in lines]

    def share() -> float:
        with union.app_context():
            rows = coverage_report(db.session(), as_of=DAY, unit=_unit("80"), path=_path("ai")).rows
            return rows[0].figure.share(Assurance.REVIEWED) or 0.0

    for number, courses in todo:
        assert share() < target, f"not enough without {number}"
        for course in courses:
            _record(union, number, course, Assurance.PROVIDER)
    assert share() >= target


def test_at_another_floor_others_are_missing(union: Flask) -> None:
    with union.app_context():
        assert _names(_list(floor=Assurance.CLAIMED)) == ["Bea", "Dot", "Gil"], "Cal and Fin are covered by what they logged"
        provider = _list("81", target=1.0, floor=Assurance.PROVIDER)
        assert [each.key.number for each in provider.push.waiting] == ["11"]
        assert "1 of them only waits for the provider’s word" in provider.finding


def test_who_has_reached_the_target_needs_no_call(union: Flask) -> None:
    with union.app_context():
        found = _list(target=0.1)
        assert found.push.chosen == ()
        assert found.finding.replace("\u00a0", " ") == "Local 80 has reached 10 %: there is no one whom it needs to call."
        assert _list("82").finding == "No one in Local 82 is in scope of AI Fundamentals on this day."


def test_what_is_no_longer_offered_puts_a_target_out_of_reach(union: Flask) -> None:
    with union.app_context():
        found = _list(path="old")
        assert (found.covered, len(found.push.stuck), found.push.is_enough) == (1, 7, False)
        assert "can finish on what is offered now: 80\u00a0% is out of reach" in found.finding
        instead = _list(path="kept", target=1.0)
        assert instead.push.is_enough, "another course stands for the lost one"
        assert {course.code for need in instead.needs for course in need.courses} == {"found"}
        assert {need.minutes for need in instead.needs} == {25}
        assert {need.courses[0].code for need in _list(path="old", target=1.0, day=date(2026, 1, 31)).needs} == {"gone"}


def test_the_list_as_it_was_known(union: Flask) -> None:
    with union.app_context():
        assert _list(known=date(2020, 1, 1)).in_scope == 0
        today = datetime.now(UTC).date()
        assert _names(_list(known=today)) == _names(_list())


def test_the_files_hold_everyone_and_say_who_needs_no_call(union: Flask) -> None:
    with union.app_context():
        found = _list()
        lines, _ = push_line_page(db.session(), found, [*found.callers, *found.waiters], size=None)
        document = push_document(found, lines)
        assert ("Target", "80 %") in document.facts
        assert [row[:5] for row in document.tables[0].rows] == [
            (1, "yes", "02", "Bea", "Example"),
            (2, "yes", "04", "Dot", "Example"),
            (3, "yes", "07", "Gil", "Example"),
            (4, "no", "03", "Cal", "Example"),
            (5, "no", "06", "Fin", "Example"),
        ]
        assert "Prompting" in document_csv(document)


def test_how_many_calls_each_local_of_a_district_needs(union: Flask) -> None:
    with union.app_context():
        asked = {"as_of": DAY, "known": None, "floor": Assurance.REVIEWED, "target": 0.8}
        lines = calls_by_local(db.session(), _unit("D1"), _path("ai"), **asked)  # type: ignore[arg-type]
        assert [(each.unit.number, *each[1:]) for each in lines] == [
            ("80", 7, 1, 5, 2, 4, 135, True),
            ("81", 2, 1, 1, 0, 0, 135, True),
        ]
        document = calls_document(_unit("D1"), _path("ai"), lines, **asked)  # type: ignore[arg-type]
        assert document.tables[0].rows[0] == ("80", "Grips", 7, 1, 5, 2, 4, 135, "yes")
