"""A union of any size that does not exist: real locals, invented people, and three years of learning.

It stands beside the doors and like them uses `intake` and `operations`, through which every one of its facts goes; nothing
but the command line knows of it. The same seed, size and day give the same facts.

- `union`     the locals, their districts and how many members each gets
- `people`    names, e-mail addresses and cards
- `asking`    who is asked for which path
- `learning`  what everyone completed, and how sure the union is of it
- `accounts`  the provider's list of their accounts
- `under_way` what each of its people finds to do, and some that is done
- `building`  all of it, recorded

``locals.csv`` holds the locals that public sources name. What those do not say (most districts, every size) is assumed here
for the demonstration and is no statement about any local.
"""
