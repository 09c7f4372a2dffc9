"""How sure the coverage of several paths, units or crafts is: a bar each, in parts told apart by pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.coverage.charts.rows import ROW_HEIGHT, SHARE, row_texts
from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    counted,
    figure_cells,
    percent_words,
    sentence,
    share_words,
    specification,
)
from tracker.coverage.exports.shapes import Chart, Column, Table
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance

PARTS = ("by provider", "reviewed", "claimed", "not covered")
_DRAWN = 60  # rows: a picture of more is no picture; the table holds all


def assurance_chart(
    rows: Sequence[tuple[str, Figure]], *, title: str, floor: Assurance, target: float | None = None
) -> Chart:
    """A bar for each row with anyone in scope, in the order given: by provider, reviewed, claimed, not covered.

    Args:
        rows: what is compared (a path, a local, a craft) and its figure.
        title: whose these are: "Local 80".
        target: the share aimed at by all of them, where there is one.
    """
    asked = [(label, figure) for label, figure in rows if figure.in_scope]
    finding = _finding(asked, title)
    summary = _summary(asked, len(rows), title, floor)
    table = Table(
        (Column("what"), *FIGURE_COLUMNS),
        [(label, *figure_cells(figure, floor)) for label, figure in rows],
        f"{title}: how sure",
    )
    return Chart("assurance", finding, summary, _drawn(asked[:_DRAWN], floor, target, finding, summary), table)


def _finding(asked: Sequence[tuple[str, Figure]], title: str) -> str:
    if not asked:
        return f"No one is in scope in {title}"
    claimed = sum(figure.claimed for _, figure in asked)
    unsure = sum(figure.claimed - figure.reviewed for _, figure in asked)
    sure = sum(figure.provider for _, figure in asked)
    if not claimed:
        return f"Nothing is completed in {title} yet"
    if not unsure:
        if sure == claimed:
            return f"Everything completed in {title} is confirmed by its provider"
        return f"Nothing completed in {title} waits for a review"
    if len(asked) == 1:
        return f"{unsure:,} of {counted(claimed, 'completion')} of {asked[0][0]} in {title} rest on a claim alone"
    label, figure = max(asked, key=lambda each: each[1].claimed - each[1].reviewed)
    most = figure.claimed - figure.reviewed
    return f"{label} has the most claims without a review in {title}: {most:,} of {unsure:,}"


def _summary(asked: Sequence[tuple[str, Figure]], number: int, title: str, floor: Assurance) -> str:
    parts = [f"A bar for each of {len(asked)} in {title}, of all those in scope, in parts by how sure it is"]
    for label, figure in asked[:10]:
        sure = f"{figure.provider:,} by provider, {figure.reviewed - figure.provider:,} reviewed"
        parts.append(f"{label}: {share_words(figure, floor)} ({sure}, {figure.claimed - figure.reviewed:,} claimed)")
    if len(asked) > 10:
        lowest, highest = (pick(asked, key=lambda each: each[1].share(floor) or 0.0) for pick in (min, max))
        parts.append(
            f"of all, {lowest[0]} has the lowest share with {percent_words(lowest[1], floor)},"
            f" {highest[0]} the highest with {percent_words(highest[1], floor)}"
        )
    if len(asked) > _DRAWN:
        parts.append(f"the first {_DRAWN} are drawn; the table holds all")
    if len(asked) < number:
        parts.append(f"left out: {number - len(asked)} with no one in scope")
    return " ".join(sentence(each) for each in parts)


def _drawn(
    asked: Sequence[tuple[str, Figure]], floor: Assurance, target: float | None, finding: str, summary: str
) -> dict[str, Any]:
    values: list[dict[str, Any]] = []
    for place, (label, figure) in enumerate(asked):
        edges = (0, figure.provider, figure.reviewed, figure.claimed, figure.in_scope)
        for part, start, end in zip(PARTS, edges, edges[1:], strict=False):
            values.append(
                {
                    "row": place,
                    "label": label,
                    "part": part,
                    "from": 100 * start / figure.in_scope,
                    "to": 100 * end / figure.in_scope,
                    "people": end - start,
                    "said": share_words(figure, floor),
                    "is_first": part == PARTS[0],
                }
            )
    names = {"field": "part", "type": "nominal", "scale": {"domain": list(PARTS), "range": "category"}}
    legend = {
        "title": None,
        "orient": "top",
        "direction": "horizontal",
        "columns": 2,
        "offset": 24 if target is not None else 6,
    }
    bars = {
        "mark": {"type": "bar", "height": 16, "yOffset": 6},
        "encoding": {
            "x": {**SHARE, "field": "from"},
            "x2": {"field": "to"},
            "fill": {**names, "legend": legend},
            "tooltip": [
                {"field": "label", "title": "In"},
                {"field": "part", "title": "Part"},
                {"field": "people", "title": "People"},
            ],
        },
    }
    edges_ = {
        "mark": {"type": "bar", "height": 16, "yOffset": 6, "style": "edge", "filled": False},
        "transform": [{"filter": "datum.to > datum.from"}],
        "encoding": {"x": {**SHARE, "field": "from"}, "x2": {"field": "to"}},
    }
    layers: list[dict[str, Any]] = [bars, edges_, *row_texts([{"filter": "datum.is_first"}])]
    if target is not None:
        at = {"datum": round(100 * target, 2), "type": "quantitative"}
        layers += [
            {
                "transform": [{"filter": "datum.is_first"}],
                "mark": {
                    "type": "tick",
                    "orient": "vertical",
                    "size": 26,
                    "thickness": 2,
                    "yOffset": 6,
                    "style": "target-tick",
                },
                "encoding": {"x": at},
            },
            {
                "data": {"values": [{"words": f"target {100 * target:g}\u00a0%"}]},
                "mark": {
                    "type": "text",
                    "style": "text",
                    "align": "right" if target > 0.5 else "left",
                    "dx": -4 if target > 0.5 else 4,
                    "dy": -6,
                    "baseline": "bottom",
                },
                "encoding": {"x": at, "y": {"value": 0}, "text": {"field": "words"}},
            },
        ]
    spec = specification(
        values=values, layers=layers, height=ROW_HEIGHT * max(len(asked), 1), finding=finding, summary=summary
    )
    spec["encoding"] = {"y": {"field": "row", "type": "ordinal", "axis": None, "scale": {"domain": list(range(len(asked)))}}}
    return spec
