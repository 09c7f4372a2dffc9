"""A headed table comes out of whatever people upload, or a sentence says why not."""

from __future__ import annotations

import codecs
import gc
import io

import pytest

from tracker.intake.tables import read_table
from tracker.intake.text_encoding import LONGEST_CELL
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults


def rows(content: bytes, file_name: str = "roster.csv") -> list[tuple[int, list[str]]]:
    """The sound rows of a table in which every row is sound."""
    found = []
    for row in read_table(content, file_name).rows:
        assert not isinstance(row, RowFaults), row
        found.append(row)
    return found


def refusal(content: bytes, file_name: str = "roster.csv") -> Refused:
    """What the table is refused with, at once or on the way through its rows."""
    with pytest.raises(Refused) as refused:
        list(read_table(content, file_name).rows)
    return refused.value


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain", b"number,name\n80,Grips\n"),
        ("windows line ends", b"number,name\r\n80,Grips\r\n"),
        ("old mac line ends", b"number,name\r80,Grips\r"),
        ("no last line end", b"number,name\n80,Grips"),
        ("byte order mark", codecs.BOM_UTF8 + b"number,name\n80,Grips\n"),
        ("utf-16", "number,name\n80,Grips\n".encode("utf-16")),
        ("utf-16 big end first", codecs.BOM_UTF16_BE + "number,name\n80,Grips\n".encode("utf-16-be")),
        ("utf-16 without its mark", "number,name\n80,Grips\n".encode("utf-16-le")),
        ("utf-16 big end first without its mark", "number,name\n80,Grips\n".encode("utf-16-be")),
        ("utf-32", "number,name\n80,Grips\n".encode("utf-32")),
        ("utf-32 big end first", codecs.BOM_UTF32_BE + "number,name\n80,Grips\n".encode("utf-32-be")),
        ("semicolons", b"number;name\n80;Grips\n"),
        ("tabs", b"number\tname\n80\tGrips\n"),
        ("bars", b"number|name\n80|Grips\n"),
        ("carets", b"number^name\n80^Grips\n"),
        ("tildes", b"number~name\n80~Grips\n"),
        ("single quotes", b"'number','name'\n'80','Grips'\n"),
        ("outer spaces", b" number , name \n 80 ,  Grips \n"),
        ("a space before a quote", b'number, "name"\n80, "Grips"\n'),
        ("trailing separators", b"number,name,\n80,Grips,,\n"),
    ],
)
def test_the_same_table_however_it_was_saved(name: str, content: bytes) -> None:
    table = read_table(content, "units.csv")
    assert table.headers == ["number", "name"]
    assert list(table.rows) == [(2, ["80", "Grips"])]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "latin-1", "mac_roman", "cp850"],
)
def test_french_names_survive_any_usual_encoding(encoding: str) -> None:
    text = "numéro,prénom,nom\n1,Élodie,Lefèvre\n2,François,Côté\n3,Hélène,Bélanger-Gagné\n"
    assert [cells[1] for _, cells in rows(text.encode(encoding))] == ["Élodie", "François", "Hélène"]


def test_one_accent_in_an_old_windows_file_is_enough() -> None:
    assert rows("number,name\n80,Zoë\n".encode("cp1252")) == [(2, ["80", "Zoë"])]


def test_a_damaged_utf_8_file_is_not_taken_for_an_old_one() -> None:
    content = "number,name\n1,Zoë\n2,José\n3,Ren".encode() + b"\xe9\n"
    refused = refusal(content)
    assert refused.code == "undecodable"
    assert [fault.line for fault in refused.faults] == [4]


def test_commas_in_titles_do_not_decide_the_separator() -> None:
    assert rows(b"course;day\nLiteracy, Ethics, and More;2026-03-09\n") == [
        (2, ["Literacy, Ethics, and More", "2026-03-09"])
    ]


def test_a_row_has_the_line_it_starts_on() -> None:
    content = b'\n\nnumber,name\n80,"Studio\nGrips"\n\n , \n700,"Editors ""Guild"""\n15,Seattle\n'
    assert rows(content) == [(4, ["80", "Studio\nGrips"]), (8, ["700", 'Editors "Guild"']), (9, ["15", "Seattle"])]


def test_short_rows_are_filled_up_and_blank_ones_left_out() -> None:
    assert rows(b"a,b,c\n1\n,,\n\n1,2\n") == [(2, ["1", "", ""]), (5, ["1", "2", ""])]


def test_a_row_longer_than_the_headings_is_one_faulty_row() -> None:
    first, second = read_table(b"a,b\n1,2,,three,four\n5,6\n", "x.csv").rows
    assert isinstance(first, RowFaults)
    assert (first.line, first.faults[0].value) == (2, "three, four")
    assert second == (3, ["5", "6"])


def test_a_quote_inside_a_quoted_cell_is_one_faulty_row() -> None:
    first, second = read_table(b'a,b\n"say "yes",2\n5,6\n', "x.csv").rows
    assert isinstance(first, RowFaults) and first.line == 2
    assert second == (3, ["5", "6"])


@pytest.mark.parametrize("content", [b'a,b\n1,2\n3,"four\n5,6\n', b'a,b\n1,2\n3,"four\n5,"six"\n'])
def test_a_quote_that_does_not_close_refuses_the_file_from_its_line(content: bytes) -> None:
    refused = refusal(content)
    assert refused.code == "broken_quotes"
    assert [fault.line for fault in refused.faults] == [3]


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        ("no bytes", b"", "empty_file"),
        ("blank lines", b" \n\n,,\n", "empty_file"),
        ("only a byte order mark", codecs.BOM_UTF8, "empty_file"),
        ("a picture", b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "not_a_table"),
        ("a PDF", b"%PDF-1.7\n%\xe2\xe3", "not_a_table"),
        ("an old Excel file", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "not_a_table"),
        ("a web page", b"\n <!DOCTYPE html><html>", "not_a_table"),
        ("JSON", b'[{"number": 80}]', "not_a_table"),
        ("a broken archive", b"PK\x03\x04 and no more", "not_a_table"),
        ("a NUL", b"number,name\n80,Gri\0ps\n", "not_text"),
        ("utf-16 with a NUL", "number,name\n80,Gri\0ps\n".encode("utf-16"), "not_text"),
        ("utf-16 that is cut off", "number,name\n80,Grips\n".encode("utf-16-le")[:-1], "undecodable"),
        ("no headings, numbers", b"80,2026-01-01\n81,2026-01-01\n", "no_header"),
        ("no headings, an address", b"Ana,ana@example.org,80\n", "no_header"),
        ("a heading with a broken quote", b'num"ber,"na"me"\n80,Grips\n', "no_header"),
        ("a huge cell", b"number,name\n80," + b"x" * (LONGEST_CELL + 1) + b"\n", "oversized"),
        ("a huge quoted cell", b'number,name\n80,"' + b"x\n" * LONGEST_CELL + b'"\n', "oversized"),
        ("a huge heading", b"x" * (LONGEST_CELL + 1), "oversized"),
        ("a huge line", b"number,name\n80," + b"x" * 10 * LONGEST_CELL, "oversized"),
        ("a row without end", b"number,name\n" + b'"\n",' * LONGEST_CELL * 2, "oversized"),
        ("blank lines without end", b"\n" * 2_000_000 + b"number,name\n80,Grips\n", "empty_file"),
        ("too many columns", b",".join(b"c%d" % each for each in range(2_000)), "too_many_columns"),
    ],
)
def test_what_is_no_table_is_refused_by_name(name: str, content: bytes, code: str) -> None:
    refused = refusal(content)
    assert refused.code == code
    assert "roster.csv" in refused.message and refused.message.endswith(".")


def test_a_nul_is_named_with_its_line() -> None:
    assert refusal(b"number,name\n80,Grips\n81,Gri\0ps\n").faults[0].line == 3


def test_headings_alone_are_a_table_without_rows() -> None:
    table = read_table(b"number,name\n", "units.csv")
    assert (table.headers, list(table.rows)) == (["number", "name"], [])


def test_headings_match_without_regard_to_capitals_spaces_and_underscores() -> None:
    table = read_table("\ufeffMember  Number,E_MAIL\n1,a@b\n".encode(), "x.csv")
    assert (table.place("member_number"), table.place("e mail"), table.place("local")) == (0, 1, None)


def test_a_needed_heading_that_stands_twice_is_refused_when_it_is_asked_for() -> None:
    table = read_table(b"number,name,note,note, Number\n", "x.csv")
    assert table.place("name") == 1
    with pytest.raises(Refused) as refused:
        table.place("number")
    assert refused.value.code == "duplicate_header"


def test_values_are_picked_in_the_order_asked_and_missing_columns_are_blank() -> None:
    table = read_table(b"a,b,c\n", "x.csv")
    assert table.pick(["c", "a"])(["1", "2", "3"]) == ("3", "1")
    assert table.pick(["c", "d"])(["1", "2", "3"]) == ("3", "")
    assert table.others(["A", "d"]) == ["b", "c"]


def test_a_file_like_stays_open_for_its_owner() -> None:
    stream = io.BytesIO(b"number,name\n80,Grips\n")
    assert len(list(read_table(stream, "x.csv").rows)) == 1
    read_table(stream, "x.csv")  # and is forgotten at once, rows unread
    gc.collect()
    assert not stream.closed


def test_a_fault_below_the_headings_is_left_to_whoever_walks_as_far() -> None:
    rows = read_table(b'a,b\n1,2\n3,"four\n5,6\n', "x.csv").rows
    assert next(rows) == (2, ["1", "2"])
    with pytest.raises(Refused, match="does not close"):
        next(rows)
