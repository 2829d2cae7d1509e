"""What is metered, how much of it was used, hour by hour, and who reads that."""
