"""Shipments as stored events: what must arrive, and all that happened to it."""
