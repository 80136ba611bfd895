import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.core.errors import InvalidInputError
from laurel.core.money import Money, exponent, format_money, parse_amount

CURRENCIES = st.sampled_from(["usd", "eur", "jpy", "kwd"])


@pytest.mark.parametrize(
    ("text", "currency", "minor"),
    [("195.00", "usd", 19500), ("195", "usd", 19500), ("0", "eur", 0), ("1200", "jpy", 1200), ("1.250", "kwd", 1250), (" 0.5 ", "usd", 50)],
)
def test_an_amount_is_read_exactly(text: str, currency: str, minor: int) -> None:
    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize(
    ("text", "currency"),
    [
        ("1.005", "usd"),
        ("1.5", "jpy"),
        ("1.001", "kwd"),
        ("-1", "usd"),
        ("1e400", "usd"),
        ("NaN", "usd"),
        ("Infinity", "usd"),
        ("", "usd"),
        ("ten", "usd"),
        ("1,5", "usd"),
        ("1.000", "usd"),  # a thousand, to whoever typed "1,000" into a form that takes a comma for a point
        ("1.000", "jpy"),
        ("1e5", "usd"),
        ("1_000", "usd"),
        ("\u0661\u0662", "usd"),
        (".", "usd"),
        ("--1", "usd"),
    ],
)
def test_an_amount_that_cannot_be_charged_is_refused(text: str, currency: str) -> None:
    with pytest.raises(InvalidInputError):
        parse_amount(text, currency)


@pytest.mark.parametrize(
    ("minor", "currency", "text"),
    [
        (19500, "usd", "$195"),
        (19550, "usd", "$195.50"),
        (99, "eur", "€0.99"),
        (1200, "jpy", "¥1,200"),
        (2000, "chf", "CHF 20"),
        (-500, "usd", "−$5"),
        (0, "usd", "$0"),
    ],
)
def test_an_amount_is_written_as_people_write_it(minor: int, currency: str, text: str) -> None:
    assert format_money(minor, currency) == text


@given(st.integers(min_value=0, max_value=10**9), CURRENCIES)
def test_what_is_written_in_full_is_read_back(minor: int, currency: str) -> None:
    minor -= minor % (10 if currency == "kwd" else 1)
    places = exponent(currency)
    text = f"{minor // 10**places}.{minor % 10**places:0{places}d}" if places else str(minor)

    assert parse_amount(text, currency) == minor


@pytest.mark.parametrize("currency", ["USD", "us", "u$d", "usdd", "üsd"])
def test_a_currency_is_three_small_letters(currency: str) -> None:
    with pytest.raises(ValueError, match="Not a currency code"):
        Money(currency, 1)
