"""What the edge must know of the database: limits, bounds, units and revoked keys, in one feed."""
