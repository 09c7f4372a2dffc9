"""Erasing a member: what is left says nothing of who they were, and counts as it did.

- `tables`   what becomes of every table, and which stay as they are, and why
- `whom`     by what everything about a member is found
- `erasing`  the act, what it refuses, and what it did
- `lasting`  the file beside the database that a restored backup is put right with
"""

from tracker.operations.erasing.erasing import LONGEST_REASON, Erasing, Original, erase_member, refuse_erasing
from tracker.operations.erasing.lasting import (
    ErasedLine,
    add_lines,
    drop_files,
    erased_lines,
    erasures_file,
    examine_erasures,
    keep_erasures,
    readable_lines,
    reapply_erasures,
    settle_files,
)
from tracker.operations.erasing.tables import ERASED, KEPT, KEPT_COLUMNS, PSEUDONYM

__all__ = [
    "ERASED",
    "KEPT",
    "KEPT_COLUMNS",
    "LONGEST_REASON",
    "PSEUDONYM",
    "ErasedLine",
    "Erasing",
    "Original",
    "add_lines",
    "drop_files",
    "erase_member",
    "erased_lines",
    "erasures_file",
    "examine_erasures",
    "keep_erasures",
    "readable_lines",
    "reapply_erasures",
    "refuse_erasing",
    "settle_files",
]
