"""Frozen reports: a unit's figures as they stood at one moment, as files that nobody changes and anyone can check.

- `shapes`        what one holds, in plain values
- `reading`       all of it, in one consistent read; `denominators` why so many, for all paths at once
- `hiding`        which figures are too small a group to show
- `tables`        its tables; `wording` its method, in words
- `pack`          its files, their manifest, and the hash that stands for all
- `listing`       those there are, and what the manifest of one says
- `checking`      whether its files are still those that were frozen; whether a file is one of them
- `restating`     whether its figures would be others today; `touching` by which facts
"""
