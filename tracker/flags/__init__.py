"""Features that staff switch on for all customers, for none, or for some."""
