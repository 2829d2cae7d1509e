"""Certificates of devices: issued by our authority, shown once with their key, revocable within seconds."""
