"""Certificates: who a device is on MQTT, issued and revoked by our own authority."""
