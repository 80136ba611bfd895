"""A checkout session as the API shows it, made from the parameters that asked for it."""

from typing import Any

from stripesim.addresses import address
from stripesim.ids import new_id
from stripesim.metadata import merged
from stripesim.payments.methods import options_for, types_for
from stripesim.store import Doc

DEFAULT_LIFETIME = 24 * 3600
TEXTS = ("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")


def make_document(params: dict[str, Any], *, customer: Doc | None, now: int, public_url: str) -> Doc:
    """An open session without its amounts."""
    session_id = new_id("cs_test", length=58)
    currency = params["line_items"][0]["price_data"]["currency"]
    is_taxed = params.get("automatic_tax", {}).get("enabled", False)
    return {
        **_always(params),
        **_wishes(params),
        "id": session_id,
        "object": "checkout.session",
        "automatic_tax": {
            "enabled": is_taxed,
            "liability": {"type": "self"} if is_taxed else None,
            "provider": "stripe" if is_taxed else None,
            "status": "requires_location_inputs" if is_taxed else None,
        },
        "created": now,
        "currency": currency,
        "customer": customer["id"] if customer else None,
        "customer_creation": None if customer else params.get("customer_creation", "if_required"),
        "customer_details": _expected_buyer(params, customer),
        "expires_at": params.get("expires_at", now + DEFAULT_LIFETIME),
        "invoice_creation": _invoice_creation(params.get("invoice_creation", {})),
        "payment_method_options": options_for(currency, card={"request_three_d_secure": "automatic"}),
        "payment_method_types": types_for(currency),
        "url": f"{public_url}/sandbox/pay/{session_id}",
    }


def _wishes(params: dict[str, Any]) -> Doc:
    """The fields that repeat what the shop asked for."""
    repeated = (
        "allow_promotion_codes",
        "billing_address_collection",
        "cancel_url",
        "client_reference_id",
        "customer_email",
        "locale",
        "submit_type",
        "success_url",
    )
    consent = params.get("consent_collection")
    names = ("payment_method_reuse_agreement", "promotions", "terms_of_service")
    texts = params.get("custom_text", {})
    tax_id = params.get("tax_id_collection", {})
    return {
        **{name: params.get(name) for name in repeated},
        "adaptive_pricing": {"enabled": params.get("adaptive_pricing", {}).get("enabled", True)},
        "consent_collection": consent and {name: consent.get(name) for name in names},
        "custom_text": {name: texts.get(name) for name in TEXTS},
        "metadata": merged({}, params),
        "phone_number_collection": params.get("phone_number_collection", {"enabled": False}),
        "tax_id_collection": {
            "enabled": tax_id.get("enabled", False),
            "required": tax_id.get("required", "never"),
        },
    }


def _always(params: dict[str, Any]) -> Doc:
    """The fields that are the same for every session of the sandbox, or still empty."""
    empty = (
        "after_expiration",
        "allowed_payment_method_types",
        "client_secret",
        "collected_information",
        "consent",
        "currency_conversion",
        "customer_account",
        "integration_identifier",
        "invoice",
        "managed_payments",
        "origin_context",
        "payment_intent",
        "payment_link",
        "payment_method_configuration_details",
        "permissions",
        "recovered_from",
        "saved_payment_method_options",
        "setup_intent",
        "shipping_address_collection",
        "shipping_cost",
        "subscription",
        "wallet_options",
    )
    return {
        **dict.fromkeys(empty),
        "custom_fields": [],
        "discounts": [],
        "livemode": False,
        "mode": params["mode"],
        "payment_method_collection": "if_required",
        "shipping_options": [],
        "status": "open",
        "ui_mode": "hosted_page",
    }


def _expected_buyer(params: dict[str, Any], customer: Doc | None) -> Doc | None:
    """Who is likely to pay, as far as the shop knows."""
    if customer is None and "customer_email" not in params:
        return None
    known = customer or {}
    return buyer_details(
        email=params.get("customer_email") or known.get("email"),
        name=known.get("name"),
        where=known.get("address"),
    )


def buyer_details(
    *, email: str | None, name: str | None, where: Doc | None, business: str | None = None, tax_ids: list[Doc] | None = None
) -> Doc:
    return {
        "address": address(where),
        "business_name": business,
        "email": email,
        "individual_name": None,
        "name": name,
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": tax_ids or [],
    }


def _invoice_creation(params: dict[str, Any]) -> Doc:
    data = params.get("invoice_data", {})
    options = data.get("rendering_options")
    names = ("account_tax_ids", "custom_fields", "description", "footer", "issuer")
    return {
        "enabled": params.get("enabled", False),
        "invoice_data": {
            **{name: data.get(name) for name in names},
            "metadata": merged({}, data),
            "rendering_options": options and {name: options.get(name) for name in ("amount_tax_display", "template")},
        },
    }
