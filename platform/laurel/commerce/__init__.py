"""Offerings, orders, payments and entitlements."""
