"""Completion, predicted misses, utilisation, fairness of the day."""
