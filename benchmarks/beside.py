"""Beside what people use instead: the plain table from the two files, by a library for tables, as a whole process."""

from __future__ import annotations

import csv
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from benchmarks.client import Answers
from benchmarks.engines import environment
from benchmarks.files import Files
from benchmarks.web import Note
from tracker.curriculum.catalogue import read_catalogue
from tracker.demonstration.building import catalogue_text

TOOLS = ("duckdb", "polars")
_TIMES = 3


def measure_beside(url: str, folder: Path, files: Files, union: Answers, note: Note) -> None:
    """The tracker's answer to the same question, as a page and as a command, beside the best of the tools.

    The page is asked of a server that runs, the tools read the files each time: that is how each is used, and the whole
    command is the like beside the like.
    """
    pairs = folder / "pairs.csv"
    with pairs.open("w", newline="") as out:
        csv.writer(out).writerows(_listed())
    script = [sys.executable, str(Path(__file__).with_name("plain_table.py"))]
    given = [str(pairs), str(files.roster), str(files.completions)]
    tools = {tool: _whole_process_ms([*script, tool, *given], {}) for tool in TOOLS}
    command = _whole_process_ms(["tracker", "coverage", "--format", "csv"], environment(url, folder))
    for tool, took in tools.items():
        note(f"the union's page, p50, beside {tool}'s process", union.share(0.5), "ms", took)
    for tool, took in tools.items():
        note(f"`tracker coverage` beside {tool}'s process", command, "ms", took)


def _listed() -> list[tuple[str, str]]:
    """Each path with each of its courses."""
    paths = read_catalogue(catalogue_text()).paths
    return sorted({(path.code, course) for path in paths for section in path.sections for course in section.courses})


def _whole_process_ms(command: Sequence[str], settings: dict[str, str]) -> float:
    """The usual time from its start to its end, after one to warm up what the system keeps of the files."""
    took = []
    for _ in range(_TIMES + 1):
        began = time.perf_counter()
        subprocess.run(command, env={**os.environ, **settings}, stdout=subprocess.DEVNULL, check=True)
        took.append((time.perf_counter() - began) * 1_000)
    return median(took[1:])
