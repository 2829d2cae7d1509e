"""The console's pages of shipments."""
