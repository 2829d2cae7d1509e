"""The ledger: every amount twice, nothing ever changed."""
