"""Addresses of the board, under /console/dispatch/board/."""

from django.urls import path

from dispatch.manifests import board_views

urlpatterns = [
    path("", board_views.board, name="console_board"),
    path("document/", board_views.board_document, name="console_board_document"),
    path("preview/", board_views.board_preview, name="console_board_preview"),
    path("apply/", board_views.board_apply, name="console_board_apply"),
    path("undo/<str:override_id>/", board_views.board_undo, name="console_board_undo"),
    path("move/<str:shipment_id>/", board_views.board_move, name="console_board_move"),
]
