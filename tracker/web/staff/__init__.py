"""Training staff: what waits for them, members and their records, assignments, imports. Auditors read all of it.

- `door`       the blueprint, and what its pages share
- `work`       the work list, and the lists behind it
- `people`     members: finding them, their records, what staff do to one
- `assigning`  asking many for a path, after seeing what it would do
- `importing`  files in, after seeing what they would do
"""

from tracker.web.staff import assigning, importing, people, work
from tracker.web.staff.door import staff

__all__ = ["assigning", "importing", "people", "staff", "work"]
