"""Whether a credential may be shown and printed: its signature holds, and all that is shown of it was signed."""

import json

from laurel.core.errors import ConflictError
from laurel.credentials.models import AchievementVersion, Credential, CredentialVersion
from laurel.credentials.openbadges_gateway import is_unaltered
from laurel.credentials.queries import SignedCredential
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.shown import ShownFacts, shown_equals_signed


class UnsignedWordsError(ConflictError):
    """What would be printed is not what was signed."""

    message = "Our records of this certificate do not agree with its signed file, so we print nothing of it. We are looking into it."


def is_as_signed(issuer: Issuer, found: SignedCredential) -> bool:
    """Whether the current document's proof fits it, and it says every word that is shown of the credential."""
    text = found.version.signed_json
    if not is_unaltered(text, found.key.public_key):
        return False
    return shown_equals_signed(issuer, shown_facts(found.credential, found.achievement, found.version), json.loads(text))


def check_printable(issuer: Issuer, found: SignedCredential) -> None:
    """Raise UnsignedWordsError unless all that would be printed was signed."""
    if not is_as_signed(issuer, found):
        raise UnsignedWordsError


def shown_facts(credential: Credential, achievement: AchievementVersion, version: CredentialVersion) -> ShownFacts:
    """What is shown of a credential, from the columns that it is read from."""
    return ShownFacts(
        credential_id=credential.id,
        number=credential.number,
        holder_name=credential.holder_name,
        subject_id=credential.subject_id,
        achievement=achievement.facts,
        awarded_at=credential.awarded_at,
        valid_from=version.valid_from,
        valid_until=version.valid_until,
        names_holder=achievement.names_holder,
    )
