"""Documents as files: the same numbers in every form, and nothing in them that a spreadsheet or a typesetter would run."""

from __future__ import annotations

import csv
import ctypes
import io
import re
from collections.abc import Iterable
from datetime import date
from pathlib import Path

import pypdfium2
import pypdfium2.raw as pdfium
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from tracker.coverage.exports import (
    MOST_PRINTED_ROWS,
    Chart,
    Column,
    Document,
    For,
    Kind,
    Table,
    TooLongToPrint,
    as_csv,
    coverage_document,
    document_csv,
    document_pdf,
    document_workbook,
    safe_text,
    write_workbook,
)
from tracker.coverage.exports.printing import printed_text
from tracker.coverage.figures import CoverageReport, CoverageRow
from tracker.curriculum.coverage import Figure, whole_percent
from tracker.curriculum.words import Assurance

DAY = date(2026, 2, 28)

FORMULAS = [
    "=1+1",
    "+1",
    "-1",
    "@SUM(A1)",
    " =1+1",
    "\u00a0=1+1",
    "\u3000=1+1",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\x00=1+1",
    "\x0b=1+1",
    "\ufeff=1+1",
    "\u200b=1+1",
    "\u200e=1+1",
    "\u202e=1+1",
    "\u2066=1+1",
    "\u00ad=1+1",
    "\u2060=1+1",
    "\u0301=1+1",
    "\uff1d1+1",
    "\uff0b1",
    "\uff0d1",
    "\uff20SUM(A1)",
    "\ufe661",
    "\u22121+1",
    "\tplain",
    '=HYPERLINK("https://example.org","x")',
    "=cmd|' /C calc'!A0",
]
HARMLESS = ["Ana", "Zoë", "0012", "O’Neill", "(Bo)", "1-2", "a=b", "Ελένη", "שרה", "漢字", "", "'quoted", "née = Ray"]


def document(*rows: Iterable[object], tables: tuple[Table, ...] = (), charts: tuple[Chart, ...] = ()) -> Document:
    columns = (Column("name"), Column("people", Kind.COUNT), Column("share", Kind.SHARE), Column("due_on", Kind.DAY))
    facts = [("Scope", "Local 80 · Studio Grips"), ("As of", "2026-02-28"), ("As known on", "all that is known now")]
    table = Table(columns, [tuple(row) for row in rows], "People")  # type: ignore[arg-type]
    return Document("Who is there", facts, [table, *tables], ("People: all of them.",), charts, ("2 of 3 are here.",))


def cells(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


def sheets(content: bytes) -> dict[str, list[list[object]]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    return {name: book.get_sheet_by_name(name).to_python() for name in book.sheet_names}


def pages(content: bytes) -> list[str]:
    with pypdfium2.PdfDocument(content) as pdf:
        return [page.get_textpage().get_text_bounded().replace("\r\n", "\n") for page in pdf]


# --- Formulas ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_no_text_begins_a_formula(text: str) -> None:
    assert safe_text(text).startswith("'")
    assert not re.search(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]", safe_text(text))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_no_formula_stays_as_it_is(text: str) -> None:
    assert safe_text(text) == text


def test_no_formula_begins_after_a_semicolon() -> None:
    assert safe_text("x;=1+1") == "x;'=1+1"
    assert safe_text("x; y") == "x; y"


@pytest.mark.parametrize("text", FORMULAS, ids=ascii)
def test_a_formula_is_text_in_every_cell_of_both_spreadsheets(text: str) -> None:
    table = Table((Column("name"),), [(text,)], text, text)
    doc = Document(text, [(text, text)], [table], (text,), (), (text,))
    for row in cells(document_csv(doc)):
        for cell in row:
            assert cell == "name" or cell == "" or cell.startswith("'")
    content = document_workbook(doc)
    assert all(isinstance(cell, str) for sheet in sheets(content).values() for row in sheet for cell in row)


def test_a_broken_character_stops_no_file() -> None:
    doc = document(("half \ud83d pair", 1, 0.5, DAY), ("null\x00 and bell\x07", 1, 0.5, DAY))
    document_csv(doc).encode()
    assert sheets(document_workbook(doc))["People"][-1][0] == "null  and bell "
    assert pages(document_pdf(doc))


# --- CSV -----------------------------------------------------------------------------------------------------------


def test_the_header_says_what_was_asked_and_what_the_words_mean() -> None:
    more = Table((Column("craft"),), [("grip",)], "By craft")
    rows = cells(document_csv(document(("Ana", 1, 0.25, DAY), tables=(more,))))
    assert rows == [
        ["Who is there"],
        ["2 of 3 are here."],
        ["Scope", "Local 80 · Studio Grips"],
        ["As of", "2026-02-28"],
        ["As known on", "all that is known now"],
        ["People: all of them."],
        ["This file holds the table People. The XLSX and PDF files hold also: By craft."],
        [],
        ["name", "people", "share", "due_on"],
        ["Ana", "1", "0.25", "2026-02-28"],
    ]


def test_bare_rows_are_rows_alone() -> None:
    bare = document_csv(document(("Ana", 1, None, None)), header=False)
    assert bare == "name,people,share,due_on\nAna,1,,\n"


def coverage(*figures: tuple[int, int, int, int]) -> CoverageReport:
    rows = [
        CoverageRow(f"path-{place}", "80", "local", Figure(*figure), f"Path {place}", "Studio Grips")
        for place, figure in enumerate(figures)
    ]
    return CoverageReport(DAY, None, Assurance.REVIEWED, tuple(rows))


def test_the_bare_rows_of_coverage_are_the_command_lines() -> None:
    report = coverage((3, 3, 2, 1), (0, 0, 0, 0), (7, 5, 1, 0))
    assert document_csv(coverage_document(report, "Coverage", "Local 80"), header=False) == as_csv(report)


def test_columns_for_people_lead_in_print_and_codes_stay_out_of_it() -> None:
    columns = (Column("code", whom=For.PROGRAMS), Column("people", Kind.COUNT), Column("title", whom=For.PEOPLE))
    doc = Document("T", [], [Table(columns, [("a-1", 3, "Path one")])])
    assert document_csv(doc, header=False) == "code,people\na-1,3\n"
    assert "code,people,title\na-1,3,Path one\n" in document_csv(doc)
    [page] = pages(document_pdf(doc))
    assert "Title People\nPath one 3" in page
    assert "a-1" not in page


# --- XLSX ----------------------------------------------------------------------------------------------------------


def test_a_workbook_has_a_sheet_a_table_and_numbers_that_are_numbers() -> None:
    more = Table((Column("craft"), Column("people", Kind.COUNT)), [("grip", 1_204)], "By craft: [all]", "Note.")
    again = Table((Column("craft"),), [], "by craft   all")
    found = sheets(
        document_workbook(document(("0012", 1_204, 0.25, DAY), ("Bo", 1, None, date(1850, 1, 1)), tables=(more, again)))
    )
    assert list(found) == ["People", "By craft all", "by craft all 2"]
    head = found["People"].index(["name", "people", "share", "due_on"])
    assert found["People"][head + 1 :] == [["0012", 1_204.0, 0.25, DAY], ["Bo", 1.0, "", "1850-01-01"]]
    assert ["Scope", "Local 80 · Studio Grips", "", ""] in found["People"]
    assert found["By craft all"] == [["Note.", ""], ["", ""], ["craft", "people"], ["grip", 1_204.0]]


def test_sheets_of_one_name_are_told_apart() -> None:
    tables = tuple(Table((Column("craft"),), [], "A title that is longer than any sheet may be") for _ in range(3))
    names = list(sheets(document_workbook(Document("T", [], tables))))
    assert len({name.casefold() for name in names}) == 3
    assert all(len(name) <= 31 for name in names)


def test_a_long_workbook_is_laid_out_on_disk_and_holds_every_row(tmp_path: Path) -> None:
    doc = document(*((f"N{number}", number, number / 6_000, DAY) for number in range(6_000)))
    with (tmp_path / "long.xlsx").open("wb") as out:
        write_workbook(doc, out, folder=tmp_path)
    rows = sheets((tmp_path / "long.xlsx").read_bytes())["People"]
    assert [row[0] for row in rows[-6_000:]] == [f"N{number}" for number in range(6_000)]
    assert [path.name for path in tmp_path.iterdir()] == ["long.xlsx"]


def test_what_does_not_fit_on_a_sheet_goes_on_on_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tracker.coverage.exports.workbook._SHEET", 20)
    found = sheets(document_workbook(document(*((f"N{number}", 1, 0.5, DAY) for number in range(25)))))
    names = [row[0] for sheet in found.values() for row in sheet if str(row[0]).startswith("N")]
    assert names == [f"N{number}" for number in range(25)]
    assert len(found) == 3


def test_a_cell_that_no_spreadsheet_holds_says_that_it_was_cut() -> None:
    found = sheets(document_workbook(document(("x" * 40_000, 1, 0.5, DAY))))["People"][-1][0]
    assert str(found).endswith("(cut: the CSV file holds all of it)")
    assert len(str(found)) == 32_767


# --- PDF -----------------------------------------------------------------------------------------------------------


def test_a_pdf_is_tagged_titled_and_numbered() -> None:
    content = document_pdf(document(*((f"N{number}", number, number / 200, DAY) for number in range(200))))
    assert b"/StructTreeRoot" in content
    assert re.search(rb"/Lang ?\(en", content)
    assert b"pdfuaid" in content
    with pypdfium2.PdfDocument(content) as pdf:
        assert pdf.get_metadata_dict()["Title"] == "Who is there"
        assert pdfium.FPDFCatalog_IsTagged(pdf.raw)
    told = pages(content)
    assert len(told) > 2
    for number, page in enumerate(told, start=1):
        assert "Local 80 · Studio Grips · as of 2026-02-28" in page
        assert f"page {number} of {len(told)}" in page
    assert all("Name People Share Due on" in page for page in told[:-1])  # the last may hold the definitions alone
    assert "2 of 3 are here." in told[0]
    assert "People: all of them." in told[-1]
    for number in range(200):  # a single figure far away is taken for the next letter by some readers of the text
        assert any(re.search(rf"^N{number} ?{number} ", page, re.MULTILINE) for page in told)


ODD = [
    "שרה كريم",
    "漢字 かな 한국",
    "😀👩‍🎤",
    "z\u0351\u036b\u0343\u036a\u0302\u036b\u033d\u034f\u0334\u0319\u0324\u031e\u0349\u035a\u032f\u031e",
    "\u202eevil\u202c",
    "\ue000\U0010fffd\ufffe\U0001f9ff",
    '#import "x": *; $x$ *bold* _it_ `raw` <label> @ref [a](b) \\ // /* */ = Heading',
    "#sys.inputs",
    "X" * 500,
    "\u200d\u200c\u200b" * 20,
    "ก\u0e33\u0e49 ကြ 𝔘𝔫𝔦 \u0600\u06dd1",
]


@pytest.mark.parametrize("text", ODD, ids=ascii)
def test_nothing_that_a_name_may_hold_stops_a_pdf(text: str) -> None:
    table = Table((Column("name", title=text),), [(text,)], text, text)
    told = "\n".join(pages(document_pdf(Document(text, [("Scope", text)], [table, table], (text,), (), (text,)))))
    if text.isascii() and len(text) < 200:
        assert re.sub(r"\s", "", text.replace("\\", "\\")) in re.sub(r"[\s\u200b]", "", told)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.text(max_size=40), min_size=1, max_size=30))
def test_any_names_make_a_pdf(names: list[str]) -> None:
    assert document_pdf(document(*((name, 1, 0.5, DAY) for name in names))).startswith(b"%PDF")


def test_a_sign_that_no_font_has_is_a_box_and_the_page_says_so() -> None:
    told = "\n".join(pages(document_pdf(document(("漢 \U0001fae8", 1, 0.5, DAY)))))
    assert "\u25a1" in told
    assert "The CSV and XLSX files hold it." in told
    assert "The CSV and XLSX files hold it." not in "\n".join(pages(document_pdf(document(("Zoë", 1, 0.5, DAY)))))


def test_a_long_word_may_be_broken_and_a_short_one_not() -> None:
    assert "\u200b" not in printed_text("Studio Mechanics")
    assert max(map(len, printed_text("X" * 300).split("\u200b"))) <= 16


def test_a_pdf_that_nobody_would_read_is_refused_in_words() -> None:
    doc = document(*((f"N{number}", 1, 0.5, DAY) for number in range(MOST_PRINTED_ROWS + 1)))
    with pytest.raises(TooLongToPrint, match=r"has 3,001 rows; a PDF holds at most 3,000.* CSV or XLSX"):
        document_pdf(doc)


def test_a_chart_stands_in_the_pdf_with_its_finding_and_its_summary() -> None:
    spec = {
        "$schema": "https://vega.github.io/schema/vega-lite/v6.json",
        "description": "A bar.",
        "data": {"values": [{"x": "a", "y": 1}]},
        "width": "container",
        "mark": "bar",
        "encoding": {"x": {"field": "x", "type": "nominal"}, "y": {"field": "y", "type": "quantitative"}},
    }
    chart = Chart("bar", "One bar stands alone", "A single bar, one high.", spec, Table((Column("x"),), [("a",)]))
    content = document_pdf(document(("Ana", 1, 0.5, DAY), charts=(chart,)))
    assert "One bar stands alone" in "\n".join(pages(content))
    assert alternatives(content) == ["A single bar, one high."]


def alternatives(content: bytes) -> list[str]:
    """The texts that stand for pictures, by the document's structure."""
    found: list[str] = []

    def text_of(element: object) -> str:
        size = pdfium.FPDF_StructElement_GetAltText(element, None, 0)
        buffer = ctypes.create_string_buffer(size)
        pdfium.FPDF_StructElement_GetAltText(element, buffer, size)
        return buffer.raw.decode("utf-16-le").rstrip("\0")

    def walk(element: object) -> None:
        if pdfium.FPDF_StructElement_GetAltText(element, None, 0) > 2:
            found.append(text_of(element))
        for place in range(max(pdfium.FPDF_StructElement_CountChildren(element), 0)):
            child = pdfium.FPDF_StructElement_GetChildAtIndex(element, place)
            if child:
                walk(child)

    with pypdfium2.PdfDocument(content) as pdf:
        for page in pdf:
            tree = pdfium.FPDF_StructTree_GetForPage(page.raw)
            for place in range(pdfium.FPDF_StructTree_CountChildren(tree)):
                walk(pdfium.FPDF_StructTree_GetChildAtIndex(tree, place))
            pdfium.FPDF_StructTree_Close(tree)
    return found


# --- The same in every form ----------------------------------------------------------------------------------------

counts = st.tuples(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(0, 3_000), st.integers(0, 3_000)).map(
    lambda numbers: tuple(sorted(numbers, reverse=True))
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(counts, min_size=1, max_size=12))
def test_the_numbers_are_the_same_in_every_form(figures: list[tuple[int, int, int, int]]) -> None:
    report = coverage(*figures)
    doc = coverage_document(report, "Coverage", "Local 80")
    bare = cells(document_csv(doc, header=False))[1:]
    told = sheets(document_workbook(doc))["Coverage"]
    head = next(place for place, row in enumerate(told) if row[0] == "path")
    printed = "\n".join(pages(document_pdf(doc)))
    for place, (row, sheet) in enumerate(zip(bare, told[head + 1 :], strict=True)):
        in_scope, claimed, reviewed, provider = figures[place]
        assert [int(cell) for cell in (*row[3:5], *row[6:])] == [in_scope, reviewed, claimed, reviewed, provider]
        assert [sheet[3], sheet[4], *sheet[6:9]] == [in_scope, reviewed, claimed, reviewed, provider]
        if in_scope:
            share = round(reviewed / in_scope, 6)
            assert float(row[5]) == share
            assert sheet[5] == pytest.approx(share, abs=1e-14)
            words = f"{whole_percent(reviewed, in_scope)}\u00a0%"
        else:
            assert (row[5], sheet[5]) == ("", "")
            words = "–"
        line = (
            f"Path {place} Local 80 · Studio Grips {in_scope:,} {reviewed:,} {words} {claimed:,} {reviewed:,} {provider:,}"
        )
        assert line.replace("\u00a0", " ") in printed.replace("\u00a0", " ")


def test_the_templates_are_in_the_package() -> None:
    import tracker

    folder = Path(tracker.__file__).parent / "coverage" / "exports" / "print"
    assert {each.name for each in folder.iterdir()} == {"house.typ", "document.typ", "one_page.typ", "proof.typ"}
