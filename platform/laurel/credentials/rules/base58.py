"""Base58 as Bitcoin writes it, which is how multibase writes keys and signatures after a `z`."""

ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
VALUE = {letter: value for value, letter in enumerate(ALPHABET)}


def encode(content: bytes) -> str:
    """The bytes as letters; each zero byte at the beginning is a `1`."""
    number, letters = int.from_bytes(content), ""
    while number:
        number, value = divmod(number, 58)
        letters = ALPHABET[value] + letters
    return "1" * (len(content) - len(content.lstrip(b"\0"))) + letters


def decode(text: str) -> bytes:
    """The bytes again; raises ValueError for a letter that has no value."""
    number = 0
    for letter in text:
        if letter not in VALUE:
            raise ValueError(f"{letter!r} is no letter of base58.")
        number = number * 58 + VALUE[letter]
    zeros = len(text) - len(text.lstrip("1"))
    return bytes(zeros) + number.to_bytes((number.bit_length() + 7) // 8)
