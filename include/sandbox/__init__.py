"""A sandbox: one ledger of receivables that knows its own truth, served in the protocols of vendors.

`ledger.Ledger` holds the books of one or more entities; `serving.serve` serves them in the protocol of a
face, which is a package beside this file; `python -m include.sandbox` does the same from a shell.
"""
