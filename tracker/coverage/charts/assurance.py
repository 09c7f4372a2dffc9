"""How sure the coverage of several paths, units or crafts is: a bar each, in parts told apart by pattern."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tracker.coverage.charts.rows import ROW_HEIGHT, row_texts, share
from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    figure_cells,
    percent_words,
    sentence,
    share_words,
    specification,
    target_words,
)
from tracker.coverage.exports.shapes import Chart, Column, Table
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance
from tracker.language import _, mark, ngettext, number, word

PARTS = (mark("by provider"), mark("reviewed"), mark("claimed"), mark("not covered"))
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
        _("%(title)s: how sure", title=title),
    )
    return Chart("assurance", finding, summary, _drawn(asked[:_DRAWN], floor, target, finding, summary), table)


def _finding(asked: Sequence[tuple[str, Figure]], title: str) -> str:
    if not asked:
        return _("No one is in scope in %(title)s", title=title)
    claimed = sum(figure.claimed for _, figure in asked)
    unsure = sum(figure.claimed - figure.reviewed for _, figure in asked)
    sure = sum(figure.provider for _, figure in asked)
    if not claimed:
        return _("Nothing is completed in %(title)s yet", title=title)
    if not unsure:
        if sure == claimed:
            return _("Everything completed in %(title)s is confirmed by its provider", title=title)
        return _("Nothing completed in %(title)s waits for a review", title=title)
    if len(asked) == 1:
        return ngettext(
            "%(unsure)s of %(n)s completion of %(path)s in %(title)s rest on a claim alone",
            "%(unsure)s of %(n)s completions of %(path)s in %(title)s rest on a claim alone",
            claimed,
            unsure=number(unsure),
            path=asked[0][0],
            title=title,
        )
    label, figure = max(asked, key=lambda each: each[1].claimed - each[1].reviewed)
    most = figure.claimed - figure.reviewed
    return _(
        "%(label)s has the most claims without a review in %(title)s: %(most)s of %(unsure)s",
        label=label,
        title=title,
        most=number(most),
        unsure=number(unsure),
    )


def _summary(asked: Sequence[tuple[str, Figure]], rows: int, title: str, floor: Assurance) -> str:
    parts = [
        _(
            "A bar for each of %(count)s in %(title)s, of all those in scope, in parts by how sure it is",
            count=number(len(asked)),
            title=title,
        )
    ]
    for label, figure in asked[:10]:
        parts.append(
            _(
                "%(label)s: %(share)s (%(provider)s by provider, %(reviewed)s reviewed, %(claimed)s claimed)",
                label=label,
                share=share_words(figure, floor),
                provider=number(figure.provider),
                reviewed=number(figure.reviewed - figure.provider),
                claimed=number(figure.claimed - figure.reviewed),
            )
        )
    if len(asked) > 10:
        lowest, highest = (pick(asked, key=lambda each: each[1].share(floor) or 0.0) for pick in (min, max))
        parts.append(
            _(
                "of all, %(lowest)s has the lowest share with %(low)s, %(highest)s the highest with %(high)s",
                lowest=lowest[0],
                low=percent_words(lowest[1], floor),
                highest=highest[0],
                high=percent_words(highest[1], floor),
            )
        )
    if len(asked) > _DRAWN:
        parts.append(_("the first %(count)s are drawn; the table holds all", count=number(_DRAWN)))
    if len(asked) < rows:
        parts.append(_("left out: %(count)s with no one in scope", count=number(rows - len(asked))))
    return " ".join(sentence(each) for each in parts)


def _drawn(
    asked: Sequence[tuple[str, Figure]], floor: Assurance, target: float | None, finding: str, summary: str
) -> dict[str, Any]:
    values: list[dict[str, Any]] = []
    parts = [word(each) for each in PARTS]
    along = share()
    for place, (label, figure) in enumerate(asked):
        edges = (0, figure.provider, figure.reviewed, figure.claimed, figure.in_scope)
        for part, start, end in zip(parts, edges, edges[1:], strict=False):
            values.append(
                {
                    "row": place,
                    "label": label,
                    "part": part,
                    "from": 100 * start / figure.in_scope,
                    "to": 100 * end / figure.in_scope,
                    "people": end - start,
                    "said": share_words(figure, floor),
                    "is_first": part == parts[0],
                }
            )
    names = {"field": "part", "type": "nominal", "scale": {"domain": parts, "range": "category"}}
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
            "x": {**along, "field": "from"},
            "x2": {"field": "to"},
            "fill": {**names, "legend": legend},
            "tooltip": [
                {"field": "label", "title": _("In")},
                {"field": "part", "title": _("Part")},
                {"field": "people", "title": _("People")},
            ],
        },
    }
    edges_ = {
        "mark": {"type": "bar", "height": 16, "yOffset": 6, "style": "edge", "filled": False},
        "transform": [{"filter": "datum.to > datum.from"}],
        "encoding": {"x": {**along, "field": "from"}, "x2": {"field": "to"}},
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
                "data": {"values": [{"words": target_words(target)}]},
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
