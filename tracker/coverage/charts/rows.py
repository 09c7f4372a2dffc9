"""Bars whose words stand above them, so that they are as wide on a phone as they can be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from tracker.coverage.charts.wording import share_axis
from tracker.language import _

ROW_HEIGHT = 46


def share() -> Mapping[str, Any]:
    """The axis along which such bars lie."""
    return {
        "type": "quantitative",
        "scale": {"domain": [0, 100], "nice": False},
        "axis": share_axis(_("% of those in scope"), grid=False),
    }


def row_texts(transform: Sequence[Mapping[str, Any]], *, indent: int = 0, style: str = "text") -> list[dict[str, Any]]:
    """What stands above each bar: ``label`` at its left, ``said`` at its right."""
    common: dict[str, Any] = {"type": "text", "yOffset": -12, "baseline": "middle"}
    return [
        {
            "transform": list(transform),
            "mark": {**common, "align": "left", "dx": indent, "style": style, "limit": {"expr": f"width - {170 + indent}"}},
            "encoding": {"x": {"value": 0}, "text": {"field": "label"}},
        },
        {
            "transform": list(transform),
            "mark": {**common, "align": "right", "style": style},
            "encoding": {"x": {"value": "width"}, "text": {"field": "said"}},
        },
    ]
