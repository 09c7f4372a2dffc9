"""The locals of the demonstration: from the public record where it says something, assumed where it does not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import accumulate, cycle
from random import Random

INTERNATIONAL = "IA"
LOCALS = 366
DEMONSTRATION_LOCAL = "80"

# Assumed: which district a state or province lies in. There is no district 13.
_REGIONS = {
    1: "WA OR ID MT AK",
    2: "CA NV AZ HI",
    3: "ME NH VT MA RI CT",
    4: "PA DE MD VA WV DC",
    5: "WY CO UT NM",
    6: "TX OK AR",
    7: "TN AL GA NC SC MS LA",
    8: "MI IN OH KY",
    9: "WI IA IL MO MN ND SD NE KS",
    10: "NY NJ",
    11: "ON QC NB NS PE NL",
    12: "MB SK AB BC",
    14: "FL PR VI",
}
_DISTRICT_OF = {region: district for district, listed in _REGIONS.items() for region in listed.split()}
DISTRICTS = tuple(_REGIONS)
_CANADIAN = (11, 12)

# Assumed: one zone for a whole district.
_ZONES = {
    **dict.fromkeys((1, 2), "America/Los_Angeles"),
    **dict.fromkeys((3, 4, 7, 10, 14), "America/New_York"),
    **dict.fromkeys((6, 9), "America/Chicago"),
    5: "America/Denver",
    8: "America/Detroit",
    11: "America/Toronto",
    12: "America/Vancouver",
}

# Assumed: the largest locals, largest first. Those that are not listed follow, the better known before the others.
_LARGEST = (
    *("600", "479", "700", "829", "52", "44", DEMONSTRATION_LOCAL, "764", "839", "1", "33", "798", "728", "705", "706"),
    *("478", "871", "800", "476", "480", "891", "873", "514", "695", "477", "487", "720", "667", "669", "488", "15"),
    *("306", "16", "892", "729", "2", "122", "58", "411", "751", "28", "22", "8", "493", "492", "769", "849", "212"),
)

_CRAFTS_OF_LOCAL = {
    "600": ("camera",),
    "667": ("camera", "publicity"),
    "669": ("camera",),
    "700": ("editing", "sound"),
    "839": ("animation",),
    "829": ("scenic art", "costume design", "set lighting", "art direction"),
    "800": ("art direction", "scenic art"),
    "892": ("costume design",),
    "705": ("wardrobe",),
    "764": ("wardrobe",),
    "706": ("hair and make-up",),
    "798": ("hair and make-up",),
    "695": ("sound",),
    "728": ("set lighting",),
    "729": ("scenic art",),
    "44": ("props", "construction"),
    "80": ("grips", "craft service"),
    "871": ("script and production office",),
    "411": ("script and production office",),
    "884": ("studio teaching",),
    "18032": ("publicity",),
}
_CRAFTS_OF_SECTOR = {
    "Stage": ("stagehands", "rigging", "set lighting", "sound", "props", "wardrobe"),
    "Motion Picture & TV production": (
        *("grips", "set lighting", "props", "construction", "wardrobe", "hair and make-up", "sound", "camera"),
        "art direction",
    ),
    "Tradeshow/AV": ("audio visual", "rigging", "stagehands"),
    "Projection": ("projection",),
    "Wardrobe": ("wardrobe", "hair and make-up"),
    "Treasurers & Ticket Sellers": ("box office",),
    "Broadcast": ("camera", "sound", "editing"),
    "Mixed": ("grips", "set lighting", "sound", "stagehands", "editing"),
    "": ("stagehands", "rigging", "set lighting", "sound", "projection", "wardrobe"),
}


@dataclass(frozen=True)
class DemonstrationLocal:
    """One local as the demonstration has it. ``zeal`` is how keenly its members learn, about 1."""

    number: str
    name: str
    district: int
    city: str
    region: str
    country: str
    sector: str
    crafts: tuple[str, ...]
    weight: float
    zeal: float

    @property
    def district_number(self) -> str:
        return f"D{self.district}"


@cache
def demonstration_locals() -> tuple[DemonstrationLocal, ...]:
    """The locals, largest first."""
    rows = list(csv.DictReader(io.StringIO(files(__package__).joinpath("locals.csv").read_text())))
    rows.sort(key=lambda row: (_rank(row["number"]), row["status"] != "known"))
    spread = {"US": cycle([each for each in DISTRICTS if each not in _CANADIAN]), "CA": cycle(_CANADIAN)}
    found = []
    for rank, row in enumerate(rows[:LOCALS]):
        district = int(row["district"] or _DISTRICT_OF.get(row["region"], 0)) or next(spread[row["country"]])
        number, sector = row["number"], row["sector"]
        found.append(
            DemonstrationLocal(
                number,
                row["name"] or row["city"] or f"Local {number}",
                district,
                row["city"],
                row["region"],
                row["country"],
                sector,
                _CRAFTS_OF_LOCAL.get(number) or _CRAFTS_OF_SECTOR.get(sector) or _CRAFTS_OF_SECTOR[""],
                1 / (rank + 3.5),  # a few of thousands, many of a hundred
                Random(f"zeal of {number}").uniform(0.55, 1.2),
            )
        )
    return tuple(found)


def _rank(number: str) -> int:
    return _LARGEST.index(number) if number in _LARGEST else len(_LARGEST)


def local_numbered(number: str) -> DemonstrationLocal:
    return next(each for each in demonstration_locals() if each.number == number)


def neighbours(district: int) -> tuple[Sequence[DemonstrationLocal], list[float]]:
    """The locals of a district, and their weights added up, to choose among them by size."""
    return _neighbours()[district]


@cache
def _neighbours() -> dict[int, tuple[Sequence[DemonstrationLocal], list[float]]]:
    within: dict[int, list[DemonstrationLocal]] = {district: [] for district in DISTRICTS}
    for local in demonstration_locals():
        within[local.district].append(local)
    return {district: (each, list(accumulate(local.weight for local in each))) for district, each in within.items()}


def members_of_locals(members: int) -> list[tuple[DemonstrationLocal, int]]:
    """How many members each local has at home; together exactly ``members``."""
    every = demonstration_locals()
    whole = sum(local.weight for local in every)
    edges = [round(members * upto / whole) for upto in accumulate(local.weight for local in every)]
    return [(local, edge - before) for local, edge, before in zip(every, edges, [0, *edges], strict=False)]


def union_file() -> str:
    """The units as their file states them, for ``tracker union apply``."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(("number", "name", "kind", "parent", "city", "region", "country", "sector", "time_zone"))
    writer.writerows(_unit_rows())
    return out.getvalue()


def _unit_rows() -> Iterator[tuple[str, ...]]:
    yield INTERNATIONAL, "International", "international", "", "New York", "NY", "US", "", "America/New_York"
    for district in DISTRICTS:
        country = "CA" if district in _CANADIAN else "US"
        yield f"D{district}", f"District {district}", "district", INTERNATIONAL, "", "", country, "", _ZONES[district]
    for local in demonstration_locals():
        yield (
            *(local.number, local.name, "local", local.district_number),
            *(local.city, local.region, local.country, local.sector, _ZONES[local.district]),
        )
