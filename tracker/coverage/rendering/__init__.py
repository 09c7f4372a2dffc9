"""Pictures and PDF, made in a process apart: what draws takes more memory than a web worker should, and hangs after a fork.

    rendered({"kind": "chart", "form": "svg", "spec": {…}})    a chart as SVG, PNG or PDF: see `render_chart`
    rendered({"kind": "typst", "source": "…", "inputs": {"data": "…"}, "files": {"trend.svg": "<svg …"},
              "standards": ["ua-1"]})                            a document as PDF
    rendered({"kind": "bundle"})                                 the script that draws charts in a page

- `renderer`  starts the process, asks it, and answers for its death
- `drawing`   what runs there; it imports nothing of ours
- `script`    the page's script: made once, kept in the instance folder
"""

from __future__ import annotations

import atexit
from collections.abc import Mapping
from typing import Any

from tracker.coverage.charts.themes import FILE_WIDTH, THEMES, patterns
from tracker.coverage.rendering.renderer import NotRendered, Renderer

__all__ = ["FILE_FORMS", "NotRendered", "Renderer", "render_chart", "rendered"]

FILE_FORMS = ("svg", "png", "pdf")

_renderer = Renderer()
atexit.register(_renderer.close)


def rendered(job: Mapping[str, Any]) -> bytes:
    """What a job comes to. Safe to call from any thread; the same job again is answered from memory.

    A ``typst`` job's ``inputs`` are the document's ``sys.inputs`` (text by name), its ``files`` are read by it under their
    names (text, such as an SVG), its ``standards`` those of the PDF. The font is "Source Sans Pro".

    Raises:
        NotRendered: the process that draws took too long, needed too much, could not use the job, or ended.
    """
    return _renderer.rendered(job)


def render_chart(spec: Mapping[str, Any], form: str) -> bytes:
    """A themed specification (:func:`tracker.coverage.charts.themed`) as ``svg``, ``png`` (twice its size) or ``pdf``.

    Raises:
        NotRendered: as :func:`rendered`.
    """
    about = spec.get("usermeta", {})
    width = FILE_WIDTH if spec.get("width") == "container" else spec["width"]  # it stands in no container
    return rendered(
        {
            "kind": "chart",
            "form": form,
            "spec": {**spec, "width": width},
            "title": about.get("finding", ""),
            "text": spec.get("description", ""),
            "defs": patterns(THEMES[about.get("theme", "light")]),
        }
    )
