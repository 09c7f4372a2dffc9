"""Two days side by side: the figures of both, who came and who left, and the earlier day as it was known then."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Flask
from test_reports import rows_of, text_of
from worked_union import Reader, readers, those_who_may_open, worked_app

EVERYONE = {"ben", "viv", "fay", "ned", "dora", "sam", "otto"}
DAYS = "path=ai-fundamentals&then=2026-02-28&as_of=2026-04-01"


@pytest.fixture(scope="module")
def app(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    yield from worked_app(sqlite_template, tmp_path_factory.mktemp("compare"))


@pytest.fixture(scope="module")
def as_reader(app: Flask) -> Reader:
    return readers(app)


def said(as_reader: Reader, name: str, query: str) -> str:
    answer = as_reader(name).get(f"/reports/compare?{query}")
    assert answer.status_code == 200, answer.text
    return text_of(answer.text)


def rows(as_reader: Reader, name: str, query: str) -> dict[str, tuple[str, ...]]:
    answer = as_reader(name).get(f"/reports/compare.csv?{query}")
    columns = ("covered_then", "in_scope_then", "covered_now", "in_scope_now", "people", "joined", "left")
    return {row["unit"]: tuple(row[column] for column in columns) for row in rows_of(answer.text)}


@pytest.mark.parametrize("form", ["", ".csv", ".xlsx", ".pdf"])
def test_every_reader_of_reports_compares(as_reader: Reader, form: str) -> None:
    assert those_who_may_open(as_reader, f"/reports/compare{form}?{DAYS}") == EVERYONE


def test_the_locals_on_two_days(as_reader: Reader) -> None:
    """Cleo moves from 700 to 15 on 1 April; Dov retires from 700 on 1 March."""
    told = rows(as_reader, "sam", f"{DAYS}&units=local")
    assert told["700"] == ("2", "3", "1", "1", "-1", "0", "2")
    assert told["15"] == ("0", "1", "0", "2", "0", "1", "0")
    assert told["80"] == ("2", "3", "2", "3", "0", "0", "0")
    assert "306" not in told, "no one in scope on either day"
    page = said(as_reader, "sam", f"{DAYS}&units=local&q=700")
    assert "Local 700 · Motion Picture Editors Guild 2 of 3 · 67 % 1 of 1 · 100 % +33.3 points −1 0 2" in page


def test_who_moves_within_a_unit_neither_comes_to_it_nor_leaves_it(as_reader: Reader) -> None:
    assert rows(as_reader, "sam", f"{DAYS}&units=international") == {"IA": ("3", "11", "2", "10", "-1", "0", "1")}
    districts = rows(as_reader, "sam", f"{DAYS}&units=district")
    assert districts["D2"] == ("3", "5", "2", "3", "-1", "0", "2")
    assert districts["D1"] == ("0", "1", "0", "2", "0", "1", "0")


def test_the_order_is_the_change(as_reader: Reader) -> None:
    def order(sort: str) -> list[str]:
        page = as_reader("sam").get(f"/reports/compare?{DAYS}&units=local&sort={sort}").text
        return re.findall(r'<th scope="row" class="breakable"><a href="/reports/locals/([^?"]+)', page)

    assert order("gain")[0] == "700"
    assert order("loss")[-1] == "700"
    assert order("unit")[:2] == ["15", "80"]


def test_an_officer_compares_only_what_they_see(as_reader: Reader) -> None:
    assert set(rows(as_reader, "ben", f"{DAYS}&units=local")) == {"80"}
    assert rows(as_reader, "viv", f"{DAYS}&units=local") == {"700": ("2", "3", "1", "1", "-1", "0", "2")}
    assert rows(as_reader, "ben", f"{DAYS}&units=district") == {}, "two locals contribute"
    assert rows(as_reader, "fay", f"{DAYS}&units=district") == {"D3": ("0", "5", "0", "5", "0", "", "")}
    dora = rows(as_reader, "dora", f"{DAYS}&units=local")
    assert dora["700"] == ("2", "3", "1", "1", "-1", "", ""), "who came and left is the local's own to know"
    assert rows(as_reader, "dora", f"{DAYS}&units=district")["D2"][-2:] == ("", ""), "two left: too few"
    page = said(as_reader, "dora", f"{DAYS}&units=local")
    assert "not told" in page
    assert "Local 15" not in page


def test_a_day_as_it_was_known_then(as_reader: Reader) -> None:
    page = said(as_reader, "sam", f"{DAYS}&units=district")
    assert "Count it as it was known then" in page
    counted = said(as_reader, "sam", f"{DAYS}&units=district&restated=yes")
    assert "District 2 no one in scope 3 of 5 · 60 % +5 +3" in counted, "all of it was recorded later"
    fay = said(as_reader, "fay", f"{DAYS}&units=district&restated=yes")
    assert "As known then As known now" in fay
    assert "District 3 no one in scope" not in fay, "a total as it was known might be of fewer than five locals"


def test_what_was_known_then_is_told_in_the_workbook_too(as_reader: Reader) -> None:
    assert as_reader("sam").get(f"/reports/compare.xlsx?{DAYS}&units=district&restated=yes").status_code == 200


def test_nothing_to_compare_is_said(as_reader: Reader) -> None:
    early = said(as_reader, "sam", "then=2001-01-01&as_of=2001-02-01")
    assert "No one is asked for a path on either day" in early
    assert as_reader("sam").get("/reports/compare.csv?then=2001-01-01&as_of=2001-02-01").status_code == 200
    assert "No unit with anyone in scope matches" in said(as_reader, "sam", f"{DAYS}&q=zzz")
    assert "Show all" in said(as_reader, "sam", f"{DAYS}&q=zzz")


def test_a_first_day_with_no_one_has_no_change_in_points(as_reader: Reader) -> None:
    page = said(as_reader, "sam", "path=ai-fundamentals&then=2001-01-01&as_of=2026-02-28&units=international")
    assert "The whole union no one in scope 3 of 11 · 27 % – +3 11 0" in page


@pytest.mark.parametrize(
    "query",
    ["then=x", "then=2026-02-30", "as_of=x", "units=union", "sort=colour", "path=nothing", "floor=sure", "known=now"],
)
@pytest.mark.parametrize("form", ["", ".csv"])
def test_what_makes_no_sense_is_refused_in_words(as_reader: Reader, form: str, query: str) -> None:
    answer = as_reader("sam").get(f"/reports/compare{form}?{query}")
    assert answer.status_code == 400
    assert "makes no sense as" in answer.text


@pytest.mark.parametrize(
    "query",
    ["", "then=0001-01-01", "then=9999-12-31", "then=2026-04-01&as_of=2026-02-28", "as_of=0001-01-01", "known=0001-01-01",
     "after=x", "kind=local", "form=csv", "_external=1", "endpoint=x"],
)  # fmt: skip
def test_every_day_can_be_compared(as_reader: Reader, query: str) -> None:
    assert as_reader("sam").get(f"/reports/compare?{query}").status_code == 200


def test_the_picture_asks_the_same(as_reader: Reader) -> None:
    page = as_reader("sam").get(f"/reports/compare?{DAYS}&units=local").text
    assert "/reports/charts/slope.json?path=ai-fundamentals&amp;then=2026-02-28&amp;as_of=2026-04-01&amp;units=local" in page
    assert as_reader("sam").get(f"/reports/charts/slope.json?{DAYS}&units=local").status_code == 200
