"""Reports: how much of each path is covered, where, and why. Each page has its files: `.csv` and `.xlsx` of the same report.

- `door`     the blueprint, and how a report becomes a file
- `union`    `/reports/`: every unit the reader may see × every path
- `units`    one local or district: figures, denominators, members
- `paths`    one path: its locals, ranked
- `members`  one member on one path: why
- `access`   who cannot get in at the provider, and who has not done it
"""

from tracker.web.reports import access, members, paths, union, units
from tracker.web.reports.door import reports

__all__ = ["access", "members", "paths", "reports", "union", "units"]
