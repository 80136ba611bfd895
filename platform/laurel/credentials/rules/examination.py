"""Judging a file that somebody sent: what is known about it, the verdict that follows, and what to do then."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from laurel.credentials.rules.verdicts import NOT_ON_HOLD, Check, Verdict

REGISTERED_CLAIMS = frozenset({"iss", "jti", "sub", "nbf", "exp", "iat"})
NOT_CHECKED = "Not checked."
MAX_PARTS = 100
"""Ours have about 25 objects and lists, and one more for each tag or alignment."""

ADVICE = {
    Verdict.VALID: "Compare the name, the title and the dates with what you were told.",
    Verdict.EXPIRED: "Ask the holder whether they have renewed it.",
    Verdict.REVOKED: "Do not rely on it. If you are the holder and think this is a mistake, write to us.",
    Verdict.SUPERSEDED: "Ask the holder for the current version. This one does not count any more.",
    Verdict.NOT_YET_VALID: "Check again on the day when it begins.",
    Verdict.SIGNATURE_INVALID: "Do not rely on it. Ask the holder for the link to their certificate, or for the file as it was downloaded.",
    Verdict.NOT_ISSUED_HERE: "Do not take it for a certificate of ours. If it names another issuer, ask there.",
    Verdict.TEMPORARILY_UNKNOWN: "Try again in a minute.",
    Verdict.PENDING: "Try again in a minute.",
    Verdict.ON_HOLD: "Do not rely on it yet. Ask again in a few days: it is then valid, or revoked.",
}
ADVICE_ON_OLD_KEY = (
    "It was genuine, and its key was withdrawn. Ask the holder for the link to their certificate, or to download the file again:"
    " what is still valid is signed again."
)
ADVICE_ON_LOOKS = (
    "If anything that you see in the file differs from this, do not believe the file, however genuine the credential inside it is."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Examined:
    """What was found out about a file at one moment.

    `is_unaltered` is None if the signature was not checked. What our register says of it (from `is_revoked` on) is there only if
    `is_recorded`: the file says, word for word, what one of the documents that we have issued says. `erased` is how what we had under
    its address was erased (`rules.erasure`); empty if nothing was. `looks` is what a person sees of the file and no signature covers
    (`rules.foreign.LOOKS`); empty if the file is the credential and nothing else.
    """

    names_us: bool
    is_unaltered: bool | None
    is_recorded: bool
    has_trusted_key: bool
    checked_at: datetime
    erased: str = ""
    is_revoked: bool = False
    is_superseded: bool = False
    is_on_hold: bool = False
    valid_from: datetime | None = None
    valid_until: datetime | None = None
    looks: str = ""

    @property
    def verdict(self) -> Verdict:
        """The gravest thing that was found; VALID only if all four checks passed.

        Where only its key was withdrawn, what our register says of the very same words still counts against it: that they were revoked,
        or have ended.
        """
        if not self.names_us:
            return Verdict.NOT_ISSUED_HERE
        if not self.is_unaltered:
            return Verdict.SIGNATURE_INVALID
        if self.erased:
            return Verdict.REVOKED
        if not self.is_recorded:
            return Verdict.NOT_ISSUED_HERE
        found = self._verdict_of_ours
        return found if self.has_trusted_key or found in {Verdict.REVOKED, Verdict.EXPIRED} else Verdict.SIGNATURE_INVALID

    @property
    def has_only_an_old_key(self) -> bool:
        """Whether nothing is wrong with it but that its key was withdrawn."""
        return self.verdict is Verdict.SIGNATURE_INVALID and bool(self.is_unaltered) and self.is_recorded

    @property
    def _verdict_of_ours(self) -> Verdict:
        if self.is_revoked:
            return Verdict.REVOKED
        if self.is_superseded:
            return Verdict.SUPERSEDED
        if self.is_on_hold:
            return Verdict.ON_HOLD
        if self.valid_from is None or self.checked_at < self.valid_from:
            return Verdict.NOT_YET_VALID
        if self._has_ended:
            return Verdict.EXPIRED
        return Verdict.VALID

    @property
    def _is_erased(self) -> bool:
        return bool(self.erased and self.is_unaltered)

    @property
    def is_ours(self) -> bool:
        return self.verdict not in {Verdict.SIGNATURE_INVALID, Verdict.NOT_ISSUED_HERE}

    @property
    def _has_ended(self) -> bool:
        return self.valid_until is not None and self.checked_at >= self.valid_until

    @property
    def checks(self) -> tuple[Check, ...]:
        """Issued here, not altered, not revoked, in date; and not on hold, if that is the verdict. Of what can be looked at, and is
        ours and told of, that its looks were not checked."""
        held = (NOT_ON_HOLD,) if self.verdict is Verdict.ON_HOLD else ()
        looks = (self._looks_the_same,) if self.looks and self.is_ours and not (self.erased or self.is_superseded) else ()
        return (self._issued_here, self._not_altered, *looks, self._not_revoked, self._in_date, *held)

    @property
    def _issued_here(self) -> Check:
        question = "Issued here"
        if not self.names_us:
            return Check(question, False, "It names another issuer.")
        if self._is_erased:
            return Check(question, True, "Signed with a key that we publish, for an address of ours. What we had there was erased.")
        if self.is_recorded and self.has_trusted_key:
            return Check(question, True, "It is in our register, and signed with a key that we publish.")
        if self.is_recorded:
            return Check(question, False, "It was signed with a key that does not count any more.")
        return Check(question, False, "Our register has nothing that says exactly this.")

    @property
    def _not_altered(self) -> Check:
        question = "Not altered"
        if self.is_unaltered is None:
            return Check(question, None, NOT_CHECKED if self.names_us else "Not checked: only its issuer can say which keys are theirs.")
        if self._is_erased:
            return Check(question, True, "The signature fits. We have nothing left to compare its words with.")
        if self.is_unaltered:
            whole = "the credential inside" if self.looks else "it"
            return Check(question, True, f"The signature fits every word of {whole}.")
        return Check(question, False, "The signature does not fit its words, or is not by a key of ours that counts.")

    @property
    def _looks_the_same(self) -> Check:
        return Check("Looks the same", None, f"{self.looks} was not checked: no signature covers it. Compare it with what was signed.")

    @property
    def _not_revoked(self) -> Check:
        question = "Not revoked"
        if not self.is_ours:
            return Check(question, None, NOT_CHECKED)
        if self.erased:
            return Check(question, False, f"It was {self.erased}, and its entry on our revocation list is set.")
        if self.is_revoked:
            return Check(question, False, "We have revoked it.")
        if self.is_superseded:
            return Check(question, False, "We have revoked this version, because a corrected one has taken its place.")
        return Check(question, True, "It is not on our revocation list.")

    @property
    def _in_date(self) -> Check:
        question = "In date"
        if not self.is_ours or self.is_superseded or self.erased:
            return Check(question, None, NOT_CHECKED)
        if self.valid_from is None or self.checked_at < self.valid_from:
            return Check(question, False, "Its validity has not begun.")
        if self._has_ended:
            return Check(question, False, "The date until which it was valid has passed.")
        return Check(question, True, "Today lies between its two dates." if self.valid_until else "It does not expire.")


def is_credential(document: dict[str, Any]) -> bool:
    """Whether it says of itself that it is a verifiable credential, and by whom."""
    types = document.get("type")
    listed = types if isinstance(types, list) else [types]
    return "VerifiableCredential" in listed and issuer_named_by(document) is not None


def issuer_named_by(document: dict[str, Any]) -> str | None:
    """The issuer's id, whether `issuer` is that id or an object that has one."""
    issuer = document.get("issuer")
    named = issuer.get("id") if isinstance(issuer, dict) else issuer
    return named if isinstance(named, str) else None


def settled(document: dict[str, Any]) -> str:
    """The document as text that two documents have in common if they have the same members with the same values.

    The order of members does not count, and neither does whether a single value stands in an array of its own: programs that handle
    JSON-LD change both, and JSON-LD gives neither a meaning in credentials.
    """
    return json.dumps(_unwrapped(document), sort_keys=True)


def has_too_many_parts(document: dict[str, Any]) -> bool:
    """Whether it has more objects and lists than any document of ours ever had: comparing it would be work for nothing."""
    waiting: list[Any] = [document]
    parts = 0
    while waiting and parts <= MAX_PARTS:
        node = waiting.pop()
        parts += isinstance(node, dict | list)
        waiting.extend(node.values() if isinstance(node, dict) else node if isinstance(node, list) else ())
    return parts > MAX_PARTS


def _unwrapped(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _unwrapped(entry) for key, entry in value.items()}
    if isinstance(value, list):
        entries = [_unwrapped(entry) for entry in value]
        return entries[0] if len(entries) == 1 else entries
    return value


def without(document: dict[str, Any], members: frozenset[str]) -> dict[str, Any]:
    """The document but for these members of it."""
    return {key: value for key, value in document.items() if key not in members}
