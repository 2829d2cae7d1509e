"""The customer's page of one shipment."""
