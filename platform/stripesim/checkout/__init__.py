"""Checkout sessions: what may be asked for, what it costs, how it ends."""
