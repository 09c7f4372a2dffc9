"""What the site does once in a while. Each errand is taken by one of all its processes: `operations.errands`.

What is quick has a thread of its own, so that what takes minutes keeps nobody's entry out of the audit trail's chain.
"""

from __future__ import annotations

import json
import logging
import subprocess
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from flask import Flask

from tracker.cli.posting.weekly import here_and_now, make_weekly
from tracker.cli.purging import purge_all
from tracker.cli.running import now
from tracker.cli.sealing import is_same_chain, seal_and_note
from tracker.cli.working.rounds import GoesOn, Round
from tracker.config import Settings
from tracker.coverage.errands import is_due
from tracker.intake.processes import SPEAK, started
from tracker.models import IMPORTS_PATIENCE, Busy, db, writing
from tracker.models.trouble import DATABASE_ERRORS, in_words
from tracker.operations.audit_heads import ANOTHERS
from tracker.operations.errands import DOCTOR, PURGE, SEAL, SETTLE, WEEKLY, end_errand, take_errand
from tracker.operations.refused import Refused

_log = logging.getLogger(__name__)
_LOOKS_EVERY = 5.0  # seconds
_LONG_LOOKS_EVERY = 30.0
_MOMENT = 0.5  # seconds to wait for others before an errand is left for the next look
_NIGHT = range(2, 5)  # hours of the day in the site's zone
_SETTLES_WITHIN = 60.0  # seconds

Outcome = Mapping[str, Any]


class Errand(NamedTuple):
    """One of them. ``every``: how long from one to the next, and for how long one who died over it keeps it."""

    name: str
    every: timedelta
    act: Callable[[Flask, GoesOn], Outcome]
    is_for_the_night: bool = False


def _seal(app: Flask, _goes_on: GoesOn) -> Outcome:
    settings: Settings = app.config["SETTINGS"]
    sealed = seal_and_note(settings, now())
    if not is_same_chain(settings):
        raise Refused(
            "another_chain",
            f"The audit trail's chain does not hold the last head in audit-heads: {ANOTHERS}.",
        )
    return {"sealed": sealed}


def _settle(app: Flask, _goes_on: GoesOn) -> Outcome:
    """Statements that could only be kept while an import held the writers off, and whose request was their last."""
    settling = app.extensions["settling"]
    settling.look(now())
    settling.wait(_SETTLES_WITHIN)
    return {}


def _write_weekly(app: Flask, goes_on: GoesOn) -> Outcome:
    settings: Settings = app.config["SETTINGS"]
    try:
        digests, roll_ups = make_weekly(settings, here_and_now(settings), goes_on)
    except Refused as refusal:
        if refusal.code != "sync_running":  # a command makes them by hand
            raise
        return {}
    return {"digests": digests, "roll_ups": roll_ups}


def _purge(app: Flask, _goes_on: GoesOn) -> Outcome:
    return {each.kind: each.count for each in purge_all(app.config["SETTINGS"], now())}


def _examine(app: Flask, goes_on: GoesOn) -> Outcome:
    """In a process of its own, which nobody's page waits for and whose memory goes with it."""
    begun = started(("errand", "doctor"), None, {**app.config["SETTINGS"].as_environment(), SPEAK: ""}, is_heard=True)
    if begun is None:
        raise Refused("not_examined", "No process could be started for the doctor: is there memory left?")
    with begun as process:
        while True:
            try:
                said = process.communicate(timeout=1)[0]
                break
            except subprocess.TimeoutExpired:
                if not goes_on():
                    process.terminate()
    if process.returncode:
        raise Refused("not_examined", f"The doctor's process ended with {process.returncode} before it was done.")
    found: Outcome = json.loads(said)
    return found


QUICK = (
    Errand(SEAL, timedelta(minutes=1), _seal),  # and between, without a note of it: see `errands_of`
    Errand(SETTLE, timedelta(minutes=1), _settle),
)
LONG = (
    Errand(WEEKLY, timedelta(minutes=10), _write_weekly),
    Errand(PURGE, timedelta(days=1), _purge),
    Errand(DOCTOR, timedelta(hours=12), _examine, is_for_the_night=True),
)


def errands_of(app: Flask) -> list[Round]:
    """The rounds that do them all."""
    settings: Settings = app.config["SETTINGS"]

    def quick(goes_on: GoesOn) -> None:
        for errand in QUICK:
            if goes_on():
                do_errand(app, errand, goes_on)
        seal_and_note(settings, now())  # it only looks, where nothing waits

    def long(goes_on: GoesOn) -> None:
        for errand in LONG:
            if goes_on():
                do_errand(app, errand, goes_on)

    return [Round(app, "errands", _LOOKS_EVERY, quick), Round(app, "long errands", _LONG_LOOKS_EVERY, long)]


def do_errand(app: Flask, errand: Errand, goes_on: GoesOn) -> bool:
    """Do an errand if it is due and nobody else has it, and note what came of it. Whether it was done here.

    To be called inside the application. What goes wrong is noted too, and keeps no other errand.
    """
    settings: Settings = app.config["SETTINGS"]
    began = datetime.now(UTC)
    if errand.is_for_the_night and began.astimezone(settings.time_zone).hour not in _NIGHT:
        return False
    due = is_due(db.session(), errand.name, began, errand.every)
    db.session.rollback()
    if not due:
        return False
    try:
        with writing(patience=_MOMENT) as session:
            if not take_errand(session, errand.name, began, errand.every):
                return False
    except Busy:
        return False
    outcome: Outcome = {}
    failure = ""
    try:
        outcome = errand.act(app, goes_on)
    except Refused as refusal:
        failure = refusal.message
    except DATABASE_ERRORS as error:
        failure = in_words(error) or type(error).__name__
    except Exception as error:
        failure = "Something went wrong on our side: see the log."
        _log.error("the errand %s failed", errand.name, exc_info=error)
    if failure:
        _log.warning("the errand %s failed: %s", errand.name, failure)
    db.session.remove()
    with writing(patience=IMPORTS_PATIENCE) as session:
        end_errand(session, errand.name, now(), outcome, failure)
    return True
