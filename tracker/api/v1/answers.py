"""An answer: JSON with a weak ETag, so that who holds it already is told so in no bytes; lists page by page.

Nothing on the way may keep it (`no-store`, as on every answer): a program that keeps it itself sends the ETag back.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TypeVar

from flask import Response, request
from werkzeug.wrappers import Response as BaseResponse

from tracker.api.v1.cursors import address_after
from tracker.api.v1.shapes.base import Listed, Shape
from tracker.coverage.paging import Page

Row = TypeVar("Row")
Some = TypeVar("Some", bound=Listed)


def answer(said: Shape) -> BaseResponse:
    """What an operation says, as HTTP says it."""
    body = said.model_dump_json().encode()
    made = Response(body, content_type="application/json")
    made.vary.add("Authorization")
    if isinstance(said, Listed) and said.next:
        made.headers["Link"] = f'<{said.next}>; rel="next"'
    if request.method not in ("GET", "HEAD"):
        return made
    made.set_etag(hashlib.sha256(body).hexdigest()[:32], weak=True)
    return made.make_conditional(request)


def gathered(
    fetch: Callable[[int | None], Page[Row]], its_key: Callable[[Row], int], after: int | None, limit: int
) -> tuple[list[Row], str | None]:
    """So many rows of a list that comes in pages of its own size, and the key to go on after (None: these are the last)."""
    rows: list[Row] = []
    while True:
        page = fetch(after)
        rows += page.rows
        if page.next_key is None or len(rows) >= limit:
            break
        after = int(page.next_key)
    is_more = len(rows) > limit or page.next_key is not None
    rows = rows[:limit]
    return rows, str(its_key(rows[-1])) if is_more and rows else None


def following(key: str | None) -> str | None:
    """The address of the page after the row of that key."""
    return None if key is None else address_after(key)


def sliced(rows: Sequence[Row], its_key: Callable[[Row], str], key: str, limit: int) -> tuple[Sequence[Row], str | None]:
    """So many rows after the one of that key, of a list in the order of its keys; the key's own row may be gone."""
    start = next((place for place, row in enumerate(rows) if its_key(row) > key), len(rows)) if key else 0
    shown = rows[start : start + limit]
    return shown, its_key(shown[-1]) if start + limit < len(rows) else None
