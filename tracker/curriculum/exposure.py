"""How exposed the union says each craft is to AI.

Exposure is policy: text that people wrote, with its source and its day. Nothing here makes one up; a craft of which nothing
is stated has none, and is told apart instead of counting as 0.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from tracker.curriculum.keys import craft_key
from tracker.curriculum.strict_yaml import Day, Line, Shape, wrong
from tracker.language import mark

STEPS = 5  # of the scale, unless the policy says otherwise: 0 (not exposed) to 5


class Found(StrEnum):
    """How a craft's exposure was found."""

    STAFF = mark("scored by staff")
    OCCUPATION = mark("joined by occupation")


@dataclass(frozen=True, slots=True)
class CraftStep:
    """A step that people gave a craft. It outweighs a joined one."""

    craft: str
    step: int
    source: str
    on: date


@dataclass(frozen=True, slots=True)
class Occupation:
    """The public occupation code that a craft is joined by."""

    craft: str
    soc: str
    source: str
    on: date


@dataclass(frozen=True, slots=True)
class OccupationScore:
    """What a public table says of an occupation, 0 to 1."""

    soc: str
    score: float
    source: str
    on: date


@dataclass(frozen=True, slots=True)
class Exposure:
    """One craft's step with what it stands on. ``soc`` and ``score`` are there where it was joined."""

    step: int
    found: Found
    source: str
    on: date
    soc: str = ""
    score: float | None = None
    joined_by: str = ""  # the source of craft → occupation


@dataclass(frozen=True, slots=True)
class ExposurePolicy:
    """What the union has stated about exposure; without anything stated, nothing is known of any craft.

    ``bands`` turn a score into a step: 0 is step 0, anything above it step 1, and each band reached one more.
    """

    steps: int = STEPS
    bands: tuple[float, ...] = ()
    crafts: tuple[CraftStep, ...] = ()
    occupations: tuple[Occupation, ...] = ()
    scores: tuple[OccupationScore, ...] = ()

    @property
    def named_crafts(self) -> tuple[str, ...]:
        """Every craft it names, as it spells it, each once and in the order of the file."""
        named: dict[str, str] = {}
        for craft in (*(each.craft for each in self.crafts), *(each.craft for each in self.occupations)):
            named.setdefault(craft_key(craft), craft)
        return tuple(named.values())

    def exposures(self) -> dict[str, Exposure]:
        """The exposure of every craft that has one, by :func:`craft_key`."""
        scores = {soc_key(each.soc): each for each in self.scores}
        found: dict[str, Exposure] = {}
        for each in self.occupations:
            score = scores.get(soc_key(each.soc))
            if score is not None:
                found[craft_key(each.craft)] = Exposure(
                    self.step_of(score.score),
                    Found.OCCUPATION,
                    score.source,
                    score.on,
                    each.soc,
                    score.score,
                    each.source,
                )
        for stated in self.crafts:
            found[craft_key(stated.craft)] = Exposure(stated.step, Found.STAFF, stated.source, stated.on)
        return found

    def without_score(self) -> dict[str, str]:
        """The crafts joined to an occupation of which no score is stated, and so without exposure: craft's key → code."""
        known = self.exposures()
        return {key: each.soc for each in self.occupations if (key := craft_key(each.craft)) not in known}

    def step_of(self, score: float) -> int:
        """The step that a public score comes to."""
        return 1 + bisect_right(self.bands, score) if score > 0 else 0

    def as_data(self) -> dict[str, Any]:
        """The policy as JSON can hold it."""
        return {
            "steps": self.steps,
            "bands": list(self.bands),
            "crafts": [[each.craft, each.step, each.source, each.on.isoformat()] for each in self.crafts],
            "occupations": [[each.craft, each.soc, each.source, each.on.isoformat()] for each in self.occupations],
            "scores": [[each.soc, each.score, each.source, each.on.isoformat()] for each in self.scores],
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> ExposurePolicy:
        """The policy that :meth:`as_data` wrote."""
        day = date.fromisoformat
        return cls(
            data["steps"],
            tuple(data["bands"]),
            tuple(CraftStep(craft, step, source, day(on)) for craft, step, source, on in data["crafts"]),
            tuple(Occupation(craft, soc, source, day(on)) for craft, soc, source, on in data["occupations"]),
            tuple(OccupationScore(soc, score, source, day(on)) for soc, score, source, on in data["scores"]),
        )


NOTHING_STATED = ExposurePolicy()


def soc_key(code: str) -> str:
    """An occupation's code in one spelling: "27-4014.00" of the finer list is "27-4014"."""
    return code.removesuffix(".00")


# --- As text -----------------------------------------------------------------------------------------------------------


def _soc(value: str) -> str:
    if not re.fullmatch(r"\d{2}-\d{4}(\.\d{2})?", value, re.ASCII):
        wrong(f"{value!r} is no occupation's code: write it like 27-4014 or 27-4014.00")
    return value


_Soc = Annotated[str, AfterValidator(_soc)]
_Score = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]


class _CraftShape(Shape):
    noun: ClassVar[str] = "craft's exposure"
    craft: Line
    step: Annotated[int, Field(ge=0)]
    source: Line
    on: Day


class _OccupationShape(Shape):
    noun: ClassVar[str] = "craft's occupation"
    craft: Line
    soc: _Soc
    source: Line
    on: Day


class _ScoreShape(Shape):
    noun: ClassVar[str] = "occupation's score"
    soc: _Soc
    score: _Score
    source: Line
    on: Day


class ExposureShape(Shape):
    """The block ``exposure`` of ``policy.yaml``."""

    noun: ClassVar[str] = "policy's exposure"
    steps: Annotated[int, Field(ge=2, le=10)] = STEPS
    bands: tuple[_Score, ...] = ()
    crafts: tuple[_CraftShape, ...] = ()
    occupations: tuple[_OccupationShape, ...] = ()
    scores: tuple[_ScoreShape, ...] = ()

    @field_validator("bands")
    @classmethod
    def _rise(cls, bands: tuple[float, ...], info: ValidationInfo) -> tuple[float, ...]:
        before = 0.0
        for place, band in enumerate(bands):
            if band <= before or band >= 1:
                wrong("bands rise, each above the one before it, between 0 and 1", place)
            before = band
        steps = info.data.get("steps")  # where it is faulty itself, that is said instead
        if bands and steps is not None and len(bands) != steps - 1:
            wrong(f"{steps} steps need {steps - 1} bands between them, and here are {len(bands)}")
        return bands

    @field_validator("crafts")
    @classmethod
    def _crafts_once(cls, crafts: tuple[_CraftShape, ...], info: ValidationInfo) -> tuple[_CraftShape, ...]:
        most = info.data.get("steps")
        for place, each in enumerate(crafts):
            if most is not None and each.step > most:
                wrong(f"`step` must be {most} or less: the scale has {most} `steps`", place, "step")
        _once((craft_key(each.craft), each.craft) for each in crafts)
        return crafts

    @field_validator("occupations")
    @classmethod
    def _occupations_once(cls, occupations: tuple[_OccupationShape, ...]) -> tuple[_OccupationShape, ...]:
        _once((craft_key(each.craft), each.craft) for each in occupations)
        return occupations

    @field_validator("scores")
    @classmethod
    def _scores_once(cls, scores: tuple[_ScoreShape, ...], info: ValidationInfo) -> tuple[_ScoreShape, ...]:
        _once(((soc_key(each.soc), each.soc) for each in scores), "soc")
        if scores and info.data.get("bands") == ():
            wrong("scores need `bands`, which turn a score into a step: such as `bands: [0.2, 0.4, 0.6, 0.8]`")
        return scores

    def policy(self) -> ExposurePolicy:
        """What it states."""
        return ExposurePolicy(
            self.steps,
            self.bands,
            tuple(CraftStep(each.craft, each.step, each.source, each.on) for each in self.crafts),
            tuple(Occupation(each.craft, each.soc, each.source, each.on) for each in self.occupations),
            tuple(OccupationScore(each.soc, each.score, each.source, each.on) for each in self.scores),
        )


def _once(named: Iterable[tuple[str, str]], name: str = "craft") -> None:
    seen: set[str] = set()
    for place, (key, written) in enumerate(named):
        if key in seen:
            wrong(f"`{written}` stands here twice: take one out", place, name)
        seen.add(key)
