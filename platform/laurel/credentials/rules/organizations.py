"""Organizations that certify on this site beside the house: what they may be called, and which picture may be their logo."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from urllib.parse import urlsplit

from laurel.core.errors import InvalidInputError
from laurel.credentials.rules.baking import measure_png
from laurel.credentials.rules.foreign import UnreadableError
from laurel.credentials.rules.issuer import SLUG
from laurel.credentials.rules.printing import has_pdf
from laurel.credentials.rules.text import sanitize_text

MAX_NAME = 120
MAX_TEXT = 500
MAX_OFFICIAL = 100
"""As the settings allow it for the house: it stands on one line or two of a certificate."""
MAX_LOGO_BYTES = 200_000
LOGO_PIXELS = range(64, 1025)
LINKEDIN_ID = re.compile(r"(?:[1-9][0-9]{0,19})?")


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationFacts:
    """What staff say about an organization, and what its next credentials say of their issuer."""

    name: str
    url: str
    email: str
    description: str
    official: str = ""
    """Who answers for it, name and role; empty if nobody is named."""
    linkedin_id: str = ""


def check_slug(slug: str) -> str:
    """The slug as it stands in the DID for good."""
    if not SLUG.fullmatch(slug):
        raise InvalidInputError("Use 1 to 40 small letters, digits and hyphens, such as acme-academy.", field="slug")
    return slug


def clean_facts(facts: OrganizationFacts) -> OrganizationFacts:
    """The facts as they would be signed; raises InvalidInputError, with its field, for the first that is wrong."""
    for check in checks_of(facts):
        check()
    return _as_signed(facts)


def checks_of(facts: OrganizationFacts) -> list[Callable[[], None]]:
    """What is asked of the facts, one by one: each raises InvalidInputError, with its field, if that is wrong."""
    signed = _as_signed(facts)
    words = [partial(_check_words, field, getattr(signed, field)) for field in ("name", "description")]
    others = [partial(_check_official, signed.official), partial(_check_linkedin_id, signed.linkedin_id)]
    return [*words, partial(_check_url, signed.url), *others]


def _as_signed(facts: OrganizationFacts) -> OrganizationFacts:
    return OrganizationFacts(
        name=sanitize_text(facts.name),
        url=facts.url.strip(),
        email=facts.email.strip(),
        description=sanitize_text(facts.description),
        official=" ".join(sanitize_text(facts.official).split()),
        linkedin_id=facts.linkedin_id.strip(),
    )


def _check_words(field: str, text: str) -> None:
    if not text:
        raise InvalidInputError("This stands in every certificate of the organization. It cannot be empty.", field=field)


def _check_url(url: str) -> None:
    try:
        parts = urlsplit(url)
        is_fit = parts.scheme == "https" and bool(parts.hostname) and "." in (parts.hostname or "") and url.isascii() and " " not in url
    except ValueError:
        is_fit = False
    if not is_fit:
        raise InvalidInputError("Enter the address of the organization’s own site. It begins with https://", field="url")


def _check_official(official: str) -> None:
    if len(official) > MAX_OFFICIAL:
        raise InvalidInputError(f"Use at most {MAX_OFFICIAL} characters.", field="official")
    if not has_pdf(official):
        raise InvalidInputError("Our fonts lack a letter of it, so no certificate with it could be printed.", field="official")


def _check_linkedin_id(digits: str) -> None:
    if not LINKEDIN_ID.fullmatch(digits):
        raise InvalidInputError("Enter digits alone, as they stand in the address of its admin page at LinkedIn.", field="linkedin_id")


def check_logo(picture: bytes) -> bytes:
    """A PNG that can be shown beside a name and printed; raises InvalidInputError."""
    if len(picture) > MAX_LOGO_BYTES:
        raise InvalidInputError("This picture is larger than 200 KB. Make it smaller.", field="logo")
    try:
        width, height = measure_png(picture)
    except UnreadableError:
        raise InvalidInputError("This is no PNG, or it is damaged.", field="logo") from None
    if width not in LOGO_PIXELS or height not in LOGO_PIXELS:
        raise InvalidInputError(f"The picture must be 64 to 1024 pixels wide and high; it is {width} by {height}.", field="logo")
    return picture
