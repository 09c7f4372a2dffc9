"""Units × paths as a picture: the darker (on dark paper: the lighter), the more are covered; every cell holds its number."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from tracker.coverage.charts.wording import (
    FIGURE_COLUMNS,
    counted,
    figure_cells,
    percent,
    percent_words,
    reaches,
    sentence,
    share_words,
    short,
    specification,
)
from tracker.coverage.exports.shapes import Chart, Column, Table
from tracker.coverage.heatmap import UnitRow
from tracker.curriculum.coverage import Figure
from tracker.curriculum.words import Assurance
from tracker.models import LearningPath

DRAWN_ROWS = 60
_ROW = 26


def heat_chart(
    rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, *, title: str = "The union"
) -> Chart:
    """A cell for each unit and path, units in the order given. At most 60 units are drawn; the table holds all."""
    cells = [(row, path, row.figure(path)) for row in rows for path in paths if row.figure(path).in_scope]
    finding = _finding(cells, paths, floor, title)
    summary = _summary(cells, rows, paths, floor, title)
    table = Table(
        (Column("unit"), Column("unit_name"), Column("path"), Column("path_title"), *FIGURE_COLUMNS),
        [
            (
                row.unit.number,
                row.unit.title,
                path.code,
                path.title,
                *figure_cells(None if path.id in row.hidden else row.figure(path), floor),
            )
            for row in rows
            for path in paths
        ],
        f"{title}: units and paths",
    )
    return Chart("heat", finding, summary, _drawn(rows[:DRAWN_ROWS], paths, floor, finding, summary), table)


_Cells = Sequence[tuple[UnitRow, LearningPath, Figure]]


def _finding(cells: _Cells, paths: Sequence[LearningPath], floor: Assurance, title: str) -> str:
    if not cells:
        return f"No one is in scope of any path in {title}"
    if len(cells) == 1:
        row, path, figure = cells[0]
        return f"{row.unit.title}: {share_words(figure, floor)} on {path.title}"
    aimed = [(path, figure) for _, path, figure in cells if path.target is not None]
    if aimed:
        reached = sum(reaches(figure, floor, path.target or 0.0) for path, figure in aimed)
        if not reached:
            return f"No unit in {title} has reached its target on any path"
        return f"{reached:,} of {counted(len(aimed), 'share')} with a target have reached it"
    row, path, figure = min(cells, key=lambda each: each[2].share(floor) or 0.0)
    return f"Coverage is lowest in {row.unit.title} on {path.title}: {percent_words(figure, floor)}"


def _summary(cells: _Cells, rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, title: str) -> str:
    parts = [f"A table of shares in {title}: {counted(len(rows), 'unit')} down, {counted(len(paths), 'path')} across"]
    if cells:
        by_share = sorted(cells, key=lambda each: each[2].share(floor) or 0.0)
        for which, (row, path, figure) in (("lowest", by_share[0]), ("highest", by_share[-1])):
            parts.append(f"{which}: {row.unit.title} on {path.title}, {share_words(figure, floor)}")
    hidden = sum(path.id in row.hidden for row in rows for path in paths)
    if hidden:
        parts.append(f"{counted(hidden, 'cell')} hidden, for too few people stand behind them")
    empty = len(rows) * len(paths) - len(cells) - hidden
    if empty:
        parts.append(f"{counted(empty, 'cell')} with no one in scope")
    if len(rows) > DRAWN_ROWS:
        parts.append(f"the first {DRAWN_ROWS} units are drawn; the table holds all")
    return " ".join(sentence(each) for each in parts)


def _drawn(
    rows: Sequence[UnitRow], paths: Sequence[LearningPath], floor: Assurance, finding: str, summary: str
) -> dict[str, Any]:
    titles = Counter(path.title for path in paths)
    columns = [path.title if titles[path.title] == 1 else f"{path.title} ({path.code})" for path in paths]
    values: list[dict[str, Any]] = []
    for row in rows:
        for path, column in zip(paths, columns, strict=True):
            figure = row.figure(path)
            value: dict[str, Any] = {"row": short(row.unit.title), "unit": row.unit.title, "path": column}
            if path.id in row.hidden:
                value["hidden"] = True
            if figure.in_scope:
                share = percent(figure.covered(floor), figure.in_scope)
                value |= {"step": share // 10, "words": str(share), "said": share_words(figure, floor)}
            values.append(value)
    across = {
        "field": "path",
        "type": "ordinal",
        "scale": {"domain": columns},
        "axis": {
            "title": "Covered, % of those in scope",
            "orient": "top",
            "labelAngle": -90,
            "labelLimit": 150,
            "labelAlign": "left",
            "titleAlign": "left",
            "titleAnchor": "start",
        },
    }
    down = {
        "field": "row",
        "type": "ordinal",
        "scale": {"domain": [short(row.unit.title) for row in rows]},
        "axis": {"title": None, "labelLimit": 150, "grid": False},
    }
    steps: dict[str, Any] = {"field": "step", "type": "ordinal", "legend": None}
    domain = list(range(11))
    layers: list[dict[str, Any]] = [
        {
            "transform": [{"filter": "isValid(datum.step)"}],
            "mark": {"type": "rect", "style": "cell"},
            "encoding": {
                "fill": {**steps, "scale": {"domain": domain, "range": "ordinal"}},
                "tooltip": [
                    {"field": "unit", "title": "Unit"},
                    {"field": "path", "title": "Path"},
                    {"field": "said", "title": "Covered"},
                ],
            },
        },
        {
            "transform": [{"filter": "isValid(datum.step)"}],
            "mark": {"type": "text", "fontSize": 13},
            "encoding": {"text": {"field": "words"}, "color": {**steps, "scale": {"domain": domain, "range": "heatmap"}}},
        },
        {
            "transform": [{"filter": "!isValid(datum.step)"}, {"calculate": "datum.hidden ? 'few' : '–'", "as": "none"}],
            "mark": {"type": "text", "style": "quiet-text"},
            "encoding": {"text": {"field": "none"}},
        },
    ]
    spec = specification(values=values, layers=layers, height=_ROW * max(len(rows), 1), finding=finding, summary=summary)
    spec["encoding"] = {"x": across, "y": down}
    return spec
