"""What the chain of events says of a credential, beside what its tables say: they can be changed, it cannot quietly."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from laurel.credentials.rules.history import HistoryKind
from laurel.credentials.rules.verdicts import CredentialState

DECISIVE = (HistoryKind.ISSUED, HistoryKind.SIGNATURE_RENEWED, HistoryKind.CORRECTED, HistoryKind.REVOKED, HistoryKind.REINSTATED)
"""What decides which documents there are, and whether they count."""
_BY = re.compile(r"by (LRL-[0-9A-Z-]{14}|[0-9a-f-]{36})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One decisive entry about one credential, in the order of the chain."""

    kind: HistoryKind
    version_n: int | None
    document_sha256: str | None


def compare_told(told: Sequence[Told], *, state: CredentialState, stored: Sequence[int]) -> Iterator[str]:
    """What was revoked, corrected or signed by the chain and is not so by the tables, or the other way round. `stored`: its versions."""
    signed = {one.version_n for one in told if one.document_sha256 is not None and one.version_n is not None}
    for n in sorted(signed.difference(stored)):
        yield f"version {n}: the history says that it was signed, and it is not there"
    is_revoked = bool(told) and told[-1].kind is HistoryKind.REVOKED
    if is_revoked and state is not CredentialState.REVOKED:
        yield f"the history says that it was revoked, and it is {state}"
    if state is CredentialState.REVOKED and not is_revoked:
        yield "it is revoked, and the history does not say so"


def digests_of(told: Sequence[Told], n: int) -> set[str]:
    """The documents that the chain knows as this version."""
    return {one.document_sha256 for one in told if one.version_n == n and one.document_sha256 is not None}


def renewal_named(reason: str) -> UUID | str | None:
    """The new certificate that an entry `RENEWED` names: by its id, or by its number in entries from the first days."""
    found = _BY.fullmatch(reason)
    if found is None:
        return None
    return found[1] if found[1].startswith("LRL-") else UUID(found[1])
