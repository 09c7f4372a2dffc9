"""The union's rules, pure: no web, no database, no clock, no files (see README.md beside this file)."""
