"""A district's page: its locals ranked, why so many, how its members stand; and never a name or a small group."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from test_reports import DAY, rows_of, text_of
from worked_union import Reader, readers, those_who_may_open, worked_app


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from worked_app(sqlite_template, tmp_path_factory.mktemp("districts"))


@pytest.fixture(scope="module")
def as_reader(app: Flask) -> Reader:
    return readers(app)


def said(as_reader: Reader, name: str, path: str) -> str:
    answer = as_reader(name).get(path)
    assert answer.status_code == 200
    return text_of(answer.text)


@pytest.mark.parametrize("form", ["", ".csv", ".xlsx", ".pdf"])
def test_who_may_open_a_district(as_reader: Reader, form: str) -> None:
    assert those_who_may_open(as_reader, f"/reports/districts/D2{form}?{DAY}") == {"ben", "viv", "dora", "sam", "otto"}
    assert those_who_may_open(as_reader, f"/reports/districts/12{form}?{DAY}") == {"sam", "otto"}


def test_a_district_ranks_its_locals_beside_their_median(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"/reports/districts/2?{DAY}&path=set-safety")
    assert "1 local, the highest share first" in page
    assert "The median local" not in page, "of one local it says nothing"
    page = said(as_reader, "sam", f"/reports/districts/3?{DAY}&path=ai-fundamentals")
    assert "5 locals, the highest share first The median local covers 0 % of its people." in page
    page = said(as_reader, "sam", f"/reports/districts/2?{DAY}&path=ai-fundamentals")
    assert "1 Local 80 · Studio Grips 2 of 3 · 67 % 1 to go 2 Local 700 · Motion Picture Editors Guild 2 of 3 · 67 %" in page
    assert "The median local covers 67 % of its people." in page


def test_a_districts_denominator_opens(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"/reports/districts/2?{DAY}&path=ai-fundamentals")
    assert "Why 5? How the number in scope comes about hold a card here on 28 February 2026 6" in page
    assert "exempt from this path −1 in scope 5" in page


def test_the_second_cards_of_a_district_lead_to_their_names_for_those_who_may_see_them(as_reader: Reader) -> None:
    asked = f"/reports/districts/2?{DAY}&path=ai-fundamentals"
    for name, leads in (("sam", True), ("otto", True), ("dora", False)):
        page = as_reader(name).get(asked).text
        assert "the locals add up to 1 more than District 2’s 5 people: so many second cards" in text_of(page)
        assert ("/reports/second-cards?unit=D2&amp;path=ai-fundamentals&amp;as_of=2026-02-28" in page) is leads


def test_a_district_tells_no_one_by_name(as_reader: Reader) -> None:
    for name in ("dora", "sam"):
        page = as_reader(name).get(f"/reports/districts/2?{DAY}&path=ai-fundamentals").text
        assert not re.search(r"/reports/members/|Ana|Cleo|Gus", page)


def test_small_crafts_and_states_are_hidden_from_a_district_viewer(as_reader: Reader) -> None:
    whole = said(as_reader, "sam", f"/reports/districts/2?{DAY}&path=ai-fundamentals")
    assert "editing 1 of 2 · 50 %" in whole
    assert "grip 2 of 3 · 67 %" in whole
    assert "complete 3" in whole
    seen = said(as_reader, "dora", f"/reports/districts/2?{DAY}&path=ai-fundamentals")
    assert "editing hidden: a small group" in seen
    assert "grip hidden: a small group" in seen
    assert "1 of 2" not in seen
    assert "Hidden: groups of fewer than 5 people" in seen
    assert "in progress: hidden" in seen
    assert "not started: hidden" in seen
    assert "complete 3" in seen, "the figure tells it anyway"
    file = as_reader("dora").get(f"/reports/districts/D2.csv?{DAY}&path=ai-fundamentals").text
    assert {row["unit"] for row in rows_of(file)} == {"D2", "80", "700"}


def test_who_sees_only_totals_sees_no_locals_and_no_crafts(as_reader: Reader) -> None:
    page = said(as_reader, "fay", f"/reports/districts/3?{DAY}")
    assert "You see this district’s totals" in page
    assert "AI Fundamentals 0 of 5 · 0 %" in page
    assert not re.search(r"Local 30[2-6]|By craft|Why |Locals add up to|Where they stand", page)
    assert {row["unit"] for row in rows_of(as_reader("fay").get(f"/reports/districts/D3.csv?{DAY}").text)} == {"D3"}


def test_a_districts_file_holds_it_and_its_locals(as_reader: Reader) -> None:
    rows = rows_of(as_reader("sam").get(f"/reports/districts/D2.csv?{DAY}").text)
    assert [(row["unit"], row["in_scope"], row["covered"]) for row in rows if row["path"] == "ai-fundamentals"] == [
        ("D2", "5", "3"),
        ("700", "3", "2"),
        ("80", "3", "2"),
    ]
    assert list(rows[0])[:9] == [
        "path", "unit", "unit_kind", "in_scope", "covered", "share", "claimed", "reviewed", "provider",
    ]  # fmt: skip


def test_a_district_with_nobody_says_so(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"/reports/districts/12?{DAY}")
    assert "No one here is asked for a path on 28 February 2026" in page
    chosen = said(as_reader, "sam", f"/reports/districts/12?{DAY}&path=ai-fundamentals")
    assert "No one in scope" in chosen
    assert "No one holds a card here" in chosen


@pytest.mark.parametrize("query", ["path=nothing", "as_of=x", "floor=2"])
def test_what_makes_no_sense_of_a_district_is_refused_in_words(as_reader: Reader, query: str) -> None:
    answer = as_reader("sam").get(f"/reports/districts/2?{query}")
    assert answer.status_code == 400
    assert "makes no sense as" in answer.text


def test_a_districts_trend_is_drawn_where_anyone_was_asked(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/districts/2?{DAY}&path=ai-fundamentals").text
    assert "/reports/charts/trend.json?unit=D2&amp;path=ai-fundamentals&amp;as_of=2026-02-28" in page
    assert "chart-finding" not in as_reader("sam").get(f"/reports/districts/12?{DAY}&path=ai-fundamentals").text
