"""How a table is to be read: by the mapping that was named, or by the saved profile that its headings fit."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple

from tracker.curriculum.refused import Refused
from tracker.intake.fields import KINDS
from tracker.intake.guessing import guess_in_words
from tracker.intake.headings import heading_key
from tracker.intake.mapping import PROFILE, SOURCE, column_place, labels_of, mapped_table
from tracker.intake.reading import Reading
from tracker.intake.tables import Content, HeadedTable, unknown_table
from tracker.language import _, in_list
from tracker.operations.profiles import SavedProfile


class Chosen(NamedTuple):
    """A mapping with the name it is read under, and who reports by it."""

    name: str
    source: str
    reading: Reading


def named(kind: str, reading: Reading, profiles: Sequence[SavedProfile], built_in: Collection[str] = ()) -> Chosen | None:
    """The mapping that a person named, by its columns or by a profile's name; None where they named neither.

    Raises:
        Refused: ``unknown_profile``.
    """
    if reading.profile:
        key = " ".join(reading.profile.split()).casefold()
        for each in profiles:
            if each.kind == kind and each.name.casefold() == key:
                return _by(each, reading)
        known = ", ".join([*built_in, *(each.name for each in profiles if each.kind == kind)]) or "none yet"
        message = _(
            "There is no profile %(profile)r for %(kind)s. Known: %(known)s.",
            profile=reading.profile,
            kind=kind,
            known=known,
        )
        raise Refused("unknown_profile", message, field="profile")
    return Chosen(PROFILE, SOURCE, reading) if reading.columns else None


def fitting(
    content: Content, table: HeadedTable, kind: str, reading: Reading, profiles: Sequence[SavedProfile]
) -> Chosen | None:
    """The saved profile whose headings are the table's; failing that, the one that finds most of its columns there.

    Raises:
        Refused: ``ambiguous_profile``, where two fit alike.
    """
    own = [each for each in profiles if each.kind == kind]
    alike = (_keys(table.headers), _keys(labels_of(table)))
    fits = (
        [each for each in own if _keys(each.headers) in alike]
        or [each for each in own if _finds_its_columns(each, table)]
        # What stands above the headings may have hidden them; the profile knows what to look for.
        or [each for each in own if _finds_its_columns(each, mapped_table(content, table.file_name, _reading_of(each)))]
    )
    if not fits:
        return None
    most = max(len(each.reading["columns"]) for each in fits)
    best = [each for each in fits if len(each.reading["columns"]) == most]
    if len(best) > 1:
        names = in_list([repr(each.name) for each in best])
        message = _(
            "%(file_name)s fits the saved profiles %(names)s alike: name the one that is meant, --profile NAME.",
            file_name=table.file_name,
            names=names,
        )
        raise Refused("ambiguous_profile", message, field="profile")
    return _by(best[0], reading)


def refuse_unknown_table(table: HeadedTable, kind: str, reading: Reading, wanted: str = "") -> Refused:
    """The refusal of a table that nothing known fits, with the mapping that may do, ready to paste."""
    refusal = unknown_table(table, wanted or ", ".join(KINDS[kind].fields))
    return Refused(
        refusal.code, _("%(message)s %(table)s", message=refusal.message, table=guess_in_words(table, kind, reading))
    )


def _by(profile: SavedProfile, reading: Reading) -> Chosen:
    return Chosen(profile.name, profile.name, reading.over(_reading_of(profile)))


def _reading_of(profile: SavedProfile) -> Reading:
    return Reading.from_json(profile.reading)


def _keys(headers: Iterable[str]) -> set[str]:
    return {heading_key(header) for header in headers if header}


def _finds_its_columns(profile: SavedProfile, table: HeadedTable) -> bool:
    try:
        for heading in profile.reading["columns"].values():
            column_place(table, heading)
    except Refused:
        return False
    return True
