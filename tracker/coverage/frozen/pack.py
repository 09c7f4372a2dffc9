"""A frozen report as files: the PDF, a CSV file a table, the note on method, and the manifest that names them all."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tracker.coverage.charts import assurance_chart, trend_chart
from tracker.coverage.exports import (
    COVERAGE_DEFINITIONS,
    MOST_PRINTED_ROWS,
    Chart,
    Document,
    Table,
    document_csv,
    document_pdf,
    floor_words,
)
from tracker.coverage.frozen.hiding import hidden_of
from tracker.coverage.frozen.shapes import Hidden, PackFigures, PathFigures
from tracker.coverage.frozen.tables import (
    assurance_table,
    coverage_by_craft,
    coverage_by_unit,
    denominators_table,
    shown_points,
    trend_table,
)
from tracker.coverage.frozen.wording import counting_words, hiding_words, method_note
from tracker.coverage.saying import one_place
from tracker.coverage.trends import Point
from tracker.language import _, mark, number
from tracker.language import code as language_spoken

MANIFEST = "manifest.json"
ARCHIVE = "pack.zip"
_EARLIEST = (1980, 1, 1, 0, 0, 0)  # that a ZIP file can hold: one time for all, so that the same files give the same archive
_MOST_CHARTS = 6


@dataclass(frozen=True)
class Pack:
    """The files of one frozen report, by name; ``manifest`` is the text that ``sha256`` is of."""

    files: Mapping[str, bytes]  # with the manifest
    manifest: str
    sha256: str


def pack_of(pack: PackFigures, *, title: str, code: str, body: str) -> Pack:
    """The files of a frozen report. The same figures give the same CSV files, note and manifest of them.

    Args:
        title: what it is called.
        code: what its public page is found by.
        body: which body froze it, never a person.

    Raises:
        NotRendered: the PDF could not be made now.
    """
    hidden = hidden_of(pack)
    tables = {
        "coverage.csv": coverage_by_unit(pack, hidden),
        "crafts.csv": coverage_by_craft(pack, hidden),
        "denominators.csv": denominators_table(pack, hidden),
        "assurance.csv": assurance_table(pack, hidden),
        "trend.csv": trend_table(pack, hidden),
    }
    files = {name: document_csv(Document(title, (), [table]), header=False).encode() for name, table in tables.items()}
    files["method.txt"] = method_note(pack, title, code, body).encode()
    files["report.pdf"] = document_pdf(printed(pack, hidden, title=title, code=code, body=body))
    manifest = manifest_text(pack, hidden, files, title=title, code=code, body=body)
    files[MANIFEST] = manifest.encode()
    return Pack(files, manifest, sha256_of(files[MANIFEST]))


def printed(pack: PackFigures, hidden: Mapping[int, Hidden], *, title: str, code: str, body: str) -> Document:
    """The report as one document: the scope's figures, its parts, why so many, how sure, and how it came about."""
    scope = pack.scope
    near = {scope.id, *(unit.id for unit in pack.units if unit.parent_id == scope.id)}
    facts = [
        (mark("Scope"), scope.title),
        (mark("As of"), pack.as_of.isoformat()),
        (mark("As known on"), _("%(moment)s UTC, when it was frozen", moment=f"{pack.frozen_at:%Y-%m-%d %H:%M}")),
        (mark("Floor"), floor_words(pack.floor)),
        (mark("Frozen by"), body),
        (mark("To be checked at"), f"/frozen/{code}"),
    ]
    tables: list[Table] = [
        coverage_by_unit(pack, hidden, near, all_of_them=False),
        coverage_by_craft(pack, hidden),
        denominators_table(pack, hidden),
        assurance_table(pack, hidden),
    ]
    if sum(len(table.rows) for table in tables) > MOST_PRINTED_ROWS:  # the CSV files hold it all
        tables = [coverage_by_unit(pack, hidden, {scope.id}), assurance_table(pack, hidden)]
    words = [
        _("%(path)s: %(words)s", path=path.title, words=version) for path in pack.paths for version in path.versions[-1:]
    ]
    return Document(
        title,
        facts,
        [table for table in tables if table.rows],
        (
            *COVERAGE_DEFINITIONS,
            counting_words(pack),
            hiding_words(pack.smallest),
            *words,
        ),
        _charts(pack, hidden),
        [_finding(path, pack, hidden[path.id]) for path in pack.paths],
    )


def _charts(pack: PackFigures, hidden: Mapping[int, Hidden]) -> list[Chart]:
    """How sure, and how it came about: of the scope itself, where that may be shown."""
    shown = [path for path in pack.paths if not hidden[path.id].is_whole and path.figure(pack.scope.id).in_scope]
    if not shown:
        return []
    name = pack.scope.title
    sure = [(path.title, path.figure(pack.scope.id)) for path in shown]
    one = shown[0].target if len(shown) == 1 else None
    charts = [assurance_chart(sure, title=name, floor=pack.floor, target=one)]
    for path in shown[:_MOST_CHARTS]:
        points = [Point(day, figure) for day, figure in shown_points(path, hidden[path.id], pack.smallest)]
        history = replace(path.trend, points=points)
        called = name if len(shown) == 1 else _("%(scope)s, %(path)s", scope=name, path=path.title)
        charts.append(trend_chart(history, title=called, floor=pack.floor, target=path.target))
    return charts


def _finding(path: PathFigures, pack: PackFigures, hidden: Hidden) -> str:
    figure = path.figure(pack.scope.id)
    if hidden.is_whole:
        return _("%(path)s: hidden, for the group is small.", path=path.title)
    if not figure.in_scope:
        return _("%(path)s: no one in scope.", path=path.title)
    covered = figure.covered(pack.floor)
    return _(
        "%(path)s: %(covered)s of %(in_scope)s are covered, %(share)s.",
        path=path.title,
        covered=number(covered),
        in_scope=number(figure.in_scope),
        share=f"{one_place(100 * covered / figure.in_scope)} %",
    )


def manifest_text(
    pack: PackFigures, hidden: Mapping[int, Hidden], files: Mapping[str, bytes], *, title: str, code: str, body: str
) -> str:
    """What stands for the whole report: its question, its figures, and every file with its hash. Keys in order, one form."""
    scope = pack.scope
    figures: list[dict[str, Any]] = []
    for path in pack.paths:
        told: dict[str, Any] = {"path": path.code, "title": path.title, "hidden": hidden[path.id].is_whole}
        if not hidden[path.id].is_whole:
            told.update(path.figure(scope.id)._asdict())
        figures.append(told)
    content = {
        "title": title,
        "code": code,
        "scope": {"number": scope.number, "title": scope.title, "kind": scope.kind.value},
        "as_of": pack.as_of.isoformat(),
        "known": pack.frozen_at.isoformat(),
        "floor": pack.floor.word,
        "language": language_spoken(),
        "frozen_at": pack.frozen_at.isoformat(),
        "frozen_by": body,
        "smallest_group_shown": pack.smallest,
        "texts": {text.kind: text.sha256 for text in pack.texts},
        "figures": figures,
        "files": [{"name": name, "size": len(files[name]), "sha256": sha256_of(files[name])} for name in sorted(files)],
    }
    return json.dumps(content, sort_keys=True, indent=2, ensure_ascii=False) + "\n"


def archive_of(files: Mapping[str, bytes]) -> bytes:
    """All the files as one: the same ones always give the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.external_attr = 0o644 << 16
            entry.create_system = 3  # the same on every system
            archive.writestr(entry, files[name])
    return out.getvalue()


def sha256_of(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
