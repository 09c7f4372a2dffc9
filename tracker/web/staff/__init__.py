"""Training staff: what waits for them, members and their records, assignments, imports. Auditors read all of it.

- `door`       the blueprint, and what its pages share
- `work`       the work list, and the lists behind it
- `reviewing`  what members logged themselves: judged one at a time
- `people`     members: finding them, their records, what staff do to one
- `history`    everything that was ever recorded about one
- `voiding`    taking completions out of the figures: one, or many with a second person
- `assigning`  asking many for a path, after seeing what it would do
- `desk`       who a reported learner is, and which course a reported one
- `merging`    two members who are one person
- `importing`  files in, after seeing what they would do
- `notices`    the mail that goes out
- `held`       what rosters ask for that could give an account away
- `profiles`   how other providers' tables are read
- `correcting` what members say is wrong
- `classes`    classes that were held, for people of any local
- `erasing`    what a member asked for on paper: their archive, and their erasure
- `eligibility` whom locals have confirmed, to be invited
- `rules`      the policy and the catalogue in force, as people can read them
- `catalogue`  paths with their versions, courses and who uses them
- `simulating` what a change of the catalogue would do
"""

from tracker.web.staff import (
    assigning,
    catalogue,
    classes,
    correcting,
    desk,
    eligibility,
    erasing,
    held,
    history,
    importing,
    merging,
    notices,
    people,
    profiles,
    reviewing,
    rules,
    simulating,
    voiding,
    work,
)
from tracker.web.staff.door import staff

__all__ = [
    "assigning",
    "catalogue",
    "classes",
    "correcting",
    "desk",
    "eligibility",
    "erasing",
    "held",
    "history",
    "importing",
    "merging",
    "notices",
    "people",
    "profiles",
    "reviewing",
    "rules",
    "simulating",
    "staff",
    "voiding",
    "work",
]
