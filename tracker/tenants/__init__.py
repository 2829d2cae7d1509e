"""Customers, their people and their boxes of data. Owns the fences; knows nothing of devices."""
