"""Who and where: tenants, keys, devices, positions, the live map."""
