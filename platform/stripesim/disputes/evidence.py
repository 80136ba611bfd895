"""Evidence: what a shop tells the bank. The sandbox keeps texts; it has no files."""

from stripesim.api.shape import Field, Group, Text, Unsettable
from stripesim.store import Doc

TEXTS = (
    "access_activity_log",
    "billing_address",
    "cancellation_policy_disclosure",
    "cancellation_rebuttal",
    "customer_email_address",
    "customer_name",
    "customer_purchase_ip",
    "duplicate_charge_explanation",
    "duplicate_charge_id",
    "product_description",
    "refund_policy_disclosure",
    "refund_refusal_explanation",
    "service_date",
    "shipping_address",
    "shipping_carrier",
    "shipping_date",
    "shipping_tracking_number",
    "uncategorized_text",
)
FILES = (
    "cancellation_policy",
    "customer_communication",
    "customer_signature",
    "duplicate_charge_documentation",
    "receipt",
    "refund_policy",
    "service_documentation",
    "shipping_documentation",
    "uncategorized_file",
)
NONE_YET: Doc = {**dict.fromkeys(sorted((*TEXTS, *FILES))), "enhanced_evidence": {}}
MOST_CHARACTERS = 150_000
_FIELDS: dict[str, Field] = {name: Unsettable(Text(20_000)) for name in TEXTS}
SHAPE = Group(_FIELDS)

# Texts that decide a dispute at once, as in Stripe's test mode.
DECISIVE = {"winning_evidence": "won", "losing_evidence": "lost"}
