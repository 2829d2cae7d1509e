"""A made-up fleet that drives in real time and reports like phones do, for demos and tests."""
