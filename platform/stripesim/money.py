"""Amounts in minor units: how many digits a currency has, how it is written, how little is too little."""

_ZERO = "bif clp djf gnf jpy kmf krw mga pyg rwf vnd vuv xaf xof xpf"
_THREE = "bhd jod kwd omr tnd"
_TWO = (
    "aed ars aud bgn brl cad chf cny cop czk dkk egp eur gbp gel hkd huf idr ils inr isk jmd kes "
    "kzt lkr mad mdl mxn myr ngn nok nzd pen php pkr pln qar ron rsd sar sek sgd thb try twd uah "
    "ugx usd uyu zar"
)
ZERO_DECIMALS = frozenset(_ZERO.split())
THREE_DECIMALS = frozenset(_THREE.split())
TWO_DECIMALS = frozenset(_TWO.split())
CURRENCIES = ZERO_DECIMALS | THREE_DECIMALS | TWO_DECIMALS
SYMBOLS = {"usd": "$", "eur": "€", "gbp": "£", "jpy": "¥", "inr": "₹"}

# The smallest charge, from https://docs.stripe.com/currencies#minimum-and-maximum-charge-amounts.
MINIMUM = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500,
    "dkk": 250, "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000,
    "myr": 200, "nok": 300, "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
MAXIMUM = 99_999_999


def exponent(currency: str) -> int:
    """How many of an amount's digits stand behind the decimal point."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


def written(amount: int, currency: str) -> str:
    """The amount as a buyer reads it: `$1,234.50`, `¥500`, `12.00 CHF`."""
    digits = exponent(currency)
    whole, rest = divmod(abs(amount), 10**digits)
    text = f"{whole:,}" + (f".{rest:0{digits}d}" if digits else "")
    sign = "−" if amount < 0 else ""
    symbol = SYMBOLS.get(currency)
    return f"{sign}{symbol}{text}" if symbol else f"{sign}{text} {currency.upper()}"


def share(amount: int, *, numerator: int, denominator: int) -> int:
    """The given part of a non-negative amount, rounded half up."""
    return (2 * amount * numerator + denominator) // (2 * denominator)
