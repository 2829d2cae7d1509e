"""Zones: drafts, published versions, what devices did in them."""
