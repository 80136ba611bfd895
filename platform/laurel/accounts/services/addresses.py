"""E-mail addresses: one spelling for each mailbox, and none that only looks like another."""

from email_validator import EmailNotValidError, validate_email

from laurel.core.errors import InvalidInputError

MAX_LENGTH = 254


def normalize_email(text: str) -> str:
    """The address as it is kept: lower case. Raises InvalidInputError for what is no address or not plain ASCII.

    Letters beyond ASCII are refused altogether: `аdmin` with a Cyrillic `а` reads like somebody else. A domain with such
    letters can be written in its `xn--` form.
    """
    if not text.isascii():
        raise InvalidInputError("Use an address with plain letters only: a to z, digits and signs.", field="email")
    try:
        found = validate_email(text, check_deliverability=False, allow_smtputf8=False, allow_quoted_local=False)
    except EmailNotValidError:
        raise InvalidInputError("Write an e-mail address such as name@example.com.", field="email") from None
    return f"{found.local_part}@{found.ascii_domain}".casefold()
