"""How a person says a file is to be read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from tracker.curriculum.words import Assurance

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
