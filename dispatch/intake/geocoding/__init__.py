"""Addresses to places: a gazetteer of the customer's own, providers over HTTP, memory, and persons above all."""
