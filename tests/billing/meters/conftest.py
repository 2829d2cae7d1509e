"""What the tests of meters stand on: the edge's ground beside the monolith, and every record as it is now."""

from tests.ingest_lambda.consumer.conftest import client, edge_url, ground, known, owner_url, redis_url, store

__all__ = ["client", "edge_url", "ground", "known", "owner_url", "redis_url", "store"]
