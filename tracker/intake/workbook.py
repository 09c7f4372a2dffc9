"""The records of an XLSX workbook, read as they are unpacked: no sheet is ever laid out in memory."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from datetime import date

from tracker.intake.archive import Archive
from tracker.intake.sheets import (
    FIRST_DAY,
    FIRST_MAC_DAY,
    MOST_CELLS,
    MOST_COLUMNS,
    MOST_ROWS,
    MOST_TEXT,
    NOT_AVAILABLE,
    Shown,
    damaged,
    number_text,
    oversized,
    shown_by,
    shown_by_builtin,
)

BOOK = "xl/workbook.xml"

_BOOLEANS = {"1": "true", "0": "false"}
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")  # how a character is written that XML cannot hold
_TEXT_TAGS = frozenset(("v", "t"))


def records(archive: Archive) -> Iterator[tuple[int, list[str]]]:
    """Each filled row of the first visible sheet that holds anything, with its number in the workbook.

    Raises:
        Refused: ``not_a_table`` where the workbook turns out damaged, ``oversized`` where it has no end.
    """
    relations = _relations(archive)
    sheets, first_day = _sheets(archive)
    read = _Values(archive, relations, first_day)
    parts = dict.fromkeys(relations.get(sheet, ("", "")) for sheet in sheets)
    for part in (part for kind, part in parts if kind == "worksheet"):
        rows = _rows(archive, part, read)
        first = next(rows, None)
        if first is not None:
            yield first
            yield from rows
            return


def _relations(archive: Archive) -> dict[str, tuple[str, str]]:
    """What the workbook calls its parts: their kind and name by the id it uses for them."""
    found: dict[str, tuple[str, str]] = {}

    def start(tag: str, attributes: dict[str, str]) -> None:
        if tag == "Relationship":
            part = posixpath.normpath(posixpath.join("/xl", attributes.get("Target", "")))
            found[attributes.get("Id", "")] = (attributes.get("Type", "").rpartition("/")[2], part.lstrip("/"))

    archive.read_through("xl/_rels/workbook.xml.rels", start)
    return found


def _sheets(archive: Archive) -> tuple[list[str], date]:
    """The ids of the visible sheets' parts, in order, and the day that the workbook counts from."""
    relations: list[str] = []
    first_day = FIRST_DAY

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal first_day
        if tag == "sheet" and attributes.get("state", "visible") == "visible":
            relations.extend(value for name, value in attributes.items() if name.rpartition(":")[2] == "id")
        elif tag == "workbookPr" and attributes.get("date1904") in ("1", "true"):
            first_day = FIRST_MAC_DAY

    archive.read_through(BOOK, start)
    return relations, first_day


class _Values:
    """What the cells of a workbook say, given the texts they share and the formats they are shown in."""

    def __init__(self, archive: Archive, relations: dict[str, tuple[str, str]], first_day: date) -> None:
        parts = dict(relations.values())
        self._file_name = archive.file_name
        self._first_day = first_day
        self._texts = _texts(archive, parts["sharedStrings"]) if "sharedStrings" in parts else []
        self._shown = _styles(archive, parts["styles"]) if "styles" in parts else {}

    def __call__(self, kind: str, style: str, content: str) -> str:
        if kind == "s":
            try:
                return self._texts[int(content)]
            except (ValueError, IndexError):
                raise damaged(self._file_name) from None
        if kind == "n":
            shown = self._shown.get(style, Shown.NUMBER)
            if shown is Shown.NUMBER and content.isdigit() and len(content) < 16:
                return content
            try:
                return number_text(float(content), shown, self._first_day)
            except ValueError:
                return content
        if kind == "b":
            return _BOOLEANS.get(content.strip(), content)
        if kind == "e":
            return "" if content == NOT_AVAILABLE else content
        if kind == "d":
            return content.replace("T", " ").removesuffix(" 00:00:00")
        return _unescaped(content)


def _texts(archive: Archive, part: str) -> list[str]:
    """The texts that cells share, without the reading aids of East Asian ones."""
    texts: list[str] = []
    pieces: list[str] = []
    weight = phonetic = 0
    inside = False

    def start(tag: str, _: dict[str, str]) -> None:
        nonlocal inside, phonetic
        inside = tag == "t" and not phonetic
        phonetic += tag == "rPh"

    def end(tag: str) -> None:
        nonlocal inside, phonetic, weight
        inside = False
        phonetic -= tag == "rPh"
        if tag == "si":
            text = _unescaped("".join(pieces))
            pieces.clear()
            texts.append(text)
            weight += text.__sizeof__() + 8

    def characters(data: str) -> None:
        if inside:
            pieces.append(data)

    for _ in archive.walk(part, start, end, characters, pieces):
        if weight > MOST_TEXT:
            raise oversized(archive.file_name, f"more than {len(texts):,} different texts")
    return texts


def _styles(archive: Archive, part: str) -> dict[str, Shown]:
    """What each style of cells shows, by its number as the cells write it; plain numbers are left out."""
    codes: dict[str, Shown] = {}
    styles: list[str] = []
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal inside
        if tag == "numFmt":
            codes[attributes.get("numFmtId", "")] = shown_by(attributes.get("formatCode", ""))
        elif tag == "cellXfs":
            inside = True
        elif tag == "xf" and inside:
            styles.append(attributes.get("numFmtId", "0"))

    def end(tag: str) -> None:
        nonlocal inside
        inside = inside and tag != "cellXfs"

    archive.read_through(part, start, end)
    shown = [codes.get(code) or shown_by_builtin(code) for code in styles]
    return {str(place): each for place, each in enumerate(shown) if each is not Shown.NUMBER}


class _Columns(dict[str, int]):
    """The place of a column, from 0, by its letters in the reference of a cell: ``AB`` in ``AB12``."""

    def __missing__(self, letters: str) -> int:
        place = 0
        for letter in letters.upper():
            place = place * 26 + ord(letter) - 64
        if not (letters.isalpha() and letters.isascii() and len(letters) < 4 and place <= MOST_COLUMNS):
            raise ValueError("no column of a sheet")
        self[letters] = place - 1
        return place - 1


def _rows(archive: Archive, part: str, read: _Values) -> Iterator[tuple[int, list[str]]]:
    """The rows of a sheet that hold anything, each as wide as its last filled cell."""
    columns = _Columns()
    done: list[tuple[int, list[str]]] = []
    row: list[str] = []
    pieces: list[str] = []
    line = size = phonetic = 0
    column = -1
    kind = style = ""
    inside = False

    def start(tag: str, attributes: dict[str, str]) -> None:
        nonlocal line, column, kind, style, inside, phonetic
        inside = False
        if tag == "c":
            reference = attributes.get("r")
            column = columns[reference.rstrip("0123456789")] if reference else column + 1
            if column >= MOST_COLUMNS:
                raise ValueError("a row without end")
            kind = attributes.get("t", "n")
            style = attributes.get("s", "0")
        elif tag in _TEXT_TAGS:
            inside = not phonetic
        elif tag == "row":
            number = attributes.get("r")
            line = int(number) if number else line + 1
            if line > MOST_ROWS:
                raise ValueError("no row of a sheet")
            column = -1
        elif tag == "rPh":
            phonetic += 1

    def end(tag: str) -> None:
        nonlocal row, size, inside, phonetic
        inside = False
        if tag == "c":
            if pieces:
                content = read(kind, style, "".join(pieces))
                pieces.clear()
                if content and column < len(row):
                    row[column] = content
                elif content:
                    row.extend([""] * (column - len(row)))
                    row.append(content)
        elif tag == "row" and row:
            size += len(row)
            done.append((line, row))
            row = []
        elif tag == "rPh":
            phonetic -= 1

    def characters(data: str) -> None:
        if inside:
            pieces.append(data)

    for _ in archive.walk(part, start, end, characters, pieces):
        if size > MOST_CELLS:
            raise oversized(archive.file_name, f"a sheet of more than {MOST_CELLS:,} cells")
        yield from done
        done.clear()


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return "\ufffd" if 0xD800 <= code < 0xE000 else chr(code)  # half a pair is no character
