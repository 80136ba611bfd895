"""What no real Stripe offers: faults on demand, hostile delivery, a clock that jumps."""
