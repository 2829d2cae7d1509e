"""A small fleet to look at, in the demo tenant."""
