"""The driver's page: sign-in, manifest, actions done without a network."""
