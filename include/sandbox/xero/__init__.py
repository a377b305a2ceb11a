"""Xero's face: the sandbox's ledger in the protocol of Xero's Accounting API 2.0, its identity server and connections."""
