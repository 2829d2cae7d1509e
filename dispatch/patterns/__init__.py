"""Patterns in overrides: found weekly, proposed as constraints, in force once a person accepts them."""
