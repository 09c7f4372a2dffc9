"""A document as PDF, from a template of ours and data as JSON. Runs in the process that draws, and imports nothing of ours.

PDF/UA allows no character that no font can draw, and people's names hold every character there is. So those without a glyph
are found by trying (all of the document on a sheet of their own: setting a long one again takes much memory), each is shown
as a box, and the document is told how many there are: a name never stops a report, and nothing is left out unsaid.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from functools import cache
from pathlib import Path
from typing import Any

_BOX = "\u25a1"
_ROUNDS = 12  # each finds all that stands in the way, but one may hide behind another
_SIGNS = """#set document(title: "Signs")
#set text(font: "Source Sans Pro", lang: "en")
#for each in json(bytes(sys.inputs.data)).signs [#each #strong(each) ]
"""
_FAULT = re.compile(r'the text `"((?:[^"\\]|\\.)*)"` could not be displayed')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]+)\}|(.))", re.DOTALL)
_PLAIN = {"n": "\n", "t": "\t", "r": "\r", "0": "\0"}
_TAME = range(0x20, 0x0530)  # Latin, Greek, Cyrillic: what no typesetter stumbles over


class NotTypeset(Exception):
    """The template or its data cannot be set: a fault of ours."""


def typeset(main: Path, inputs: Mapping[str, str], standards: Collection[str], fonts: Path) -> bytes:
    """The PDF of a template that lies alone with its files in a folder. Its input ``data``, if it takes one, is a JSON
    object, which is told under ``missing`` how many characters are shown as boxes.

    Raises:
        NotTypeset: not for what a person typed.
    """
    missing = _missing(main, inputs.get("data", ""), standards, fonts)
    is_tame = False
    for _ in range(_ROUNDS):
        shown = _boxed(inputs, _hiding(missing, is_tame))
        found = _set(main, shown, standards, fonts)
        if isinstance(found, bytes):
            return found
        # where the typesetter itself gave up, as some do over rare scripts and marks, boxes are better than no report
        is_tame = is_tame or found <= missing
        missing |= found
    raise NotTypeset(f"The document cannot be set: {''.join(sorted(missing))!r}")


def _missing(main: Path, data: str, standards: Collection[str], fonts: Path) -> set[str]:
    """Which signs of the data no font can draw; perhaps not all of them."""
    signs = sorted({each for each in _text_in(json.loads(data or "{}")) if not each.isascii()} - {_BOX})
    if not signs:
        return set()
    sheet = main.with_name("signs.typ")
    sheet.write_text(_SIGNS, encoding="utf-8")
    found = _set(sheet, {"data": json.dumps({"signs": signs}, ensure_ascii=False)}, standards, fonts)
    return found if isinstance(found, set) else set()


def _text_in(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = list(value.values())
    return "".join(map(_text_in, value)) if isinstance(value, list) else ""


def _hiding(missing: Collection[str], is_tame: bool) -> Callable[[str], bool]:
    return lambda each: each in missing or (is_tame and ord(each) not in _TAME)


def _set(main: Path, inputs: dict[str, str], standards: Collection[str], fonts: Path) -> bytes | set[str]:
    """The PDF; or the characters that stand in its way, none where the typesetter gave up."""
    import typst

    wanted: Any = list(standards)  # the names of standards are known by the compiler alone
    compiler = typst.Compiler(str(main), root=str(main.parent), font_paths=_fonts(fonts), sys_inputs=inputs)
    try:
        content = compiler.compile(format="pdf", pdf_standards=wanted)
    except typst.TypstError as error:
        found = {each for text in _FAULT.findall(error.diagnostic) for each in _unescaped(text)} - {_BOX}
        if not found:
            raise NotTypeset(error.diagnostic[:2_000]) from None
        return found
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # which stands outside of every other kind of exception
            raise
        return set()
    assert isinstance(content, bytes)
    return content


@cache
def _fonts(folder: Path) -> Any:
    """The fonts in the folder, then those of the machine: looked up once a process."""
    import typst

    return typst.Fonts(font_paths=[str(folder)])


def _unescaped(text: str) -> str:
    """What was meant by a text as the compiler writes it."""

    def plain(found: re.Match[str]) -> str:
        return chr(int(found[1], 16)) if found[1] else _PLAIN.get(found[2], found[2])

    return _ESCAPE.sub(plain, text)


def _boxed(inputs: Mapping[str, str], is_missing: Callable[[str], bool]) -> dict[str, str]:
    """The inputs with a box for each such character of their data, and how many boxes there are."""
    if "data" not in inputs:
        return {**inputs}
    count = 0

    def walked(value: Any) -> Any:
        nonlocal count
        if isinstance(value, str):
            shown = "".join(_BOX if is_missing(each) else each for each in value) if not value.isascii() else value
            count += shown.count(_BOX)
            return shown
        if isinstance(value, list):
            return [walked(each) for each in value]
        if isinstance(value, dict):
            return {key: walked(each) for key, each in value.items()}
        return value

    data = walked(json.loads(inputs["data"]))
    return {**inputs, "data": json.dumps({**data, "missing": count}, ensure_ascii=False)}
