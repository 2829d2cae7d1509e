"""The evidence pack of a shipment: one file that a stranger can check without us."""
