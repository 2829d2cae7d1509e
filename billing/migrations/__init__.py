"""The schema of what is owed, step by step."""
