"""How a person says a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from tracker.curriculum.refused import Refused
from tracker.curriculum.words import Assurance
from tracker.intake.moments import place_zone
from tracker.language import _

DATE_ORDERS = ("ymd", "dmy", "mdy")


@dataclass(frozen=True)
class Reading:
    """What is said of a file besides its bytes. All blank: everything is found out from its headings.

    Attributes:
        profile: the name of a built-in form or a saved mapping; "" finds it by the headings.
        columns: our field → the file's heading. Not empty: the file is read by this mapping.
        constants: our field → one value that holds for every row, for what the file leaves unsaid.
        values: our field → what the file writes → what we write, such as ``{"status": {"A": "active"}}``.
        date_order: ``ymd``, ``dmy`` or ``mdy``; "" where the file itself must tell.
        time_zone: the zone whose day counts for moments that state their own zone; "" where none does.
        assurance: how sure the file's completions are; None: as the form or its column says.
        member: whose the file is, where it names nobody (a member's own archive): their number or e-mail.
    """

    profile: str = ""
    columns: Mapping[str, str] = field(default_factory=dict)
    constants: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    date_order: str = ""
    time_zone: str = ""
    assurance: Assurance | None = None
    member: str = ""

    def __post_init__(self) -> None:
        """A form sends every field, also those left blank: a blank column or constant is none."""
        for name in ("columns", "constants"):
            said = {field: value.strip() for field, value in getattr(self, name).items() if value.strip()}
            object.__setattr__(self, name, said)

    @property
    def is_particular(self) -> bool:
        """Whether it says of columns and their contents what the built-in forms do not ask."""
        return bool(self.columns or self.constants or self.values or self.date_order or self.time_zone)

    @property
    def zone(self) -> ZoneInfo | None:
        """The zone that ``time_zone`` names, None where it names none.

        Raises:
            Refused: ``unknown_zone``.
        """
        if not self.time_zone:
            return None
        zone = place_zone(self.time_zone)
        if zone is None:
            message = _(
                "%(time_zone)r is no time zone: write a place’s, such as America/Los_Angeles, or UTC.",
                time_zone=self.time_zone,
            )
            raise Refused("unknown_zone", message, field="time_zone")
        return zone

    def over(self, saved: Reading) -> Reading:
        """This, and what ``saved`` says where this is silent."""
        fields = {*saved.values, *self.values}
        return Reading(
            profile=self.profile or saved.profile,
            columns={**saved.columns, **self.columns},
            constants={**saved.constants, **self.constants},
            values={field: {**saved.values.get(field, {}), **self.values.get(field, {})} for field in sorted(fields)},
            date_order=self.date_order or saved.date_order,
            time_zone=self.time_zone or saved.time_zone,
            assurance=self.assurance or saved.assurance,
            member=self.member or saved.member,
        )

    def as_json(self) -> dict[str, Any]:
        """As plain JSON, for a saved profile or a job."""
        plain = asdict(self)
        plain["assurance"] = self.assurance.word if self.assurance else ""
        return plain

    @classmethod
    def from_json(cls, plain: Mapping[str, Any]) -> Reading:
        """What :meth:`as_json` wrote."""
        assurance = plain.get("assurance") or ""
        known = {name: plain[name] for name in cls.__dataclass_fields__ if name in plain and name != "assurance"}
        return cls(**known, assurance=Assurance.from_word(assurance) if assurance else None)


AS_FOUND = Reading()  # nothing is said: the headings choose
