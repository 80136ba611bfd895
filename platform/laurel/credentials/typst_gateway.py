"""Typesetting with Typst: the certificate as an archival, accessible PDF, and drawings as PNG. Nothing is fetched."""

import hashlib
import json
import logging
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache, lru_cache
from pathlib import Path

from laurel.core.errors import ConflictError
from laurel.core.typefaces import can_be_set
from laurel.core.typesetting import UnsettableError, compile_document, press, set_pdf

log = logging.getLogger("laurel.credentials")
TEMPLATE = Path(__file__).with_name("certificate.typ")
CARD = Path(__file__).with_name("card.typ")
DRAWING = b"""#set page(width: 100pt, height: 100pt, margin: 0pt, fill: none)
#image(bytes(sys.inputs.svg), format: "svg", width: 100pt, height: 100pt, fit: "contain")"""


class UnprintableError(ConflictError):
    """The PDF could not be set: a name may be written in letters that none of our fonts has. Trying again does not help."""

    message = (
        "This certificate has characters that the fonts of our PDF lack. Print its page instead: it says the same, and the credential"
        " itself is valid and can be verified."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateText:
    """Every word on the certificate, dates already written out. `revoked` is the stamp of a revoked one, else empty.

    `score` is empty unless its holder agreed to show it; `scan` says what its QR code is for.
    """

    language: str
    issuer: str
    holder: str
    line: str
    achievement: str
    description: str
    issued: str
    valid_until: str
    number: str
    address: str
    revoked: str
    score: str = ""
    scan: str = "Scan to see whether it is valid today"
    official: str = ""
    """Who answers for the issuer; empty if nobody is named."""

    @property
    def words(self) -> str:
        """All of them, one after the other."""
        return "".join(asdict(self).values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """All that goes into the PDF: the words, four drawings as SVG, and the signed credential to be attached as it is."""

    text: CertificateText
    badge: str
    qr: str
    frame: str
    logo: str
    credential: str
    signed_at: datetime


def render_certificate(certificate: Certificate) -> bytes:
    """PDF/A-3a and PDF/UA-1 in one; the same certificate is the same file. Raises UnprintableError."""
    if not can_be_set(certificate.text.words):
        log.warning("Certificate %s cannot be set: our fonts lack some of its letters", certificate.text.number)
        raise UnprintableError
    try:
        return set_pdf(TEMPLATE.read_bytes(), inputs=_inputs(certificate), dated=certificate.signed_at)
    except UnsettableError as error:
        log.warning("Certificate %s cannot be set: %s", certificate.text.number, error)
        raise UnprintableError from None


def _inputs(certificate: Certificate) -> dict[str, str]:
    return {
        "text": json.dumps(asdict(certificate.text)),
        "badge": certificate.badge,
        "qr": certificate.qr,
        "frame": certificate.frame,
        "logo": certificate.logo,
        "credential": certificate.credential,
    }


def edition_of(certificate: Certificate) -> str:
    """A name for the file that `render_certificate` makes of it: two files that may differ are never called the same."""
    written = json.dumps([_press(), _inputs(certificate), certificate.signed_at.isoformat()])
    return hashlib.sha256(written.encode()).hexdigest()[:32]


@cache
def _press() -> str:
    """Read once: templates and typefaces do not change under a process."""
    return press(TEMPLATE)


@dataclass(frozen=True, slots=True, kw_only=True)
class CardText:
    """Every word on the picture of a shared link. `stamp` is the word of a certificate that is not valid, over its seal; else empty."""

    language: str
    issuer: str
    holder: str
    line: str
    achievement: str
    address: str
    stamp: str


def render_card(text: CardText, *, badge: str, frame: str) -> bytes:
    """1200 × 630 pixels as PNG. Not kept: there is a name on it. Raises UnprintableError if a letter is in no font."""
    if not can_be_set("".join(asdict(text).values())):  # a picture would get a box for it
        raise UnprintableError
    return compile_document(CARD.read_bytes(), {"text": json.dumps(asdict(text)), "badge": badge, "frame": frame}, format="png", ppi=144)


@lru_cache(maxsize=64)
def render_png(svg: str, *, pixels: int) -> bytes:
    """A square drawing as PNG with a transparent ground. The same drawing is rendered once per process."""
    return compile_document(DRAWING, {"svg": svg}, format="png", ppi=72 * pixels / 100)
