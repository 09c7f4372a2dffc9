"""The encoding in which every byte of a text file makes sense."""

from __future__ import annotations

import codecs
import io
import math
import re
from itertools import repeat
from typing import BinaryIO, NamedTuple

from tracker.curriculum.faults import Fault
from tracker.language import _, number
from tracker.operations.refused import Refused

# Characters. A skills or notes column may be long; a million is a quote that never closes, or an attack.
LONGEST_CELL = 1_000_000
LONGEST_LINE = 4 * LONGEST_CELL

_CHUNK = 1 << 20
_SAMPLE = 1 << 16
_HEAD = 1 << 12

# The longer marks first: the one of UTF-32 begins like the one of UTF-16.
_MARKS = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
    (codecs.BOM_UTF8, "utf-8-sig"),
)

# What spreadsheets of the United States and Canada write when they do not write UTF-8: Windows, the Mac, DOS. The more
# usual comes first, for what could be either. Libraries that guess among all encodings take French for Baltic.
_OLD_ENCODINGS = ("cp1252", "mac_roman", "cp850")

# How much a character beyond ASCII speaks for the encoding that makes one of it: by how usual it is in names and titles.
_USUAL = {
    **dict.fromkeys("éèç", 4),
    **dict.fromkeys("êëôöüñáíóä’", 3),
    **dict.fromkeys("àâîïûúæøßœ", 2),
    **dict.fromkeys("ãåõùÿ“”«»", 1),
    **dict.fromkeys("–—…•·°ºª®©™§¡¿½¼¾²³±×÷€£¢\xa0", 0),
}
_UNUSUAL = -2
_BEYOND_ASCII = re.compile(r"[^\x00-\x7f]")
_BETWEEN_WORDS = frozenset("“”«»–—…•·°™®©")


class Encoding(NamedTuple):
    """An encoding by Python's name; and whether the file holds a backslash, or a formula that is only a text in quotes,
    which was seen when all of it was read."""

    name: str
    has_backslash: bool
    has_formulas: bool


def encoding_of(stream: BinaryIO, file_name: str) -> Encoding:
    """The encoding of a file, which is read through to be sure.

    Raises:
        Refused: the bytes are no text (``not_text``, ``undecodable``) or a line has no end (``oversized``).
    """
    stream.seek(0)
    head = stream.read(_HEAD)
    encoding = next((name for mark, name in _MARKS if head.startswith(mark)), "") or _unmarked(head)
    found = _decoded(stream, encoding, file_name)
    if isinstance(found, Encoding):
        return found
    if encoding == "utf-8":
        older = _old_encoding(stream)
        again = _decoded(stream, older, file_name) if older else None
        if isinstance(again, Encoding):
            return again
    raise Refused(
        "undecodable",
        _(
            "Line %(found)s of %(file_name)s holds bytes that are no text. Save it as CSV UTF-8 and import that.",
            found=found,
            file_name=file_name,
        ),
        faults=[Fault(found, "", "", _("cannot be decoded: save the file as CSV UTF-8"))],
    )


def _unmarked(head: bytes) -> str:
    """UTF-16 where nearly every second byte is a NUL, as in any Western text of it; else UTF-8."""
    even, odd = head[::2].count(0), head[1::2].count(0)
    half = len(head) // 2
    if odd * 10 > half * 6 and even * 20 < half:
        return "utf-16-le"
    if even * 10 > half * 6 and odd * 20 < half:
        return "utf-16-be"
    return "utf-8"


def _decoded(stream: BinaryIO, encoding: str, file_name: str) -> Encoding | int:
    """The encoding, or the first line it cannot read. A NUL is no text in any encoding and refuses the file."""
    decoder = codecs.getincrementaldecoder(encoding)()
    stream.seek(0)
    has_backslash = has_formulas = False
    line = 1
    begun = 0  # characters so far of the line that is not over
    while True:
        chunk = stream.read(_CHUNK)
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            return line + _line_ends(error.object[: error.start].decode("latin-1"))
        if "\0" in text:
            line += _line_ends(text[: text.index("\0")])
            raise Refused(
                "not_text",
                _(
                    "%(file_name)s is not a text file: line %(line)s holds a NUL byte. Save the table as CSV UTF-8 or XLSX.",
                    file_name=file_name,
                    line=line,
                ),
                faults=[Fault(line, "", "", _("holds a NUL byte"))],
            )
        if not chunk:
            return Encoding(encoding, has_backslash, has_formulas)
        has_backslash = has_backslash or "\\" in text
        has_formulas = has_formulas or '="' in text or text.endswith("=")
        ends = _line_ends(text)
        begun = len(text) - max(text.rfind("\n"), text.rfind("\r")) - 1 if ends else begun + len(text)
        line += ends
        if begun > LONGEST_LINE:
            message = _(
                "Line %(line)s of %(file_name)s is longer than %(longest_line)s characters: no table has such a row.",
                line=line,
                file_name=file_name,
                longest_line=number(LONGEST_LINE),
            )
            raise Refused(
                "oversized",
                _("%(message)s Export the file again.", message=message),
                faults=[Fault(line, "", "", _("has no end"))],
            )


def _line_ends(text: str) -> int:
    return text.count("\n") or text.count("\r")  # alone, as old Macs wrote it


def _old_encoding(stream: BinaryIO) -> str | None:
    """The likeliest encoding of a file that is not UTF-8, by its lines beyond ASCII.

    None where most of those lines are UTF-8 all the same: such a file is damaged, and an older encoding would spoil
    every name in it without a word.
    """
    stream.seek(0)
    sample: list[bytes] = []
    size = sound = 0
    text = io.TextIOWrapper(stream, encoding="latin-1")  # one character a byte, cut at any kind of line end
    for line in map(str.encode, text, repeat("latin-1")):
        if not line.isascii():
            sample.append(line[:_SAMPLE])
            size += len(sample[-1])
            sound += _is_utf8(line)
            if size >= _SAMPLE:
                break
    text.detach()  # it would close the file when it is forgotten
    if sound * 2 > len(sample):
        return None
    likely = {name: _likeness(b"".join(sample), name) for name in _OLD_ENCODINGS}
    best = max(_OLD_ENCODINGS, key=lambda name: likely[name])
    return best if likely[best] >= 0 else None


def _likeness(sample: bytes, encoding: str) -> float:
    """How much the text looks like words when it is read in an encoding; below 0 like none."""
    try:
        text = f" {sample.decode(encoding)} "
    except UnicodeDecodeError:
        return -math.inf
    return sum(_speaks(*text[found.start() - 1 : found.end() + 1]) for found in _BEYOND_ASCII.finditer(text))


def _speaks(before: str, character: str, after: str) -> int:
    """How much one character speaks for the encoding it was read in, between its neighbours.

    The wrong encoding puts capitals among small letters and small ones among capitals, and dashes and quotes into words.
    """
    if character.isalpha() and not (before.isalpha() or after.isalpha() or character == "à"):
        return 0
    if character.isupper() and character.lower() in _USUAL:
        return _UNUSUAL if before.islower() else 1
    if character.islower() and after.isupper():
        return _UNUSUAL
    if character in _BETWEEN_WORDS and before.isalpha() and after.isalpha():
        return _UNUSUAL
    if character == "ç" and after not in "aouAOU":
        return _UNUSUAL
    return _USUAL.get(character, _UNUSUAL)


def _is_utf8(line: bytes) -> bool:
    try:
        line.decode()
    except UnicodeDecodeError:
        return False
    return True
