"""The colours and the font of a picture: light and dark as the pages have them, and print.

Assurance is told by pattern as well as by colour: a page and a file of a picture both hold the patterns that it fills with,
under the same names; where neither is there, the plain colour behind the name still differs in lightness.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from babel import Locale
from babel.numbers import get_decimal_symbol, get_group_symbol

from tracker.language import DEFAULT, locale

FONT = "Source Sans Pro"
FILE_WIDTH = 640  # pixels: of a picture that stands in no page


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours by what they are for. Each text colour has at least 4.5:1 on what it stands on."""

    name: str
    paper: str
    ink: str
    quiet: str
    line: str
    firm: str
    accent: str
    soft: str
    sunk: str
    claimed: str
    empty: str
    heat: Sequence[str]  # 0 % to 100 % in steps of ten
    on_heat: Sequence[str]  # the text on each


_DARK_INK, _LIGHT_INK = "#102024", "#ffffff"

THEMES: Mapping[str, Theme] = {
    each.name: each
    for each in (
        Theme(
            "light",
            paper="#ffffff",
            ink="#172024",
            quiet="#56636a",
            line="#d5dadc",
            firm="#7d898f",
            accent="#0b5d66",
            soft="#e3f1f2",
            sunk="#f5f6f6",
            claimed="#b98a3d",
            empty="#e4e8e9",
            heat=[
                "#e0fbfe",
                "#bdebf0",
                "#9cdae1",
                "#7dc8d0",
                "#62b6bf",
                "#4ba3ac",
                "#3d959e",
                "#317c84",
                "#2e686f",
                "#2d5559",
                "#2d4144",
            ],
            on_heat=[_DARK_INK] * 7 + [_LIGHT_INK] * 4,
        ),
        Theme(
            "dark",
            paper="#14181a",
            ink="#e7ebec",
            quiet="#a7b3b8",
            line="#384246",
            firm="#7f8c92",
            accent="#7cc4cc",
            soft="#183238",
            sunk="#1d2326",
            claimed="#cda868",
            empty="#30393d",
            heat=[
                "#12282b",
                "#0f3b3f",
                "#094e54",
                "#07626a",
                "#16757e",
                "#237f88",
                "#489ca5",
                "#66afb7",
                "#86c1c7",
                "#a8d2d7",
                "#cbe3e6",
            ],
            on_heat=[_LIGHT_INK] * 6 + [_DARK_INK] * 5,
        ),
        Theme(
            "print",
            paper="#ffffff",
            ink="#000000",
            quiet="#444444",
            line="#cccccc",
            firm="#777777",
            accent="#0a4f57",
            soft="#eeeeee",
            sunk="#ffffff",
            claimed="#7a7a7a",
            empty="#e6e6e6",
            heat=[
                "#f4f4f4",
                "#e4eeef",
                "#cfe3e5",
                "#b4d5d8",
                "#97c6ca",
                "#7db7bc",
                "#5fa3a9",
                "#3a7f86",
                "#2c666c",
                "#204d52",
                "#163a3e",
            ],
            on_heat=["#000000"] * 7 + ["#ffffff"] * 4,
        ),
    )
}


def themed(
    spec: Mapping[str, Any], theme: str, *, width: int | None = None, heading: str = "", caption: str = ""
) -> dict[str, Any]:
    """The specification in a theme's colours.

    Args:
        theme: "light", "dark" or "print".
        width: in pixels, where the picture stands in no container.
        heading: a line above the picture, and ``caption`` a quieter one below that: for a file, which travels alone.
    """
    drawn = dict(spec)
    drawn["config"] = {**_config(THEMES[theme]), **_written(locale())}
    drawn["background"] = THEMES[theme].paper
    drawn["usermeta"] = {**spec.get("usermeta", {}), "theme": theme}
    if width is not None:
        drawn["width"] = width
    if heading:
        drawn["title"] = {"text": _lines(heading, 80), "subtitle": _lines(caption, 100) if caption else []}
    return drawn


@cache
def _written(spoken: Locale) -> Mapping[str, Any]:
    """How a language writes the numbers and months along the axes. English is what the library writes by itself."""
    if str(spoken) == DEFAULT:
        return {}
    days = {width: [spoken.days["format"][width][place] for place in (6, 0, 1, 2, 3, 4, 5)] for width in _WIDTHS}
    months = {width: [spoken.months["format"][width][place] for place in range(1, 13)] for width in _WIDTHS}
    return {
        "locale": {
            "number": {
                "decimal": get_decimal_symbol(spoken),
                "thousands": get_group_symbol(spoken),
                "grouping": [3],
                "currency": ["", ""],
            },
            "time": {
                "dateTime": "%x, %X",
                "date": "%Y-%m-%d",
                "time": "%H:%M:%S",
                "periods": ["AM", "PM"],
                "days": days["wide"],
                "shortDays": days["abbreviated"],
                "months": months["wide"],
                "shortMonths": months["abbreviated"],
            },
        }
    }


_WIDTHS = ("wide", "abbreviated")


def _lines(text: str, length: int) -> list[str]:
    """Text in lines of no more than so many characters, where words allow."""
    lines = [""]
    for word in text.split(" "):  # and never where a space does not break
        if lines[-1] and len(lines[-1]) + 1 + len(word) > length:
            lines.append(word)
        else:
            lines[-1] = f"{lines[-1]} {word}".strip()
    return lines


def patterns(theme: Theme) -> str:
    """What a picture fills with, as SVG: the same as the pages' own, under the same names."""
    return (
        '<defs><pattern id="assurance-reviewed" width="7" height="7" patternUnits="userSpaceOnUse"'
        f' patternTransform="rotate(45)"><rect width="7" height="7" fill="{theme.soft}"/>'
        f'<line x1="0" x2="0" y1="0" y2="7" stroke="{theme.accent}" stroke-width="4"/></pattern>'
        '<pattern id="assurance-claimed" width="6" height="6" patternUnits="userSpaceOnUse">'
        f'<rect width="6" height="6" fill="{theme.sunk}"/>'
        f'<circle cx="3" cy="3" r="1.6" fill="{theme.claimed}"/></pattern></defs>'
    )


def _config(theme: Theme) -> dict[str, Any]:
    return {
        "font": f"{FONT}, sans-serif",
        "view": {"stroke": None},
        "title": {
            "anchor": "start",
            "frame": "bounds",
            "color": theme.ink,
            "subtitleColor": theme.quiet,
            "fontSize": 16,
            "fontWeight": 600,
            "subtitleFontSize": 13,
            "subtitlePadding": 4,
            "offset": 18,
        },
        "axis": {
            "labelColor": theme.quiet,
            "titleColor": theme.quiet,
            "labelFontSize": 13,
            "titleFontSize": 13,
            "titleFontWeight": "normal",
            "gridColor": theme.line,
            "domain": False,
            "ticks": False,
            "labelPadding": 6,
        },
        "axisY": {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "start", "titleBaseline": "bottom"},
        "legend": {
            "labelColor": theme.ink,
            "titleColor": theme.quiet,
            "labelFontSize": 13,
            "symbolType": "square",
            "symbolSize": 240,
            "symbolStrokeWidth": 1,
            "symbolStrokeColor": theme.firm,
        },
        "range": {
            "category": [
                theme.accent,
                f"url(#assurance-reviewed) {theme.firm}",
                f"url(#assurance-claimed) {theme.line}",
                theme.empty,
            ],
            "ordinal": list(theme.heat),
            "heatmap": list(theme.on_heat),
        },
        "text": {"fontSize": 13, "color": theme.ink},
        "style": {
            "text": {"color": theme.ink},
            "strong": {"color": theme.ink, "fontWeight": 600, "fontSize": 14},
            "quiet-text": {"color": theme.quiet},
            "main-line": {"color": theme.accent, "strokeWidth": 2.5},
            "main-point": {"color": theme.accent, "stroke": theme.paper, "strokeWidth": 1},
            "other-line": {"color": theme.firm, "strokeWidth": 1},
            "other-point": {"color": theme.firm, "stroke": theme.paper, "strokeWidth": 1},
            "target-line": {"color": theme.ink, "strokeWidth": 1.5, "strokeDash": [6, 4]},
            "target-tick": {"color": theme.ink},
            "mark-line": {"color": theme.firm, "strokeWidth": 1, "strokeDash": [2, 3]},
            "frame-line": {"color": theme.line, "strokeWidth": 1},
            "whole-bar": {"color": theme.empty},
            "main-bar": {"color": theme.accent},
            "part-bar": {"color": theme.firm},
            "edge": {"color": theme.firm, "strokeWidth": 1},
            "cell": {"stroke": theme.paper, "strokeWidth": 2},
        },
    }
