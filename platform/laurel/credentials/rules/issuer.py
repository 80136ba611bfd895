"""Who issues: the organization, its did:web and the document that publishes its keys."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

DID_CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
DESCRIPTION = "Certification by examination, with credentials that anyone can verify."
ORGANIZATIONS = ":orgs:"
SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,38}[a-z0-9])?")
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The organization as credentials name it, and where its documents are found.

    `public_url` is the site's, from the configuration and never from a request's Host header. `is_production` decides whether
    addresses must be https: see `allows_http`. Without a `slug` it is the house itself, which the settings describe.
    """

    public_url: str
    name: str
    email: str
    is_production: bool = True
    slug: str = ""
    home_url: str = ""
    description: str = DESCRIPTION
    has_logo: bool = True
    official: str = ""
    """Who answers for it, name and role; empty if nobody is named."""
    linkedin_id: str = ""
    """The digits by which LinkedIn knows it: only they bring its logo beside a certificate in a profile."""

    @property
    def did(self) -> str:
        """`did:web:` and the host; the colon before a port is percent-encoded, and colons stand for slashes (did:web §3.2)."""
        host = f"did:web:{quote(urlsplit(self.public_url).netloc.lower(), safe='')}"
        return f"{host}{ORGANIZATIONS}{self.slug}" if self.slug else host

    @property
    def url(self) -> str:
        """The organization's own site."""
        return self.home_url or self.public_url

    @property
    def place(self) -> str:
        """Under which address of the site its documents are."""
        return f"{self.public_url}/orgs/{self.slug}" if self.slug else self.public_url

    @property
    def did_url(self) -> str:
        """Where its DID document is, as did:web has it."""
        return f"{self.place}/did.json" if self.slug else f"{self.public_url}/.well-known/did.json"

    @property
    def logo_url(self) -> str:
        """Where its logo is; empty if it has none."""
        return (f"{self.place}/logo.png" if self.slug else f"{self.public_url}/issuer/logo.png") if self.has_logo else ""

    @property
    def allows_http(self) -> bool:
        """Verifiers demand https. A demo on this machine and tests may do without it; production never does."""
        host = urlsplit(self.public_url).hostname or ""
        return not self.is_production and (host in LOOPBACK or host.endswith((".test", ".localhost")))

    def credential_url(self, credential_id: UUID) -> str:
        return f"{self.public_url}/credentials/{credential_id}"

    def number_url(self, number: str) -> str:
        """What the QR code on paper says."""
        return f"{self.public_url}/v/{number}"

    def achievement_url(self, slug: str, n: int) -> str:
        return f"{self.public_url}/achievements/{slug}/v{n}"

    def token_key_url(self, fragment: str) -> str:
        """Where a key for tokens is found by itself; tokens name it as their `kid`."""
        return f"{self.place}/keys/{fragment}.jwk"

    def slug_of(self, did: str) -> str | None:
        """The slug of the organization of this site that has this DID: "" for the house, None for somebody else's."""
        house = replace(self, slug="").did
        if did == house:
            return ""
        slug = did.removeprefix(f"{house}{ORGANIZATIONS}")
        return slug if did != slug and SLUG.fullmatch(slug) else None

    def status_list_url(self, number: int) -> str:
        return f"{self.public_url}/status/revocation/{number}"


def did_document(did: str, methods: Sequence[dict[str, Any]]) -> dict[str, Any]:
    """The DID document for these verification methods, the key in use first.

    Every published key stays in `assertionMethod`: a key taken out of it invalidates all that it ever signed.
    """
    return {
        "@context": DID_CONTEXT,
        "id": did,
        "verificationMethod": list(methods),
        "assertionMethod": [method["id"] for method in methods],
    }
