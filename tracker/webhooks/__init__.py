"""Endpoints of customers, what they are owed, and every attempt to deliver it."""
