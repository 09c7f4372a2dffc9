"""Statements that a member makes for others to check: worked out anew each time they are read, never kept.

- `keeping`   a member's statements, and the one that an address names
- `stating`   what a statement says on a day
- `words`     the same in sentences
- `printing`  the same as a file
"""

from tracker.coverage.proofs.keeping import CODE_LENGTH, code_of, has_died, live_proof, proofs_of, tells_locals
from tracker.coverage.proofs.printing import proof_pdf
from tracker.coverage.proofs.stating import Statement, provable_paths, statement_of, waiting_courses
from tracker.coverage.proofs.words import about, day_line, finding, heading, notes, right_in_words

__all__ = [
    "CODE_LENGTH",
    "Statement",
    "about",
    "code_of",
    "day_line",
    "finding",
    "has_died",
    "heading",
    "live_proof",
    "notes",
    "proof_pdf",
    "proofs_of",
    "provable_paths",
    "right_in_words",
    "statement_of",
    "tells_locals",
    "waiting_courses",
]
