"""Charts: the finding is true, nothing is drawn where no one is in scope, and the specification is Vega-Lite."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date

import altair
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tracker.coverage.charts import (
    THEMES,
    assurance_chart,
    funnel_chart,
    heat_chart,
    priorities_chart,
    slope_chart,
    themed,
    trend_chart,
)
from tracker.coverage.charts.wording import apart
from tracker.coverage.exports.shapes import Chart
from tracker.coverage.heatmap import UnitRow
from tracker.coverage.sections import CourseHeld, SectionFunnel, SectionHeld, VersionFunnel
from tracker.coverage.trends import Mark, Point, Trend
from tracker.curriculum.coverage import Figure
from tracker.curriculum.paths import NeedKind
from tracker.curriculum.words import Assurance, UnitKind
from tracker.models import Course, LearningPath, Section, Unit

FLOOR = Assurance.REVIEWED
NOBODY = Figure(0, 0, 0, 0)
DAYS = [date(2026, 1, 31), date(2026, 2, 28), date(2026, 3, 31), date(2026, 4, 15)]


def of(covered: int, in_scope: int = 100) -> Figure:
    return Figure(in_scope, covered, covered, covered)


def a_trend(*figures: Figure | None, marks: tuple[Mark, ...] = ()) -> Trend:
    return Trend(1, 2, DAYS[-1], None, [Point(day, figure) for day, figure in zip(DAYS, figures, strict=True)], marks)


def found(*figures: Figure | None, target: float | None = 0.8) -> str:
    return trend_chart(a_trend(*figures), title="Local 80", floor=FLOOR, target=target).finding.replace("\u00a0", " ")


def test_a_trend_says_what_became_of_the_target() -> None:
    assert found(of(70), of(75), of(80), of(81)) == "Local 80 passed its target of 80 % in March 2026"
    assert found(of(90), of(79), of(85), of(81)) == "Local 80 passed its target of 80 % in March 2026"
    assert found(of(80), of(85), of(82), of(81)) == "Local 80 has been at or above its target of 80 % since January 2026"
    assert found(of(80), of(85), of(79), of(70)) == "Local 80 fell below its target of 80 % in March 2026"
    assert found(of(79), of(60), of(41), of(61)) == "Coverage in Local 80 fell from 79 % to 61 % since January 2026"
    assert found(of(41), of(60), of(41), of(61)) == "Coverage in Local 80 rose from 41 % to 61 % since January 2026"
    assert found(of(41), of(60), of(41), of(41), target=None) == "Coverage in Local 80 stands at 41 %, as in January 2026"


def test_a_target_is_met_exactly_and_never_by_rounding() -> None:
    assert "passed" in found(of(70), of(70), of(70), Figure(1_000, 800, 800, 800))
    assert "passed" not in found(of(70), of(70), of(70), Figure(1_000, 799, 799, 799))  # 79.9 %: 80 as a whole percent
    assert "passed" in found(of(0), of(0), of(0), Figure(10, 7, 7, 7), target=0.7)


def test_a_trend_of_nobody_says_so_and_draws_nothing() -> None:
    assert found(NOBODY, NOBODY, NOBODY, NOBODY) == "No one was in scope in Local 80 between January 2026 and April 2026"
    assert found(NOBODY, NOBODY, NOBODY, of(61)).endswith("on 15 April 2026, with no one in scope before")
    assert found(of(5), of(6), NOBODY, NOBODY) == "No one has been in scope in Local 80 since February 2026"
    assert found(None, None, None, None) == "No figure of these months may be shown"
    chart = trend_chart(a_trend(NOBODY, of(0), None, of(61)), title="Local 80", floor=FLOOR, target=None)
    assert [each["share"] for each in chart.spec["data"]["values"]] == [None, 0.0, None, 61.0]
    assert [row[3] for row in chart.table.rows] == [None, 0.0, None, 0.61]
    assert [row[1] for row in chart.table.rows] == [0, 100, None, 100]
    assert "1 month hidden" in chart.summary


def test_a_version_is_told_beside_the_first_point_that_it_may_have_moved() -> None:
    trend = a_trend(of(1), of(2), of(3), of(4), marks=(Mark(date(2026, 2, 10), "version 2"),))
    chart = trend_chart(trend, title="Local 80", floor=FLOOR, target=None)
    assert [row[-1] for row in chart.table.rows] == ["", "version 2 from 2026-02-10", "", ""]
    assert "version 2 from 10 February 2026" in chart.summary


def a_path(title: str = "AI Fundamentals", target: float | None = None, its_id: int = 1) -> LearningPath:
    return LearningPath(id=its_id, code=title.lower().replace(" ", "-"), title=title, target=target)


def a_funnel(*, stops: tuple[int, int] = (30, 10), begun: int = 80, complete: int = 40) -> SectionFunnel:
    courses = [Course(id=each, code=f"c{each}", title=f"Course {each}") for each in range(4)]
    all_ = Section(title="Foundations", need=NeedKind.ALL, number=0)
    any_ = Section(title="Pick one", need=NeedKind.ANY, number=1)
    first, second = (CourseHeld(each, 60, stop) for each, stop in zip(courses, (stops[0], 0), strict=False))
    others = [CourseHeld(each, 30, 0) for each in courses[2:]]
    parts = [SectionHeld(all_, 50, stops[0], [first, second]), SectionHeld(any_, 45, stops[1], others)]
    unit = Unit(id=1, number="80", name="Local 80", kind=UnitKind.LOCAL)
    version = VersionFunnel(2, 100, begun, parts, complete)
    return SectionFunnel(unit, a_path(), DAYS[-1], None, FLOOR, [version] if begun or complete else [])


def test_a_funnel_says_where_people_stop() -> None:
    def said(funnel: SectionFunnel) -> str:
        return funnel_chart(funnel, title="Local 80").finding

    assert (
        said(a_funnel()) == "More people stop at “Course 0” than anywhere else: 30 of the 40 who have begun and not finished"
    )
    assert said(a_funnel(stops=(10, 30))).startswith("More people stop at “Pick one” than anywhere else: 30")
    assert said(a_funnel(stops=(20, 20))).startswith("Nowhere do more people stop than at “Course 0”: 20")
    assert said(a_funnel(stops=(0, 0), begun=40)) == "Everyone who has begun has finished; 60 people hold no course yet"
    assert said(a_funnel(stops=(0, 0), begun=100, complete=100)) == "All 100 people in scope hold every section"
    assert said(a_funnel(begun=0, complete=0)) == "No one in Local 80 is in scope of AI Fundamentals"
    rows = {row[2]: row[4:] for row in funnel_chart(a_funnel(), title="Local 80").table.rows}
    assert rows["Foundations"] == (50, 0.5, 30)
    assert rows["All sections"] == (40, 0.4, None)


def test_how_sure_it_is_leaves_out_who_is_not_asked() -> None:
    rows = [("One", Figure(10, 6, 4, 1)), ("Two", NOBODY), ("Three", Figure(10, 3, 2, 2))]
    chart = assurance_chart(rows, title="Local 80", floor=FLOOR)
    assert chart.finding == "One has the most claims without a review in Local 80: 2 of 3"
    drawn = [(each["label"], each["part"], each["people"]) for each in chart.spec["data"]["values"]]
    assert drawn[:4] == [("One", "by provider", 1), ("One", "reviewed", 3), ("One", "claimed", 2), ("One", "not covered", 4)]
    assert {label for label, _, _ in drawn} == {"One", "Three"}
    assert [row[0] for row in chart.table.rows] == ["One", "Two", "Three"]
    assert "1 with no one in scope" in chart.summary
    assert assurance_chart([("Two", NOBODY)], title="Local 80", floor=FLOOR).finding == "No one is in scope in Local 80"
    none_yet = assurance_chart([("Two", Figure(3, 0, 0, 0))], title="Local 80", floor=FLOOR)
    assert none_yet.finding == "Nothing is completed in Local 80 yet"


def a_map(number: int = 3) -> tuple[list[UnitRow], list[LearningPath]]:
    paths = [a_path("One", 0.5, 1), a_path("Two", 0.8, 2)]
    units = [Unit(id=each, number=str(each), name=f"Town {each}", kind=UnitKind.LOCAL) for each in range(number)]
    return [UnitRow(unit, "", {1: of(40 + unit.id)} if unit.id else {}) for unit in units], paths


def test_a_heat_map_draws_a_dash_and_no_cell_where_no_one_is_in_scope() -> None:
    rows, paths = a_map(12)
    chart = heat_chart(rows, paths, FLOOR, title="the union")
    assert chart.finding == "2 of 11 shares with a target have reached it"
    values = chart.spec["data"]["values"]
    assert sum("step" in each for each in values) == 11
    assert len(values) == 24
    assert len(chart.table.rows) == 24
    assert [row[6] for row in chart.table.rows][:3] == [None, None, 0.41]
    many, paths = a_map(90)
    big = heat_chart(many, paths, FLOOR, title="the union")
    assert "first 60 units are drawn" in big.summary
    assert len(big.table.rows) == 180


def test_a_cell_that_stays_hidden_is_told_apart_from_no_one() -> None:
    (row, *_), paths = a_map()
    chart = heat_chart([row._replace(hidden=frozenset({2}))], paths, FLOOR, title="the union")
    assert [each[4] for each in chart.table.rows] == [0, None]
    assert "1 cell hidden" in chart.summary
    assert "1 cell with no one in scope" in chart.summary
    assert [each.get("hidden", False) for each in chart.spec["data"]["values"]] == [False, True]


def test_two_days_are_compared_where_someone_was_in_scope_on_both() -> None:
    pairs = [("A", of(10), of(60)), ("B", of(50), of(40)), ("C", NOBODY, of(40)), ("D", of(30), of(30))]
    chart = slope_chart(pairs, DAYS[0], DAYS[-1], FLOOR, title="AI Fundamentals")
    said = chart.finding.replace("\u00a0", " ")
    assert said == "1 of 3 rose and 1 fell since 31 January 2026; A rose most, from 10 % to 60 %"
    assert {each["label"] for each in chart.spec["data"]["values"]} == {"A", "B", "D"}
    assert [row[-1] for row in chart.table.rows] == [50.0, -10.0, None, 0.0]
    nothing = slope_chart([("C", NOBODY, of(40))], DAYS[0], DAYS[-1], FLOOR, title="AI Fundamentals")
    assert nothing.finding == "No one in AI Fundamentals was in scope on both days"


def test_priorities_name_the_first_ten() -> None:
    points = [(f"Local {each} · Town", 3.0, 100 - each, each) for each in range(1, 15)]
    chart = priorities_chart(points, title="Locals", steps=5)
    assert chart.finding == "Local 1 · Town comes first: exposure 3, 99 people not covered"
    named = next(layer for layer in chart.spec["layer"] if layer["mark"]["type"] == "text")["data"]["values"]
    assert [each["words"] for each in named][::9] == ["1. Local 1", "10. Local 10"]
    assert priorities_chart([], title="Locals").finding.startswith("No exposure is stated")


def every_chart() -> Iterator[tuple[str, Chart]]:
    """Each kind with much and with nothing in it."""
    mark = Mark(date(2026, 2, 10), "version 2")
    rows, paths = a_map()
    yield "trend", trend_chart(a_trend(of(1), NOBODY, of(3), of(90), marks=(mark,)), title="L", floor=FLOOR, target=0.8)
    yield "no trend", trend_chart(a_trend(NOBODY, NOBODY, None, NOBODY), title="L", floor=FLOOR, target=0.8)
    yield "assurance", assurance_chart([("One", Figure(10, 6, 4, 1))], title="L", floor=FLOOR, target=0.3)
    yield "no assurance", assurance_chart([], title="L", floor=FLOOR)
    yield "heat", heat_chart(rows, paths, FLOOR, title="L")
    yield "no heat", heat_chart([], [], FLOOR, title="L")
    yield "funnel", funnel_chart(a_funnel(), title="L")
    yield "no funnel", funnel_chart(a_funnel(begun=0, complete=0), title="L")
    yield "slope", slope_chart([("A", of(10), of(60)), ("B", of(9), of(8))], DAYS[0], DAYS[-1], FLOOR, title="L")
    yield "no slope", slope_chart([], DAYS[0], DAYS[-1], FLOOR, title="L")
    yield "priorities", priorities_chart([("A", 2.5, 10, 1), ("B", 0, 0, 2)], title="L")
    yield "no priorities", priorities_chart([], title="L")


CHARTS = dict(every_chart())


@pytest.mark.parametrize("name", CHARTS)
def test_a_specification_is_vega_lite_with_its_data_inside(name: str) -> None:
    chart = CHARTS[name]
    for theme in THEMES:
        spec = themed(chart.spec, theme, width=640, heading=chart.finding, caption="As of 1 May 2026")
        altair.LayerChart.from_dict(json.loads(json.dumps(spec)), validate=True)
        assert '"url":' not in json.dumps(spec)
    assert chart.spec["width"] == "container"
    assert chart.spec["description"] == chart.summary
    assert chart.finding
    assert not chart.finding.endswith(".")
    assert all(len(row) == len(chart.table.columns) for row in chart.table.rows)


def _channel(value: int) -> float:
    share = value / 255
    return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4


def luminance(colour: str) -> float:
    red, green, blue = (_channel(int(colour[place : place + 2], 16)) for place in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("name", THEMES)
def test_a_theme_can_be_read_also_without_colour(name: str) -> None:
    theme = THEMES[name]
    for text in (theme.ink, theme.quiet):
        assert contrast(text, theme.paper) >= 4.5
    for on, text in zip(theme.heat, theme.on_heat, strict=True):
        assert contrast(on, text) >= 4.5
    for drawn in (theme.accent, theme.firm):
        assert contrast(drawn, theme.paper) >= 3
    assert contrast(theme.accent, theme.empty) >= 3  # what is covered against what is not, in shades of grey
    steps = [luminance(each) for each in theme.heat]
    assert steps in (sorted(steps), sorted(steps, reverse=True))


@given(st.lists(st.floats(0, 100), max_size=12))
def test_labels_are_apart_in_their_order_and_within_bounds(places: list[float]) -> None:
    moved = apart(places, 5, 0, 100)
    pairs = sorted(zip(places, moved, strict=True))
    assert all(after - before >= 5 - 1e-9 for before, after in zip(sorted(moved), sorted(moved)[1:], strict=False))
    assert [each for _, each in pairs] == sorted(moved) or len(set(places)) < len(places)
    assert all(-1e-9 <= each <= 100 for each in moved)


def test_what_stands_alone_stays_where_it_is() -> None:
    assert apart([10, 50, 90], 5, 0, 100) == [10, 50, 90]
    assert apart([98, 99, 100], 5, 0, 100) == [90, 95, 100]
