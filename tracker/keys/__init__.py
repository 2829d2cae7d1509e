"""Keys of an environment: minted once, stored as a hash, revocable. The format is `ingest_lambda.keys`."""
