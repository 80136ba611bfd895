"""The credential, exactly: Open Badges 3.0 on Verifiable Credentials 2.0 (specs/credentials.md §3)."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from laurel.credentials.rules import scores
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.programs import Alignment
from laurel.credentials.rules.scores import ExamRecord
from laurel.credentials.rules.status_list import status_entry
from laurel.credentials.rules.text import sanitize_tree

CONTEXTS = ["https://www.w3.org/ns/credentials/v2", "https://purl.imsglobal.org/spec/ob/v3p0/context-3.0.3.json"]


@dataclass(frozen=True, slots=True, kw_only=True)
class AchievementFacts:
    """One published version of what can be earned."""

    slug: str
    n: int
    name: str
    description: str
    criteria: str
    language: str
    tags: tuple[str, ...]
    code: str = ""
    alignments: tuple[Alignment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderFacts:
    """Whom it was issued to. `email` only if its owner confirmed it; it leaves this module hashed with `salt`.

    `name` is None where the program keeps it out of signed documents.
    """

    subject_id: UUID
    name: str | None
    email: str | None
    salt: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CredentialFacts:
    """Everything one version of a credential says. `started_at` is not known of one that was earned elsewhere."""

    credential_id: UUID
    number: str
    achievement: AchievementFacts
    holder: HolderFacts
    awarded_at: datetime
    valid_from: datetime
    valid_until: datetime | None
    started_at: datetime | None
    status_list: int
    status_index: int
    exam: ExamRecord | None = None
    """What came out of the exam, if the holder agreed that it says so."""


def build_document(issuer: Issuer, facts: CredentialFacts) -> dict[str, Any]:
    """The credential, every string sanitized, not yet signed."""
    url = issuer.credential_url(facts.credential_id)
    name = facts.achievement.name
    document = {
        "@context": CONTEXTS,
        "id": url,
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": name,
        "description": facts.achievement.description,
        "image": _image(f"{url}/badge.png", f"{name} badge"),
        "issuer": issuer_profile(issuer),
        "awardedDate": timestamp(facts.awarded_at),
        "validFrom": timestamp(facts.valid_from),
        # `null` would be invalid: a credential without end has no such member
        **({"validUntil": timestamp(facts.valid_until)} if facts.valid_until else {}),
        "credentialSubject": _subject(issuer, facts),
        **scores.in_credential(url, facts.exam),
        "credentialStatus": status_entry(issuer.status_list_url(facts.status_list), facts.status_index),
    }
    cleaned: dict[str, Any] = sanitize_tree(document)
    return cleaned


def issuer_profile(issuer: Issuer) -> dict[str, Any]:
    """The issuer as a Profile; a snapshot at each signing."""
    return {
        "id": issuer.did,
        "type": ["Profile"],
        "name": issuer.name,
        "url": issuer.url,
        "email": issuer.email,
        "description": issuer.description,
        **({"official": issuer.official} if issuer.official else {}),
        **({"image": _image(issuer.logo_url, f"{issuer.name} logo")} if issuer.has_logo else {}),
    }


def build_achievement(issuer: Issuer, facts: AchievementFacts) -> dict[str, Any]:
    """The achievement, as it stands inside a credential and at its own address."""
    url = issuer.achievement_url(facts.slug, facts.n)
    return {
        "id": url,
        "type": ["Achievement"],
        "achievementType": "Certification",
        "version": str(facts.n),
        "inLanguage": facts.language,
        "name": facts.name,
        "description": facts.description,
        "criteria": {"id": f"{url}#criteria", "narrative": facts.criteria},
        "image": _image(f"{url}/badge.png", f"{facts.name} badge"),
        **({"humanCode": facts.code} if facts.code else {}),
        **({"tag": list(facts.tags)} if facts.tags else {}),
        **({"alignment": [one.members for one in facts.alignments]} if facts.alignments else {}),
    }


def achievement_document(issuer: Issuer, facts: AchievementFacts) -> dict[str, Any]:
    """The achievement as a JSON-LD document of its own."""
    cleaned: dict[str, Any] = sanitize_tree({"@context": CONTEXTS, **build_achievement(issuer, facts)})
    return cleaned


def identity_hash(identity: str, salt: str) -> str:
    """`sha256$` and the hex digest of identity and salt, one after the other (OB 3.0, IdentityHash)."""
    return "sha256$" + hashlib.sha256((identity + salt).encode()).hexdigest()


def _subject(issuer: Issuer, facts: CredentialFacts) -> dict[str, Any]:
    holder, achievement_url = facts.holder, issuer.achievement_url(facts.achievement.slug, facts.achievement.n)
    identifiers: list[dict[str, Any]] = []
    if holder.name is not None:
        identifiers.append({"type": "IdentityObject", "hashed": False, "identityType": "name", "identityHash": holder.name})
    if holder.email:
        hashed = identity_hash(holder.email.lower(), holder.salt)
        entry = {"type": "IdentityObject", "hashed": True, "identityType": "emailAddress", "salt": holder.salt, "identityHash": hashed}
        identifiers.append(entry)
    return {
        "id": f"urn:uuid:{holder.subject_id}",
        "type": ["AchievementSubject"],
        **({"identifier": identifiers} if identifiers else {}),
        "licenseNumber": facts.number,
        **({"activityStartDate": timestamp(facts.started_at)} if facts.started_at else {}),
        "activityEndDate": timestamp(facts.awarded_at),
        "achievement": {**build_achievement(issuer, facts.achievement), **scores.in_achievement(achievement_url, facts.exam)},
        **scores.in_subject(achievement_url, facts.exam),
    }


def _image(url: str, caption: str) -> dict[str, str]:
    return {"id": url, "type": "Image", "caption": caption}
