"""The console's own pages: landing, overview, quickstart, the switch between environments, error pages."""
