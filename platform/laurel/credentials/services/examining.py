"""Examining a file that somebody sent: reading it, looking up what we know about it, judging. Nothing is stored, nothing fetched.

A file is valid only if our register has a document that says the same. So whatever a signature might be made to cover, what we
vouch for is what we have written ourselves, and what is shown comes from the register and never from the file.
"""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from laurel.credentials import queries
from laurel.credentials.jws_gateway import ALGORITHM, fits_token
from laurel.credentials.openbadges_gateway import fits_proof, is_unaltered
from laurel.credentials.pypdf_gateway import find_in_pdf
from laurel.credentials.queries.erasure import find_erased
from laurel.credentials.queries.keys import find_trusted_key
from laurel.credentials.rules.baking import find_in_png, find_in_svg
from laurel.credentials.rules.erasure import ErasureReason
from laurel.credentials.rules.examination import (
    REGISTERED_CLAIMS,
    Examined,
    has_too_many_parts,
    is_credential,
    issuer_named_by,
    settled,
    without,
)
from laurel.credentials.rules.foreign import (
    LOOKS,
    MAX_UPLOAD,
    TOKEN,
    Cause,
    Kind,
    Token,
    UnreadableError,
    as_text,
    parse_object,
    parse_token,
    sniff,
)
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import TRUSTED, KeyPurpose
from laurel.credentials.rules.moments import timestamp
from laurel.credentials.rules.shown import as_object, says_dates
from laurel.credentials.rules.verdicts import CredentialState, RevocationReason
from laurel.credentials.services.issuers import find_issuer

TEXT_IN: dict[Kind, Callable[[bytes], str]] = {
    Kind.JSON: as_text,
    Kind.JWT: as_text,
    Kind.PNG: find_in_png,
    Kind.SVG: find_in_svg,
    Kind.PDF: find_in_pdf,
}
NOTHING: frozenset[str] = frozenset()
PROOF = frozenset({"proof"})
FRAGMENT = re.compile(r"[A-Za-z0-9-]{1,40}")


@dataclass(frozen=True, slots=True)
class Carried:
    """The credential that a file carries; with `token` if it is signed as a JSON Web Token."""

    document: dict[str, Any]
    token: Token | None
    looks: str = ""
    """What a person sees of the file besides (`rules.foreign.LOOKS`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """One document that we have issued, by value: it outlives the transaction that read it."""

    credential_id: UUID
    number: str
    document: dict[str, Any]
    text: str
    public_key: str
    has_its_dates: bool
    """Whether the dates by which it is judged are those that were signed."""
    has_trusted_key: bool
    is_superseded: bool
    valid_from: datetime
    valid_until: datetime | None
    revoked_at: datetime | None
    revocation_reason: RevocationReason | None
    is_revoked: bool
    is_on_hold: bool
    address_token: str | None = None
    """What the addresses of the certificate need."""
    settled_sha256: str | None = None
    """By what a file of it is known, if its words were forgotten."""


@dataclass(frozen=True, slots=True)
class Knowledge:
    """What our register knows about a file: the documents under the address that it names, and the key that it names."""

    names_us: bool
    issued: tuple[Issued, ...]
    public_key: str | None
    erased: ErasureReason | None = None
    """Why what we had under that address was erased."""


@dataclass(frozen=True, slots=True)
class Examination:
    """The outcome. `issued` is the document that the file equals, None if it equals none or if we must not speak of it."""

    examined: Examined
    issued: Issued | None


def read_upload(content: bytes, kind: Kind | None = None) -> Carried:
    """The credential inside a file; `kind` is what the sender says that it is. Raises UnreadableError."""
    if len(content) > MAX_UPLOAD:
        raise UnreadableError(Cause.TOO_LARGE)
    found = sniff(content)
    if kind is not None and kind is not found:
        raise UnreadableError(Cause.WRONG_FORMAT)
    text = TEXT_IN[found](content)
    token = parse_token(text) if found is Kind.JWT or TOKEN.fullmatch(text.strip()) else None
    if token is not None and token.header.get("alg") != ALGORITHM:
        raise UnreadableError(Cause.UNSUPPORTED_ALGORITHM)
    document = parse_object(text) if token is None else token.claims
    if not is_credential(document):
        raise UnreadableError(Cause.NOT_A_CREDENTIAL)
    return Carried(document, token, LOOKS.get(found, ""))


def look_up(session: Session, house: Issuer, carried: Carried) -> Knowledge:
    """What we know about it: at most five queries, none for a credential of somebody else; for what cannot be one of ours, at most one."""
    issuer = find_issuer(session, house, issuer_named_by(carried.document) or "")
    if issuer is None:
        return Knowledge(False, (), None)
    if has_too_many_parts(carried.document):
        return Knowledge(True, (), None)
    credential_id = _id_in(issuer, carried.document.get("id"))
    issued = _list_issued(session, issuer, credential_id) if credential_id is not None else []
    erased = find_erased(session, credential_id) if credential_id is not None and not issued else None
    return Knowledge(True, tuple(issued), _find_key(session, issuer, carried), erased.reason if erased is not None else None)


def judge(carried: Carried, knowledge: Knowledge, *, now: datetime) -> Examination:
    """The verdict. Asks nothing of the database."""
    if not knowledge.names_us:
        unknown = Examined(names_us=False, is_unaltered=None, is_recorded=False, has_trusted_key=False, checked_at=now)
        return Examination(unknown, None)
    issued = _find_original(carried, knowledge.issued)
    if issued is None:
        is_genuine = _is_signed(carried, knowledge.public_key) and not _has_unsigned_words(carried, knowledge.issued)
        stranger = Examined(
            names_us=True,
            is_unaltered=is_genuine,
            is_recorded=False,
            has_trusted_key=is_genuine,
            checked_at=now,
            erased=knowledge.erased or "",
            looks=carried.looks,
        )
        return Examination(stranger, None)
    examined = _examine(carried, issued, knowledge.public_key, now)
    return Examination(examined, issued if examined.is_ours and not examined.is_superseded else None)


def _examine(carried: Carried, issued: Issued, public_key: str | None, now: datetime) -> Examined:
    is_genuine = issued.settled_sha256 is not None or (issued.has_its_dates and is_unaltered(issued.text, issued.public_key))
    if carried.token is not None:
        is_genuine = is_genuine and _is_signed(carried, public_key)
    return Examined(
        names_us=True,
        is_unaltered=is_genuine,
        is_recorded=True,
        has_trusted_key=issued.has_trusted_key,
        checked_at=now,
        is_revoked=issued.is_revoked,
        is_superseded=issued.is_superseded,
        is_on_hold=issued.is_on_hold,
        valid_from=issued.valid_from,
        valid_until=issued.valid_until,
        looks=carried.looks,
    )


def _find_original(carried: Carried, issued: tuple[Issued, ...]) -> Issued | None:
    """The one of our documents that the file is a copy of."""
    if carried.token is None:
        theirs, unsaid = settled(carried.document), NOTHING
    elif _claims_agree(carried):
        theirs, unsaid = settled(without(carried.document, REGISTERED_CLAIMS)), PROOF
    else:
        return None
    return next((one for one in issued if _is_of(one, carried, theirs, unsaid)), None)


def _is_of(issued: Issued, carried: Carried, theirs: str, unsaid: frozenset[str]) -> bool:
    """Whether the file says what the document says. Where that was forgotten, its digest says so of a file; of a token, which has another
    signature, its beginning does: a key of ours for tokens signs nothing but documents of ours."""
    if issued.settled_sha256 is None:
        return settled(without(issued.document, unsaid)) == theirs
    if carried.token is None:
        return hashlib.sha256(theirs.encode()).hexdigest() == issued.settled_sha256
    return carried.document.get("validFrom") == timestamp(issued.valid_from)


def _claims_agree(carried: Carried) -> bool:
    """Whether the claims that repeat what the document says, say the same."""
    claims = carried.document
    return claims.get("iss") == issuer_named_by(claims) and claims.get("jti") == claims.get("id")


def _is_signed(carried: Carried, public_key: str | None) -> bool:
    if public_key is None:
        return False
    return fits_token(carried.token, public_key) if carried.token is not None else fits_proof(carried.document, public_key)


def _has_unsigned_words(carried: Carried, issued: tuple[Issued, ...]) -> bool:
    """Whether it bears the signature of a document of ours and yet reads differently: a signature covers meanings, not members."""
    if carried.token is None and any(one.settled_sha256 is not None for one in issued):
        return True  # its signature may be the one of a document that was forgotten
    return _proof_value(carried.document) in {_proof_value(one.document) for one in issued}


def _proof_value(document: dict[str, Any]) -> str | None:
    proof = document.get("proof")
    value = proof.get("proofValue") if isinstance(proof, dict) else None
    return value if isinstance(value, str) else None


def _list_issued(session: Session, issuer: Issuer, credential_id: UUID) -> list[Issued]:
    """Every document of this credential, the latest first."""
    credential = queries.find_credential(session, credential_id)
    if credential is None:
        return []
    return [
        Issued(
            credential_id=credential.id,
            number=credential.number,
            document=(document := as_object(version.signed_json)),
            text=version.signed_json,
            public_key=key.public_key,
            has_its_dates=says_dates(document, version.valid_from, version.valid_until),
            has_trusted_key=key.did == issuer.did and key.state in TRUSTED,
            is_superseded=version.n != credential.current_n,
            valid_from=version.valid_from,
            valid_until=version.valid_until,
            revoked_at=credential.revoked_at,
            revocation_reason=credential.revocation_reason,
            is_revoked=credential.state is CredentialState.REVOKED,
            is_on_hold=credential.on_hold_at is not None,
            address_token=credential.address_token,
            settled_sha256=version.settled_sha256,
        )
        for version, key, _entry, _list in queries.list_versions(session, credential.id)
    ]


def _id_in(issuer: Issuer, address: object) -> UUID | None:
    if not isinstance(address, str):
        return None
    try:
        found = UUID(address.rpartition("/")[2])
    except ValueError:
        return None
    return found if issuer.credential_url(found) == address else None


def _find_key(session: Session, issuer: Issuer, carried: Carried) -> str | None:
    """The public key by which the file says that it was signed, if it is one of ours that counts."""
    if carried.token is not None:
        return find_token_key(session, issuer, carried.token.header.get("kid"))
    proof = carried.document.get("proof")
    method = proof.get("verificationMethod") if isinstance(proof, dict) else None
    prefix = f"{issuer.did}#"
    if not isinstance(method, str) or not method.startswith(prefix):
        return None
    return _trusted(session, issuer, method.removeprefix(prefix), KeyPurpose.DATA_INTEGRITY)


def find_token_key(session: Session, issuer: Issuer, kid: object) -> str | None:
    """The public key, as the text of a JWK, of the address that a token names: `…/keys/<fragment>.jwk`."""
    start, end = f"{issuer.place}/keys/", ".jwk"
    if not isinstance(kid, str) or not (kid.startswith(start) and kid.endswith(end)):
        return None
    return _trusted(session, issuer, kid.removeprefix(start).removesuffix(end), KeyPurpose.JWT)


def _trusted(session: Session, issuer: Issuer, fragment: str, purpose: KeyPurpose) -> str | None:
    key = find_trusted_key(session, issuer.did, fragment, purpose) if FRAGMENT.fullmatch(fragment) else None
    return key.public_key if key is not None else None
