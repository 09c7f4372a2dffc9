"""A path's page: its locals beside their target, its districts' medians, its versions in words; and where people stop."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from test_reports import DAY, EXAMPLE, text_of
from worked_union import Reader, readers, those_who_may_open, worked_app

EVERYONE = {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """With a second version of one path: another course, and only one of two asked."""
    folder = tmp_path_factory.mktemp("paths")
    text = (EXAMPLE / "courses.yaml").read_text()
    first = text[text.index("  - code: ai-fundamentals") : text.index("  - code: ai-hours")]
    second = (
        first.replace("version: 1", "version: 2")
        .replace("courses: [what-is-generative-ai, ai-ethics]", "courses: [what-is-generative-ai, ai-ethics, osha-10]")
        .replace("any: 2", "any: 1")
        .replace("title: Pick two", "title: Pick")
        .replace("    sections:", "    change: {keep: true, from: 2026-06-01}\n    sections:", 1)
    )
    catalogue = folder / "second.yaml"
    catalogue.write_text(text.replace(first, second))
    yield from worked_app(sqlite_template, folder, ("catalogue", "apply", str(catalogue)))


@pytest.fixture(scope="module")
def as_reader(app: Flask) -> Reader:
    return readers(app)


def said(as_reader: Reader, name: str, path: str) -> str:
    answer = as_reader(name).get(path)
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


@pytest.mark.parametrize("form", ["", ".csv", ".xlsx", ".pdf"])
def test_every_reader_may_open_a_path(as_reader: Reader, form: str) -> None:
    assert those_who_may_open(as_reader, f"/reports/paths/ai-fundamentals{form}?{DAY}") == EVERYONE


def test_a_path_says_the_whole_and_how_far_each_local_is_from_the_target(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"/reports/paths/ai-fundamentals?{DAY}")
    assert "The whole union: 3 of 11 · 27 %" in page
    assert "Target of 80 %: 6 to go. 0 of 8 locals have reached it." in page
    assert "Local 80 · Studio Grips 2 of 3 · 67 %" in page
    reached = said(as_reader, "sam", f"/reports/paths/ai-hours?{DAY}")
    assert "Target of 50 %: reached. 2 of 2 locals have reached it." in reached
    mine = said(as_reader, "dora", f"/reports/paths/ai-fundamentals?{DAY}")
    assert "District 2: 3 of 5 · 60 %" in mine
    assert "Local 15" not in mine


def test_a_path_tells_the_medians_of_the_districts_a_reader_sees(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"/reports/paths/ai-fundamentals?{DAY}")
    assert "District 1 0 of 1 · 0 % 0 % 1 District 2 3 of 5 · 60 % 67 % 2 District 3 0 of 5 · 0 % 0 % 5" in page
    assert "Median of its locals" not in said(as_reader, "dora", f"/reports/paths/ai-fundamentals?{DAY}"), (
        "only one district"
    )


def test_a_path_tells_its_versions_and_what_changed(as_reader: Reader) -> None:
    page = said(as_reader, "ben", f"/reports/paths/ai-fundamentals?{DAY}")
    assert "2 1 June 2026 Foundations: all 3 courses; Pick: any 1 of 3 courses Added: OSHA 10 Entertainment." in page
    assert "New section “Pick”: any 1 of 3 courses. “Foundations”" not in page
    assert "“Foundations” asks all 3 courses; before, all 2 courses." in page
    assert "Section “Pick two” is gone." in page
    assert "Whoever had begun stays with the version before." in page
    assert "1 the beginning Foundations: all 2 courses; Pick two: any 2 of 3 courses – –" in page


def test_a_path_that_asks_no_one_says_so(as_reader: Reader) -> None:
    page = said(as_reader, "sam", "/reports/paths/ai-fundamentals?as_of=2001-01-01")
    assert "No one is asked for this path on 1 January 2001" in page
    assert "Assign it" in page


# --- Where people stop -------------------------------------------------------------------------------------------------

STOPS = "/reports/paths/ai-fundamentals/sections"


def test_who_may_see_where_people_stop(as_reader: Reader) -> None:
    assert those_who_may_open(as_reader, f"{STOPS}?{DAY}") == EVERYONE
    assert those_who_may_open(as_reader, f"{STOPS}?{DAY}&unit=80") == {"ben", "dora", "sam", "otto"}
    assert those_who_may_open(as_reader, f"{STOPS}?{DAY}&unit=D3") == {"sam", "otto"}, "totals are not enough"
    assert those_who_may_open(as_reader, f"{STOPS}?{DAY}&unit=IA") == {"sam", "otto"}
    assert those_who_may_open(as_reader, f"{STOPS}?unit=%00") == set()
    assert those_who_may_open(as_reader, "/reports/paths/nothing/sections") == set()


def test_where_people_stop_is_counted_by_section_and_course(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"{STOPS}?{DAY}&unit=80")
    assert "Version 1 binds all 3 people" in page
    assert "What Is Generative AI? 2 67 %" in page, "Ana by itself, Ben by an equivalent; Gus not"
    assert "complete 2 67 %" in page
    union = said(as_reader, "sam", f"{STOPS}?{DAY}")
    assert "The whole union." in union
    assert "Version 1 binds all 11 people" in union


def test_so_few_are_not_told_apart_outside_their_local(as_reader: Reader) -> None:
    assert "Version 1 binds all 3 people" in said(as_reader, "ben", f"{STOPS}?{DAY}&unit=80")
    assert "Too few people to be told apart" in said(as_reader, "dora", f"{STOPS}?{DAY}&unit=80")
    assert as_reader("dora").get(f"{STOPS}.csv?{DAY}&unit=80").status_code == 404
    assert "Version 1 binds all 5 people" in said(as_reader, "dora", f"{STOPS}?{DAY}&unit=D2")


def test_where_no_one_is_asked_it_says_so(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"{STOPS}?as_of=2001-01-01")
    assert "No one is in scope of this path here on 1 January 2001" in page
    assert as_reader("sam").get(f"{STOPS}.csv?as_of=2001-01-01").status_code == 200


@pytest.mark.parametrize("form", ["csv", "xlsx", "pdf"])
def test_where_people_stop_as_a_file(as_reader: Reader, form: str) -> None:
    answer = as_reader("sam").get(f"{STOPS}.{form}?{DAY}&unit=80")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"].startswith("attachment; filename=")
    if form == "csv":
        assert "Foundations" in answer.text
