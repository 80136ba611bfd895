"""Discount codes at Stripe: coupons under names of ours. (specs/payments.md §6, §9)"""

import json

import stripe

from laurel.commerce.gateway import CouponDetails
from laurel.commerce.stripe_gateway.client import StripeConnection, frozen, plain_errors, when_not_busy

EXISTS = "resource_already_exists"


class Coupons(StripeConnection):
    """Making coupons. What one takes off never changes: another one gets another name."""

    def freeze_coupon(self, details: CouponDetails) -> str:
        taken = (
            {"percent_off": details.percent}
            if details.percent is not None
            else {"amount_off": details.amount, "currency": details.currency}
        )
        names = {"code_id": details.code_ref, "env": details.env}
        return frozen({"id": details.ref, "name": details.name, "duration": "once", "metadata": names, **taken})

    def create_coupon(self, request: str, *, key: str) -> str:
        """Make the coupon; returns its name. One of this name that is there already is the same one."""
        params = json.loads(request)
        with plain_errors():
            try:
                return when_not_busy(lambda: self.patient.v1.coupons.create(params, {"idempotency_key": key})).id
            except stripe.InvalidRequestError as error:
                if error.code != EXISTS:
                    raise
                return str(params["id"])
