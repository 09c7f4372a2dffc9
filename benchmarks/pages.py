"""Every page that people open in a day, one after the other: how long the slowest takes, and what the heaviest weighs."""

from __future__ import annotations

import gzip
import re
import sys
from collections.abc import Callable, Mapping
from http.client import HTTPConnection

from benchmarks.client import Ask

TIMES = 8  # requests of each page
GOAL_MS, GOAL_KB = 100, 200

MEMBERS = (
    *("/my/", "/my/completions/new", "/my/courses.json?q=ai", "/my/proofs", "/my/opened", "/my/paths", "/my/wrong"),
    *("/my/archive", "/paths/{path}", "/account/", "/help/", "/help/log-a-course"),
)
STAFF = (
    *("/staff/", "/staff/reviews", "/staff/reviews/confirmed", "/staff/assign", "/staff/assign/rules", "/staff/assign/due"),
    *("/staff/members", "/staff/members?q=smith", "/staff/members/{member}", "/staff/members/{member}/history"),
    *("/staff/desk", "/staff/desk/courses", "/staff/merge", "/staff/held", "/staff/imports", "/staff/corrections"),
    *("/staff/classes", "/staff/eligibility", "/staff/voids", "/staff/voids/new", "/staff/notices", "/staff/catalogue"),
    *("/staff/catalogue/paths/{path}", "/staff/catalogue/courses", "/staff/catalogue/courses/{course}", "/staff/policy"),
    *("/reports/", "/reports/locals/{local}", "/locals/{local}/eligibility", "/locals/{local}/classes/new"),
    *("/locals/{local}/corrections", "/reports/districts/2", "/reports/compare", "/reports/priorities", "/reports/access"),
    *("/reports/paths/{path}", "/reports/frozen", "/reports/locals/{local}/push"),
)


def measure_every_page(
    port: int,
    ask: Callable[[list[list[Ask]]], float],
    cookies: Mapping[str, str],
    named: Mapping[str, object],
    note: Callable[[str, float, str, float | None], None],
) -> None:
    """Ask each page some times, as a member and as staff.

    Args:
        ask: gives the median of the milliseconds that some requests took.
        cookies: of a ``member`` and of ``staff``.
        named: what stands in the addresses: a path, a member, a local, a course.
    """
    took: dict[str, float] = {}
    weighs: dict[str, float] = {}
    for who, pages in (("member", MEMBERS), ("staff", STAFF)):
        for page in pages:
            address = page.format_map(named)
            took[page] = ask([[Ask(address, cookies[who])] * TIMES])
            weighs[page] = weight_kb(port, address, cookies[who])
    for page, milliseconds in sorted(took.items(), key=lambda each: -each[1])[:12]:
        print(f"    {page}  {milliseconds:.0f} ms  {weighs[page]:.0f} kB", file=sys.stderr)
    slow = [each for each in took.values() if each > GOAL_MS]
    note(f"of {len(took)} pages those over {GOAL_MS} ms, p50", len(slow), "pages", None)
    note("the median page, p50", sorted(took.values())[len(took) // 2], "ms", None)
    note("the slowest page, p50", max(took.values()), "ms", None)
    note("the heaviest page with all it loads, packed", max(weighs.values()), "kB", None)


def weight_kb(port: int, address: str, cookie: str) -> float:
    """What a browser fetches for a page that it has never seen, pictures of charts excepted: they come after it."""
    page = _fetched(port, address, cookie)
    text = page[1].decode("utf-8", "replace")
    parts = set(re.findall(r'(?:href|src)="(/(?:bootstrap/)?static/[^"]+)"', text))
    return (page[0] + sum(_fetched(port, each.replace("&amp;", "&"), cookie)[0] for each in parts)) / 1_000


def _fetched(port: int, address: str, cookie: str) -> tuple[int, bytes]:
    """The bytes on the way, and the text that they hold."""
    connection = HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request("GET", address, headers={"Cookie": cookie, "Accept-Encoding": "gzip"})
    answer = connection.getresponse()
    body = answer.read()
    if answer.status != 200:
        raise RuntimeError(f"{address} answered {answer.status}")
    connection.close()
    return len(body), gzip.decompress(body) if answer.headers.get("Content-Encoding") == "gzip" else body
