"""Imports as wholes: taking one back."""

from tracker.operations.batches.touched import UndoPreview, what_undo_touches
from tracker.operations.batches.undoing import Undone, undo_batch

__all__ = ["UndoPreview", "Undone", "undo_batch", "what_undo_touches"]
