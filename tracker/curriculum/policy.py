"""``policy.yaml`` → what the union has decided about counting, every fault with line and column."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from tracker.curriculum.exposure import NOTHING_STATED, ExposurePolicy, ExposureShape
from tracker.curriculum.strict_yaml import Code, FileFaults, Shape, close_to, fit, no_repeats, not_empty, parse, wrong
from tracker.language import mark

# The statuses of the policy that comes with the program, as pages say them. A union’s own are said as they are written.
STATUS_WORDS = (
    mark("active"),
    mark("apprentice"),
    mark("permit"),
    mark("withdrawn"),
    mark("retired"),
    mark("suspended"),
    mark("deceased"),
)


class PolicyFaults(FileFaults):
    """A policy that cannot be taken as it stands. Nothing of it was used."""


@dataclass(frozen=True, slots=True)
class Policy:
    """What the union has decided about counting.

    ``statuses`` are all that a membership may have; those in ``counts`` put a card in scope, and those in
    ``covered_workers`` are counted where a report asks for covered workers. A group of fewer than ``small_group`` is
    hidden from readers outside its unit and in frozen packs. ``exposure`` orders where to train next, and counts nowhere.
    """

    statuses: tuple[str, ...]
    counts: frozenset[str]
    covered_workers: frozenset[str]
    expiring_within_days: int
    due_soon_within_days: int
    small_group: int
    exposure: ExposurePolicy = NOTHING_STATED

    def counts_like(self, other: Policy) -> bool:
        """Whether every figure is the same under both: only whom they count makes a difference to what is kept."""
        return self.counts == other.counts

    def as_data(self) -> dict[str, Any]:
        """The policy as JSON can hold it; equal policies give equal data, in one order."""
        return {
            "statuses": list(self.statuses),
            "counts": sorted(self.counts),
            "covered_workers": sorted(self.covered_workers),
            "expiring_within_days": self.expiring_within_days,
            "due_soon_within_days": self.due_soon_within_days,
            "small_group": self.small_group,
            "exposure": self.exposure.as_data(),
        }

    @classmethod
    def from_data(cls, data: Mapping[str, Any]) -> Policy:
        """The policy that :meth:`as_data` wrote."""
        return cls(
            statuses=tuple(data["statuses"]),
            counts=frozenset(data["counts"]),
            covered_workers=frozenset(data["covered_workers"]),
            expiring_within_days=data["expiring_within_days"],
            due_soon_within_days=data["due_soon_within_days"],
            small_group=data["small_group"],
            exposure=ExposurePolicy.from_data(data["exposure"]) if "exposure" in data else NOTHING_STATED,
        )


_Statuses = Annotated[tuple[Code, ...], AfterValidator(not_empty), AfterValidator(no_repeats)]
_Days = Annotated[int, Field(ge=1, le=3_660)]


class _PolicyShape(Shape):
    noun: ClassVar[str] = "policy"
    statuses: _Statuses
    counts: _Statuses
    covered_workers: _Statuses
    expiring_within_days: _Days
    due_soon_within_days: _Days
    small_group: Annotated[int, Field(ge=1, le=1_000)]
    exposure: ExposureShape | None = None

    @field_validator("counts", "covered_workers")
    @classmethod
    def _are_statuses(cls, chosen: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        known = info.data.get("statuses", chosen)  # where the statuses themselves are faulty, that is said instead
        for place, status in enumerate(chosen):
            if status not in known:
                wrong(f"`{status}` is not among `statuses`{close_to(status, known)}", place)
        return chosen


def read_policy(text: str, name: str = "policy.yaml") -> Policy:
    """The policy a text states.

    Raises:
        PolicyFaults: with every fault there is, in the order of the file.
    """
    try:
        document = parse(text, name)
    except FileFaults as broken:
        raise PolicyFaults(broken.faults, name) from None
    shape = fit(document, _PolicyShape)
    if document.faults or shape is None:
        raise PolicyFaults(document.faults, name)
    return Policy(
        statuses=shape.statuses,
        counts=frozenset(shape.counts),
        covered_workers=frozenset(shape.covered_workers),
        expiring_within_days=shape.expiring_within_days,
        due_soon_within_days=shape.due_soon_within_days,
        small_group=shape.small_group,
        exposure=shape.exposure.policy() if shape.exposure else NOTHING_STATED,
    )
