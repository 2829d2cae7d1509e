"""The released routes: versions, acknowledgement, overrides and what is learned from them."""
