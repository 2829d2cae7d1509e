"""The story of one report, put together from what the stream, the database and the logs still hold of it."""
