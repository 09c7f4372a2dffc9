"""Whether a frozen report's figures would be others today. The frozen files never change: this is told beside them."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.derivation import current_policy
from tracker.coverage.exports import safe_text
from tracker.coverage.figures import NOBODY, figures_on
from tracker.coverage.frozen.checking import Damaged, frozen_file
from tracker.coverage.frozen.hiding import Key, hidden_keys
from tracker.coverage.frozen.listing import Manifest, manifest_of
from tracker.coverage.frozen.reading import texts_in_force, units_under
from tracker.coverage.frozen.wording import HIDDEN
from tracker.curriculum.coverage import EVERY_CRAFT, Figure
from tracker.models import Craft, FrozenReport, LearningPath


class Restated(NamedTuple):
    """A figure that was frozen and what it is now; None where it is hidden."""

    path: str  # its title
    what: str  # the unit's or the craft's name; "" the whole scope
    then: Figure | None
    now: Figure | None

    @property
    def is_other(self) -> bool:
        """Whether it changed, as far as both may be seen."""
        return self.then is not None and self.then != self.now


@dataclass(frozen=True)
class Restatement:
    """What became of a frozen report's figures."""

    whole: Sequence[Restated]  # each path in the whole scope, changed or not
    parts: Sequence[Restated]  # of the units and crafts within it, those that changed
    texts: Sequence[str]  # catalogue, policy: those that are others by now
    is_readable: bool  # whether the frozen parts could be read: else only the whole is compared

    @property
    def is_restated(self) -> bool:
        return any(each.is_other for each in (*self.whole, *self.parts))


def restatement(session: Session, report: FrozenReport, frozen: Path) -> Restatement:
    """A frozen report's figures beside those of the same day as they are known now, with the same hiding.

    What was hidden then stays hidden, and what is small by now is hidden too.

    Args:
        frozen: the folder of all frozen reports.
    """
    manifest = manifest_of(report)
    smallest = max(manifest.smallest, current_policy(session).small_group)
    parts = _frozen_parts(frozen, report)
    units = units_under(session, report.unit_id)
    crafts = {row.id: row.name for row in session.execute(select(Craft.id, Craft.name))}
    paths = {row.code: row.id for row in session.execute(select(LearningPath.code, LearningPath.id))}
    by_unit = figures_on(session, report.as_of, unit_ids=[unit.id for unit in units])
    by_craft = figures_on(session, report.as_of, unit_ids={report.unit_id}, crafts=crafts.keys())
    keys: dict[str, Key] = {f"unit {safe_text(unit.number)}": ("unit", unit.id) for unit in units}
    keys.update((f"craft {safe_text(name)}", ("craft", craft)) for craft, name in crafts.items())
    titles: dict[Key, str] = {("unit", unit.id): unit.title for unit in units}
    titles.update((("craft", craft), name) for craft, name in crafts.items())
    whole, changed = [], []
    for line in manifest.paths:
        path_id = paths.get(line.code)
        units_now = {unit: figure for (unit, _, path), figure in by_unit.items() if path == path_id}
        crafts_now = {
            craft: figure
            for (_, craft, path), figure in by_craft.items()
            if path == path_id and craft != EVERY_CRAFT and figure.in_scope
        }
        then = {keys[name]: figure for name, figure in parts.get(line.code, {}).items() if name in keys}
        also = [key for key, figure in then.items() if figure is None]
        also += [("unit", report.unit_id)] if line.figure is None else []
        hides = hidden_keys(units, units_now, crafts_now, report.unit_id, smallest, also)
        now = None if ("unit", report.unit_id) in hides else units_now.get(report.unit_id, NOBODY)
        whole.append(Restated(line.title, "", line.figure, now))
        for key, figure in then.items():
            kind, number = key
            figure_now = units_now.get(number, NOBODY) if kind == "unit" else crafts_now.get(number, NOBODY)
            told = Restated(line.title, titles[key], figure, None if key in hides or now is None else figure_now)
            if told.is_other and key != ("unit", report.unit_id):
                changed.append(told)
    return Restatement(whole, changed, _other_texts(session, manifest), bool(parts))


def headline_changed(session: Session, reports: Sequence[FrozenReport]) -> set[int]:
    """The ids of those reports whose figure for the whole scope is another by now: one read for each day asked."""
    paths = {row.id: row.code for row in session.execute(select(LearningPath.id, LearningPath.code))}
    changed = set()
    for day in {report.as_of for report in reports}:
        of_day = [report for report in reports if report.as_of == day]
        now = {
            (unit, paths[path]): figure
            for (unit, _, path), figure in figures_on(session, day, unit_ids={each.unit_id for each in of_day}).items()
        }
        for report in of_day:
            for line in manifest_of(report).paths:
                if line.figure is not None and now.get((report.unit_id, line.code), NOBODY) != line.figure:
                    changed.add(report.id)
    return changed


def _other_texts(session: Session, manifest: Manifest) -> list[str]:
    return [text.kind for text in texts_in_force(session) if manifest.texts.get(text.kind) != text.sha256]


def _frozen_parts(frozen: Path, report: FrozenReport) -> Mapping[str, Mapping[str, Figure | None]]:
    """What was frozen of units and crafts, from its own files: by path, "unit 80" or "craft grip" and its figure."""
    found: dict[str, dict[str, Figure | None]] = {}
    try:
        for file, kind in (("coverage.csv", "unit"), ("crafts.csv", "craft")):
            for row in csv.DictReader(io.StringIO(frozen_file(frozen, report, file).decode(), newline="")):
                figure = None
                if row["shown"] != HIDDEN:
                    figure = Figure(*(int(row[name]) for name in ("in_scope", "claimed", "reviewed", "provider")))
                found.setdefault(row["path"], {})[f"{kind} {row[kind]}"] = figure
    except Damaged:
        return {}
    return found
