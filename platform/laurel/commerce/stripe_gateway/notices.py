"""What Stripe's webhooks say, once their signature is right. (specs/payments.md §1, §7)"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import stripe

from laurel.commerce.gateway import ForgedNoticeError, Notice

TOLERANCE = timedelta(seconds=300)


def read_notice(payload: bytes, signature: str, secrets: Sequence[str], *, now: datetime) -> Notice:
    """The event in a webhook's body, if one of `secrets` signed it within the last five minutes; ForgedNoticeError else.

    Hostile bodies and headers make stripe-python raise many kinds of errors: all of them mean the same.
    """
    try:
        _check_signature(payload, signature, secrets, now=now)
        return notice_of(json.loads(payload.decode()))
    except Exception as error:
        raise ForgedNoticeError from error


def _check_signature(payload: bytes, signature: str, secrets: Sequence[str], *, now: datetime) -> None:
    refused: Exception = ValueError("no webhook secret is configured")
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(payload, signature, secret, int(TOLERANCE.total_seconds()))
        except stripe.SignatureVerificationError as error:
            refused = error
        else:
            break
    else:
        raise refused
    stamp = next(part.partition("=")[2] for part in signature.split(",") if part.startswith("t="))
    if int(stamp) > (now + TOLERANCE).timestamp():
        raise ValueError("signed in the future")


def notice_of(event: dict[str, Any]) -> Notice:
    """What we use of an event; ValueError and the like if it is none."""
    if event["object"] == "v2.core.event":  # a thin event names its object and nothing else
        return Notice(
            id=_text(event["id"]),
            type=_text(event["type"]).removeprefix("v1."),
            object_id=_text(event["related_object"]["id"]),
            is_live=event["livemode"] is True,
            account=event.get("context"),
            created_at=datetime.fromisoformat(event["created"]).astimezone(UTC),
            api_version=None,
            payload=event,
        )
    if event["object"] != "event":
        raise ValueError("not an event")
    return Notice(
        id=_text(event["id"]),
        type=_text(event["type"]),
        object_id=_text(event["data"]["object"].get("id") or ""),
        is_live=event["livemode"] is True,
        account=event.get("account"),
        created_at=datetime.fromtimestamp(event["created"], UTC),
        api_version=event.get("api_version"),
        payload=event,
    )


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > 255:
        raise ValueError("not a name")
    return value
