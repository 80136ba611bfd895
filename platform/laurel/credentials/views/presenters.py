"""What the pages show of a credential, worked out in one place so that every page uses the same words."""

import json
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from laurel.core import clock
from laurel.core.dates import day
from laurel.credentials.models import Credential, VersionCause
from laurel.credentials.queries import CredentialRecord, SignedCredential, is_held, signed
from laurel.credentials.rules import erasure
from laurel.credentials.rules.erasure import ErasureReason
from laurel.credentials.rules.examination import ADVICE, ADVICE_ON_LOOKS, ADVICE_ON_OLD_KEY, NOT_CHECKED
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.keys import TRUSTED
from laurel.credentials.rules.old_links import with_code
from laurel.credentials.rules.printing import has_pdf
from laurel.credentials.rules.scores import SignedScore, score_in
from laurel.credentials.rules.shown import as_object, official_in
from laurel.credentials.rules.verdicts import Check, CredentialState, Findings, Verdict
from laurel.credentials.services.examining import Examination, Issued
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.services.shown import is_as_signed
from laurel.web.session import current_session

KINDS = {
    Verdict.VALID: "ok",
    Verdict.EXPIRED: "warn",
    Verdict.SUPERSEDED: "warn",
    Verdict.NOT_YET_VALID: "warn",
    Verdict.TEMPORARILY_UNKNOWN: "info",
    Verdict.PENDING: "info",
    Verdict.ON_HOLD: "warn",
}
"""The color of each word: green for nothing but valid, red for what is not named here."""
SENTENCES = {
    Verdict.VALID: "This certificate is valid.",
    Verdict.EXPIRED: "This certificate was genuine and has expired.",
    Verdict.REVOKED: "This certificate was revoked and does not count any more.",
    Verdict.SUPERSEDED: "This was a certificate of ours. A corrected version has taken its place.",
    Verdict.NOT_ISSUED_HERE: "We have not issued this.",
    Verdict.TEMPORARILY_UNKNOWN: "We cannot vouch for it at this moment; that says nothing against it or its holder. Look again later.",
    Verdict.NOT_YET_VALID: "This certificate is genuine, but its validity has not begun.",
    Verdict.SIGNATURE_INVALID: "Do not rely on this certificate: its signature does not hold.",
    Verdict.PENDING: "This certificate was awarded and is being signed.",
    Verdict.ON_HOLD: "We are looking into this certificate. Until that is decided, do not rely on it.",
}

UNSIGNED = {
    Verdict.REVOKED: "This certificate was revoked before it was signed. It has never counted.",
    Verdict.ON_HOLD: "This certificate is not signed, and will not be for the time being. Do not rely on it.",
}


@dataclass(frozen=True, slots=True)
class ShownCredential:
    """One credential as a page shows it; `findings` is None if it is not signed. `is_held`: nor will it be, while a payment is away."""

    record: CredentialRecord
    findings: Findings | None
    page_url: str
    issuer: Issuer
    """As the signed document names it: what an organization calls itself later is not what it signed."""
    is_held: bool = False

    @property
    def address(self) -> str:
        """Its page, as the holder gives it away."""
        return with_code(self.page_url, self.record.credential.address_token)

    @property
    def verdict(self) -> Verdict:
        if self.findings is not None:
            return self.findings.verdict
        if self.record.credential.state is CredentialState.REVOKED:
            return Verdict.REVOKED
        return Verdict.ON_HOLD if self.is_held else Verdict.PENDING

    @property
    def is_named(self) -> bool:
        """Whether the public hears whose it is: of what was never signed, only while it is about to be."""
        return self.findings is not None or self.verdict is Verdict.PENDING

    @property
    def word(self) -> str:
        """The status word, as a heading says it."""
        return self.verdict.value.capitalize()

    @property
    def kind(self) -> str:
        """The color of the word: green for nothing but valid."""
        return KINDS.get(self.verdict, "bad")

    @property
    def status_list_url(self) -> str:
        """Where machines read whether it was revoked; empty while it is pending."""
        return str(self._status.get("statusListCredential", ""))

    @property
    def status_index(self) -> str:
        return str(self._status.get("statusListIndex", ""))

    @property
    def _status(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.record.version.signed_json)["credentialStatus"] if self.record.version else {}
        return found

    @property
    def official(self) -> str:
        """Who answers for the issuer, as it was signed; empty if nobody is named."""
        return official_in(as_object(self.record.version.signed_json)) if self.record.version else ""

    @property
    def has_pdf(self) -> bool:
        """Whether our fonts have all of its letters."""
        achievement = self.record.achievement
        return has_pdf(self.record.credential.holder_name, achievement.name, achievement.description, self.official)

    @property
    def score(self) -> SignedScore | None:
        """The exam's score, if the signed document says it."""
        return score_in(as_object(self.record.version.signed_json)) if self.record.version else None

    @property
    def has_renewed_signature(self) -> bool:
        """Whether it was signed again because a key of ours was compromised: then files of it from before do not verify any more."""
        return self.record.version is not None and self.record.version.cause is VersionCause.SIGNATURE_RENEWED

    @property
    def sentence(self) -> str:
        return SENTENCES[self.verdict] if self.is_named else UNSIGNED[self.verdict]

    @property
    def end_line(self) -> str:
        """Until when it is valid, in a sentence that fits the verdict; empty for what is not signed or was revoked."""
        if self.findings is None or self.findings.is_revoked:
            return ""
        if self.findings.valid_until is None:
            return "It does not expire."
        if self.findings.has_ended:
            return f"It was valid until {day(self.findings.valid_until)}."
        return f"{'Valid until' if self.verdict is Verdict.VALID else 'It ends on'} {day(self.findings.valid_until)}."

    @property
    def advice(self) -> str:
        return ADVICE[self.verdict]


@dataclass(frozen=True, slots=True)
class ShownExamination:
    """What came of a file that somebody sent. `facts` are empty unless the file equals a document of ours that we may speak of."""

    verdict: Verdict
    checks: tuple[Check, ...]
    facts: tuple[tuple[str, str], ...] = ()
    page_url: str = ""
    checked_at: datetime | None = None
    erased: str = ""
    """What is said of a file whose certificate was erased."""
    looks: str = ""
    """What a person sees of the file, and must compare with `facts`; empty if there is nothing to compare."""
    has_only_an_old_key: bool = False

    @property
    def word(self) -> str:
        """The status word; of a file that can look like anything it is said of its inside alone."""
        return f"Inside: {self.verdict.value}" if self.looks else self.verdict.value.capitalize()

    @property
    def kind(self) -> str:
        return KINDS.get(self.verdict, "bad")

    @property
    def sentence(self) -> str:
        if self.looks and self.verdict is Verdict.VALID:
            return "The credential inside the file is valid. The file itself may show something else."
        if self.has_only_an_old_key:
            return "Do not rely on this copy: it was signed with a key that does not count any more."
        words = self.erased or SENTENCES[self.verdict]
        return words.replace("This certificate", "The credential inside the file") if self.looks else words

    @property
    def advice(self) -> str:
        if self.looks and self.verdict is Verdict.VALID:
            return ADVICE_ON_LOOKS
        if self.has_only_an_old_key:
            return ADVICE_ON_OLD_KEY
        return erasure.ADVICE if self.erased else ADVICE[self.verdict]


def show_examination(issuer: Issuer, examination: Examination) -> ShownExamination:
    """The outcome in words. Every fact is read from our own document."""
    examined, issued = examination.examined, examination.issued
    if issued is None:
        is_erased = bool(examined.erased) and examined.verdict is Verdict.REVOKED
        said = ErasureReason(examined.erased).sentence if is_erased else ""
        return ShownExamination(
            examined.verdict,
            examined.checks,
            checked_at=examined.checked_at,
            erased=said,
            has_only_an_old_key=examined.has_only_an_old_key,
        )
    page_url = with_code(issuer.credential_url(issued.credential_id), issued.address_token)
    return ShownExamination(examined.verdict, examined.checks, _facts_of(issued), page_url, examined.checked_at, looks=examined.looks)


@dataclass(frozen=True, slots=True)
class Closed:
    """What an address from before a change of name says of a certificate."""

    verdict: Verdict

    @property
    def word(self) -> str:
        return self.verdict.value.capitalize()

    @property
    def kind(self) -> str:
        return KINDS.get(self.verdict, "bad")

    @property
    def sentence(self) -> str:
        return SENTENCES[self.verdict]


def close(credential: Credential) -> Closed:
    """Superseded, or revoked if nothing of it counts any more."""
    return Closed(Verdict.REVOKED if credential.state is CredentialState.REVOKED else Verdict.SUPERSEDED)


def _facts_of(issued: Issued) -> tuple[tuple[str, str], ...]:
    document = issued.document
    facts = [
        ("Holder", holder_in(document) or "Not named in the signed file; its page says who it is"),
        ("Credential", document["name"]),
        ("Issued by", document["issuer"]["name"]),
        ("For the issuer", official_in(document)),
        ("Issued", day(datetime.fromisoformat(document["awardedDate"]))),  # `validFrom` moves with each correction
        ("Valid until", day(issued.valid_until) if issued.valid_until else "No expiry"),
        ("Number", issued.number),
    ]
    score = score_in(document)
    if score is not None:
        facts.append(("Exam score", f"{score.words}, {score.pass_words}"))
    if issued.revoked_at is not None and issued.revocation_reason is not None:
        facts.append(("Revoked", f"{day(issued.revoked_at)}, {issued.revocation_reason.value}"))
    return tuple(fact for fact in facts if fact[1])


def holder_in(document: dict[str, Any]) -> str:
    """The name in clear, if the document says it."""
    identifiers = document["credentialSubject"].get("identifier", [])
    return next((entry["identityHash"] for entry in identifiers if entry["identityType"] == "name" and not entry["hashed"]), "")


UNKNOWN = ShownExamination(
    Verdict.TEMPORARILY_UNKNOWN,
    tuple(Check(question, None, NOT_CHECKED) for question in ("Issued here", "Not altered", "Not revoked", "In date")),
)


def show(house: Issuer, record: CredentialRecord) -> ShownCredential:
    """The credential, checked at this moment."""
    found = signed(record)
    issuer = in_name_of(house, record.organization)
    return ShownCredential(
        record=record,
        findings=_check(issuer, found) if found else None,
        page_url=issuer.credential_url(record.credential.id),
        issuer=issuer_as_signed(issuer, found) if found else issuer,
        is_held=found is None and record.credential.state is CredentialState.PENDING and is_held(current_session(), record.credential),
    )


def issuer_as_signed(issuer: Issuer, found: SignedCredential) -> Issuer:
    """The issuer with the words of the signed document, as far as it has any."""
    said = as_object(found.version.signed_json).get("issuer")
    words = said if isinstance(said, dict) else {}
    return replace(
        issuer,
        name=words.get("name", issuer.name),
        email=words.get("email", issuer.email),
        home_url=words.get("url", issuer.home_url),
        description=words.get("description", issuer.description),
    )


def _check(issuer: Issuer, found: SignedCredential) -> Findings:
    return Findings(
        is_ours=found.key.did == issuer.did,
        is_key_withdrawn=found.key.state not in TRUSTED,
        is_unaltered=is_as_signed(issuer, found),
        is_revoked=found.credential.state is CredentialState.REVOKED,
        valid_from=found.version.valid_from,
        valid_until=found.version.valid_until,
        is_on_hold=found.credential.on_hold_at is not None,
        checked_at=clock.now(),
    )
