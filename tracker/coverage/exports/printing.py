"""Text and numbers as they are printed, and a document of our own templates as PDF.

What a person typed goes to the typesetter as data, never as its language.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import cache
from pathlib import Path
from typing import Any

from tracker.coverage.exports.shapes import Cell, Chart, Kind
from tracker.coverage.exports.text import plain_line
from tracker.language import _, locale, number, percent, word

_TEMPLATES = Path(__file__).with_name("print")
_BOX = "\u25a1"
_BREAK = "\u200b"  # where a line may end, though nothing is seen
_LONG = re.compile(r"\S{19,}")
_LONGEST = 16  # characters in a row without a place to break


def typeset(template: str, data: Mapping[str, Any]) -> bytes:
    """A tagged PDF (PDF/UA-1) of one of our templates, with the language that is spoken now and the house's own words in it.

    Raises:
        NotRendered: it could not be made now.
    """
    from tracker.coverage.rendering import rendered

    return rendered(
        {
            "kind": "typst",
            "source": _template("house") + _template(template),
            "inputs": {"data": json.dumps({**_house(), **data}, ensure_ascii=False)},
            "standards": ["ua-1"],
        }
    )


def _house() -> dict[str, Any]:
    """What every printed report says besides its data: `house.typ` takes it."""
    locale_ = locale()
    return {
        "lang": locale_.language,
        "region": locale_.territory or "",
        "words": {
            "page": _("page %(page)s of %(pages)s", page="{page}", pages="{pages}"),
            "boxes": _(
                "%(box)s stands for a sign that the fonts of this server cannot draw. The CSV and XLSX files hold it.",
                box="{box}",
            ),
            "nothing": _("There is nothing to tell: no row answers what was asked."),
            "definitions": _("What the words mean"),
        },
    }


@cache
def _template(name: str) -> str:
    return (_TEMPLATES / f"{name}.typ").read_text(encoding="utf-8")


def printed_chart(chart: Chart) -> dict[str, str]:
    """A chart as the templates take it: its picture in black and white, and the text that stands for it.

    Raises:
        NotRendered: it could not be drawn now.
    """
    from tracker.coverage.charts.themes import themed
    from tracker.coverage.rendering import render_chart

    svg = render_chart(themed(chart.spec, "print"), "svg").decode()
    return {"finding": printed_text(chart.finding), "summary": printed_text(chart.summary), "svg": svg}


def printed_text(text: str) -> str:
    """Text that can be set: one line, whole letters, with places to break what is very long."""
    if text.isascii() and text.isprintable():
        return _LONG.sub(_broken, text)
    plain = unicodedata.normalize("NFC", plain_line(text))
    return _LONG.sub(_broken, "".join(_printed_sign(each) for each in plain))


def _printed_sign(each: str) -> str:
    category = unicodedata.category(each)
    if category == "Cf":
        return ""
    return _BOX if category in ("Cn", "Co", "Cs") else each


def _broken(found: re.Match[str]) -> str:
    run = found[0]
    return _BREAK.join(run[start : start + _LONGEST] for start in range(0, len(run), _LONGEST))


def printed_cell(cell: Cell, kind: Kind) -> str:
    """A cell as the pages write it: 1,204; 61 %; 2026-03-31; a dash where no one is in scope."""
    if cell is None:
        return "–" if kind is Kind.SHARE else ""
    if isinstance(cell, str):
        return printed_text(word(cell) if kind is Kind.WORD else cell)
    if isinstance(cell, date):
        return cell.isoformat()
    if kind is Kind.SHARE:
        return percent(whole_percent_of(float(cell)))
    return number(cell)


def whole_percent_of(share: float) -> int:
    """A share as a whole percent: 100 only when it is all of them, 0 only when it is none."""
    nearest = int((Decimal(repr(share)) * 100).quantize(Decimal(1), ROUND_HALF_UP))
    return nearest if share in (0, 1) else min(max(nearest, 1), 99)
