"""What is owed: meters, plans, the ledger, invoices, the spend guard and payments."""
