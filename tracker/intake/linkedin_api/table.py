"""What was fetched as a table, for a person who looks up how a row of it ended."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, BinaryIO

from tracker.intake.cells import shown
from tracker.intake.linkedin_api.elements import moment_of
from tracker.intake.linkedin_api.fetching import each_element

_PLACES = {
    "Name": ("learnerDetails", "name"),
    "Email": ("learnerDetails", "email"),
    "Unique User ID": ("learnerDetails", "uniqueUserId"),
    "Profile": ("learnerDetails", "entity", "profileUrn"),
    "Groups": ("learnerDetails", "enterpriseGroups"),
    "Content Name": ("contentDetails", "name"),
    "Content ID": ("contentDetails", "contentUrn"),
}


def as_table(file: BinaryIO) -> tuple[list[str], Iterator[tuple[int, list[str]]]]:
    """The headings, and each line with its cells. Whatever an element holds, it has a row."""
    rows = (
        (line, [*(_cell(element, place) for place in _PLACES.values()), _activities(element)])
        for line, element in each_element(file)
    )
    return [*_PLACES, "Activities"], rows


def _cell(element: Any, place: tuple[str, ...]) -> str:
    value = element
    for step in place:
        value = value.get(step) if isinstance(value, dict) else None
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return _text(value)


def _activities(element: Any) -> str:
    """Such as "COMPLETIONS 1 until 2026-03-10 03:56:40 UTC"."""
    activities = element.get("activities") if isinstance(element, dict) else None
    told = []
    for each in activities if isinstance(activities, list) else ():
        if isinstance(each, dict):
            at = moment_of(each.get("lastEngagedAt"))
            until = f" until {at:%Y-%m-%d %H:%M:%S} UTC" if at else ""
            told.append(f"{_text(each.get('engagementType'))} {_text(each.get('engagementValue'))}{until}")
    return "; ".join(told)


def _text(value: Any) -> str:
    if value is None:
        return ""
    return shown(value if isinstance(value, str) and value.isprintable() else json.dumps(value))
