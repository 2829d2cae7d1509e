"""The WebSocket addresses of the live map."""

from django.urls import path

from tracker.live.consumers import LiveConsumer

websocket_urlpatterns = [path("ws/live/", LiveConsumer.as_asgi())]
