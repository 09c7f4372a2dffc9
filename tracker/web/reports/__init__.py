"""Reports: how much of each path is covered, where, and why. Each page has its files: `.csv`, `.xlsx`, `.pdf` of the same.

- `door`     the blueprint, and how a report becomes a file
- `union`    `/reports/`: every unit the reader may see × every path
- `districts`  one district
- `units`    one local: figures, denominators, members
- `push`     whom to call, so that a local reaches its target
- `paths`    one path: its locals, ranked; where people stop
- `compare`  one path on two days
- `charts`   every picture of these, on its own and as a file
- `priorities`  where to train next
- `second_cards` by name, why locals add up to more than the people above
- `members`  one member on one path: why
- `frozen`   reports as they stood at one moment, and freezing one
- `access`   who cannot get in at the provider, and who has not done it
- `one_page` a local's figure on one page, for its meeting
- `exporting` files that are too long to be answered at once
"""

from tracker.web.reports import (
    access,
    charts,
    compare,
    districts,
    frozen,
    members,
    one_page,
    paths,
    priorities,
    push,
    second_cards,
    union,
    units,
)
from tracker.web.reports.door import reports
from tracker.web.reports.exporting import pages as exporting

__all__ = [
    "access",
    "charts",
    "compare",
    "districts",
    "exporting",
    "frozen",
    "members",
    "one_page",
    "paths",
    "priorities",
    "push",
    "reports",
    "second_cards",
    "union",
    "units",
]
