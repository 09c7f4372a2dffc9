"""The frozen reports there are, and what each says of itself."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.coverage.paging import Page
from tracker.curriculum.coverage import Figure
from tracker.language import DEFAULT
from tracker.models import FrozenReport, Unit

_PAGE = 25


class FileLine(NamedTuple):
    """A file as the manifest names it."""

    name: str
    size: int
    sha256: str


class PathLine(NamedTuple):
    """A path's figure for the whole scope; None where the group is small."""

    code: str
    title: str
    figure: Figure | None


@dataclass(frozen=True)
class Manifest:
    """What a frozen report says of itself."""

    scope: str  # as the unit was called then
    frozen_by: str  # which body
    known: datetime
    smallest: int
    language: str  # in which its files are written
    texts: Mapping[str, str]  # kind → SHA-256
    paths: Sequence[PathLine]
    files: Sequence[FileLine]


class FrozenLine(NamedTuple):
    """A frozen report in a list of them."""

    report: FrozenReport
    unit: Unit


def frozen_page(session: Session, unit_ids: Collection[int] | None, before: int | None = None) -> Page[FrozenLine]:
    """The frozen reports of these units (None: of all), newest first, from the one before the id ``before``."""
    wanted = (
        select(FrozenReport, Unit)
        .join(Unit, Unit.id == FrozenReport.unit_id)
        .order_by(FrozenReport.id.desc())
        .limit(_PAGE + 1)
    )
    if unit_ids is not None:
        wanted = wanted.where(FrozenReport.unit_id.in_(unit_ids))
    if before is not None:
        wanted = wanted.where(FrozenReport.id < before)
    rows = [FrozenLine(*row) for row in session.execute(wanted)]
    return Page(rows[:_PAGE], str(rows[_PAGE - 1].report.id) if len(rows) > _PAGE else None)


def frozen_report(session: Session, code: str) -> FrozenReport | None:
    """The frozen report of a code, case and outer spaces ignored."""
    return session.scalar(select(FrozenReport).where(FrozenReport.code == code.strip().lower()))


def manifest_of(report: FrozenReport) -> Manifest:
    """What the row says that was frozen: it holds where every file is lost."""
    content: Mapping[str, Any] = json.loads(report.manifest)
    numbers = ("in_scope", "claimed", "reviewed", "provider")
    return Manifest(
        content["scope"]["title"],
        content["frozen_by"],
        datetime.fromisoformat(content["known"]),
        content["smallest_group_shown"],
        content.get("language", DEFAULT),  # those from before it was said are in English
        content["texts"],
        [
            PathLine(each["path"], each["title"], None if each["hidden"] else Figure(*(each[name] for name in numbers)))
            for each in content["figures"]
        ],
        [FileLine(each["name"], each["size"], each["sha256"]) for each in content["files"]],
    )
