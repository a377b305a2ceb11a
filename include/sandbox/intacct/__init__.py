"""Sage Intacct's face: the ledger as one company with entities, in the protocols of its REST API and XML gateway."""
