"""Xero's face: the ledger in the protocol of its Accounting API 2.0, its identity server and connections."""
