"""The `Stripe-Signature` header: https://docs.stripe.com/webhooks#verify-manually."""

import hashlib
import hmac


def sign(payload: bytes, *, secret: str, at: int) -> str:
    signed = f"{at}.".encode() + payload
    digest = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"
