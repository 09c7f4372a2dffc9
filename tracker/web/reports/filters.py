"""What the pages of the map may be asked beyond day and floor: path, district, sector, country, craft, words, order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from sqlalchemy import select

from tracker.access.reporting import units_seen
from tracker.coverage.heatmap import CoverageMap, Wanted, coverage_map
from tracker.curriculum.words import UnitKind
from tracker.language import _, pgettext
from tracker.models import Craft, LearningPath, db
from tracker.web import gate
from tracker.web.asked import Asked, asked, one_of, text_of

_KINDS = (UnitKind.DISTRICT.value, UnitKind.LOCAL.value)


class Choice(NamedTuple):
    """One filter as the form draws it. An option is a value and its words."""

    name: str
    label: str
    every: str
    options: Sequence[tuple[str, str]]
    chosen: str


@dataclass(frozen=True)
class MapAsked:
    """The map of a reader, and the part of it that this address asks for."""

    question: Asked
    map: CoverageMap
    crafts: Sequence[Craft]
    wanted: Wanted
    path: LearningPath | None

    @property
    def columns(self) -> list[LearningPath]:
        return [self.path] if self.path else self.map.asking

    @property
    def query(self) -> dict[str, str]:
        """What the address of a unit needs to be asked the same: its day, its floor, its craft."""
        return {**self.question.query, **({"craft": self.map.craft.name} if self.map.craft else {})}

    @property
    def choices(self) -> list[Choice]:
        """The filters, as far as there is anything to choose between."""
        path, craft = self.path.code if self.path else "", self.map.craft.name if self.map.craft else ""
        wanted = self.wanted
        choices = [
            Choice("path", _("Path"), _("All paths"), [(each.code, each.title) for each in self.map.paths], path),
            Choice(
                "district",
                _("District"),
                pgettext("districts", "All"),
                [(unit.number, unit.title) for unit in self.map.districts],
                wanted.district,
            ),
            Choice(
                "sector", _("Sector"), pgettext("sectors", "All"), [(each, each) for each in self.map.sectors], wanted.sector
            ),
            Choice("craft", _("Craft"), _("All crafts"), [(each.name, each.name) for each in self.crafts], craft),
            Choice(
                "country",
                _("Country"),
                pgettext("countries", "All"),
                [(each, each) for each in self.map.countries],
                wanted.country,
            ),
        ]
        return [each for each in choices if len(each.options) > 1 or each.chosen]

    @property
    def is_filtered(self) -> bool:
        return not self.wanted.is_all or self.map.craft is not None

    @property
    def scope(self) -> str:
        """Whom the figures count, in words: "The whole union: District 2, sector Stage, craft grip"."""
        whole = _("The whole union") if gate.reach().sees_all_units else _("The units you see")
        parts = [{"": "", "local": _("locals only"), "district": _("districts only")}[self.wanted.kind]]
        if self.wanted.district:
            district = next(unit for unit in self.map.districts if unit.number == self.wanted.district)
            parts.append(district.title)
        parts.append(self.wanted.sector and _("sector %(sector)s", sector=self.wanted.sector))
        parts.append(self.wanted.country and _("country %(country)s", country=self.wanted.country))
        parts.append(self.wanted.words and _("units that match “%(words)s”", words=self.wanted.words))
        if self.map.craft:
            parts.append(_("those in scope through a card of the craft %(craft)s", craft=self.map.craft.name))
        told = ", ".join(part for part in parts if part)
        return _("%(whole)s: %(narrowed)s", whole=whole, narrowed=told) if told else whole


def reader_map(question: Asked, craft: Craft | None = None) -> CoverageMap:
    """Every figure that the reader may see, as asked: of one craft, or of all."""
    reach = gate.reach()
    seen = units_seen(reach)
    return coverage_map(
        db.session(),
        as_of=question.as_of,
        known=question.known,
        floor=question.floor,
        whole=seen.whole,
        totals=seen.totals,
        craft=craft,
        named=None if reach.sees_all_units else reach.locals_with_names,
    )


def map_asked() -> MapAsked:
    """What this request's address asks of the map; answers 400, in words, where it makes no sense."""
    question = asked()
    crafts = list(db.session().scalars(select(Craft).order_by(Craft.key)))
    found = reader_map(question, craft_asked(crafts))
    codes = tuple(path.code for path in found.paths)
    orders = ("unit", "district", *(f"{sign}{code}" for code in codes for sign in ("", "-")))
    wanted = Wanted(
        kind=one_of("kind", _KINDS),
        district=one_of("district", tuple(unit.number for unit in found.districts)),
        words=text_of("q"),
        sort=one_of("sort", orders) or "unit",
        sector=one_of("sector", tuple(found.sectors)),
        country=one_of("country", tuple(found.countries)),
    )
    code = one_of("path", codes)
    return MapAsked(question, found, crafts, wanted, next((path for path in found.paths if path.code == code), None))


def craft_asked(crafts: Sequence[Craft]) -> Craft | None:
    """The craft that the address names."""
    name = one_of("craft", tuple(craft.name for craft in crafts))
    return next((craft for craft in crafts if craft.name == name), None) if name else None
