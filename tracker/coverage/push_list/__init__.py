"""Whom to call so that a local reaches its target.

- `reading`    who it takes, and what each has still to do
- `districts`  how many calls each local of a district needs
- `files`      both as documents

Who is chosen is decided in `curriculum.push`.
"""

from __future__ import annotations

from tracker.coverage.push_list.districts import AN_HOUR, LocalCalls, calls_by_local
from tracker.coverage.push_list.files import calls_document, push_document
from tracker.coverage.push_list.reading import Need, PushLine, PushList, push_line_page, push_list

__all__ = [
    "AN_HOUR",
    "LocalCalls",
    "Need",
    "PushLine",
    "PushList",
    "calls_by_local",
    "calls_document",
    "push_document",
    "push_line_page",
    "push_list",
]
