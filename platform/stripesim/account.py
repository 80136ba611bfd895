"""The account that owns everything here, for a settings page's "test the connection"."""

from stripesim.api.endpoint import Call, Endpoint
from stripesim.ids import new_id
from stripesim.store import Doc

NAME = "Sandbox store"
NO_REQUIREMENTS: Doc = {
    "alternatives": [],
    "current_deadline": None,
    "currently_due": [],
    "disabled_reason": None,
    "errors": [],
    "eventually_due": [],
    "past_due": [],
    "pending_verification": [],
}
PROFILE: Doc = {
    "annual_revenue": None,
    "estimated_worker_count": None,
    "mcc": "8299",
    "minority_owned_business_designation": None,
    "name": NAME,
    "product_description": None,
    "specified_commercial_transactions_act_url": None,
    "support_address": None,
    "support_email": None,
    "support_phone": None,
    "support_url": None,
    "url": None,
}
SETTINGS: Doc = {
    "branding": {"icon": None, "logo": None, "primary_color": None, "secondary_color": None},
    "card_payments": {
        "statement_descriptor_prefix": "SANDBOX",
        "statement_descriptor_prefix_kana": None,
        "statement_descriptor_prefix_kanji": None,
    },
    "dashboard": {"display_name": NAME, "timezone": "Etc/UTC"},
    "payments": {
        "statement_descriptor": "SANDBOX",
        "statement_descriptor_kana": None,
        "statement_descriptor_kanji": None,
        "statement_descriptor_prefix_kana": None,
        "statement_descriptor_prefix_kanji": None,
    },
}


def get_account(call: Call) -> Doc:
    """The one account. It is made when somebody first asks for it."""
    accounts = call.work.books.list("account", limit=1)
    if accounts:
        return accounts[0]
    account = _fresh_account(call.work.now)
    call.work.books.insert(account)
    return account


def _fresh_account(now: int) -> Doc:
    account_id = new_id("acct", length=16)
    return {
        "id": account_id,
        "object": "account",
        "business_profile": PROFILE,
        "business_type": None,
        "capabilities": {"card_payments": "active", "transfers": "active"},
        "charges_enabled": True,
        "controller": {"type": "account"},
        "country": "US",
        "created": now,
        "default_currency": "usd",
        "details_submitted": True,
        "email": None,
        "external_accounts": {
            "object": "list",
            "data": [],
            "has_more": False,
            "url": f"/v1/accounts/{account_id}/external_accounts",
        },
        "future_requirements": NO_REQUIREMENTS,
        "metadata": {},
        "payouts_enabled": True,
        "requirements": NO_REQUIREMENTS,
        "settings": SETTINGS,
        "tos_acceptance": {"date": now, "ip": None, "user_agent": None},
        "type": "standard",
    }


ENDPOINTS = (Endpoint("GET", "/v1/account", get_account),)
