"""Every column of a report has words for people, which translators see."""

from __future__ import annotations

import ast
from pathlib import Path

import tracker
from tracker.coverage.exports import Column, Kind
from tracker.coverage.exports.headings import HEADINGS
from tracker.language import lazy


def test_a_column_without_a_title_has_a_heading() -> None:
    found = set()
    for file in (Path(tracker.__file__).parent).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Column" and node.args:
                is_titled = len(node.args) > 2 or any(each.arg == "title" for each in node.keywords)
                if isinstance(node.args[0], ast.Constant) and not is_titled:
                    found.add(node.args[0].value)
    assert found - HEADINGS.keys() == set()


def test_a_heading_is_the_columns_own_words_or_its_title() -> None:
    assert Column("in_scope", Kind.COUNT).heading == "In scope"
    assert Column("in_scope", Kind.COUNT, lazy("People in scope")).heading == "People in scope"
    assert Column("made_up").heading == "Made up"
