"""A file that hurts whoever reads it: its own process has an end, the page says so, and nothing is written."""

from __future__ import annotations

import sys
from collections.abc import Callable

import pytest
from flask import Flask
from importing import REPORT, recorded, tables, tried, upload
from little_union import Browser, World

from tests.intake.test_tables_books import SHEET, sheet_of, small_workbook, tampered
from tracker.intake import processes

# The command that a page starts, with bounds that a test can reach. The real ones are an hour and a gigabyte.
BOUNDED = """
import resource, time
from tracker.cli import jobs, main
{bound}
main()
"""
LESS_MEMORY = """
with open('/proc/self/status') as status:
    used = next(int(line.split()[1]) for line in status if line.startswith('VmSize')) * 1024
jobs._MOST_MEMORY = used + (24 << 20)
"""
LESS_TIME = """
set_bounds = jobs._set_bounds
jobs._set_bounds = lambda _seconds: set_bounds(int(time.process_time()) + 1)
"""


@pytest.fixture
def sam(union: World, signed_in: Callable[[str], Browser]) -> Browser:
    return signed_in("sam")


def long_report(rows: int) -> bytes:
    """Small as it is sent, and long as it is read."""

    def row(*cells: str) -> str:
        return "<row>" + "".join(f'<c t="str"><v>{cell}</v></c>' for cell in cells) + "</row>"

    head = row("member_number", "course", "completed_on", "assurance")
    return sheet_of(head + row("N1", "AI Ethics", "2026-01-02", "provider") * rows)


@pytest.mark.parametrize(
    ("bound", "words"),
    [
        (LESS_MEMORY, "The file needs more memory than an import may take"),
        (LESS_TIME, "The file takes longer than an import may work on it"),
    ],
    ids=["memory", "time"],
)
def test_abuse_10_an_import_past_its_bounds_is_stopped_and_its_page_says_why(
    app: Flask, sam: Browser, bound: str, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = tables(app, "import_job", "import_profile")
    with monkeypatch.context() as patch:
        patch.setattr(processes, "_COMMAND", (sys.executable, "-P", "-c", BOUNDED.format(bound=bound)))
        job = tried(sam, long_report(90_000), name="report.xlsx")
    page = sam.get(job)
    assert page.status_code == 200
    assert words in page.text
    assert tables(app, "import_job", "import_profile") == before
    assert "/staff/imports/" in recorded(sam, tried(sam, REPORT)), "the next one goes through"


def hostile() -> list[tuple[str, bytes, str]]:
    head = b"member_number,course,completed_on,assurance\n"
    return [
        ("bomb.xlsx", tampered(small_workbook(), SHEET, lambda xml: xml + b" " * (80 << 20)), "too much for a workbook"),
        ("nul.csv", head + b"1,AI Eth\0ics,2026-01-02,provider\n", "line 2: holds a NUL byte"),
        ("twice.csv", head.replace(b"assurance", b"course") + b"1,a,2026-01-02,b\n", "2 columns headed"),
        ("photo.csv", b"\x89PNG\r\n\x1a\n" + b"\0" * 99, "a PNG image"),
        ("empty.csv", b"", "empty"),
    ]


@pytest.mark.parametrize(("name", "content", "words"), hostile(), ids=lambda value: value if isinstance(value, str) else "")
def test_abuse_10_a_hostile_upload_is_told_in_words_and_writes_nothing(
    app: Flask, sam: Browser, name: str, content: bytes, words: str
) -> None:
    before = tables(app, "import_job")
    answer = upload(sam, content, name=name)
    page = sam.get(tried(sam, content, name=name)) if answer.status_code == 303 else answer
    assert page.status_code < 500
    assert words in page.text
    assert tables(app, "import_job") == before


def test_abuse_10_impossible_days_are_told_with_line_column_value_and_reason(app: Flask, sam: Browser) -> None:
    days = ("2026-02-30", "0000-00-00", "1700-01-01", "99999-01-01", "next year", "2999-01-01")
    lines = "".join(f"0012,AI Ethics,{day},provider\n" for day in days)
    page = sam.get(tried(sam, "member_number,course,completed_on,assurance\n" + lines)).text
    for line, day in enumerate(days, start=2):
        assert day in page, line


@pytest.mark.parametrize("name", ["\u202efdp.vsc", "a\u2066b.csv", "../../x.csv", "n" * 400 + ".csv"])
def test_abuse_9_what_a_file_is_called_turns_no_text_around(sam: Browser, name: str) -> None:
    page = sam.get(tried(sam, REPORT, name=name)).text
    assert "\u202e" not in page
    assert "\u2066" not in page
    assert "../../x" not in page
