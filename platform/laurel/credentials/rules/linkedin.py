"""The addresses under which LinkedIn takes a certificate into a profile or a post (specs/credentials.md §8)."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

ADD = "https://www.linkedin.com/profile/add"
ENTRIES = "https://www.linkedin.com/in/me/details/certifications/"
"""Where whoever is signed in there changes what they have entered."""
SHARE = "https://www.linkedin.com/sharing/share-offsite/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One certificate as a profile shows it. `organization_id` are LinkedIn's own digits: only they bring the logo."""

    name: str
    organization: str
    organization_id: str
    issued: datetime
    ends: datetime | None
    page_url: str
    number: str


def add_to_profile_url(entry: Entry) -> str:
    """Opens the form that adds the certificate. Months are 1 to 12; without an end there is no word of one."""
    issuer = ("organizationId", entry.organization_id) if entry.organization_id else ("organizationName", entry.organization)
    values = [
        ("startTask", "CERTIFICATION_NAME"),
        ("name", entry.name),
        issuer,
        ("issueYear", str(entry.issued.year)),
        ("issueMonth", str(entry.issued.month)),
    ]
    if entry.ends is not None:
        values += [("expirationYear", str(entry.ends.year)), ("expirationMonth", str(entry.ends.month))]
    values += [("certUrl", entry.page_url), ("certId", entry.number)]
    return f"{ADD}?{_query(values)}"


def share_url(page_url: str) -> str:
    """Opens a post that shows the page."""
    return f"{SHARE}?{_query([('url', page_url)])}"


def _query(values: list[tuple[str, str]]) -> str:
    return "&".join(f"{name}={quote(value, safe='')}" for name, value in values)
