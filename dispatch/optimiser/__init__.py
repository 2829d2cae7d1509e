"""The optimiser: problems in, plans out. No Django, no input or output."""
