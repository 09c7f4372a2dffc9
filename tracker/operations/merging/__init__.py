"""Two members who turn out to be one person, made one. Nothing is re-pointed: a fact of the one is voided and recorded anew
for the other, under a batch of its own, so that what was known before stays known and the merge can be undone.

- `acting`  the act, what it refuses, and the end of undoing it
- `facts`   cards, what is asked, what excuses, what was completed
- `people`  sign-ins, and what they are found by
- `merge`   what the steps share
"""

from tracker.operations.merging.acting import let_wait_unmerged, merge_members
from tracker.operations.merging.facts import SAME
from tracker.operations.merging.merge import KIND, Merged

__all__ = ["KIND", "SAME", "Merged", "let_wait_unmerged", "merge_members"]
