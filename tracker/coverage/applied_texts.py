"""The texts that people reviewed and applied: what is in force, since when, and what each changed, in plain words."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.curriculum.catalogue import Catalogue, CatalogueFaults, read_catalogue
from tracker.curriculum.changes import catalogue_changes, policy_changes
from tracker.curriculum.policy import Policy, PolicyFaults, read_policy
from tracker.language import mark, word
from tracker.models import AppliedText, User

CHANGES_A_PAGE = 5

_FIRST = mark("The first one.")
_UNREADABLE = mark("This text is older than the way such files are written now: what it changed is not told in words.")
_SAME = mark("Nothing that counts: its comments or its order.")


@dataclass(frozen=True)
class AppliedChange:
    """One text as applied. ``changes`` are sentences; ``by`` is "" where whoever runs the tracker did it."""

    text: AppliedText
    by: str
    changes: list[str]


@dataclass(frozen=True)
class AppliedPage:
    """Some of the texts of one kind, the newest first; the next page begins before ``next_id``."""

    rows: list[AppliedChange]
    next_id: int | None


def text_in_force(session: Session, kind: str) -> AppliedText | None:
    """The text of that kind ("catalogue", "policy") that was applied last."""
    return session.scalar(select(AppliedText).where(AppliedText.kind == kind).order_by(AppliedText.id.desc()).limit(1))


def applied_page(session: Session, kind: str, before: int | None = None) -> AppliedPage:
    """What was applied, and what each text changed compared with the one before it."""
    asked = select(AppliedText).where(AppliedText.kind == kind).order_by(AppliedText.id.desc())
    if before is not None:
        asked = asked.where(AppliedText.id < before)
    texts = session.scalars(asked.limit(CHANGES_A_PAGE + 1)).all()
    shown = texts[:CHANGES_A_PAGE]
    earlier = [*texts[1:], None][: len(shown)]
    users = {text.applied_by for text in shown if text.applied_by is not None}
    names = {row.id: row.email for row in session.execute(select(User.id, User.email).where(User.id.in_(users)))}
    rows = [
        AppliedChange(text, names.get(text.applied_by or 0, ""), _changes(kind, was, text))
        for text, was in zip(shown, earlier, strict=True)
    ]
    return AppliedPage(rows, shown[-1].id if len(texts) > CHANGES_A_PAGE else None)


def _changes(kind: str, before: AppliedText | None, after: AppliedText) -> list[str]:
    if before is None:
        return [word(_FIRST)]
    if kind == "catalogue":
        was, now = _catalogue(before.content), _catalogue(after.content)
        changes = None if was is None or now is None else catalogue_changes(was, now)
    else:
        then, since = _policy(before.content), _policy(after.content)
        changes = None if then is None or since is None else policy_changes(then, since)
    return [word(_UNREADABLE)] if changes is None else changes or [word(_SAME)]


@lru_cache(maxsize=16)
def _catalogue(content: str) -> Catalogue | None:
    """A text read once: reading a long one takes a good part of a second, and it never changes."""
    try:
        return read_catalogue(content)
    except CatalogueFaults:
        return None


def _policy(content: str) -> Policy | None:
    try:
        return read_policy(content)
    except PolicyFaults:
        return None
