"""Members: their own record, logging a course, and what they ask and show of it.

- `door`         the blueprint, and whose record it opens
- `record`       my record, and what a path asks
- `completions`  logging a course, from the list of courses to "already recorded"
- `sending`      the form of a completed course, and the file that is sent with it
- `proofs`       statements to show
- `opened`       who has opened my record
- `archive`      my data
- `joining`      paths I can join
- `correcting`   what is wrong
"""

from tracker.web.members import archive, completions, correcting, joining, opened, proofs, record
from tracker.web.members.door import members, own_record
from tracker.web.members.sending import CompletionForm

__all__ = [
    "CompletionForm",
    "archive",
    "completions",
    "correcting",
    "joining",
    "members",
    "opened",
    "own_record",
    "proofs",
    "record",
]
