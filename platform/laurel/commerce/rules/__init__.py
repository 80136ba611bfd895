"""The rules of selling: states, prices, and what a payment must match. Pure and exact. (specs/payments.md)"""

from laurel.commerce.rules.checkouts import (
    ATTEMPT_FROM,
    KEY_LIFETIME,
    LIFETIME,
    LIVE_ATTEMPTS,
    MAX_FAILURES,
    TIME_TO_PAY,
    AttemptFacts,
    AttemptState,
    OrderTerms,
    SeenCheckout,
    SeenPayment,
    Step,
    find_mismatches,
    find_opening_mismatches,
    next_step,
)
from laurel.commerce.rules.discounts import CodeTerms, DiscountUseState
from laurel.commerce.rules.entitlements import ENTITLEMENT_FROM, EntitlementSource, EntitlementStatus
from laurel.commerce.rules.inbox import RETRY_AFTER, InboxStatus, next_try
from laurel.commerce.rules.moving import advance, may_become
from laurel.commerce.rules.offers import (
    MAXIMUM,
    MINIMUM,
    OfferingKind,
    TaxBehavior,
    Wish,
    check_price,
    check_quantity,
    check_total,
    purchase_key,
)
from laurel.commerce.rules.orders import OPEN_STATES, ORDER_FROM, PAYABLE_STATES, OrderState
from laurel.commerce.rules.payments import PaymentKind
from laurel.commerce.rules.refunds import REFUND_FROM, AccessEffect, RefundOrigin, RefundReason, RefundState
from laurel.commerce.rules.retakes import MAX_RETAKES, RetakeFacts, RetakeObstacle, find_retake_obstacle
from laurel.commerce.rules.seats import MAX_SEATS, VOUCHER_FROM, VoucherStatus

__all__ = [
    "ATTEMPT_FROM",
    "ENTITLEMENT_FROM",
    "KEY_LIFETIME",
    "LIFETIME",
    "LIVE_ATTEMPTS",
    "MAXIMUM",
    "MAX_FAILURES",
    "MAX_RETAKES",
    "MAX_SEATS",
    "MINIMUM",
    "OPEN_STATES",
    "ORDER_FROM",
    "PAYABLE_STATES",
    "REFUND_FROM",
    "RETRY_AFTER",
    "TIME_TO_PAY",
    "VOUCHER_FROM",
    "AccessEffect",
    "AttemptFacts",
    "AttemptState",
    "CodeTerms",
    "DiscountUseState",
    "EntitlementSource",
    "EntitlementStatus",
    "InboxStatus",
    "OfferingKind",
    "OrderState",
    "OrderTerms",
    "PaymentKind",
    "RefundOrigin",
    "RefundReason",
    "RefundState",
    "RetakeFacts",
    "RetakeObstacle",
    "SeenCheckout",
    "SeenPayment",
    "Step",
    "TaxBehavior",
    "VoucherStatus",
    "Wish",
    "advance",
    "check_price",
    "check_quantity",
    "check_total",
    "find_mismatches",
    "find_opening_mismatches",
    "find_retake_obstacle",
    "may_become",
    "next_step",
    "next_try",
    "purchase_key",
]
