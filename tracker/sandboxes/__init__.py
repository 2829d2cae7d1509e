"""Throw-away test environments, each with a city in which made-up vehicles drive."""
