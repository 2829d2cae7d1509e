"""Storms: faults of an integration that are recognised, coalesced and billed nothing."""
