"""Catalogues on trial, each in a few small files: the text as it came, and what was found out about it.

Nothing of them is in the database, for nothing of them is true yet. They are forgotten after a day.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

from tracker.coverage.simulating import Group, Members, Simulation
from tracker.intake.progress import forget

_TEXT, _ASKED, _FOUND, _MEMBERS, _REFUSED = "yaml", "asked.json", "found.json", "members.json", "refused.json"


class AskedTrial(NamedTuple):
    """What a person asked to have tried."""

    name: str  # of the file
    floor: str
    by: str


class RefusedTrial(NamedTuple):
    """Why a catalogue could not be tried."""

    message: str
    faults: list[str]


def keep_trial(folder: Path, trial_id: int, text: str, asked: AskedTrial) -> None:
    """Keep a text to be tried."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    _write(folder, trial_id, _TEXT, text)
    _write(folder, trial_id, _ASKED, json.dumps(asked))


def text_on_trial(folder: Path, trial_id: int) -> tuple[str, AskedTrial] | None:
    """The text and what was asked; None where there is no such trial any more."""
    try:
        text = _file(folder, trial_id, _TEXT).read_text(encoding="utf-8")
        return text, AskedTrial(*json.loads(_file(folder, trial_id, _ASKED).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def keep_found(folder: Path, trial_id: int, found: Simulation, members: Members) -> None:
    """Keep what was found out: whole or not at all."""
    _write(folder, trial_id, _MEMBERS, json.dumps(members))
    _write(folder, trial_id, _FOUND, json.dumps(found.as_json()))


def keep_refusal(folder: Path, trial_id: int, refused: RefusedTrial) -> None:
    """Keep why nothing could be found out."""
    _write(folder, trial_id, _REFUSED, json.dumps(refused))


def found_of(folder: Path, trial_id: int) -> Simulation | None:
    """What was found out, if it was by now."""
    try:
        return Simulation.from_json(json.loads(_file(folder, trial_id, _FOUND).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError, KeyError):
        return None


def refusal_of(folder: Path, trial_id: int) -> RefusedTrial | None:
    """Why nothing was found out, if it was refused."""
    try:
        return RefusedTrial(*json.loads(_file(folder, trial_id, _REFUSED).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None


def members_of(folder: Path, trial_id: int, group: Group) -> Sequence[int]:
    """Who the people of one count are."""
    try:
        members: Members = json.loads(_file(folder, trial_id, _MEMBERS).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ()
    return members.get(group.key, ())


def purge_trials(folder: Path, before: datetime) -> None:
    """Forget the trials whose text came before that moment."""
    for file in folder.glob(f"*.{_TEXT}"):
        with suppress(OSError, ValueError):
            if file.stat().st_mtime < before.timestamp():
                trial_id = int(file.name.split(".")[0])
                forget(folder, trial_id)
                for kind in (_ASKED, _FOUND, _MEMBERS, _REFUSED, _TEXT):
                    _file(folder, trial_id, kind).unlink(missing_ok=True)


def _write(folder: Path, trial_id: int, kind: str, content: str) -> None:
    file = _file(folder, trial_id, kind)
    part = file.with_name(f"{file.name}.part")
    part.write_text(content, encoding="utf-8")
    part.chmod(0o600)
    part.replace(file)


def _file(folder: Path, trial_id: int, kind: str) -> Path:
    return folder / f"{trial_id}.{kind}"
