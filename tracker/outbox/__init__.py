"""What happened, kept in the transaction in which it happened, for whoever must hear of it."""
