"""What became of every report: counts, reports set aside, dead letters. Written by the edge, read here."""
