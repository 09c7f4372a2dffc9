"""Everything that is kept about one member, for that member, as one archive.

- `tables`   which tables are in it and how their rows are found, and which are not, and why
- `reading`  the rows, with other people told by their role alone
- `packing`  the archive itself
"""

from tracker.coverage.archive.packing import Packed, write_archive
from tracker.coverage.archive.reading import Whose, counts_of, whose
from tracker.coverage.archive.tables import GIVEN, LEFT_OUT

__all__ = ["GIVEN", "LEFT_OUT", "Packed", "Whose", "counts_of", "whose", "write_archive"]
