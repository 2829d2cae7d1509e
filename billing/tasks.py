"""The ticks of billing that Celery's beat sends: each idempotent, each one call of a service."""
