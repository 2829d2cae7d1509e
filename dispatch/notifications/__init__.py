"""What people are told: once per shipment, template and channel."""
