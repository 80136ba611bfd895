"""The certificate for printing, in the name of whoever issued it."""

from sqlalchemy.orm import Session

from laurel.credentials.queries import SignedCredential
from laurel.credentials.queries.organizations import get_logo
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.services.issuers import in_name_of
from laurel.credentials.typst_gateway import Certificate
from laurel.credentials.views import drawings
from laurel.credentials.views.presenters import issuer_as_signed


def issued_by(house: Issuer, found: SignedCredential) -> Issuer:
    """Who issued it, as its signed document names them."""
    return issuer_as_signed(in_name_of(house, found.organization), found)


def logo_beside(session: Session, found: SignedCredential) -> str:
    """The logo that stands beside that name, as SVG; empty if there is none."""
    own = found.organization
    if own is None:
        return drawings.logo_svg()
    return drawings.framed_logo(get_logo(session, own.slug)) if own.has_logo else ""


def compose(session: Session, house: Issuer, found: SignedCredential) -> Certificate:
    """Ready to be rendered without the database; raises UnsignedWordsError."""
    return drawings.compose_certificate(issued_by(house, found), found, logo=logo_beside(session, found))
