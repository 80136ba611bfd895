"""When a certificate may be corrected, and to what."""

from datetime import datetime

from laurel.accounts.rules import NAME_MAX
from laurel.core.errors import ConflictError, InvalidInputError
from laurel.credentials.rules.moments import whole_second
from laurel.credentials.rules.text import sanitize_text
from laurel.credentials.rules.verdicts import CredentialState

LONGEST = 240
"""Characters of a name on a certificate from before names had one limit. It can be put back; nobody can type so long a one."""


def check_new_name(text: str, *, most: int = NAME_MAX) -> str:
    """The name as it will be signed; raises InvalidInputError if nothing is left of it or it is too long."""
    name = " ".join(sanitize_text(text).split())
    if not name:
        raise InvalidInputError("Enter the name as it shall stand on the certificate.", field="holder_name")
    if len(name) > most:
        raise InvalidInputError(f"A name on a certificate has at most {most} characters.", field="holder_name")
    return name


def check_not_revoked(state: CredentialState) -> None:
    if state is CredentialState.REVOKED:
        raise ConflictError("This certificate was revoked. If that was a mistake, reinstate it first.")


def check_correctable(state: CredentialState, *, valid_from: datetime, valid_until: datetime | None, now: datetime) -> None:
    """Raise ConflictError unless a newer document may follow the present one.

    `validFrom` of the newer one must be later, and not in the future: so it is never the same second.
    """
    check_not_revoked(state)
    if valid_until is not None and now >= valid_until:
        raise ConflictError("This certificate has expired. Nothing about it can be corrected any more.")
    if whole_second(now) <= valid_from:
        raise ConflictError("This certificate was signed only a moment ago. Wait a second and send it again.")
