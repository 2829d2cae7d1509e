"""Hubs, drivers, vehicles, skills, shifts: who and what can carry."""
