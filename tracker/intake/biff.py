"""What an XLS workbook is made of: kinds of records, one behind the other, and texts that run over several of them."""

from __future__ import annotations

import codecs
import struct

BIFF5, BIFF8 = 0x0500, 0x0600  # of Excel 5 and 95; of 97 to 2003
HEAD = struct.Struct("<HH")  # of a record: its kind and size

# Kinds of records.
BEGIN = 0x0809
END = 0x000A
CONTINUE = 0x003C
LOCK = 0x002F
CODE_PAGE = 0x0042
DATE_MODE = 0x0022
SHEET = 0x0085
FORMAT = 0x041E
STYLE = 0x00E0
TEXTS = 0x00FC
NUMBER = 0x0203
SMALL_NUMBER = 0x027E
SMALL_NUMBERS = 0x00BD
SHARED_TEXT = 0x00FD
TEXT = 0x0204
RICH_TEXT = 0x00D6
BOOLEAN = 0x0205  # or an error
FORMULA = 0x0006
FORMULA_TEXT = 0x0207
CELLS = frozenset((NUMBER, SMALL_NUMBER, SMALL_NUMBERS, SHARED_TEXT, TEXT, RICH_TEXT, BOOLEAN, FORMULA))

_CODE_PAGES = {10000: "mac_roman", 32768: "mac_roman", 32769: "cp1252", 367: "ascii"}
_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: ""}  # #N/A


class RunningText:
    """A place in a record that may go on in the records behind it."""

    def __init__(self, data: bytes, record: int, at: int) -> None:
        self.at = at
        self._data = data
        self._end = record + HEAD.unpack_from(data, record - 4)[1]

    def goes_on(self) -> bool:
        """Whether anything is left, be it in the next record."""
        while self.at >= self._end:
            kind, size = HEAD.unpack_from(self._data, self._end)
            if kind != CONTINUE:
                return False
            self.at = self._end + 4
            self._end = self.at + size
        return True

    def characters(self, length: int, wide: int) -> str:
        """So many characters of one or two bytes; each further record says anew which."""
        pieces: list[str] = []
        while True:
            size = min(length << wide, max(self._end - self.at, 0) >> wide << wide)
            piece = self._data[self.at : self.at + size]
            pieces.append(piece.decode("utf-16-le" if wide else "latin-1", "replace"))
            self.at += size
            length -= size >> wide
            if not length:
                return "".join(pieces)
            self.at = self._end
            if not self.goes_on():
                raise ValueError("cut off")
            wide = self._data[self.at] & 1
            self.at += 1

    def skip(self, size: int) -> None:
        while size > self._end - self.at:
            size -= max(self._end - self.at, 0)
            self.at = self._end
            if not self.goes_on():
                raise ValueError("cut off")
        self.at += size


def boolean_text(value: int, is_error: int) -> str:
    if is_error:
        return _ERRORS.get(value, "")
    return "true" if value else "false"


def code_page_name(code_page: int) -> str:
    """Python's name for a code page; what has none is read as Western Windows."""
    name = _CODE_PAGES.get(code_page, f"cp{code_page}")
    try:
        codecs.lookup(name)
    except LookupError:
        return "cp1252"
    return name
