"""Where to train next: how exposed to AI each is, against how many are not covered."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from tracker.coverage.charts.wording import apart, sentence, short, specification
from tracker.coverage.exports.shapes import Chart, Column, Kind, Table
from tracker.coverage.saying import people
from tracker.language import _, ngettext, number

_NAMED = 10
_HEIGHT = 340


class _Point(NamedTuple):
    label: str
    exposure: float
    uncovered: int
    rank: int


def priorities_chart(
    points: Sequence[tuple[str, float, int, int]],
    *,
    title: str = "",
    steps: float | None = None,
    each_path: bool = False,
) -> Chart:
    """A point for each local or craft; the first ten by rank bear their names.

    Args:
        points: label, exposure as the policy states it, people not covered, rank (1 is first).
        steps: the top of the scale of exposures, where the policy has one.
        each_path: whether people are counted path by path, so that who lacks two of them is two.
    """
    title = title or _("The union")
    ranked = sorted((_Point(*point) for point in points), key=lambda point: (point.rank, point.label))
    if not ranked:
        finding = _("No exposure is stated yet for anyone who is in scope")
        summary = _("There is nothing to draw: the policy states no exposure, or no one is in scope.")
    else:
        first = ranked[0]
        values = {"label": first.label, "exposure": number(first.exposure), "people": people(first.uncovered)}
        finding = (
            _("%(label)s comes first: exposure %(exposure)s, %(people)s not covered, counted path by path", **values)
            if each_path
            else _("%(label)s comes first: exposure %(exposure)s, %(people)s not covered", **values)
        )
        drawn = ngettext("%(n)s point", "%(n)s points", len(ranked))
        told = (
            _(
                "%(title)s: %(points)s, exposure to AI against people not covered, counted path by path",
                title=title,
                points=drawn,
            )
            if each_path
            else _("%(title)s: %(points)s, exposure to AI against people not covered", title=title, points=drawn)
        )
        named = "; ".join(
            _(
                "%(rank)s. %(label)s, exposure %(exposure)s, %(people)s not covered",
                rank=each.rank,
                label=each.label,
                exposure=number(each.exposure),
                people=number(each.uncovered),
            )
            for each in ranked[:_NAMED]
        )
        summary = f"{sentence(told)} {sentence(_('the first by rank: %(named)s', named=named))}"
    table = Table(
        (
            Column("rank", Kind.COUNT),
            Column("what"),
            Column("exposure", Kind.NUMBER),
            Column("not_covered", Kind.COUNT),
        ),
        [(each.rank, each.label, each.exposure, each.uncovered) for each in ranked],
        _("%(title)s: where to train next", title=title),
    )
    return Chart("priorities", finding, summary, _drawn(ranked, steps, finding, summary, each_path), table)


def _drawn(ranked: Sequence[_Point], steps: float | None, finding: str, summary: str, each_path: bool) -> dict[str, Any]:
    right = steps or max([1.0, *(each.exposure for each in ranked)])
    top = max([1, *(each.uncovered for each in ranked)])
    named = ranked[:_NAMED]
    places = _label_places(named, top)
    values = [
        {
            "exposure": each.exposure,
            "uncovered": each.uncovered,
            "label": each.label,
            "named": each.rank <= _NAMED,
            "rank": each.rank,
        }
        for each in ranked
    ]
    labels = [
        {
            "exposure": each.exposure,
            "uncovered": each.uncovered,
            "at": at,
            "words": f"{each.rank}. {short(each.label)}",
            "side": "left" if each.exposure > 0.6 * right else "right",
        }
        for each, at in zip(named, places, strict=True)
    ]
    axis = {"grid": True, "tickMinStep": 1, "format": ",d"}
    x = {
        "field": "exposure",
        "type": "quantitative",
        "scale": {"domain": [0, right * 1.04], "nice": False},
        "axis": {"title": _("Exposure to AI, as the policy states it"), "tickCount": 6, "grid": True},
    }
    people_axis = _("People not covered, counted path by path") if each_path else _("People not covered")
    y = {
        "field": "uncovered",
        "type": "quantitative",
        "scale": {"domain": [0, top * 1.1], "nice": False},
        "axis": {"title": people_axis, "titleX": 0, "titleY": -12, "tickCount": 5, **axis},
    }
    tooltip = [
        {"field": "label", "title": _("Who")},
        {"field": "rank", "title": _("Rank")},
        {"field": "exposure", "title": _("Exposure")},
        {"field": "uncovered", "title": _("Not covered")},
    ]

    def dots(style: str, is_named: bool) -> dict[str, Any]:
        return {
            "transform": [{"filter": f"datum.named === {'true' if is_named else 'false'}"}],
            "mark": {"type": "point", "filled": True, "size": 70 if is_named else 35, "opacity": 1, "style": style},
            "encoding": {"x": x, "y": y, "tooltip": tooltip},
        }

    def names(side: str, align: str, away: int) -> dict[str, Any]:
        return {
            "data": {"values": labels},
            "transform": [{"filter": f"datum.side === '{side}'"}],
            "mark": {"type": "text", "align": align, "dx": away, "baseline": "middle", "limit": {"expr": "width * 0.55"}},
            "encoding": {"x": x, "y": {**y, "field": "at"}, "text": {"field": "words"}},
        }

    leaders = {
        "data": {"values": labels},
        "mark": {"type": "rule", "style": "other-line"},
        "encoding": {"x": x, "y": y, "y2": {"field": "at"}},
    }
    layers = [
        leaders,
        dots("other-point", False),
        dots("main-point", True),
        names("left", "right", -9),
        names("right", "left", 9),
    ]
    return specification(values=values, layers=layers, height=_HEIGHT, finding=finding, summary=summary)


def _label_places(named: Sequence[_Point], top: int) -> list[float]:
    """The heights of the names: beside their points, and apart."""
    return apart([each.uncovered for each in named], top * 1.1 * 18 / _HEIGHT, 0, top * 1.08)
