"""A small server that speaks Stripe's HTTP API offline, so that a shop can be tried without a key.

It shares no code with the shop and none with the `stripe` package: what it says is checked by both.
"""

API_VERSION = "2026-10-28.endive"
