"""Who issues: the organization, its did:web and the document that publishes its keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import UUID

DID_CONTEXT = ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/multikey/v1"]
DESCRIPTION = "Certification by examination, with credentials that anyone can verify."
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Issuer:
    """The organization as credentials name it, and where its documents are found.

    `public_url` is configuration and never what a request's Host header says. `is_production` decides whether
    addresses must be https: see `allows_http`.
    """

    public_url: str
    name: str
    email: str
    is_production: bool = True

    @property
    def did(self) -> str:
        """`did:web:` and the host; the colon before a port is percent-encoded (did:web §3.2)."""
        return f"did:web:{quote(urlsplit(self.public_url).netloc.lower(), safe='')}"

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
        return f"{self.public_url}/keys/{fragment}.jwk"

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
