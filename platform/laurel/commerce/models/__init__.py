"""What is for sale, who bought it, what was paid, and which rights that gave. (specs/payments.md §4)"""

from laurel.commerce.models.discounts import DiscountCode, DiscountCodeOffering, DiscountUse
from laurel.commerce.models.entitlements import Entitlement
from laurel.commerce.models.inbox import ReviewTask, StripeEvent
from laurel.commerce.models.offers import Offering, Price
from laurel.commerce.models.orders import Order, OrderLine
from laurel.commerce.models.payments import CheckoutAttempt, LedgerEntry, Payment, PaymentCustomer
from laurel.commerce.models.receipts import Receipt, ReceiptSeries
from laurel.commerce.models.reconciling import ReconcileRun
from laurel.commerce.models.refunds import Dispute, Refund, RefundLine
from laurel.commerce.models.reminders import CheckoutReminder
from laurel.commerce.models.renewals import RenewalFee, RenewalPermit
from laurel.commerce.models.seats import ExamCredit, SeatPool, Voucher

__all__ = [
    "CheckoutAttempt",
    "CheckoutReminder",
    "DiscountCode",
    "DiscountCodeOffering",
    "DiscountUse",
    "Dispute",
    "Entitlement",
    "ExamCredit",
    "LedgerEntry",
    "Offering",
    "Order",
    "OrderLine",
    "Payment",
    "PaymentCustomer",
    "Price",
    "Receipt",
    "ReceiptSeries",
    "ReconcileRun",
    "Refund",
    "RefundLine",
    "RenewalFee",
    "RenewalPermit",
    "ReviewTask",
    "SeatPool",
    "StripeEvent",
    "Voucher",
]
