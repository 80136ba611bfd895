"""The badge as a file, drawn by the same macro as on every page, and what the certificate's PDF is made of."""

from flask import get_template_attribute

from laurel.core.dates import day
from laurel.credentials import artwork
from laurel.credentials.models import AchievementVersion
from laurel.credentials.queries import SignedCredential
from laurel.credentials.rules.baking import measure_png
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.old_links import with_code
from laurel.credentials.rules.scores import score_in
from laurel.credentials.rules.shown import as_object, official_in
from laurel.credentials.rules.verdicts import CredentialState, Verdict
from laurel.credentials.services.shown import check_printable
from laurel.credentials.typst_gateway import CardText, Certificate, CertificateText, render_png
from laurel.web.static import FOLDER

BADGE_PIXELS = 512
LOGO_PIXELS = 256
PAPER = (792, 552)
"""The frame on A4, landscape, in points."""
CARD = (576, 288)
"""The frame of the picture that goes with a shared link."""


def badge_svg(achievement: AchievementVersion) -> str:
    """The seal as an SVG file; level 0 has a star where the others have their numeral."""
    draw = get_template_attribute("components/badges.html", "badge_art")
    drawn = str(draw(achievement.name, achievement.level, achievement.hue, BADGE_PIXELS, achievement.name))
    return artwork.standalone(drawn, title=f"{achievement.name} badge")


def badge_png(svg: str) -> bytes:
    return render_png(svg, pixels=BADGE_PIXELS)


def logo_svg() -> str:
    return (FOLDER / "img" / "laurel.svg").read_text()


def logo_png() -> bytes:
    return render_png(logo_svg(), pixels=LOGO_PIXELS)


def framed_logo(picture: bytes) -> str:
    """An organization's PNG as SVG."""
    return artwork.framed(picture, *measure_png(picture))


def compose_card(issuer: Issuer, found: SignedCredential, verdict: Verdict) -> CardText:
    """The words of the picture that goes with a shared link, with what the page says of it; raises UnsignedWordsError."""
    check_printable(issuer, found)
    return CardText(
        language=found.achievement.language,
        issuer=issuer.name,
        holder=found.credential.holder_name,
        line=found.credential.source.line,
        achievement=found.achievement.name,
        address=with_code(issuer.number_url(found.credential.number), found.credential.address_token).partition("://")[2],
        stamp="" if verdict is Verdict.VALID else verdict.upper(),
    )


def compose_certificate(issuer: Issuer, found: SignedCredential, *, logo: str | None = None) -> Certificate:
    """The certificate for printing, ready to be rendered without the database; raises UnsignedWordsError.

    `logo` is the house's unless another is given; an empty one is none.
    """
    check_printable(issuer, found)
    credential, version = found.credential, found.version
    is_revoked = credential.state is CredentialState.REVOKED and credential.revoked_at is not None
    address = with_code(issuer.number_url(credential.number), credential.address_token)
    score = score_in(as_object(version.signed_json))
    text = CertificateText(
        language=found.achievement.language,
        issuer=issuer.name,
        holder=credential.holder_name,
        line=credential.source.line,
        achievement=found.achievement.name,
        description=found.achievement.description,
        issued=day(credential.awarded_at),
        valid_until=day(version.valid_until) if version.valid_until else "No expiry",
        number=credential.number,
        score=f"{score.words}, {score.pass_words}" if score else "",
        scan=f"Scan to see whether it is valid today{'' if found.achievement.names_holder else ', and whose it is'}",
        address=address,
        official=official_in(as_object(version.signed_json)),
        revoked=f"REVOKED {credential.revoked_at:%d.%m.%Y}" if is_revoked else "",
    )
    return Certificate(
        text=text,
        badge=badge_svg(found.achievement),
        qr=artwork.qr_code(address),
        frame=artwork.frame(*PAPER),
        logo=logo_svg() if logo is None else logo,
        credential=version.signed_json,
        signed_at=version.signed_at,
    )
