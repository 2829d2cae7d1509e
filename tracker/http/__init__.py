"""Manners of the web side: errors, correlation, paging, security headers. No business."""
