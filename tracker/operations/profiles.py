"""Saved ways of reading a provider's table, each found again by its name or its file's headings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from sqlalchemy import select
from sqlalchemy.orm import Session

from tracker.language import _
from tracker.models import ImportProfile, new_id
from tracker.operations.actor import Actor
from tracker.operations.audit import audit
from tracker.operations.refused import Refused

# The names of what is read without a saved profile, and of who reports: no saved one may pass for them.
_BUILT_IN = """
canonical mapping table linkedin linkedin-learner-detail linkedin-member-archive linkedin-archive linkedin-reporting-api xapi
self staff
"""
BUILT_IN = frozenset(_BUILT_IN.split())
LONGEST_NAME = 60

_NAME = re.compile(r"\w[\w .,&'’()+-]*")


class SavedProfile(NamedTuple):
    """One saved way. ``reading`` is ``intake.reading.Reading`` as plain JSON, ``headers`` the headings it was made for."""

    name: str
    kind: str  # as a batch's
    reading: Mapping[str, Any]
    headers: tuple[str, ...]


def profiles_of(session: Session, kind: str | None = None) -> list[SavedProfile]:
    """The profiles for one kind of file, or for all, by name."""
    found = session.scalars(select(ImportProfile).order_by(ImportProfile.kind, ImportProfile.name))
    return [_saved(each) for each in found if kind in (None, each.kind)]


def find_profile(session: Session, name: str) -> SavedProfile | None:
    """The profile of that name, capitals ignored."""
    found = _find(session, name)
    return _saved(found) if found else None


def save_profile(
    session: Session, name: str, kind: str, reading: Mapping[str, Any], headers: Sequence[str], actor: Actor, now: datetime
) -> SavedProfile:
    """Keep a way of reading under a name; one of that name and kind is replaced.

    Args:
        reading: ``Reading.as_json()``. Whose the file is, and which profile it was read by, are not kept: they belong
            to one file.

    Raises:
        Refused: ``profile_name`` for a name that cannot be one, ``profile_taken`` by another kind of file,
            ``nothing_mapped``.
    """
    name = " ".join(name.split())
    _refuse_wrong_name(name)
    if not reading.get("columns"):
        raise Refused("nothing_mapped", _("There is no mapping to save: name the columns first."), field="columns")
    kept = {key: value for key, value in reading.items() if key not in ("member", "profile")}
    mapping = {"reading": kept, "headers": [header for header in headers if header]}
    profile = _find(session, name)
    if profile is not None and profile.kind != kind:
        message = _(
            "%(name)r is the name of a profile for %(kind)s: choose another name.", name=profile.name, kind=profile.kind
        )
        raise Refused("profile_taken", message, field="save_profile")
    before = profile.mapping if profile else None
    if profile is None:
        profile = ImportProfile(id=new_id(), name=name, kind=kind)
        session.add(profile)
    profile.mapping = mapping
    profile.recorded_at = now
    profile.recorded_by = actor.user_id
    session.flush()
    detail = {"name": profile.name, "kind": kind, "before": before, "after": mapping}
    audit(session, actor, "save_profile", object_kind="import_profile", object_id=profile.id, detail=detail, at=now)
    return _saved(profile)


def remove_profile(session: Session, name: str, actor: Actor, now: datetime) -> None:
    """Forget a profile. What was read by it stays.

    Raises:
        Refused: ``unknown_profile``.
    """
    profile = _find(session, name)
    if profile is None:
        known = ", ".join(session.scalars(select(ImportProfile.name).order_by(ImportProfile.name))) or "none yet"
        raise Refused(
            "unknown_profile",
            _("There is no saved profile %(name)r. There are: %(known)s.", name=name, known=known),
            field="profile",
        )
    detail = {"name": profile.name, "kind": profile.kind, "before": profile.mapping}
    session.delete(profile)
    session.flush()
    audit(session, actor, "remove_profile", object_kind="import_profile", object_id=profile.id, detail=detail, at=now)


def _find(session: Session, name: str) -> ImportProfile | None:
    wanted = " ".join(name.split()).casefold()
    return next((each for each in session.scalars(select(ImportProfile)) if each.name.casefold() == wanted), None)


def _saved(profile: ImportProfile) -> SavedProfile:
    return SavedProfile(profile.name, profile.kind, profile.mapping["reading"], tuple(profile.mapping["headers"]))


def _refuse_wrong_name(name: str) -> None:
    wrong = ""
    if not name:
        wrong = _("Give the profile a name.")
    elif len(name) > LONGEST_NAME:
        wrong = _(
            "The name is %(count)s characters long; at most %(longest_name)s are kept.",
            count=len(name),
            longest_name=LONGEST_NAME,
        )
    elif not _NAME.fullmatch(name):
        wrong = _(
            "%(name)r cannot be a name: use letters, digits, spaces and . , & ' ( ) + -, beginning with a letter or digit.",
            name=name,
        )
    elif name.casefold() in BUILT_IN:
        wrong = _("%(name)r is the name of a built-in form: choose another.", name=name)
    if wrong:
        raise Refused("profile_name", wrong, field="save_profile")
