"""``courses.yaml`` → a typed catalogue, every fault with line and column."""

from tracker.curriculum.catalogue.nouns import (
    Catalogue,
    CatalogueCourse,
    CataloguePath,
    CatalogueSection,
    Principle,
    Satisfies,
)
from tracker.curriculum.catalogue.reading import CatalogueFaults, read_catalogue

__all__ = [
    "Catalogue",
    "CatalogueCourse",
    "CatalogueFaults",
    "CataloguePath",
    "CatalogueSection",
    "Principle",
    "Satisfies",
    "read_catalogue",
]
