"""Connect a device: what to enter in each app, links and QR codes that do it, and whether the first fix came."""
