"""Sandbox taxes: one rate for each country, so that a shop can rehearse them. Not for real use."""

from stripesim import money
from stripesim.ids import new_id
from stripesim.store import Doc

# Hundredths of a percent, the standard rates of 2026 as the sandbox plays them.
BASIS_POINTS = {
    "AT": 2000, "AU": 1000, "BE": 2100, "BG": 2000, "CA": 500, "CH": 810, "CZ": 2100, "DE": 1900,
    "DK": 2500, "EE": 2400, "ES": 2100, "FI": 2550, "FR": 2000, "GB": 2000, "GR": 2400, "HR": 2500,
    "HU": 2700, "IE": 2300, "IN": 1800, "IT": 2200, "JP": 1000, "LT": 2100, "LU": 1700, "LV": 2100,
    "MT": 1800, "NL": 2100, "NO": 2500, "NZ": 1500, "PL": 2300, "PT": 2300, "RO": 2100, "SE": 2500,
    "SG": 900, "SI": 2200, "SK": 2300,
}  # fmt: skip
GST = frozenset({"AU", "CA", "IN", "NZ", "SG"})
WHOLE = 10_000


def rate_for(country: str, *, is_inclusive: bool, now: int) -> Doc | None:
    """The tax rate of a country; nothing where the sandbox collects no tax."""
    basis_points = BASIS_POINTS.get(country)
    if basis_points is None:
        return None
    percentage = basis_points / 100
    is_gst = country in GST
    return {
        "id": new_id("txr"),
        "object": "tax_rate",
        "active": False,
        "country": country,
        "created": now,
        "description": None,
        "display_name": "GST" if is_gst else "JCT" if country == "JP" else "VAT",
        "effective_percentage": percentage,
        "flat_amount": None,
        "inclusive": is_inclusive,
        "jurisdiction": country,
        "jurisdiction_level": "country",
        "livemode": False,
        "metadata": {},
        "percentage": percentage,
        "rate_type": "percentage",
        "state": None,
        "tax_type": "gst" if is_gst else "jct" if country == "JP" else "vat",
    }


def tax_on(amount: int, rate: Doc) -> int:
    """The tax on top of an amount, or (inclusive) the tax within it."""
    basis_points = BASIS_POINTS[rate["country"]]
    if rate["inclusive"]:
        net = money.share(amount, numerator=WHOLE, denominator=WHOLE + basis_points)
        return amount - net
    return money.share(amount, numerator=basis_points, denominator=WHOLE)
