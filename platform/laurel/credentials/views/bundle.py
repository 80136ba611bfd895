"""Everything that a holder has of one certificate, as one ZIP file."""

import io
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from flask import render_template

from laurel.core.typefaces import can_be_set
from laurel.credentials.queries import SignedCredential
from laurel.credentials.rules.baking import bake_png, bake_svg
from laurel.credentials.rules.issuer import Issuer
from laurel.credentials.rules.old_links import with_code
from laurel.credentials.services.tokens import NoTokenError, TokenKey, make_token
from laurel.credentials.typst_gateway import Certificate, UnprintableError, render_certificate
from laurel.credentials.views import drawings
from laurel.credentials.views.packing import write_file


@dataclass(frozen=True, slots=True)
class Bundle:
    """What goes into the file, read from the database already: packing it takes no connection."""

    number: str
    readme: str
    svg: str
    document: str
    token: TokenKey | None
    certificate: Certificate
    signed_at: datetime

    def packed(self) -> bytes:
        """The ZIP."""
        out = io.BytesIO()
        with zipfile.ZipFile(out, "w") as archive:
            self.write_into(archive)
        return out.getvalue()

    def write_into(self, archive: zipfile.ZipFile) -> None:
        """Its files in a folder. A PDF that no font of ours can print is left out, and a token where no key opens: the README says so."""
        files: list[tuple[str, bytes]] = [("README.txt", self.readme.encode()), ("credential.json", self.document.encode())]
        with suppress(UnprintableError):
            files.append(("certificate.pdf", render_certificate(self.certificate)))
        if self.token is not None:
            with suppress(NoTokenError):
                files.append(("credential.jwt", make_token(self.document, self.token).encode()))
        files.append(("badge.png", bake_png(drawings.badge_png(self.svg), self.document)))
        files.append(("badge.svg", bake_svg(self.svg, self.document).encode()))
        for name, content in files:
            write_file(archive, f"{self.number}/{name}", content, at=self.signed_at)


def bundle(issuer: Issuer, found: SignedCredential, token: TokenKey | None, certificate: Certificate) -> Bundle:
    """All that the file needs; without a key there is no token in it."""
    address = with_code(issuer.credential_url(found.credential.id), found.credential.address_token)
    return Bundle(
        number=found.credential.number,
        readme=render_template(
            "credentials/readme.txt", found=found, issuer=issuer, address=address, has_pdf=can_be_set(certificate.text.words)
        ),
        svg=drawings.badge_svg(found.achievement),
        document=found.version.signed_json,
        token=token,
        certificate=certificate,
        signed_at=found.version.signed_at,
    )
