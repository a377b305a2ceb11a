"""NetSuite's protocol over the ledger: one account whose subsidiaries are the ledger's entities; see server.py."""
