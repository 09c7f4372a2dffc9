"""The process that draws: reads jobs from its standard input, writes what they come to, and ends itself when nobody asks.

Started by `renderer` as a file, so that it holds nothing of the application: no settings, no database, no secrets. Documents
are set by `typesetting`, which lies beside it.

Both ways a message is its length (8 bytes, the largest first) and its content; an answer's content begins with ``+`` or,
where it is a reason why there is none, ``-``.
"""

from __future__ import annotations

import json
import os
import resource
import select
import signal
import struct
import sys
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from html import escape
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from typing import Any

_MOST_MEMORY = 1_500 << 20  # what it may write to; what the script engine only reserves is not counted
_MOST_KEPT = 400 << 10  # KiB that may stay taken once a job is done
_LONGEST_JOB = 120  # seconds; whoever asked gives up sooner
_LENGTH = struct.Struct(">Q")


def main(idle: float) -> None:
    """Answer one job after the other, until none has come for ``idle`` seconds or nobody is there to ask."""
    answers = os.dup(1)
    os.dup2(2, 1)  # what a library prints is no answer
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_DATA, (_MOST_MEMORY, _MOST_MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core would hold members' figures
    questions = sys.stdin.buffer
    while select.select([questions], [], [], idle)[0]:
        length = questions.read(_LENGTH.size)
        if len(length) < _LENGTH.size:
            return  # whoever asked is gone
        job = questions.read(_LENGTH.unpack(length)[0])
        signal.alarm(_LONGEST_JOB)
        answer = _answer(job)
        signal.alarm(0)
        _send(answers, _LENGTH.pack(len(answer)) + answer)
        if _taken() > _MOST_KEPT:
            return  # a long document leaves much behind: the next job starts another process


def _taken() -> int:
    """The memory this process holds, in KiB. Its own: the peak that ``getrusage`` tells begins with that of its parent."""
    try:
        pages = int(Path("/proc/self/statm").read_text().split()[1])
    except (OSError, ValueError, IndexError):  # not on every system
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return pages * resource.getpagesize() // 1_024


def _answer(job: bytes) -> bytes:
    try:
        return b"+" + _come_to(json.loads(job))
    except Exception as error:  # whatever is wrong with a job, the next one may be right
        return b"-" + f"{type(error).__name__}: {error}"[:2_000].encode("utf-8", "replace")


def _send(file: int, content: bytes) -> None:
    rest = memoryview(content)
    while rest:
        rest = rest[os.write(file, rest) :]


def _come_to(job: Mapping[str, Any]) -> bytes:
    kind = job["kind"]
    if kind == "chart":
        return _chart(job)
    if kind == "typst":
        return _document(job)
    if kind == "bundle":
        return _bundle()
    raise ValueError(f"there is no job of the kind {kind!r}")


def _fonts() -> Path:
    import font_source_sans_pro  # type: ignore[import-untyped]

    return Path(font_source_sans_pro.__file__).with_name("files")


def _chart(job: Mapping[str, Any]) -> bytes:
    import vl_convert

    if not _ready:
        vl_convert.register_font_directory(str(_fonts()))
        _ready.add("fonts")
    svg = _described(vl_convert.vegalite_to_svg(job["spec"], allowed_base_urls=[]), job)
    if job["form"] == "png":
        return bytes(vl_convert.svg_to_png(svg, scale=2))
    if job["form"] == "pdf":
        return bytes(vl_convert.svg_to_pdf(svg))
    return svg.encode()


_ready: set[str] = set()


def _described(svg: str, job: Mapping[str, Any]) -> str:
    """The picture with its title, its text and the patterns it fills with."""
    opening, rest = svg.split(">", 1)
    title, text = escape(job.get("title", "")), escape(job.get("text", ""))
    head = f'<title id="title">{title}</title><desc id="text">{text}</desc>{job.get("defs", "")}'
    return f'{opening} role="img" aria-labelledby="title text">{head}{rest}'


def _document(job: Mapping[str, Any]) -> bytes:
    with tempfile.TemporaryDirectory(prefix="tracker-document-") as folder:
        place = Path(folder)
        for name, content in job.get("files", {}).items():
            file = place / name
            if file.parent != place:
                raise ValueError(f"{name!r} is no plain file name")
            file.write_text(content, encoding="utf-8")
        main_file = place / "main.typ"
        main_file.write_text(job["source"], encoding="utf-8")
        typesetting = _beside("typesetting")
        pdf: bytes = typesetting.typeset(main_file, job.get("inputs", {}), job.get("standards", []), _fonts())
        return pdf


@cache
def _beside(name: str) -> Any:
    """A file that lies beside this one, which is no package here: as a module."""
    spec = spec_from_file_location(name, Path(__file__).with_name(f"{name}.py"))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


def _bundle() -> bytes:
    import vl_convert

    return vl_convert.javascript_bundle("export default vegaEmbed;").encode()


if __name__ == "__main__":
    main(float(sys.argv[1]))
