"""Reports: how much of each path is covered, where, and why. Each page has its files: `.csv` and `.xlsx` of the same report.

- `door`     the blueprint, and how a report becomes a file
- `union`    `/reports/`: every unit the reader may see × every path
- `units`    one local or district: figures, denominators, members
- `paths`    one path: its locals, ranked
- `members`  one member on one path: why
"""

from tracker.web.reports import members, paths, union, units
from tracker.web.reports.door import reports

__all__ = ["members", "paths", "reports", "union", "units"]
