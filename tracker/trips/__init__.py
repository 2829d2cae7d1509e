"""Trips to a destination, their links, and the movement observed on the way."""
