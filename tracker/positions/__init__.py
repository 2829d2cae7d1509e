"""History: the positions kept, by day."""
