"""Every file of a report: who gets it, what it holds, and that it is the page's."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date
from urllib.parse import quote

import pypdfium2
import pytest
from flask import Flask
from little_union import Browser
from python_calamine import CalamineWorkbook
from test_reports import DAY, PEOPLE, app, as_reader, browsers, text_of  # noqa: F401 — the worked example, loaded once

from tracker.coverage.exports import as_csv
from tracker.coverage.figures import coverage_report
from tracker.curriculum.words import Assurance
from tracker.models import db
from tracker.web.reports.exporting.naming import disposition, file_name

Reader = Callable[[str], Browser]

FORMS = ("csv", "xlsx", "pdf")
VALUES = {"number": ("80", "D2"), "code": ("ai-fundamentals",)}
MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


def file_routes(app: Flask) -> list[str]:  # noqa: F811
    """Every route of a report's file, with values filled in, without its form."""
    found = []
    for rule in app.url_map.iter_rules():
        if "form" not in rule.arguments or not rule.endpoint.startswith("reports."):
            continue
        for number in VALUES["number"]:
            values = {"number": number, "code": "ai-fundamentals", "form": "csv"}
            given = {name: values[name] for name in rule.arguments if name in values}
            if set(given) != rule.arguments or (("district" in rule.rule) is not (number == "D2") and "number" in given):
                continue
            built = app.url_map.bind("").build(rule.endpoint, given)
            found.append(built.removesuffix(".csv"))
    return sorted({*found})


def csv_rows(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))


def pdf_text(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as pdf:
        return "\n".join(page.get_textpage().get_text_bounded() for page in pdf).replace("\r\n", "\n")


def test_every_form_of_every_file_opens_to_the_same_readers(app: Flask, as_reader: Reader) -> None:  # noqa: F811
    routes = file_routes(app)
    assert len(routes) >= 8
    assert "/reports/locals/80/members" in routes
    for route in routes:
        query = f"?{DAY}" + ("" if "/paths/" in route else "&path=ai-fundamentals")
        readers = {}
        for form in FORMS:
            answers = {name: as_reader(name).get(f"{route}.{form}{query}") for name in PEOPLE}
            assert {answer.status_code for answer in answers.values()} <= {200, 404}, (route, form)
            readers[form] = {name for name, answer in answers.items() if answer.status_code == 200}
            for answer in answers.values():
                if answer.status_code == 200:
                    assert answer.content_type == MEDIA_TYPES[form]
                    assert answer.headers["Cache-Control"] == "no-store"
                    assert re.match(
                        rf'attachment; filename="[a-z0-9A-Z-]*2026-02-28\.{form}"$', answer.headers["Content-Disposition"]
                    )
        assert readers["csv"] == readers["xlsx"] == readers["pdf"], route
        assert readers["csv"] >= {"sam"}, route
        assert "ana" not in readers["csv"]
        assert "ada" not in readers["csv"]
        if "members" in route or ("push" in route and "/locals/" in route):
            assert readers["csv"] <= {"ben", "sam", "otto"}, route


def test_every_form_holds_the_same_rows(app: Flask, as_reader: Reader) -> None:  # noqa: F811
    for route in file_routes(app):
        query = f"?{DAY}" + ("" if "/paths/" in route else "&path=ai-fundamentals")
        for name in ("ben", "sam"):
            told = as_reader(name).get(f"{route}.csv{query}")
            if told.status_code == 404:
                continue
            bare = csv_rows(as_reader(name).get(f"{route}.csv{query}&header=no").text)
            book = CalamineWorkbook.from_filelike(io.BytesIO(as_reader(name).get(f"{route}.xlsx{query}").data))
            sheet = book.get_sheet_by_index(0).to_python(skip_empty_area=False)
            head = next(place for place, row in enumerate(sheet) if [str(cell) for cell in row][: len(bare[0])] == bare[0])
            assert len(sheet) - head - 1 == len(bare) - 1, route
            for row, cells in zip(bare[1:], sheet[head + 1 :], strict=True):
                for plain, cell in zip(row, cells, strict=False):
                    if isinstance(cell, float):
                        assert float(plain) == pytest.approx(cell)
                    else:
                        assert plain.removeprefix("'") == str(cell), route
            printed = re.sub(r"[\s\u200b]", "", pdf_text(as_reader(name).get(f"{route}.pdf{query}").data))
            for row in bare[1:]:
                for cell in row:
                    if cell.isdecimal():
                        assert f"{int(cell):,}" in printed or cell in printed, (route, row)


def test_the_header_block_says_what_was_asked(as_reader: Reader) -> None:  # noqa: F811
    answer = as_reader("ben").get(f"/reports/locals/80.csv?{DAY}&known=2026-03-05&floor=provider")
    assert answer.data.startswith("\ufeff".encode())
    rows = csv_rows(answer.text)
    head = dict(row[:2] for row in rows if len(row) >= 2 and row[0] and row[0][0].isupper())
    assert head["Scope"] == "Local 80 · Studio Grips"
    assert head["As of"] == "2026-02-28"
    assert head["As known on"] == "2026-03-05"
    assert head["Floor"] == "confirmed by the provider"
    assert date.fromisoformat(head["Made on"])
    assert any(row[0].startswith("Covered: those in scope who hold the path") for row in rows if row)
    narrowed = csv_rows(as_reader("sam").get(f"/reports/coverage.csv?{DAY}&district=D2&q=studio&nonsense=All+is+well").text)
    told = "\n".join(",".join(row) for row in narrowed)
    assert "studio" in told
    assert "D2" in told or "District 2" in told
    assert "All is well" not in told


@pytest.mark.parametrize("floor", ["claimed", "reviewed", "provider"])
def test_the_bare_rows_are_the_command_lines(app: Flask, as_reader: Reader, floor: str) -> None:  # noqa: F811
    answer = as_reader("sam").get(f"/reports/coverage.csv?{DAY}&floor={floor}&header=no")
    with app.app_context():
        asked = coverage_report(db.session(), as_of=date(2026, 2, 28), floor=Assurance.from_word(floor))
        assert answer.data.decode() == as_csv(asked)


def test_a_header_that_makes_no_sense_is_refused_in_words(as_reader: Reader) -> None:  # noqa: F811
    answer = as_reader("sam").get("/reports/coverage.csv?header=maybe")
    assert answer.status_code == 400
    assert "Use one of these: yes, no" in answer.text


def test_the_pdf_says_what_the_page_says(as_reader: Reader) -> None:  # noqa: F811
    ben = as_reader("ben")
    page = text_of(ben.get(f"/reports/locals/80?{DAY}&path=ai-fundamentals").text)
    printed = re.sub(r"\s+", " ", pdf_text(ben.get(f"/reports/locals/80.pdf?{DAY}&path=ai-fundamentals").data))
    assert "2 of 3 · 67 %" in page
    assert "AI Fundamentals Local 80 · Studio Grips 3 2 67 % 2 2 1" in printed
    assert "Local 80 · Studio Grips · as of 2026-02-28" in printed


def test_one_page_for_a_meeting(as_reader: Reader) -> None:  # noqa: F811
    answer = as_reader("ben").get(f"/reports/locals/80/one-page.pdf?{DAY}&path=ai-fundamentals")
    assert answer.status_code == 200
    assert answer.headers["Content-Disposition"] == 'attachment; filename="one-page-80-ai-fundamentals-2026-02-28.pdf"'
    with pypdfium2.PdfDocument(answer.data) as pdf:
        assert len(pdf) == 1
        assert pdf.get_metadata_dict()["Title"] == "Local 80 · Studio Grips"
        said = re.sub(r"\s+", " ", pdf[0].get_textpage().get_text_bounded())
    assert "2 of 3 · 67 %" in said
    assert "1 more person reaches the target of 80 %." in said
    assert "Why so many?" in said
    assert "page 1 of 1" in said
    for name in ("Ana", "Ben Example", "Gus", "Hal", "0001"):
        assert name not in said


def test_who_may_have_the_page_for_a_meeting(as_reader: Reader) -> None:  # noqa: F811
    seen = {name for name in PEOPLE if as_reader(name).get(f"/reports/locals/80/one-page.pdf?{DAY}").status_code == 200}
    assert seen == {"ben", "dora", "sam", "otto"}
    assert as_reader("sam").get("/reports/locals/80/one-page.pdf?path=nothing").status_code == 400
    assert as_reader("sam").get("/reports/locals/nowhere/one-page.pdf").status_code == 404


@pytest.mark.parametrize("number", ["301", "306", "15"])
def test_a_page_for_a_meeting_about_few_or_none(as_reader: Reader, number: str) -> None:  # noqa: F811
    with pypdfium2.PdfDocument(as_reader("sam").get(f"/reports/locals/{number}/one-page.pdf?{DAY}").data) as pdf:
        assert len(pdf) == 1


@pytest.mark.parametrize(
    ("name", "plain", "full"),
    [
        (("coverage", "2026-02-28"), "coverage-2026-02-28", None),
        (("Größe", "Łódź"), "Groe-odz", "Größe-Łódź"),
        (("漢字",), "report", "漢字"),
        (('a"; filename="evil.exe', "../../x\r\nSet-Cookie: y"), "a-filename-evil-exe-x-Set-Cookie-y", None),
        (("",), "report", None),
        (("\u202egpj.exe",), "gpj-exe", None),
    ],
)
def test_what_a_file_is_called(name: tuple[str, ...], plain: str, full: str | None) -> None:
    header = disposition(file_name("csv", *name))
    assert header.isascii() and header.isprintable()
    assert header.startswith(f'attachment; filename="{plain}.csv"')
    assert (f"filename*=UTF-8''{quote(f'{full}.csv')}" in header) is (full is not None)
