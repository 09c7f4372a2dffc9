"""Sealing the audit trail and noting where its chain ends: what whoever keeps the site running calls every few seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime

from tracker.config import Settings
from tracker.coverage.chain import chain_head, unsealed, unsealed_from
from tracker.models import Busy, db, writing
from tracker.operations.audit_heads import heads_file, is_noted_today, note_head
from tracker.operations.sealing import seal_entries

_ROUND = 1_000  # entries of one transaction: some hundredths of a second, so that nobody waits for it
_MOST_ROUNDS = 20  # of one call
_PATIENCE = 0.5  # seconds: an import is not waited for, the next call comes soon

_log = logging.getLogger(__name__)


def seal_and_note(settings: Settings, now: datetime) -> int:
    """Seal what waits, some thousand entries at most, and note the head outside the database where it moved.

    Once a day, with the day's first head, it also looks for entries that came very late. To be called inside the
    application; it keeps nobody waiting, and gives up quietly where others write alone.

    Returns:
        How many entries were sealed.
    """
    file = heads_file(settings.instance)
    is_first = not is_noted_today(file, now)
    sealed = seal_all(now, all_of=is_first, patience=_PATIENCE, most_rounds=_MOST_ROUNDS)
    if sealed or is_first:
        note(settings, now)
    return sealed


def seal_all(
    now: datetime,
    *,
    all_of: bool = False,
    patience: float = _PATIENCE,
    most_rounds: int | None = None,
    progress: Callable[[int], object] = lambda rows: None,
) -> int:
    """Seal in small rounds until nothing waits, another is at it, or ``most_rounds`` are done. How many were sealed."""
    sealed, rounds = 0, 0
    while (most_rounds is None or rounds < most_rounds) and _any_waits(all_of=all_of and not rounds, onward=rounds > 0):
        try:
            with writing(patience=patience) as session:
                done = seal_entries(session, now, _ROUND, all_of=all_of and not rounds, onward=rounds > 0)
        except Busy:
            break
        sealed, rounds = sealed + done, rounds + 1
        progress(done)
        if done < _ROUND:
            break
    return sealed


def note(settings: Settings, now: datetime) -> bool:
    """Note where the chain ends; whether that could be done. Where it could not, the log says so."""
    head = chain_head(db.session())
    db.session().rollback()
    if head is None:
        return False
    file = heads_file(settings.instance)
    try:
        is_noted = note_head(file, head, now)
    except OSError as error:
        _log.error("the head of the audit trail could not be noted: %s", error.strerror)
        return False
    if not is_noted:
        _log.error("the audit trail's chain ends before what %s holds: run `tracker audit verify`", file.name)
    return is_noted


def _any_waits(*, all_of: bool, onward: bool) -> bool:
    """Whether anything waits, without taking anybody's turn to write."""
    session = db.session()
    session.rollback()
    found = unsealed(session, unsealed_from(session, all_of=all_of, onward=onward), 1)
    session.rollback()
    return bool(found)
