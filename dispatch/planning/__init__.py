"""Windows and runs: when a zone is planned, by what problem, with what result."""
