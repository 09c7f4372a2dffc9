"""The process that draws: every kind in every form, its bounds, and its death."""

from __future__ import annotations

import os
import re
import signal
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.coverage.test_charts import CHARTS, a_funnel
from tracker.coverage.charts import THEMES, funnel_chart, themed
from tracker.coverage.rendering import NotRendered, Renderer, render_chart
from tracker.coverage.rendering.script import PageScript

SVG = "{http://www.w3.org/2000/svg}"
LARGE = {"kind": "typst", "source": "#for n in range(300000) [word #n ]"}  # keeps it busy for longer than any test waits


@pytest.fixture
def renderer() -> Iterator[Renderer]:
    renderer = Renderer(idle=30)
    yield renderer
    renderer.close()


@pytest.mark.parametrize("name", CHARTS)
def test_every_chart_is_drawn_in_every_form_and_theme(name: str) -> None:
    chart = CHARTS[name]
    for theme in THEMES:
        spec = themed(chart.spec, theme, heading=chart.finding, caption="As of 1 May 2026")
        root = ElementTree.fromstring(render_chart(spec, "svg"))
        assert root.tag == f"{SVG}svg"
        assert root.get("role") == "img"
        assert (root.findtext(f"{SVG}title"), root.findtext(f"{SVG}desc")) == (chart.finding, chart.summary)
        assert root.findall(f".//{SVG}pattern")
        text = "".join(root.itertext())
        assert "NaN" not in text
        assert "undefined" not in text
    assert render_chart(themed(chart.spec, "light"), "png").startswith(b"\x89PNG")
    assert render_chart(themed(chart.spec, "print"), "pdf").startswith(b"%PDF")


def test_no_point_is_drawn_where_no_one_is_in_scope() -> None:
    root = ElementTree.fromstring(render_chart(themed(CHARTS["trend"].spec, "light"), "svg"))
    points = [each for group in root.iter(f"{SVG}g") if "mark-symbol" in group.get("class", "") for each in group]
    assert len(points) == 3  # of four months
    (line,) = [each for group in root.iter(f"{SVG}g") if "mark-line" in group.get("class", "") for each in group]
    assert line.get("d", "").count("M") == 2  # it breaks


def test_the_days_on_which_the_path_changed_and_the_target_are_drawn() -> None:
    root = ElementTree.fromstring(render_chart(themed(CHARTS["trend"].spec, "light"), "svg"))
    words = {each.text for each in root.iter(f"{SVG}text")}
    assert {"version 2", "target 80\u00a0%", "90\u00a0%"} <= words


def test_rows_are_drawn_in_their_order() -> None:
    """Whichever kind a row is of: versions, sections and courses are drawn by layers of their own."""
    funnel = a_funnel()
    two = replace(funnel, versions=[replace(funnel.versions[0], number=each) for each in (2, 1)])
    root = ElementTree.fromstring(render_chart(themed(funnel_chart(two, title="L").spec, "light"), "svg"))
    places: dict[str, list[float]] = {}
    for each in root.iter(f"{SVG}text"):
        at = re.match(r"translate\(\S+?,(\S+?)\)", each.get("transform", ""))
        if at and each.text:
            places.setdefault(each.text, []).append(float(at[1]))
    order = ["Version 2", "Hold at least one course", "Course 0", "Course 3", "All sections", "Version 1"]
    assert [min(places[each]) for each in order] == sorted(min(places[each]) for each in order)
    assert min(places["Version 1"]) < max(places["Course 0"])


def test_what_is_wrong_with_one_job_is_said_and_the_next_is_drawn(renderer: Renderer) -> None:
    with pytest.raises(NotRendered):
        renderer.rendered({"kind": "nothing of the kind"})
    process = renderer.process_id
    assert renderer.rendered({"kind": "typst", "source": "Hello", "inputs": {"data": "{}"}}).startswith(b"%PDF")
    assert renderer.process_id == process


def test_nothing_is_fetched_from_outside(renderer: Renderer) -> None:
    spec = {**CHARTS["trend"].spec, "width": 300, "data": {"url": "https://example.org/data.json"}}
    with pytest.raises(NotRendered):
        renderer.rendered({"kind": "chart", "form": "svg", "spec": spec})


def killed_as_soon_as_it_runs(renderer: Renderer) -> threading.Thread:
    def kill() -> None:
        while renderer.process_id is None:
            threading.Event().wait(0.01)
        os.kill(renderer.process_id, signal.SIGKILL)

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


def test_its_death_is_said_in_words_and_the_next_job_starts_another(renderer: Renderer) -> None:
    killer = killed_as_soon_as_it_runs(renderer)
    with pytest.raises(NotRendered, match="Try again"):
        renderer.rendered(LARGE)
    killer.join()
    assert renderer.process_id is None
    assert renderer.rendered({"kind": "typst", "source": "Hello again"}).startswith(b"%PDF")


def test_a_process_that_ended_between_two_jobs_is_not_missed(renderer: Renderer) -> None:
    renderer.rendered({"kind": "typst", "source": "One"})
    assert renderer.process_id
    os.kill(renderer.process_id, signal.SIGKILL)
    assert renderer.rendered({"kind": "typst", "source": "Two"}).startswith(b"%PDF")


def test_a_job_that_takes_too_long_is_given_up() -> None:
    renderer = Renderer(longest=0.5)
    try:
        with pytest.raises(NotRendered, match="too long"):
            renderer.rendered(LARGE)
        assert renderer.process_id is None
    finally:
        renderer.close()


def test_it_ends_itself_when_nobody_asks() -> None:
    renderer = Renderer(idle=0.1)
    renderer.rendered({"kind": "typst", "source": "One"})
    process = renderer._process
    assert process is not None
    assert process.wait(20) == 0
    assert renderer.process_id is None
    assert renderer.rendered({"kind": "typst", "source": "Two"}).startswith(b"%PDF")
    renderer.close()


def test_it_is_told_no_secrets(renderer: Renderer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "hidden from those who draw")
    renderer.rendered({"kind": "typst", "source": "One"})
    environment = Path(f"/proc/{renderer.process_id}/environ").read_bytes()
    assert b"PATH=" in environment
    assert b"hidden from those who draw" not in environment


def test_threads_share_one_process_and_get_their_own_answers(renderer: Renderer) -> None:
    renderer.rendered({"kind": "typst", "source": "first"})
    process = renderer.process_id
    answers: dict[int, bytes] = {}

    def ask(number: int) -> None:
        spec = {**themed(CHARTS["assurance"].spec, "light"), "width": 300 + number}
        answers[number] = renderer.rendered({"kind": "chart", "form": "svg", "spec": spec})

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    widths = {number: int(ElementTree.fromstring(answer).get("width", "0")) for number, answer in answers.items()}
    assert [widths[number] - number for number in range(8)] == [widths[0]] * 8
    assert renderer.process_id == process


def test_the_pages_script_is_put_together_once_and_kept(tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    first = PageScript(folder)
    assert first.found is None
    made = first.now()
    assert made.packed.parent == folder
    assert [file.name for file in folder.iterdir()] == [made.packed.name]
    stamp = made.packed.stat().st_mtime_ns
    assert PageScript(folder).now() == made
    assert made.packed.stat().st_mtime_ns == stamp


def test_several_processes_of_one_server_put_it_together_but_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    keep = PageScript._keep

    def noted(script: PageScript) -> None:
        made.append(script)
        keep(script)

    monkeypatch.setattr(PageScript, "_keep", noted)
    both = [PageScript(tmp_path), PageScript(tmp_path)]
    for script in (*both, *both):
        script.soon()
    for thread in threading.enumerate():
        if thread.name == "page-script":
            thread.join()
    assert len(made) == 1
    assert both[0].found == both[1].found
    assert both[0].found is not None


def test_a_large_process_may_ask_without_a_fresh_one_each_time(renderer: Renderer) -> None:
    large = bytearray(450 << 20)  # what the asking process holds is not what drawing left behind
    large[::4_096] = b"x" * len(large[::4_096])
    renderer.rendered({"kind": "typst", "source": "One"})
    process = renderer.process_id
    renderer.rendered({"kind": "typst", "source": "Two"})
    assert renderer.process_id == process
    assert len(large) == 450 << 20
