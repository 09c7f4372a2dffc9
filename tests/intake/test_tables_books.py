"""A workbook reads like the CSV file it would be: XLSX, ODS and XLS, each with what only it can say."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime, time
from typing import Any

import pytest
import xlsxwriter

from tests.intake.test_tables import refusal, rows
from tracker.intake.tables import read_table
from tracker.operations.rows import RowFaults

SHEET = "xl/worksheets/sheet1.xml"
CONTENT = "content.xml"


# --- XLSX ----------------------------------------------------------------------------------------------------------------


def workbook(fill: Callable[[xlsxwriter.Workbook], None]) -> bytes:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True})
    fill(book)
    book.close()
    return content.getvalue()


def small_workbook() -> bytes:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["number", "name"])
        sheet.write_row(1, 0, [80, "Studio Grips"])

    return workbook(fill)


def tampered(content: bytes, part: str, change: Callable[[bytes], bytes]) -> bytes:
    """The same archive with one part changed."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as before, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as after:
        for entry in before.infolist():
            data = before.read(entry)
            after.writestr(entry.filename, change(data) if entry.filename == part else data)
    return out.getvalue()


def archive(parts: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()


def sheet_of(cells: str) -> bytes:
    """A small workbook whose sheet is written by hand."""
    return tampered(
        small_workbook(),
        SHEET,
        lambda xml: re.sub(rb"<sheetData>.*</sheetData>", f"<sheetData>{cells}</sheetData>".encode(), xml, flags=re.DOTALL),
    )


def test_a_workbook_reads_like_the_csv_it_would_be() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm"})
        book.add_worksheet("empty")
        sheet = book.add_worksheet("roster")
        book.add_worksheet("notes").write(0, 0, "not this one")
        sheet.write_row(2, 1, ["local", "number", "from_on", "at", "home", "hours"])
        sheet.write_row(3, 1, [80, "00123"])
        sheet.write_datetime(3, 3, datetime(2026, 3, 9), day)
        sheet.write_datetime(3, 4, datetime(2026, 3, 9, 10, 5), moment)
        sheet.write_row(3, 5, [True, 1.5])
        sheet.write_row(5, 1, ["Zoë"])

    table = read_table(workbook(fill), "roster.xlsx")
    assert (table.header_line, table.headers) == (3, ["local", "number", "from_on", "at", "home", "hours"])
    assert list(table.rows) == [
        (4, ["80", "00123", date(2026, 3, 9).isoformat(), "2026-03-09 10:05:00", "true", "1.5"]),
        (6, ["Zoë", "", "", "", "", ""]),
    ]


@pytest.mark.parametrize(
    ("value", "shown", "text"),
    [
        (80, "General", "80"),
        (80.0, "0.00", "80"),
        (1, "0%", "1"),
        (0.5, "0%", "0.5"),
        (100, '0"%"', "100"),
        (-1.25, "#,##0.00;[Red]-#,##0.00", "-1.25"),
        (1e300, "0.0E+00", "1e+300"),
        (123456789012345, "0", "123456789012345"),
        (46090, "yyyy-mm-dd", "2026-03-09"),
        (46090, '[$-409]d"."mmm yyyy;@', "2026-03-09"),
        (46090.75, "m/d/yy h:mm AM/PM", "2026-03-09 18:00:00"),
        (46090.999999999, "m/d/yy", "2026-03-10"),
        (0.378472222222222, "hh:mm", "09:05:00"),
        (1.0527777777777778, "[h]:mm:ss", "25:16:00"),
        (0.5, "[mm]", "12:00:00"),
        (-0.5, "[h]:mm", "-12:00:00"),
        (1, "yyyy-mm-dd", "1900-01-01"),
        (-5, "yyyy-mm-dd", "-5"),
        (30_000_000, "yyyy-mm-dd", "30000000"),
        (7, '"days "0', "7"),
        (7, "0 \\d\\a\\y\\s", "7"),
    ],
)
def test_a_number_is_what_its_format_makes_of_it(value: float, shown: str, text: str) -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["number", "name"])
        sheet.write_number(1, 0, value, book.add_format({"num_format": shown}))

    assert rows(workbook(fill), "x.xlsx") == [(2, [text, ""])]


def test_the_macs_days_begin_four_years_later() -> None:
    content = io.BytesIO()
    book = xlsxwriter.Workbook(content, {"in_memory": True, "date_1904": True})
    sheet = book.add_worksheet()
    sheet.write_row(0, 0, ["day", "time"])
    sheet.write_datetime(1, 0, datetime(2026, 3, 9), book.add_format({"num_format": "d mmm yyyy"}))
    sheet.write_datetime(1, 1, time(9, 5), book.add_format({"num_format": "h:mm"}))
    book.close()
    assert rows(content.getvalue(), "x.xlsx") == [(2, ["2026-03-09", "09:05:00"])]


@pytest.mark.parametrize(
    ("name", "cell", "text"),
    [
        ("a formula and what it came to", '<c r="A2"><f>B2+1</f><v>81</v></c>', "81"),
        ("a formula never computed", '<c r="A2"><f>B2+1</f></c>', ""),
        ("a formula that came to a text", '<c r="A2" t="str"><f>"8"&amp;"0"</f><v>Grips &amp; Co</v></c>', "Grips & Co"),
        ("nothing found", '<c r="A2" t="e"><v>#N/A</v></c>', ""),
        ("another error, to be seen", '<c r="A2" t="e"><v>#REF!</v></c>', "#REF!"),
        ("no", '<c r="A2" t="b"><v>0</v></c>', "false"),
        ("a text of its own", '<c r="A2" t="inlineStr"><is><r><t>Gri</t></r><r><t>ps</t></r></is></c>', "Grips"),
        ("reading aids", '<c r="A2" t="inlineStr"><is><t>東京</t><rPh sb="0" eb="2"><t>とう</t></rPh></is></c>', "東京"),
        ("an ISO day", '<c r="A2" t="d"><v>2026-03-09T00:00:00</v></c>', "2026-03-09"),
        ("an ISO moment", '<c r="A2" t="d"><v>2026-03-09T10:05:00</v></c>', "2026-03-09 10:05:00"),
        ("a character that XML cannot hold", '<c r="A2" t="str"><v>a_x000D_b_x005F_x0041_</v></c>', "a\rb_x0041_"),
        ("half a character", '<c r="A2" t="str"><v>a_xD83D_b</v></c>', "a\ufffdb"),
        ("no reference", "<c><v>81</v></c>", "81"),
        ("a number in letters", '<c r="A2"><v>eighty</v></c>', "eighty"),
        ("a prefix", '<x:c xmlns:x="x" r="A2"><x:v>81</x:v></x:c>', "81"),
    ],
)
def test_a_cell_says_what_a_person_sees(name: str, cell: str, text: str) -> None:
    head = '<row r="1"><c r="A1" t="str"><v>number</v></c><c r="B1" t="str"><v>name</v></c></row>'
    content = sheet_of(f'{head}<row r="2">{cell}<c r="B2" t="str"><v>Ana</v></c></row>')
    assert rows(content, "x.xlsx") == [(2, [text, "Ana"])]


def test_the_first_visible_sheet_that_holds_anything_is_read() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        hidden, very_hidden = book.add_worksheet("hidden"), book.add_worksheet("very hidden")
        hidden.write_row(0, 0, ["not", "this"])
        hidden.hide()
        very_hidden.write_row(0, 0, ["nor", "this"])
        very_hidden.very_hidden()
        blank = book.add_worksheet("coloured")
        blank.write_blank(5, 5, None, book.add_format({"bg_color": "red"}))
        book.add_chartsheet("chart")
        book.add_worksheet("roster").write_row(0, 0, ["number", "name"])
        blank.activate()

    assert read_table(workbook(fill), "x.xlsx").headers == ["number", "name"]


def test_an_empty_workbook_is_an_empty_file() -> None:
    assert refusal(workbook(lambda book: book.add_worksheet()), "x.xlsx roster.csv").code == "empty_file"


def test_titles_and_groups_of_merged_cells_stand_above_the_headings() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.merge_range("A1:D1", "Completion report", book.add_format())
        sheet.merge_range("A3:B3", "Learner", book.add_format())
        sheet.merge_range("C3:D3", "Course", book.add_format())
        sheet.write_row(3, 0, ["Name", "E-mail", "Name", "Day"])
        sheet.write_row(4, 0, ["Ana", "ana@example.org", "Literacy", "2026-03-09"])

    table = read_table(workbook(fill), "x.xlsx")
    assert (table.header_line, table.headers) == (4, ["Learner Name", "E-mail", "Course Name", "Day"])
    assert list(table.rows) == [(5, ["Ana", "ana@example.org", "Literacy", "2026-03-09"])]


def test_a_lone_far_cell_costs_no_more_than_its_row() -> None:
    far = tampered(
        small_workbook(), SHEET, lambda xml: xml.replace(b'r="B2"', b'r="XFD2"').replace(b'r="2"', b'r="1048576"')
    )
    (row,) = read_table(far, "x.xlsx").rows
    assert isinstance(row, RowFaults)
    assert (row.line, row.faults[0].value) == (1_048_576, "Studio Grips")


def test_a_long_text_shared_by_many_cells_is_kept_once() -> None:
    def fill(book: xlsxwriter.Workbook) -> None:
        sheet = book.add_worksheet()
        sheet.write_row(0, 0, ["number", "name"])
        for row in range(1, 20_000):
            sheet.write_row(row, 0, [row, "x" * 32_000])

    texts = [row[1][1] for row in read_table(workbook(fill), "x.xlsx").rows if not isinstance(row, RowFaults)]
    assert len(texts) == 19_999 and all(text is texts[0] for text in texts)


# --- ODS -----------------------------------------------------------------------------------------------------------------

_XML = (
    '<?xml version="1.0" encoding="UTF-8"?><office:document-content'
    ' xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0"'
    ' xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"'
    ' xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0"'
    ' xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0"'
    ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"><office:automatic-styles>'
    '<style:style style:name="seen"><style:table-properties table:display="true"/></style:style>'
    '<style:style style:name="hidden"><style:table-properties table:display="false"/></style:style>'
    "</office:automatic-styles><office:body><office:spreadsheet>"
)
KIND = b"application/vnd.oasis.opendocument.spreadsheet"
MANIFEST = b'<manifest:manifest xmlns:manifest="m"><manifest:file-entry manifest:full-path="/"/></manifest:manifest>'
LOCKED = MANIFEST.replace(b"/></manifest:m", b"><manifest:encryption-data/></manifest:file-entry></manifest:m")
EDGE = '<table:table-cell table:number-columns-repeated="16382"/>'  # to the edge of the sheet, as every office writes it
BOTTOM = f'<table:table-row table:number-rows-repeated="1048573">{EDGE}</table:table-row>'


def spreadsheet(*tables: str, kind: bytes = KIND, manifest: bytes = MANIFEST) -> bytes:
    xml = f"{_XML}{''.join(tables)}</office:spreadsheet></office:body></office:document-content>"
    return archive({"mimetype": kind, "META-INF/manifest.xml": manifest, CONTENT: xml.encode()})


def ods_table(*lines: str, style: str = "seen") -> str:
    return f'<table:table table:name="S" table:style-name="{style}">{"".join(lines)}{BOTTOM}</table:table>'


def ods_row(*cells: str, times: int = 1) -> str:
    repeated = f' table:number-rows-repeated="{times}"' if times > 1 else ""
    inside = "".join(cell if cell.startswith("<table:") else ods_cell(f"<text:p>{cell}</text:p>") for cell in cells)
    return f"<table:table-row{repeated}>{inside}{EDGE}</table:table-row>"


def ods_cell(inside: str, attributes: str = 'office:value-type="string"') -> str:
    return f"<table:table-cell {attributes}>{inside}</table:table-cell>"


HEAD = ods_row("number", "name")


def small_spreadsheet() -> bytes:
    return spreadsheet(ods_table(HEAD, ods_row("80", "Studio Grips")))


@pytest.mark.parametrize(
    ("name", "cell", "text"),
    [
        ("a number", ods_cell("<text:p>80.00</text:p>", 'office:value-type="float" office:value="80"'), "80"),
        ("a percentage", ods_cell("<text:p>100%</text:p>", 'office:value-type="percentage" office:value="1"'), "1"),
        ("money", ods_cell("<text:p>$1.50</text:p>", 'office:value-type="currency" office:value="1.5"'), "1.5"),
        (
            "a day",
            ods_cell("<text:p>3/9/26</text:p>", 'office:value-type="date" office:date-value="2026-03-09"'),
            "2026-03-09",
        ),
        (
            "a moment",
            ods_cell("", 'office:value-type="date" office:date-value="2026-03-09T10:05:00"'),
            "2026-03-09 10:05:00",
        ),
        ("a time", ods_cell("", 'office:value-type="time" office:time-value="PT09H05M00S"'), "09:05:00"),
        ("how long", ods_cell("", 'office:value-type="time" office:time-value="PT25H15M59.9928S"'), "25:16:00"),
        ("no", ods_cell("<text:p>NO</text:p>", 'office:value-type="boolean" office:boolean-value="false"'), "false"),
        ("a formula's text", ods_cell("", 'office:value-type="string" office:string-value="Grips"'), "Grips"),
        (
            "nothing found",
            ods_cell("<text:p>#N/A</text:p>", 'office:value-type="string" calcext:value-type="error"'),
            "",
        ),
        (
            "an error, to be seen",
            ods_cell("<text:p>#DIV/0!</text:p>", 'office:value-type="string" calcext:value-type="error"'),
            "#DIV/0!",
        ),
        ("two paragraphs", ods_cell("<text:p>two</text:p><text:p>lines</text:p>"), "two\nlines"),
        (
            "spaces",
            ods_cell('<text:p>a  b<text:s text:c="2"/>c<text:s/>d<text:tab/>e<text:line-break/>f</text:p>'),
            "a  b  c d\te\nf",
        ),
        ("laid out", ods_cell("<text:p>Studio\n      Grips</text:p>"), "Studio Grips"),
        ("pieces", ods_cell("<text:p>Stu<text:span>dio </text:span><text:a>Grips</text:a></text:p>"), "Studio Grips"),
        (
            "a comment",
            ods_cell("<office:annotation><text:p>ask him</text:p></office:annotation><text:p>Ana</text:p>"),
            "Ana",
        ),
        (
            "a table in the cell",
            ods_cell(
                "<text:p>Ana</text:p><table:table><table:table-row><table:table-cell/></table:table-row></table:table>"
            ),
            "Ana",
        ),
        ("blank", "<table:table-cell/>", ""),
        ("covered by another", "<table:covered-table-cell/>", ""),
    ],
)
def test_a_cell_of_an_open_document_says_what_it_keeps(name: str, cell: str, text: str) -> None:
    assert rows(spreadsheet(ods_table(HEAD, ods_row(cell, "x"))), "x.ods") == [(2, [text, "x"])]


def test_what_is_repeated_is_repeated_and_blanks_are_counted() -> None:
    same = ods_cell("<text:p>x</text:p>", 'office:value-type="string" table:number-columns-repeated="2"')
    content = spreadsheet(
        ods_table(
            HEAD, ods_row("1", "one", times=3), ods_row(times=1_000), ods_row(same), ods_row(times=40_000), ods_row("9")
        )
    )
    assert rows(content, "x.ods") == [
        (2, ["1", "one"]),
        (3, ["1", "one"]),
        (4, ["1", "one"]),
        (1_005, ["x", "x"]),
        (41_006, ["9", ""]),
    ]


def test_hidden_and_empty_sheets_of_an_open_document_are_passed_over() -> None:
    content = spreadsheet(
        "<table:tracked-changes><table:table><table:table-row/></table:table></table:tracked-changes>",
        ods_table(ods_row("not", "this"), style="hidden"),
        ods_table(),
        ods_table(HEAD, ods_row("80", "Grips")),
        ods_table(ods_row("nor", "this")),
    )
    table = read_table(content, "x.ods")
    assert (table.header_line, table.headers, list(table.rows)) == (1, ["number", "name"], [(2, ["80", "Grips"])])


def test_rows_in_groups_and_headers_are_rows() -> None:
    content = spreadsheet(
        ods_table(
            f"<table:table-header-rows>{HEAD}</table:table-header-rows><table:table-row-group>",
            ods_row("80", "Grips"),
            f"<table:table-rows>{ods_row('81', 'Stage')}</table:table-rows></table:table-row-group>",
        )
    )
    assert rows(content, "x.ods") == [(2, ["80", "Grips"]), (3, ["81", "Stage"])]


def test_an_open_document_need_not_say_what_it_is() -> None:
    assert rows(spreadsheet(ods_table(HEAD, ods_row("80", "x")), kind=b""), "x.ods") == [(2, ["80", "x"])]


@pytest.mark.parametrize(
    ("name", "content", "code", "words"),
    [
        ("empty", spreadsheet(ods_table()), "empty_file", "is empty"),
        ("a text", spreadsheet(kind=b"application/vnd.oasis.opendocument.text"), "not_a_table", "text or drawing"),
        ("locked", spreadsheet(manifest=LOCKED), "not_a_table", "password"),
        (
            "locked as a whole",
            archive({"mimetype": KIND, "META-INF/manifest.xml": LOCKED, "encrypted-package": b"\x01"}),
            "not_a_table",
            "password",
        ),
        ("a Word document", archive({"word/document.xml": b"<w/>"}), "not_a_table", "Word"),
        ("a binary workbook", archive({"xl/workbook.bin": b"\x83\x01"}), "not_a_table", "XLSB"),
        ("an archive", archive({"roster.csv": b"number,name\n"}), "not_a_table", "ZIP"),
    ],
)
def test_what_is_no_open_table_is_refused_by_name(name: str, content: bytes, code: str, words: str) -> None:
    refused = refusal(content)
    assert refused.code == code
    assert "roster.csv" in refused.message and words in refused.message


# --- XLS -----------------------------------------------------------------------------------------------------------------

_END_OF_CHAIN, _FREE, _TABLE = 0xFFFFFFFE, 0xFFFFFFFF, 0xFFFFFFFD
BIFF8, BIFF5 = 0x0600, 0x0500


def compound(streams: dict[str, bytes], shift: int = 9) -> bytes:
    """An OLE compound file: streams of 4,096 bytes and more in sectors of their own, smaller ones together."""
    size = 1 << shift
    sectors: list[bytes] = []
    table: list[int] = []

    def put(data: bytes) -> int:
        """The first sector of the data."""
        first, count = len(sectors), -(-len(data) // size)
        sectors.extend(data[at * size : (at + 1) * size].ljust(size, b"\0") for at in range(count))
        table.extend([*range(first + 1, first + count), _END_OF_CHAIN][:count])
        return first if count else _END_OF_CHAIN

    small, small_table, entries = b"", [], []
    for name, data in streams.items():
        if len(data) >= 4_096:
            entries.append((name, 2, put(data), len(data)))
            continue
        first, count = len(small_table), -(-len(data) // 64)
        small_table += [*range(first + 1, first + count), _END_OF_CHAIN]
        small += data.ljust(count * 64, b"\0")
        entries.append((name, 2, first, len(data)))
    entries.insert(0, ("Root Entry", 5, put(small), len(small)))
    small_place = put(struct.pack(f"<{len(small_table)}I", *small_table))
    directory = b""
    for name, kind, start, length in entries:
        text = name.encode("utf-16-le") + b"\0\0"
        directory += struct.pack("<64sHBB12x", text, len(text), kind, 1).ljust(116, b"\0") + struct.pack(
            "<IQ", start, length
        )
    directory_place = put(directory)
    in_one = size // 4
    count = -(-(len(table) + 1) // (in_one - 1))
    places = list(range(len(table), len(table) + count))
    table += [_TABLE] * count
    table += [_FREE] * (count * in_one - len(table))
    header = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + struct.pack("<16xHHHHH", 0x3E, 3, 0xFFFE, shift, 6)
    header = header.ljust(44, b"\0") + struct.pack("<II4xIII", count, directory_place, 4_096, small_place, 1)
    header = header.ljust(68, b"\0") + struct.pack("<II", _END_OF_CHAIN, 0)
    header += struct.pack("<109I", *places, *[_FREE] * (109 - count))
    return header.ljust(size, b"\0") + b"".join(sectors) + struct.pack(f"<{len(table)}I", *table)


def record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def wide(text: str, width: str = "<H") -> bytes:
    """A text as BIFF 8 writes it, in two bytes a character where one does not do."""
    try:
        return struct.pack(width, len(text)) + b"\0" + text.encode("latin-1")
    except UnicodeEncodeError:
        data = text.encode("utf-16-le")
        return struct.pack(width, len(data) // 2) + b"\1" + data


def label(row: int, column: int, text: str) -> bytes:
    return record(0x0204, struct.pack("<HHH", row, column, 0) + wide(text))


def number(row: int, column: int, value: float, style: int = 0) -> bytes:
    return record(0x0203, struct.pack("<HHHd", row, column, style, value))


def formula(row: int, column: int, result: bytes, style: int = 0) -> bytes:
    return record(0x0006, struct.pack("<HHH", row, column, style) + result + struct.pack("<HIHB", 0, 0, 1, 0))


def sheet(*cells: bytes, version: int = BIFF8) -> bytes:
    return record(0x0809, struct.pack("<HHHH", version, 0x10, 0, 0)) + b"".join(cells) + record(0x000A)


def book_stream(
    sheets: Sequence[tuple[bytes, int, int]] = (), formats: Iterable[str] = (), said: bytes = b"", version: int = BIFF8
) -> bytes:
    """A Workbook stream; a sheet comes with how it is hidden and its sort, style n shows as the nth format."""
    begin = record(0x0809, struct.pack("<HHHH", version, 5, 0, 0)) + said
    begin += record(0x00E0, struct.pack("<HH16x", 0, 0))
    for place, code in enumerate(formats, start=164):
        text = wide(code) if version == BIFF8 else struct.pack("<B", len(code)) + code.encode()
        begin += record(0x041E, struct.pack("<H", place) + text) + record(0x00E0, struct.pack("<HH16x", 0, place))
    name = b"\1\0S" if version == BIFF8 else b"\1S"
    at = len(begin) + len(sheets) * len(record(0x0085, b"\0" * 6 + name)) + len(record(0x000A))
    bounds = b""
    for content, state, sort in sheets:
        bounds += record(0x0085, struct.pack("<IBB", at, state, sort) + name)
        at += len(content)
    return begin + bounds + record(0x000A) + b"".join(content for content, _, _ in sheets)


def old_workbook(*cells: bytes, formats: Iterable[str] = (), said: bytes = b"") -> bytes:
    return compound({"Workbook": book_stream([(sheet(*cells), 0, 0)], formats, said)})


OLD_HEAD = label(0, 0, "number") + label(0, 1, "name")


def small_old_workbook() -> bytes:
    return old_workbook(OLD_HEAD, number(1, 0, 80), label(1, 1, "Studio Grips"))


def rk(value: int) -> bytes:
    return struct.pack("<I", value & 0xFFFFFFFF)


@pytest.mark.parametrize(
    ("name", "cell", "text"),
    [
        ("a number", number(1, 0, 80.0), "80"),
        ("a fraction", number(1, 0, 0.1), "0.1"),
        ("a day", number(1, 0, 46090, 1), "2026-03-09"),
        ("a moment", number(1, 0, 46090.75, 1), "2026-03-09 18:00:00"),
        ("how long", number(1, 0, 1.5, 2), "36:00:00"),
        ("a percentage", number(1, 0, 1, 3), "1"),
        ("a style that is not there", number(1, 0, 1, 99), "1"),
        ("a small integer", record(0x027E, struct.pack("<HHH", 1, 0, 0) + rk(80 << 2 | 2)), "80"),
        ("a small negative", record(0x027E, struct.pack("<HHH", 1, 0, 0) + rk(-5 << 2 | 2)), "-5"),
        ("hundredths", record(0x027E, struct.pack("<HHH", 1, 0, 0) + rk(150 << 2 | 3)), "1.5"),
        ("half a float", record(0x027E, struct.pack("<HHH", 1, 0, 0) + struct.pack("<d", 1.5)[4:]), "1.5"),
        ("yes", record(0x0205, struct.pack("<HHHBB", 1, 0, 0, 1, 0)), "true"),
        ("nothing found", record(0x0205, struct.pack("<HHHBB", 1, 0, 0, 42, 1)), ""),
        ("another error", record(0x0205, struct.pack("<HHHBB", 1, 0, 0, 23, 1)), "#REF!"),
        ("a text", label(1, 0, "Zoë"), "Zoë"),
        ("a wide text", label(1, 0, "東京 – 𝄞"), "東京 – 𝄞"),
        ("rich text", record(0x00D6, struct.pack("<HHH", 1, 0, 0) + wide("Zoë") + b"\1\0\0\0\0\0"), "Zoë"),
        ("a shared text", record(0x00FD, struct.pack("<HHHI", 1, 0, 0, 1)), "shared é"),
        ("a formula's number", formula(1, 0, struct.pack("<d", 46090), 1), "2026-03-09"),
        ("a formula's yes", formula(1, 0, b"\1\0\1\0\0\0\xff\xff"), "true"),
        ("a formula's error", formula(1, 0, b"\2\0\7\0\0\0\xff\xff"), "#DIV/0!"),
        ("a formula's blank", formula(1, 0, b"\3\0\0\0\0\0\xff\xff"), ""),
        ("a formula's text", formula(1, 0, b"\0\0\0\0\0\0\xff\xff") + record(0x0207, wide("Grips")), "Grips"),
        (
            "a shared formula's text",
            formula(1, 0, b"\0\0\0\0\0\0\xff\xff") + record(0x04BC, b"\0" * 8) + record(0x0207, wide("Grips")),
            "Grips",
        ),
        ("a blank", record(0x0201, struct.pack("<HHH", 1, 0, 0)), ""),
    ],
)
def test_a_cell_of_an_old_workbook_says_what_a_person_sees(name: str, cell: bytes, text: str) -> None:
    texts = record(0x00FC, struct.pack("<II", 2, 2) + wide("first") + wide("shared é"))
    content = old_workbook(OLD_HEAD, cell, label(1, 1, "x"), formats=["yyyy-mm-dd", "[h]:mm", "0%"], said=texts)
    assert rows(content, "x.xls") == [(2, [text, "x"])]


def test_numbers_side_by_side_share_a_record() -> None:
    three = struct.pack("<HH", 1, 0) + b"".join(struct.pack("<H", 0) + rk(each << 2 | 2) for each in (1, 2, 3)) + b"\2\0"
    head = label(0, 0, "a") + label(0, 1, "b") + label(0, 2, "c")
    assert rows(old_workbook(head, record(0x00BD, three)), "x.xls") == [(2, ["1", "2", "3"])]


def test_shared_texts_run_over_several_records() -> None:
    """A text may change from one byte a character to two where a record ends; what stands behind it is skipped."""
    texts = record(
        0x00FC,
        struct.pack("<II", 4, 4)
        + struct.pack("<HBH", 4, 8, 2)  # with two changes of font
        + b"bold"
        + b"\0" * 8
        + struct.pack("<HBI", 2, 4, 6)  # with a reading aid, which runs over
        + b"ab"
        + b"\0" * 3,
    )
    texts += record(0x003C, b"\0" * 3 + struct.pack("<HB", 6, 0) + b"Mon")
    texts += record(0x003C, b"\1" + "trë".encode("utf-16-le")) + record(0x003C, wide("last"))
    cells = [record(0x00FD, struct.pack("<HHHI", row + 1, 0, 0, row)) for row in range(4)]
    content = old_workbook(OLD_HEAD, *cells, said=texts)
    assert [cells[0] for _, cells in rows(content, "x.xls")] == ["bold", "ab", "Montrë", "last"]


def test_rows_out_of_order_are_put_in_order() -> None:
    content = old_workbook(*(label(row, column, f"cell {row}/{column}") for column in (1, 0) for row in (3, 0, 2)))
    table = read_table(content, "x.xls")
    assert (table.headers, list(table.rows)) == (
        ["cell 0/0", "cell 0/1"],
        [(3, ["cell 2/0", "cell 2/1"]), (4, ["cell 3/0", "cell 3/1"])],
    )


@pytest.mark.parametrize("shift", [9, 12])
def test_large_and_small_streams_and_sectors_are_read(shift: int) -> None:
    lines = [label(row, 0, f"number {row}") + label(row, 1, "x" * 50) for row in range(1, 3_000)]
    content = compound({"Workbook": book_stream([(sheet(OLD_HEAD, *lines), 0, 0)]), "Other": b"x" * 100}, shift)
    assert len(rows(content, "x.xls")) == 2_999
    assert rows(small_old_workbook(), "x.xls") == [(2, ["80", "Studio Grips"])]


def test_hidden_sheets_and_charts_of_an_old_workbook_are_passed_over() -> None:
    chart = sheet(record(0x0203, struct.pack("<HHHd", 5, 5, 0, 5)))
    content = compound(
        {
            "Workbook": book_stream(
                [
                    (sheet(label(0, 0, "hidden")), 1, 0),
                    (sheet(label(0, 0, "very hidden")), 2, 0),
                    (sheet(label(0, 0, "a chart")), 0, 2),
                    (sheet(record(0x0201, struct.pack("<HHH", 1, 0, 0))), 0, 0),
                    (sheet(OLD_HEAD, chart, number(1, 0, 80), label(1, 1, "Grips")), 0, 0),
                ]
            )
        }
    )
    assert rows(content, "x.xls") == [(2, ["80", "Grips"])]


def test_a_workbook_of_1995_is_read_in_its_code_page() -> None:
    def text(row: int, column: int, content: bytes) -> bytes:
        return record(0x0204, struct.pack("<HHHH", row, column, 0, len(content)) + content)

    cells = [text(0, 0, b"number"), text(0, 1, b"day"), text(1, 0, "Côté’s".encode("cp1252")), number(1, 1, 46090, 1)]
    said = record(0x0042, struct.pack("<H", 1252))
    stream = book_stream([(sheet(*cells, version=BIFF5), 0, 0)], ["yyyy-mm-dd"], said, version=BIFF5)
    assert rows(compound({"Book": stream}), "x.xls") == [(2, ["Côté’s", "2026-03-09"])]


def test_an_old_macs_days_begin_four_years_later() -> None:
    content = old_workbook(OLD_HEAD, number(1, 0, 44628, 1), formats=["d/m/yy"], said=record(0x0022, b"\1\0"))
    assert rows(content, "x.xls") == [(2, ["2026-03-09", ""])]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a locked XLSX", compound({"EncryptionInfo": b"\4", "EncryptedPackage": b"\0" * 5_000}), "password"),
        ("a locked XLS", old_workbook(OLD_HEAD, said=record(0x002F, b"\1\0\1\0")), "password"),
        ("a Word document", compound({"WordDocument": b"\xec\xa5", "Workbook": b"\t\x08"}), "Word"),
        ("a presentation", compound({"PowerPoint Document": b"\0"}), "presentation"),
        ("a message", compound({"__properties_version1.0": b"\0"}), "message"),
        ("something else", compound({"Contents": b"\0"}), "without a table"),
        ("a workbook of 1992", compound({"Workbook": record(0x0809, struct.pack("<HH", 0x0400, 5))}), "damaged"),
        ("cut off", small_old_workbook()[:-512], "damaged"),
        ("nothing but the box", small_old_workbook()[:512], "damaged"),
        ("half of the header", small_old_workbook()[:40], "damaged"),
    ],
)
def test_what_is_no_old_table_is_refused_by_name(name: str, content: bytes, words: str) -> None:
    refused = refusal(content)
    assert refused.code == "not_a_table"
    assert "roster.csv" in refused.message and words in refused.message


def test_an_empty_old_workbook_is_an_empty_file() -> None:
    assert refusal(old_workbook()).code == "empty_file"


@pytest.mark.parametrize("make", [small_workbook, small_spreadsheet, small_old_workbook])
def test_every_kind_of_workbook_is_known_by_its_content(make: Callable[[], Any]) -> None:
    stream = io.BytesIO(make())
    assert list(read_table(stream, "roster.csv").rows) == [(2, ["80", "Studio Grips"])]
    assert list(read_table(stream, "roster.xlsx").rows) == [(2, ["80", "Studio Grips"])]
    assert not stream.closed
