"""What is shown of a credential is kept apart from what was signed: the two must say the same, or nobody may believe what is shown."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from laurel.credentials.rules.document import AchievementFacts, identity_hash
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.text import sanitize_text


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownFacts:
    """The words that stand on the page, on the PDF and in the lists, from wherever they are stored."""

    credential_id: UUID
    number: str
    holder_name: str
    subject_id: UUID
    achievement: AchievementFacts
    awarded_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    names_holder: bool = True
    """Whether the name is to be in the document. Where it is not, nobody signed the one that is shown, and the page says so."""


def shown_equals_signed(issuer: Issuer, shown: ShownFacts, document: Any) -> bool:
    """Whether a document says every word that is shown of it."""
    return next(unsigned_words(issuer, shown, document), None) is None


def unsigned_words(issuer: Issuer, shown: ShownFacts, document: Any) -> Iterator[str]:
    """What of it the document does not say, by name alone: the words themselves may be somebody's name."""
    what, subject = shown.achievement, _in(document, "credentialSubject")
    achievement = _in(subject, "achievement")
    for name, said, stored in (
        ("address", _in(document, "id"), issuer.credential_url(shown.credential_id)),
        ("number", _in(subject, "licenseNumber"), shown.number),
        ("holder’s name", _name_in(subject), shown.holder_name if shown.names_holder else None),
        ("subject", _in(subject, "id"), f"urn:uuid:{shown.subject_id}"),
        ("achievement", _in(achievement, "id"), issuer.achievement_url(what.slug, what.n)),
        ("title", _in(document, "name"), what.name),
        ("achievement’s title", _in(achievement, "name"), what.name),
        ("description", _in(achievement, "description"), what.description),
        ("criteria", _in(_in(achievement, "criteria"), "narrative"), what.criteria),
        ("code", _in(achievement, "humanCode"), what.code or None),
        ("alignments", _in(achievement, "alignment"), [one.members for one in what.alignments] or None),
        ("day of award", _in(document, "awardedDate"), timestamp(shown.awarded_at)),
        ("beginning", _in(document, "validFrom"), timestamp(shown.valid_from)),
        ("end", _in(document, "validUntil"), timestamp(shown.valid_until) if shown.valid_until else None),
    ):
        if _plain(said) != _plain(stored):
            yield name


def as_object(text: str) -> dict[str, Any]:
    """A stored document; empty if it is none."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def official_in(document: Any) -> str:
    """Who answers for the issuer as this document says it, or empty. It is shown from nowhere else: so it was signed."""
    said = _in(_in(document, "issuer"), "official")
    return said if isinstance(said, str) else ""


def confirmed_address(document: dict[str, Any], addresses: Iterable[str]) -> str | None:
    """The one of these addresses that a document confirms; empty if it is none of them, None if the document confirms no address.

    It says so as a salted hash, so nobody reads the address there; whoever knows it can compare.
    """
    identifiers = _in(_in(document, "credentialSubject"), "identifier")
    entries = identifiers if isinstance(identifiers, list) else []
    hashed = next((entry for entry in entries if _in(entry, "identityType") == "emailAddress"), None)
    if hashed is None:
        return None
    salt, said = str(_in(hashed, "salt")), _in(hashed, "identityHash")
    return next((address for address in addresses if identity_hash(address, salt) == said), "")


def says_dates(document: dict[str, Any], valid_from: datetime, valid_until: datetime | None) -> bool:
    """Whether a document says that it begins and ends then."""
    end = timestamp(valid_until) if valid_until else None
    return document.get("validFrom") == timestamp(valid_from) and document.get("validUntil") == end


def _in(value: Any, member: str) -> Any:
    return value.get(member) if isinstance(value, dict) else None


def _name_in(subject: Any) -> Any:
    """The one name in clear."""
    identifiers = _in(subject, "identifier")
    entries = identifiers if isinstance(identifiers, list) else []
    names = [_in(entry, "identityHash") for entry in entries if _in(entry, "identityType") == "name" and _in(entry, "hashed") is False]
    return names[0] if len(names) == 1 else None


def _plain(value: Any) -> Any:
    """As it would be signed: white space around it and what cannot be signed are not shown either."""
    return sanitize_text(value) if isinstance(value, str) else value
