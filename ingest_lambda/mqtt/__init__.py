"""From the MQTT broker to the stream: the bridge process. `python -m ingest_lambda.mqtt` runs it."""
