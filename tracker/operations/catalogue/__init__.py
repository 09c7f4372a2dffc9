"""The curriculum as its file says: courses mirrored, paths in immutable versions, nothing deleted."""

from tracker.operations.catalogue.applying import apply_catalogue
from tracker.operations.catalogue.outcome import CatalogueApplied

__all__ = ["CatalogueApplied", "apply_catalogue"]
