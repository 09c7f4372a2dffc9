"""Files in: drop one, see what it looks like and what it would do, record it, and take it back if it was wrong.

- `uploading`  the file, and what it holds; past imports and those on their way
- `process`    the process of its own that each file is read in
- `jobs`       one import on its way: how far it is, what it would do, and the word that records it
- `asking`     what a person can say of a table's columns
- `columns`    the page that asks it, of a table that nobody knows yet
- `batches`    one import that was recorded: how its rows ended, the file of outcomes, and taking it back
"""

from tracker.web.staff.importing import batches, columns, jobs, uploading

__all__ = ["batches", "columns", "jobs", "uploading"]
