"""The catalogue's pages: paths with their versions side by side, courses and who uses them, and retired ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from flask import Flask
from little_union import Browser, World
from training_union import COURSES, POLICY, days_ago, member_id, now, today

from tracker.coverage.catalogue import find_course
from tracker.coverage.finding import find_member
from tracker.curriculum.catalogue import read_catalogue
from tracker.curriculum.words import Assurance
from tracker.models import writing
from tracker.operations.actor import OPERATOR
from tracker.operations.catalogue import apply_catalogue
from tracker.operations.completions import log_completion

CHANGED = (
    COURSES.replace(
        "title: Prompting, provider: LinkedIn Learning, minutes: 30, language: en}",
        "title: Prompting, provider: LinkedIn Learning, minutes: 30, language: en}\n"
        "  - {code: ethics-2, title: AI Ethics Anew, provider: LinkedIn Learning, minutes: 50, language: en}",
    )
    .replace(
        "title: AI Ethics, provider: LinkedIn Learning, minutes: 45, language: en}",
        "title: AI Ethics, provider: LinkedIn Learning, minutes: 45, language: en,\n"
        "     retired_on: RETIRED, replaced_by: ethics-2}",
    )
    .replace("RETIRED", days_ago(5).isoformat())
)
NEXT = CHANGED.replace(
    "    version: 1\n    sections:\n      - {title: Foundations, need: all, courses: [basics, ethics]}",
    f"    version: 2\n    from: {today() - timedelta(days=1)}\n    change: keep\n    sections:\n"
    "      - {title: Foundations, need: all, courses: [basics, ethics-2]}",
    1,
)


def apply(text: str) -> None:
    with writing(alone=True) as session:
        apply_catalogue(session, read_catalogue(text, "courses.yaml"), text, POLICY, OPERATOR, today=today(), now=now())


def log(number: str, code: str, assurance: Assurance) -> None:
    with writing() as session:
        log_completion(
            session,
            member=find_member(session, number),
            course=find_course(session, code),
            completed_on=days_ago(20),
            assurance=assurance,
            actor=OPERATOR,
            today=today(),
            now=now(),
            source="staff",
        )


@pytest.fixture
def otto(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("otto")


def test_a_course_retired_by_its_provider(app: Flask, otto: Browser) -> None:
    """Awkward case: finishers keep the credit, the others need the replacement, and a list names paths and people."""
    with app.app_context():
        log("0012", "ethics", Assurance.REVIEWED)
        apply(CHANGED)
    page = otto.get("/staff/catalogue/retired").text
    assert "AI Ethics</a>" in page
    assert "replaced by AI Ethics Anew" in page
    assert "2 members have not finished" in page
    course = otto.get("/staff/catalogue/courses/ethics").text
    assert "2 members have not finished and need the replacement" in course
    assert re.search(r"<td class=\"number\">0</td><td class=\"number\">1</td><td class=\"number\">0</td>", course)
    people = otto.get("/staff/catalogue/courses/ethics/unfinished/ai").text
    assert "Bo Example" in people
    assert "Ana Example" not in people
    assert "&lt;b&gt;Markup" in people
    assert otto.get("/staff/catalogue/courses/basics/unfinished/ai").status_code == 404, "it is not retired"
    with app.app_context():
        apply(NEXT)
    assert "No path lists a retired course" in otto.get("/staff/catalogue/retired").text


def test_a_path_version_changes_and_both_stand_side_by_side(app: Flask, otto: Browser) -> None:
    """Awkward case: whoever has begun stays on the first version, and the page counts who is on which."""
    with app.app_context():
        log("0012", "ethics", Assurance.REVIEWED)
        apply(CHANGED)
        apply(NEXT)
    page = otto.get("/staff/catalogue/paths/ai").text
    assert page.index("Version 2, from") < page.index("Version 1, the first")
    assert re.findall(r"It binds (\d+) members? in scope", page) == ["2", "1"]
    assert re.search(r"AI Ethics Anew</a>.*?added</span></td>\s*<td>–", page, re.DOTALL)
    assert re.search(r"AI Ethics</a>.*?taken out</span></td>\s*<td>listed", page, re.DOTALL)


def test_a_course_tells_who_uses_it(app: Flask, otto: Browser) -> None:
    with app.app_context():
        log("0012", "creatives", Assurance.CLAIMED)
    page = otto.get("/staff/catalogue/courses/creatives").text
    assert "No path lists it" in page
    assert re.search(r"Counts as</h2>\s*<ul><li><a href=\"/staff/catalogue/courses/basics\">AI Basics", page)
    basics = otto.get("/staff/catalogue/courses/basics").text
    assert "in version 1" in basics
    assert "Also met by" in basics
    assert "<code>ai-basics</code>" in basics
    assert "Pictures" in otto.get("/staff/catalogue/courses?q=picture").text
    assert "No course has these words" in otto.get("/staff/catalogue/courses?q=nothing").text
    with app.app_context():
        assert member_id("12")


@pytest.mark.parametrize("path", ["", "/courses", "/courses/basics", "/paths/ai", "/retired"])
@pytest.mark.parametrize(
    ("who", "status"), [("sam", 200), ("otto", 200), ("ana", 404), ("ben", 404), ("dora", 404), ("ada", 404)]
)
def test_who_reads_the_catalogue(
    union: World, signed_in: Callable[[str], Browser], path: str, who: str, status: int
) -> None:
    assert signed_in(who).get(f"/staff/catalogue{path}").status_code == status


@pytest.mark.parametrize("path", ["courses/nothing", "paths/nothing", "courses/ethics/unfinished/nothing"])
def test_what_is_not_there(otto: Browser, path: str) -> None:
    assert otto.get(f"/staff/catalogue/{path}").status_code == 404
