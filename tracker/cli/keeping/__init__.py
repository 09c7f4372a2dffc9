"""`tracker backup` and `tracker restore`: everything that matters in one file, and back again.

- `commands`   what the operator types, and what is said
- `archive`    the file: a tar in which no byte may be another than was written
- `instance`   what of the instance folder is kept, and what is made anew
- `databases`  the database as a stream, out and in, on either engine
- `taking`     a backup, while others write
- `restoring`  into an empty place, whole or not at all
"""

from tracker.cli.keeping import commands  # noqa: F401 — adds its commands to `main`
