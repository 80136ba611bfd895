"""Tax ids: which kinds a buyer may give, how they look, and where they are kept."""

import re

from stripesim.api.endpoint import PAGE, Call, Endpoint
from stripesim.api.paging import page
from stripesim.api.shape import Group
from stripesim.events import emit
from stripesim.ids import new_id
from stripesim.store import Condition, Doc
from stripesim.work import Work

_EUROPE = "AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IT LT LU LV MT NL PL PT RO SE SI SK"
# The kind of each country, and how its numbers look, roughly.
_KINDS = {
    "AU": ("au_abn", r"\d{11}"),
    "CA": ("ca_gst_hst", r"\d{9}RT\d{4}"),
    "CH": ("ch_vat", r"CHE-?\d{3}\.?\d{3}\.?\d{3}( (MWST|TVA|IVA))?"),
    "GB": ("gb_vat", r"GB\d{9}"),
    "IN": ("in_gst", r"\d{2}[A-Z]{5}\d{4}[A-Z][A-Z0-9]{3}"),
    "JP": ("jp_trn", r"T\d{13}"),
    "NO": ("no_vat", r"\d{9}MVA"),
    "NZ": ("nz_gst", r"\d{9}"),
    "SG": ("sg_gst", r"M\d{8}[A-Z]|\d{9}[A-Z]"),
    "US": ("us_ein", r"\d{2}-\d{7}"),
}
KINDS = _KINDS | dict.fromkeys(_EUROPE.split(), ("eu_vat", r"(EL|[A-Z]{2})[A-Z0-9+*]{2,12}"))


def kind_for(country: str) -> str | None:
    """The kind of tax id that businesses of a country have; nothing where the sandbox knows none."""
    return KINDS[country][0] if country in KINDS else None


def is_well_formed(country: str, value: str) -> bool:
    return country in KINDS and re.fullmatch(KINDS[country][1], value) is not None


def add_tax_id(work: Work, customer: Doc, *, kind: str, value: str) -> None:
    """Keep the tax id with the customer, once."""
    known = work.books.list("tax_id", [Condition("customer", "=", customer["id"])])
    if any((one["type"], one["value"]) == (kind, value) for one in known):
        return
    country = customer["address"]["country"] if customer["address"] else None
    tax_id = {
        "id": new_id("txi"),
        "object": "tax_id",
        "country": country,
        "created": work.now,
        "customer": customer["id"],
        "customer_account": None,
        "livemode": False,
        "owner": {"customer": customer["id"], "customer_account": None, "type": "customer"},
        "type": kind,
        "value": value,
        "verification": {"status": "verified", "verified_address": None, "verified_name": None},
    }
    work.books.insert(tax_id)
    emit(work, "customer.tax_id.created", tax_id)


def list_tax_ids(call: Call) -> Doc:
    customer = call.subject("customer")
    return page(call, "tax_id", [Condition("customer", "=", customer["id"])])


ENDPOINTS = (Endpoint("GET", "/v1/customers/<object_id>/tax_ids", list_tax_ids, Group(PAGE)),)
