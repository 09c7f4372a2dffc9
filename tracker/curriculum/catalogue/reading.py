"""Reading ``courses.yaml``, and the faults that only the whole file can show."""

from __future__ import annotations

from collections.abc import Hashable
from graphlib import CycleError, TopologicalSorter
from itertools import pairwise
from typing import TypeGuard

from tracker.curriculum.catalogue.course_shapes import MOST_CREDITS, CourseShape, Known, Taught, hundredths
from tracker.curriculum.catalogue.nouns import (
    Catalogue,
    CatalogueCourse,
    CataloguePath,
    CatalogueSection,
    Principle,
    Satisfies,
)
from tracker.curriculum.catalogue.shapes import CatalogueShape, PathShape
from tracker.curriculum.strict_yaml import Document, FileFaults, Loc, fit, parse


class CatalogueFaults(FileFaults):
    """A catalogue that cannot be taken as it stands. Nothing of it was used."""


def read_catalogue(text: str, name: str = "courses.yaml") -> Catalogue:
    """The curriculum a text states.

    Args:
        text: the YAML.
        name: what to call the file in messages.

    Raises:
        CatalogueFaults: with every fault there is, in the order of the file.
    """
    try:
        document = parse(text, name)
    except FileFaults as broken:
        raise CatalogueFaults(broken.faults, name) from None
    if not document.data and not document.faults:
        document.fault((), "the file states nothing: it needs `principles`, `courses` or `paths`")
    shape = fit(document, CatalogueShape, {"known": _known(document)})
    for key in ("principles", "courses", "paths"):
        _unique(document, key, "code")
    _unique(document, "principles", "number")
    _no_circles(document)
    if document.faults or shape is None:
        raise CatalogueFaults(document.faults, name)
    return Catalogue(
        tuple(Principle(each.code, each.number, each.title, each.text) for each in shape.principles),
        tuple(_course(each, document.line("courses", place)) for place, each in enumerate(shape.courses)),
        tuple(_path(each, document.line("paths", place)) for place, each in enumerate(shape.paths)),
    )


def _course(shape: CourseShape, line: int) -> CatalogueCourse:
    return CatalogueCourse(
        code=shape.code,
        title=shape.title,
        provider=shape.provider,
        url=shape.url,
        minutes=shape.minutes,
        language=shape.language,
        valid_months=shape.valid_months,
        lapses_each=shape.lapses_each,
        renewal_days=shape.renewal_days,
        grace_days=shape.grace_days,
        credit_hundredths=hundredths(shape.credits) if shape.credits else None,
        credit_kind=shape.credit_kind,
        ids=shape.ids,
        slugs=shape.slugs,
        titles=shape.titles,
        retired_on=shape.retired_on,
        replaced_by=shape.replaced_by,
        satisfies=tuple(Satisfies(each.course, each.from_on, each.until_on) for each in shape.satisfies),
        source=shape.source,
        line=line,
    )


def _path(shape: PathShape, line: int) -> CataloguePath:
    change = shape.change
    return CataloguePath(
        code=shape.code,
        title=shape.title,
        principle=shape.principle,
        version=shape.version,
        sections=tuple(
            CatalogueSection(
                *(each.title, each.need.stated[0], each.need.number, each.courses),
                within_months=each.need.within_months,
                of_kinds=tuple(sorted((kind, hundredths(asked)) for kind, asked in (each.need.of_kind or {}).items())),
            )
            for each in shape.sections
        ),
        target=shape.target,
        lookback_months=shape.lookback_months,
        change=change.stated[0] if change else None,
        grace_on=change.grace if change else None,
        from_on=shape.from_on or (change.from_on if change else None),
        description=shape.description,
        url=shape.url,
        line=line,
    )


def _known(document: Document) -> Known:
    courses: dict[str, Taught] = {}
    for _, row in document.rows("courses"):
        if isinstance(row.get("code"), str):
            minutes, credits, kind = row.get("minutes"), row.get("credits"), row.get("credit_kind")
            taught = Taught(
                0 if minutes is None else minutes if type(minutes) is int and minutes > 0 else None,  # a bool is an int, too
                0 if credits is None and kind is None else hundredths(credits) if _is_amount(credits) else None,
                kind if isinstance(kind, str) else "",
            )
            courses.setdefault(row["code"], taught)
    principles = (row.get("code") for _, row in document.rows("principles"))
    return Known(frozenset(code for code in principles if isinstance(code, str)), courses)


def _is_amount(stated: object) -> TypeGuard[float]:
    return isinstance(stated, int | float) and not isinstance(stated, bool) and 0 < stated <= MOST_CREDITS


def _unique(document: Document, key: str, column: str) -> None:
    first: dict[Hashable, int] = {}
    for place, row in document.rows(key):
        value = row.get(column)
        if not isinstance(value, str | int):
            continue
        line = document.line(key, place, column)
        if value in first:
            noun = key.removesuffix("s")
            document.fault((key, place, column), f"another {noun} has the {column} {value} already, on line {first[value]}")
        first.setdefault(value, line)


def _no_circles(document: Document) -> None:
    """Courses that stand for one another in a circle. Each circle is broken where it is found, to find the next."""
    places: dict[tuple[str, str], Loc] = {}
    for place, row in document.rows("courses"):
        listed = row.get("satisfies")
        for step, entry in enumerate(listed if isinstance(listed, tuple) else ()):
            if isinstance(entry, dict) and isinstance(row.get("code"), str) and isinstance(entry.get("course"), str):
                places.setdefault((row["code"], entry["course"]), ("courses", place, "satisfies", step, "course"))
    links = set(places)
    while (circle := _circle(links)) is not None:
        pairs = list(pairwise(circle))
        told = ", and ".join(f"`{course}` satisfies `{other}`" for course, other in pairs)
        last = max(pairs, key=lambda pair: (document.line(*places[pair]), places[pair]))
        reason = "a course cannot stand for itself" if len(pairs) == 1 else f"{told}: that goes round in a circle"
        document.fault(places[last], f"{reason}; take one link out" if len(pairs) > 1 else f"{reason}: take it out")
        links.discard(last)


def _circle(links: set[tuple[str, str]]) -> list[str] | None:
    """Some circle, each course satisfying the next and the first again at the end; None where there is none."""
    order: TopologicalSorter[str] = TopologicalSorter()
    for course, other in sorted(links):
        order.add(course, other)
    try:
        order.prepare()
    except CycleError as error:
        circle = list(reversed(error.args[1]))  # it lists what comes before first
        first = circle.index(min(circle[:-1]))
        return [*circle[first:-1], *circle[:first], circle[first]]
    return None
