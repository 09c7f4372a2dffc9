"""Training staff: what waits for them, members and their records, assignments, imports. Auditors read all of it.

- `door`       the blueprint, and what its pages share
- `work`       the work list, and the lists behind it
- `people`     members: finding them, their records, what staff do to one
- `assigning`  asking many for a path, after seeing what it would do
- `desk`       who a reported learner is, and which course a reported one
- `merging`    two members who are one person
- `importing`  files in, after seeing what they would do
- `held`       what rosters ask for that could give an account away
- `profiles`   how other providers' tables are read
- `rules`      the policy and the catalogue in force, as people can read them
- `simulating` what a change of the catalogue would do
"""

from tracker.web.staff import assigning, desk, held, importing, merging, people, profiles, rules, simulating, work
from tracker.web.staff.door import staff

__all__ = [
    "assigning",
    "desk",
    "held",
    "importing",
    "merging",
    "people",
    "profiles",
    "rules",
    "simulating",
    "staff",
    "work",
]
