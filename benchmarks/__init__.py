"""How fast the tracker is beside plain SQL on the same engine: see README.md, and `make bench`."""
