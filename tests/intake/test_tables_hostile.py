"""Files made to cost more than they are worth, and files that were damaged: refused in words, soon, and nothing worse."""

from __future__ import annotations

import random
import re
import struct
import time
from collections.abc import Callable

import pytest

from tests.intake.test_tables import refusal, rows
from tests.intake.test_tables_books import (
    CONTENT,
    HEAD,
    OLD_HEAD,
    SHEET,
    archive,
    book_stream,
    compound,
    label,
    number,
    ods_cell,
    ods_row,
    ods_table,
    old_workbook,
    record,
    sheet,
    sheet_of,
    small_old_workbook,
    small_spreadsheet,
    small_workbook,
    spreadsheet,
    tampered,
    wide,
)
from tracker.intake.archive import MOST_ENTRIES
from tracker.intake.tables import read_table
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

LINES = 'number;name;day\n80;Zoë;2026-03-09\n81;"Studio ""Grips""";\'x\'\n82;a, b|c\td;\n' * 3
VALUE = 'office:value-type="float" office:value="1"'
SPACES = '<text:s text:c="999999999"/>'
TEXTS = "xl/sharedStrings.xml"


def inside(xml: bytes, more: bytes) -> bytes:
    """Put more into a part, before its last tag."""
    return xml[: xml.rindex(b"</")] + more + xml[xml.rindex(b"</") :]


def many_names(count: int) -> bytes:
    return b"".join(b"<a%d/>" % each for each in range(count))


@pytest.mark.parametrize(
    ("name", "part", "change", "code"),
    [
        ("a zip bomb", SHEET, lambda xml: xml + b" " * (80 << 20), "oversized"),
        ("cut off", SHEET, lambda xml: xml[: len(xml) // 2], "not_a_table"),
        ("no XML", SHEET, lambda xml: b"number,name\n80,Grips\n", "not_a_table"),
        ("empty", SHEET, lambda xml: b"", "not_a_table"),
        ("no sheets", "xl/workbook.xml", lambda xml: re.sub(rb"<sheets>.*</sheets>", b"<sheets/>", xml), "empty_file"),
        (
            "a sheet that is not there",
            "xl/_rels/workbook.xml.rels",
            lambda xml: xml.replace(b"sheet1", b"sheet2"),
            "not_a_table",
        ),
        ("tags in tags", SHEET, lambda xml: inside(xml, b"<c>" * 1_000_000), "not_a_table"),
        ("tags without end", SHEET, lambda xml: inside(xml, b'<c r="' + b"A" * 3_000_000 + b'"/>'), "not_a_table"),
        ("names without end", SHEET, lambda xml: inside(xml, many_names(100_000)), "not_a_table"),
        ("text without end", TEXTS, lambda xml: inside(xml, b"<si><t>" + b"A" * 3_000_000 + b"</t></si>"), "oversized"),
        ("a text that is not there", SHEET, lambda xml: xml.replace(b"<v>0</v>", b"<v>999</v>"), "not_a_table"),
        ("a column that is not there", SHEET, lambda xml: xml.replace(b'r="B2"', b'r="XFE2"'), "not_a_table"),
        ("a column without end", SHEET, lambda xml: xml.replace(b'r="B2"', b'r="' + b"A" * 9_000 + b'2"'), "not_a_table"),
        ("a row without end", SHEET, lambda xml: xml.replace(b'row r="2"', b'row r="' + b"9" * 9_000 + b'"'), "not_a_table"),
        (
            "entities in entities",
            TEXTS,
            lambda xml: re.sub(rb"<sst", b'<!DOCTYPE sst [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><sst', xml),
            "not_a_table",
        ),
        (
            "an encoding of no letters",
            TEXTS,
            lambda xml: xml.replace(b'encoding="UTF-8"', b'encoding="base64"'),
            "not_a_table",
        ),
    ],
)
def test_a_hostile_or_damaged_xlsx_is_refused(name: str, part: str, change: Callable[[bytes], bytes], code: str) -> None:
    assert refusal(tampered(small_workbook(), part, change)).code == code


def test_a_sheet_that_is_listed_without_end_is_read_once() -> None:
    book = b"<sheets>" + b'<sheet name="S" sheetId="1" r:id="rId1"/>' * 50_000 + b"</sheets>"
    listed = tampered(small_workbook(), "xl/workbook.xml", lambda xml: re.sub(rb"<sheets>.*</sheets>", book, xml))
    blank = tampered(listed, SHEET, lambda xml: re.sub(rb"<sheetData>.*</sheetData>", b"<sheetData/>", xml))
    begun = time.monotonic()
    assert refusal(blank).code == "empty_file"
    assert time.monotonic() - begun < 5


def test_parts_that_are_small_in_any_document_have_an_end() -> None:
    relation = b'<Relationship Id="r%d" Type="x" Target="y"/>'
    more = b"".join(relation % each for each in range(400_000))
    assert (
        refusal(tampered(small_workbook(), "xl/_rels/workbook.xml.rels", lambda xml: inside(xml, more))).code == "oversized"
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda xml: re.sub(rb'uniqueCount="\d+"', b'uniqueCount="4294967295"', xml),
        lambda xml: xml.replace(b"<sst", b"<sst" + b" " * 10),
    ],
)
def test_a_false_count_of_texts_is_not_believed(change: Callable[[bytes], bytes]) -> None:
    assert rows(tampered(small_workbook(), TEXTS, change)) == [(2, ["80", "Studio Grips"])]


def test_cells_far_to_the_right_of_many_rows_are_too_many() -> None:
    cells = "".join(f'<row r="{row}"><c r="XFD{row}"><v>1</v></c></row>' for row in range(2, 3_000))
    assert refusal(sheet_of(f'<row r="1"><c r="A1" t="str"><v>a</v></c></row>{cells}')).code == "oversized"


def test_a_row_of_cells_without_end_is_refused() -> None:
    assert refusal(sheet_of(f"<row>{'<c><v>1</v></c>' * 20_000}</row>")).code == "not_a_table"


def test_a_size_the_archive_lies_about_is_found_out() -> None:
    bomb = tampered(small_workbook(), SHEET, lambda xml: xml + b" " * (80 << 20))
    size = re.search(rb"PK\x01\x02.{20}(.{4}).{18}xl/worksheets", bomb, re.DOTALL)
    assert size is not None
    assert refusal(bomb.replace(size[1], (1_000).to_bytes(4, "little"))).code == "oversized"


def test_an_archive_of_too_many_parts_is_refused() -> None:
    assert refusal(archive({f"part {each}": b"" for each in range(MOST_ENTRIES + 1)})).code == "oversized"


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("cells without end", ods_row(ods_cell("", f'{VALUE} table:number-columns-repeated="2000000000"')), "oversized"),
        ("rows without end", ods_row(ods_cell("", VALUE), times=2_000_000_000), "oversized"),
        ("wide rows", ods_row(ods_cell("", f'{VALUE} table:number-columns-repeated="16000"'), times=2_000), "oversized"),
        ("spaces without end", ods_row(ods_cell(f"<text:p>{SPACES * 2_000}</text:p>")), "oversized"),
        ("text without end", ods_row("x" * 3_000_000), "oversized"),
        ("less than one", ods_row(ods_cell("", f'{VALUE} table:number-columns-repeated="-1"')), "not_a_table"),
        ("a number without end", f'<table:table-row table:number-rows-repeated="{"9" * 9_000}"/>', "not_a_table"),
        ("no number", ods_row(ods_cell("", 'office:value-type="float" office:value="many"')), "not_a_table"),
        ("tags in tags", "<table:table-row>" * 100_000, "not_a_table"),
        ("no prefix", "<unknown:row/>" * 2, ""),
    ],
)
def test_a_hostile_or_damaged_ods_is_refused(name: str, body: str, code: str) -> None:
    content = spreadsheet(ods_table(HEAD, body))
    if code:
        assert refusal(content).code == code
    else:
        assert rows(content) == []


def test_an_ods_that_is_cut_off_is_refused_and_not_waited_for() -> None:
    cut = tampered(small_spreadsheet(), CONTENT, lambda xml: xml[: xml.index(b"80")])
    assert refusal(cut).code == "not_a_table"


def at(content: bytes, place: int, number: int) -> bytes:
    """The file with another number of four bytes at a place."""
    return content[:place] + struct.pack("<I", number) + content[place + 4 :]


SMALL_OLD = small_old_workbook()
OLD = compound({"Workbook": book_stream([(sheet(OLD_HEAD, *(label(row, 0, "x" * 90) for row in range(1, 100))), 0, 0)])})
SECTOR_TABLE = 512 + 512 * struct.unpack_from("<I", OLD, 76)[0]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a ring of sectors", at(OLD, SECTOR_TABLE + 8, 0)),
        ("a sector that is not there", at(OLD, SECTOR_TABLE + 8, 1_000_000)),
        ("a table that is not there", at(OLD, 76, 1_000_000)),
        ("a directory that is not there", at(OLD, 48, 1_000_000)),
        ("a directory in a ring", at(at(OLD, 48, 0), SECTOR_TABLE, 0)),
        ("sectors of no size", OLD[:30] + b"\xff\xff" + OLD[32:]),
        ("a text longer than the file", old_workbook(OLD_HEAD, record(0x0204, struct.pack("<HHHHB", 1, 0, 0, 9_999, 1)))),
        ("a record longer than the file", compound({"Workbook": struct.pack("<HH", 0x0809, 0xFFFF)})),
        ("a text that is not there", old_workbook(OLD_HEAD, record(0x00FD, struct.pack("<HHHI", 1, 0, 0, 9)))),
        ("a column that is not there", old_workbook(OLD_HEAD, label(1, 256, "x"))),
        ("no end", compound({"Workbook": book_stream([(sheet(OLD_HEAD)[:-4], 0, 0)])})),
        ("a sheet beyond the file", compound({"Workbook": book_stream() + b""}).replace(b"\n\0\0\0", b"\n\0\1\0", 1)),
    ],
)
def test_a_hostile_or_damaged_xls_is_refused(name: str, content: bytes) -> None:
    assert refusal(content).code in ("not_a_table", "empty_file")


@pytest.mark.parametrize(
    "said",
    [
        record(0x00FC, struct.pack("<II", 0xFFFFFFFF, 0xFFFFFFFF) + wide("one")),
        record(0x0200, struct.pack("<IIHHH", 0, 0xFFFFFFFF, 0, 0xFFFF, 0)),
    ],
)
def test_false_counts_in_an_xls_are_not_believed(said: bytes) -> None:
    content = old_workbook(said, OLD_HEAD, number(1, 0, 80), said=said)
    assert rows(content) == [(2, ["80", ""])]


# --- Damage at random ----------------------------------------------------------------------------------------------------

FILES: dict[str, bytes] = {
    "csv": LINES.encode(),
    "csv in utf-16": LINES.encode("utf-16"),
    "csv in cp1252": LINES.encode("cp1252"),
    "xlsx": small_workbook(),
    "ods": small_spreadsheet(),
    "xls": SMALL_OLD,
    "larger xls": OLD,
}
PARTS = {"xlsx": (SHEET, TEXTS, "xl/workbook.xml", "xl/styles.xml", "xl/_rels/workbook.xml.rels"), "ods": (CONTENT,)}


def outcome(content: bytes) -> str:
    """Read all rows; what they are refused with, or "" where they can be read."""
    try:
        table = read_table(content, "damaged.dat")
        for row in table.rows:
            assert isinstance(row, RowFaults) or len(row[1]) == len(table.headers)
    except Refused as refused:
        return refused.message
    return ""


def flipped(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice([1, 3, 20])):
        changed[chance.randrange(len(changed))] = chance.choice([0, 1, 255, chance.randrange(256), *b"<>/\"';,&9"])
    return bytes(changed)


def cut_off(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def cut_out(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randrange(1, 300) :]


def doubled(data: bytes, chance: random.Random) -> bytes:
    start, place = chance.randrange(len(data)), chance.randrange(len(data))
    return data[:place] + data[start : start + 500] + data[place:]


def exaggerated(data: bytes, chance: random.Random) -> bytes:
    """Some number in the text, or some bytes, made as large as they can be."""
    numbers = list(re.finditer(rb"\d+", data))
    if not numbers:
        return data
    found = chance.choice(numbers)
    large = chance.choice([b"0", b"-1", b"4294967295", b"9" * 25, b"9" * 5_000, b"1e308", b"nan"])
    return data[: found.start()] + large + data[found.end() :]


def overwritten(data: bytes, chance: random.Random) -> bytes:
    place, size = chance.randrange(len(data)), chance.choice([2, 4, 8])
    return data[:place] + chance.choice([b"\xff", b"\x7f", b"\0"]) * size + data[place + size :]


DAMAGES = (flipped, cut_off, cut_out, doubled, exaggerated, overwritten)


@pytest.mark.parametrize("kind", FILES)
@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_file_is_read_or_refused_in_words(kind: str, damage: Callable[[bytes, random.Random], bytes]) -> None:
    chance = random.Random(f"{kind} {damage.__name__}")
    begun = time.monotonic()
    for _ in range(60):
        parts = PARTS.get(kind, ())
        part = chance.choice(["", *parts])
        content = tampered(FILES[kind], part, lambda data: damage(data, chance)) if part else damage(FILES[kind], chance)
        message = outcome(content)
        assert not message or ("damaged.dat" in message and message.endswith("."))
    assert time.monotonic() - begun < 15


@pytest.mark.parametrize(
    "beginning", [b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xff\xfe", b"\xef\xbb\xbf", b"sep=;\n"]
)
def test_random_bytes_are_refused_in_words(beginning: bytes) -> None:
    chance = random.Random(len(beginning))
    for size in (1, 10, 100, 511, 600, 5_000):
        content = beginning + chance.randbytes(size)
        message = outcome(content)
        assert not message or ("damaged.dat" in message and message.endswith("."))
