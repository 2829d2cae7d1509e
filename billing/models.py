"""All models of the app, gathered from its capabilities for Django."""

__all__: list[str] = []
