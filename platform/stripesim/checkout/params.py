"""Every parameter that `POST /v1/checkout/sessions` takes. Any other one is a 400."""

from stripesim import money
from stripesim.api.shape import (
    Boolean,
    Choice,
    Currency,
    Email,
    Field,
    Group,
    Integer,
    ListOf,
    Metadata,
    Range,
    Text,
    Unsettable,
    Url,
)

_LOCALES = (
    "auto bg cs da de el en en-GB es es-419 et fi fil fr fr-CA hi-IN hr hu id it ja ko lt lv ms mt "
    "nb nl pl pt pt-BR ro ru sk sl sv th tr vi zh zh-HK zh-TW"
)
LOCALES = tuple(_LOCALES.split())
LIABILITY = Group({"account": Text(), "type": Choice(("account", "self"))}, ("type",))
MESSAGE = Unsettable(Group({"message": Text(1200)}, ("message",)))

PRODUCT_DATA = Group(
    {
        "description": Text(),
        "images": ListOf(Url(), most=8),
        "metadata": Metadata(),
        "name": Text(),
        "tax_code": Text(),
        "unit_label": Text(),
    },
    ("name",),
)
PRICE_DATA = Group(
    {
        "currency": Currency(),
        "product_data": PRODUCT_DATA,
        "tax_behavior": Choice(("exclusive", "inclusive", "unspecified")),
        "unit_amount": Integer(0, money.MAXIMUM),
    },
    ("currency", "product_data", "unit_amount"),
)
LINE_ITEM = Group(
    {"metadata": Metadata(), "price_data": PRICE_DATA, "quantity": Integer(1, 999_999)},
    ("price_data", "quantity"),
)
INVOICE_DATA = Group(
    {
        "account_tax_ids": Unsettable(ListOf(Text())),
        "custom_fields": Unsettable(ListOf(Group({"name": Text(40), "value": Text(140)}, ("name", "value")), most=4)),
        "description": Text(1500),
        "footer": Text(),
        "issuer": LIABILITY,
        "metadata": Metadata(),
        "rendering_options": Unsettable(
            Group(
                {
                    "amount_tax_display": Unsettable(Choice(("exclude_tax", "include_inclusive_tax"))),
                    "template": Text(),
                }
            )
        ),
    }
)
PAYMENT_INTENT_DATA = Group(
    {
        "description": Text(1000),
        "metadata": Metadata(),
        "receipt_email": Email(),
        "statement_descriptor": Text(22),
        "statement_descriptor_suffix": Text(22),
    }
)
FIELDS: dict[str, Field] = {
    "adaptive_pricing": Group({"enabled": Boolean()}),
    "allow_promotion_codes": Boolean(),
    "automatic_tax": Group({"enabled": Boolean(), "liability": LIABILITY}, ("enabled",)),
    "billing_address_collection": Choice(("auto", "required")),
    "cancel_url": Url(),
    "client_reference_id": Text(200),
    "consent_collection": Group(
        {
            "payment_method_reuse_agreement": Group({"position": Choice(("auto", "hidden"))}, ("position",)),
            "promotions": Choice(("auto", "none")),
            "terms_of_service": Choice(("none", "required")),
        }
    ),
    "currency": Currency(),
    "custom_text": Group(
        {
            "after_submit": MESSAGE,
            "shipping_address": MESSAGE,
            "submit": MESSAGE,
            "terms_of_service_acceptance": MESSAGE,
        }
    ),
    "customer": Text(),
    "customer_creation": Choice(("always", "if_required")),
    "customer_email": Email(),
    "customer_update": Group(
        {
            "address": Choice(("auto", "never")),
            "name": Choice(("auto", "never")),
            "shipping": Choice(("auto", "never")),
        }
    ),
    "discounts": ListOf(Group({"coupon": Text(), "promotion_code": Text()}), most=1),
    "expires_at": Integer(0),
    "invoice_creation": Group({"enabled": Boolean(), "invoice_data": INVOICE_DATA}, ("enabled",)),
    "line_items": ListOf(LINE_ITEM),
    "locale": Choice(LOCALES),
    "metadata": Metadata(),
    "mode": Choice(("payment", "setup", "subscription")),
    "payment_intent_data": PAYMENT_INTENT_DATA,
    "phone_number_collection": Group({"enabled": Boolean()}, ("enabled",)),
    "submit_type": Choice(("auto", "book", "donate", "pay", "subscribe")),
    "success_url": Url(),
    "tax_id_collection": Group({"enabled": Boolean(), "required": Choice(("if_supported", "never"))}, ("enabled",)),
    "ui_mode": Choice(("elements", "embedded_page", "form", "hosted_page")),
}
CREATE = Group(FIELDS)
UPDATE = Group({"metadata": Metadata()})
FILTERS: dict[str, Field] = {
    "created": Range(),
    "customer": Text(),
    "customer_details": Group({"email": Email()}, ("email",)),
    "payment_intent": Text(),
    "status": Choice(("complete", "expired", "open")),
}
