"""Around Mosquitto: runs it, lets revocations take hold within seconds, and notices what it denies. See `__main__`."""
