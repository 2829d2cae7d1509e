"""Shipments from files and addresses: uploads row by row, and geocoding."""
