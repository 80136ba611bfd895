import pytest
from hypothesis import given
from hypothesis import strategies as st

from laurel.credentials.rules.numbers import (
    ALPHABET,
    BODY,
    EXAMPLE,
    RANDOM_BITS,
    NumberShapeError,
    NumberTypoError,
    number_of,
    parse_number,
)

bits = st.integers(min_value=0, max_value=(1 << RANDOM_BITS) - 1)
places = st.integers(min_value=0, max_value=BODY)


def _letters(number: str) -> list[str]:
    return list(number.removeprefix("LRL-").replace("-", ""))


@given(bits)
def test_a_number_that_was_given_out_is_read_back(drawn: int) -> None:
    assert parse_number(number_of(drawn)) == number_of(drawn)


@given(bits, places, st.sampled_from(ALPHABET))
def test_any_one_wrong_character_is_noticed(drawn: int, place: int, wrong: str) -> None:
    letters = _letters(number_of(drawn))
    if letters[place] == wrong:
        return
    letters[place] = wrong

    with pytest.raises(NumberTypoError):
        parse_number("".join(letters))


@given(bits, places, places)
def test_any_two_characters_that_changed_places_are_noticed(drawn: int, one: int, other: int) -> None:
    letters = _letters(number_of(drawn))
    if letters[one] == letters[other]:
        return
    letters[one], letters[other] = letters[other], letters[one]

    with pytest.raises(NumberTypoError):
        parse_number("".join(letters))


@given(bits, bits)
def test_different_bits_make_different_numbers(one: int, other: int) -> None:
    assert (number_of(one) == number_of(other)) == (one == other)


@pytest.mark.parametrize(
    "typed",
    [
        EXAMPLE,
        EXAMPLE.lower(),
        EXAMPLE.removeprefix("LRL-"),
        EXAMPLE.replace("-", ""),
        EXAMPLE.replace("-", " "),
        EXAMPLE.replace("-", "–"),  # an en dash, as word processors make it
        f"\u00a0{EXAMPLE}\n",
        EXAMPLE.replace("-", "_"),
        f"http://laurel.test/v/{EXAMPLE}",
        f"No. {EXAMPLE}",
        f"Certificate number: {EXAMPLE}",
        "\uff2c\uff32\uff2c-7Q4M-KD2X-93ZZ",  # full-width letters
    ],
)
def test_case_dashes_spaces_and_the_prefix_do_not_matter(typed: str) -> None:
    assert parse_number(typed) == EXAMPLE


@given(bits)
def test_letters_that_look_like_digits_are_read_as_digits(drawn: int) -> None:
    number = number_of(drawn)
    body = number.removeprefix("LRL-")

    assert parse_number("LRL-" + body.replace("0", "O").replace("1", "l")) == number
    assert parse_number(body.replace("0", "o").replace("1", "I")) == number


@pytest.mark.parametrize("typed", ["", "LRL", "LRL-7Q4M-KD2X", f"{EXAMPLE}9", "LRL-7Q4M-KD2X-93Z!", "LRL-7Q4M-KD2X-93ZU", "x" * 10_000])
def test_what_cannot_be_a_number_is_told_apart_from_a_typing_error(typed: str) -> None:
    with pytest.raises(NumberShapeError):
        parse_number(typed)


@given(st.text(max_size=60))
def test_any_text_is_a_number_or_a_clear_error(typed: str) -> None:
    try:
        read = parse_number(typed)
    except (NumberShapeError, NumberTypoError):
        return

    assert parse_number(read) == read
