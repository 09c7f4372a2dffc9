"""The abuse cases of the threat model, each with the tests that reproduce it: `test_every_row` holds the list true."""
