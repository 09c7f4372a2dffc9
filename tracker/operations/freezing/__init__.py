"""Freezing a report: its files first, then its row, so that nothing is ever half frozen.

A door reads the figures while it holds off other writers (:func:`figures_to_freeze`), makes the files of them outside, keeps
them (:func:`kept_pack`), and records the report while they are kept (:func:`record_frozen`).
"""

from __future__ import annotations

from tracker.operations.freezing.freezing import figures_to_freeze, new_code, record_frozen
from tracker.operations.freezing.keeping import frozen_folder, kept_pack, sweep_orphans

__all__ = ["figures_to_freeze", "frozen_folder", "kept_pack", "new_code", "record_frozen", "sweep_orphans"]
