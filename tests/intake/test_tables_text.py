"""Whatever separates and quotes the cells of a text file, the same cells come out."""

from __future__ import annotations

import csv
import io

import pytest

from tests.intake.test_tables import refusal, rows
from tracker.intake.tables import read_table
from tracker.operations.refused import Refused
from tracker.operations.rows import RowFaults

NAMES = ["name", "note", "day"]


@pytest.mark.parametrize("separator", [*",;\t|^~"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_any_separator_with_any_line_end(separator: str, end: str) -> None:
    lines = [NAMES, ["Ana", "a, b; c", "2026-03-09"], ["Bob", "", "2026-03-10"]]
    text = end.join(separator.join(f'"{cell}"' for cell in line) for line in lines)
    assert rows(text.encode()) == [(2, lines[1]), (3, lines[2])]


@pytest.mark.parametrize(
    "writer", [{}, {"quoting": csv.QUOTE_ALL}, {"delimiter": ";"}, {"quotechar": "'", "quoting": csv.QUOTE_ALL}]
)
@pytest.mark.parametrize("escapes", [{}, {"doublequote": False, "escapechar": "\\"}])
def test_what_python_writes_is_read_back(writer: dict[str, object], escapes: dict[str, object]) -> None:
    lines = [["Ana", 'say "yes" now', "it's"], ["Bob", "a;b, c", "C"], ["Cy", "two\nlines", ""]]
    text = io.StringIO()
    csv.writer(text, **writer, **escapes).writerows([NAMES, *lines])  # type: ignore[arg-type]
    assert [cells for _, cells in rows(text.getvalue().encode())] == lines


@pytest.mark.parametrize(
    ("line", "cells"),
    [
        (r'"Ana","say \"yes\", then",1', ["Ana", 'say "yes", then', "1"]),
        (r'"Ana","\"yes\"",1', ["Ana", '"yes"', "1"]),
        (r'"Ana","C:\courses\new",1', ["Ana", r"C:\courses\new", "1"]),
        (r'"Ana","C:\\",1', ["Ana", "C:\\", "1"]),
        (r'"Ana",\N,1', ["Ana", r"\N", "1"]),
    ],
)
def test_a_backslash_before_a_quote_keeps_it_in_the_cell(line: str, cells: list[str]) -> None:
    sign = r'"x","a \"sign\" of it",0'  # further down than anyone looks at first
    text = "\n".join(["name,note,day", line, *['"x","y",0'] * 500, sign])
    assert rows(text.encode())[0] == (2, cells)


@pytest.mark.parametrize("path", [r"C:\courses", r"C:\courses" + "\\"])
def test_a_backslash_is_no_sign_where_quotes_are_doubled(path: str) -> None:
    text = f'"name","path","day"\n"Ana","{path}",1\n"Bob ""B""","{path}",2\n'
    assert rows(text.encode()) == [(2, ["Ana", path, "1"]), (3, ['Bob "B"', path, "2"])]


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        ('="00123"', "00123"),
        ('"=""00123"""', "00123"),
        ('"=""a """"b"""", c"""', 'a "b", c'),
        ('=""', ""),
        ('="1"&"2"', '="1"&"2"'),
        ('"=HYPERLINK(""x"")"', '=HYPERLINK("x")'),
    ],
)
def test_a_formula_that_is_only_a_text_in_quotes_is_that_text(cell: str, text: str) -> None:
    content = f"name,note,day\n{'Ana,plain,1' * 100_000}\nBob,{cell},2\n".replace("1Ana", "1\nAna")
    assert rows(content.encode())[-1] == (100_002, ["Bob", text, "2"])


def test_single_quotes_are_doubled_or_escaped_inside() -> None:
    content = b"'name','note'\n'O''Brien','a, b'\n'it\\'s',''\nplain,\"x\"\n"
    assert rows(content) == [(2, ["O'Brien", "a, b"]), (3, ["it's", ""]), (4, ["plain", '"x"'])]


def test_single_quotes_in_data_alone_are_text() -> None:
    assert rows(b"name,note\n'Ana','b'\n") == [(2, ["'Ana'", "'b'"])]


def test_a_broken_single_quote_is_a_faulty_row_that_says_which_quote() -> None:
    first, second = read_table(b"'name','note'\n'O'Brien','x'\n'Ana','y'\n", "x.csv").rows
    assert isinstance(first, RowFaults) and "('')" in first.faults[0].reason
    assert second == (3, ["Ana", "y"])


@pytest.mark.parametrize("told", ["sep=;", "SEP=;", '"sep=;"', "sep=;  "])
def test_the_line_in_which_excel_tells_the_separator_is_believed(told: str) -> None:
    table = read_table(f"{told}\r\na, b;c\r\n1, 2;3\r\n".encode("utf-16"), "x.csv")
    assert (table.header_line, table.headers, list(table.rows)) == (2, ["a, b", "c"], [(3, ["1, 2", "3"])])


def test_a_tab_can_be_told() -> None:
    assert rows(b"sep=\t\na,b\tc\n1,2\t3\n") == [(3, ["1,2", "3"])]


def test_decimal_commas_stand_between_semicolons() -> None:
    content = b"Name;Hours;Percent\nAna;1,5;100,0\nBob;2,25;50,0\n"
    assert rows(content) == [(2, ["Ana", "1,5", "100,0"]), (3, ["Bob", "2,25", "50,0"])]


@pytest.mark.parametrize(
    ("title", "separator"),
    [
        ("Completion report, March 2026", ";"),
        ("Completion report, March, of all locals", "\t"),
        ("Completion report; March", ","),
        ("Completion report | March", ";"),
    ],
)
def test_a_title_does_not_decide_the_separator(title: str, separator: str) -> None:
    lines = [["Name", "Hours", "Day"], ["Ana", "1.5", "2026-03-09"], ["Bob", "2", "2026-03-10"]]
    text = "\n".join([title, "", *map(separator.join, lines)])
    table = read_table(text.encode(), "x.csv")
    assert (table.header_line, table.headers) == (3, lines[0])
    assert [cells for _, cells in table.rows if isinstance(cells, list)] == lines[1:]


@pytest.mark.parametrize(
    "lines",
    [
        ["Name,Skills", "Ana,a; b; c", "Bob,d; e; f", "Cy,g; h; i"],
        ["Name;Course", "Ana;Literacy, Ethics, and More", "Bob;This, That, and Those"],
        ["Name|Note", "Ana|a, b", "Bob|c, d; e", "Cy|f"],
    ],
)
def test_lists_in_cells_do_not_decide_the_separator(lines: list[str]) -> None:
    separator = lines[0][4]
    assert [cells for _, cells in rows("\n".join(lines).encode())] == [line.split(separator) for line in lines[1:]]


def test_old_mac_lines_are_counted() -> None:
    damaged = refusal("number,name\r80,Zoë\r81,José\r82,Ren".encode() + b"\xe9\r")
    assert (damaged.code, damaged.faults[0].line) == ("undecodable", 4)
    assert refusal(b"number,name\r80,Grips\r81,Gri\0ps\r").faults[0].line == 3


def test_the_first_of_many_old_mac_lines_with_an_accent_tells_the_encoding() -> None:
    content = b"number,name\r" + "80,Françoise Côté\r".encode("mac_roman") * 200
    assert rows(content)[-1] == (201, ["80", "Françoise Côté"])


@pytest.mark.parametrize("encoding", ["cp1252", "mac_roman", "cp850"])
@pytest.mark.parametrize("name", ["Françoise Côté", "Hélène Lefèvre", "Zoë", "José Muñoz", "Björk Müller", "là, à Montréal"])
@pytest.mark.parametrize("times", [1, 300])
def test_names_tell_the_encoding_however_often_they_come(encoding: str, name: str, times: int) -> None:
    content = b"number;name\n" + f"80;{name}\n".encode(encoding) * times
    assert rows(content)[-1] == (times + 1, ["80", name])


@pytest.mark.parametrize(
    "text", ["it’s here", "§ 5", "½ day", "“AI” – what’s new…", "CÔTÉ", "São João", "Straße", "Ångström"]
)
def test_what_could_be_any_old_encoding_is_read_as_the_usual_one(text: str) -> None:
    assert rows(f"number;name\n80;{text}\n".encode("cp1252")) == [(2, ["80", text])]


def test_bytes_that_no_old_encoding_makes_words_of_are_no_text() -> None:
    assert refusal(b"number,name\n80,\xb9\xf7\xb8\xd7\xbe\xf0\n").code == "undecodable"


@pytest.mark.parametrize("broken", ["utf-16-le", "utf-16-be"])
def test_half_a_character_of_utf_16_is_named_with_its_line(broken: str) -> None:
    content = "number,name\n80,Zoë\n".encode(broken) + "81,".encode(broken) + b"\xd8\xd8" * 2
    assert refusal(content).code == "undecodable"


def test_a_row_without_end_is_refused_and_not_gathered() -> None:
    table = read_table(b"a,b\n1,2\n" + b'"x\n",' * 2_000_000, "x.csv")
    with pytest.raises(Refused) as refused:
        list(table.rows)
    assert refused.value.code == "oversized" and "line 3" in refused.value.message
