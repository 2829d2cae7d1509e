"""Invoices: a month priced, looked at while it runs, and closed once."""
