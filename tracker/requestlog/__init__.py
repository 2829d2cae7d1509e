"""The customers' request log: what the API and the ingest door answered in the last days, found again by its id."""
