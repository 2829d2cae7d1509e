"""Recordings of real journeys, read from files and posted through the ingest endpoint like a phone would."""
