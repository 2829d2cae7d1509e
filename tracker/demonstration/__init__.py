"""The demo tenant that a fresh installation begins with."""
