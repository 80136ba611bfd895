import io
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from xml.etree import ElementTree

import pypdf
import pypdfium2
import pytest
import zxingcpp
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.core.typesetting import press
from laurel.credentials import artwork
from laurel.credentials.models import CredentialVersion
from laurel.credentials.rules.verdicts import RevocationReason
from laurel.credentials.services.issuing import revoke
from laurel.credentials.typst_gateway import Certificate, CertificateText, UnprintableError, edition_of, render_certificate, render_png
from laurel.credentials.views import drawings
from laurel.web.static import FOLDER
from tests.factories.credentials import make_achievement, make_credential
from tests.printed import words_of

TEXT = CertificateText(
    language="en",
    issuer="Laurel Academy",
    holder="Ada Lovelace",
    line="has passed the examination and holds the credential",
    achievement="Certified AI Prompt Engineer Level 1",
    description="The holder can plan, write, test and improve prompts for text and images.",
    issued="20 November 2026",
    valid_until="20 November 2027",
    number="LRL-7Q4M-KD2X-93ZZ",
    address="https://laurel.example/v/LRL-7Q4M-KD2X-93ZZ",
    revoked="",
)
SQUARE = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><rect width="8" height="8"/></svg>'


def _render(text: CertificateText) -> pypdf.PdfReader:
    certificate = Certificate(
        text=text,
        badge=SQUARE,
        qr=artwork.qr_code(text.address),
        frame=artwork.frame(*drawings.PAPER),
        logo=SQUARE,
        credential="{}",
        signed_at=datetime(2026, 11, 20, tzinfo=UTC),
    )
    return pypdf.PdfReader(io.BytesIO(render_certificate(certificate)))


def test_the_pdf_carries_the_signed_document_and_a_code_that_leads_to_the_page(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()

    answer = client.get(f"/credentials/{credential.id}/certificate.pdf")

    reader = pypdf.PdfReader(io.BytesIO(answer.data))
    stored = session.scalars(select(CredentialVersion.signed_json)).one()
    assert answer.mimetype == "application/pdf"
    assert reader.attachments["credential.json"] == [stored.encode()]
    picture = pypdfium2.PdfDocument(answer.data)[0].render(scale=2).to_pil()
    [code] = zxingcpp.read_barcodes(picture)
    assert code.text == f"http://laurel.test/v/{credential.number}"
    assert client.get(code.text).location == f"/credentials/{credential.id}"


def test_the_pdf_is_archival_and_accessible() -> None:
    reader = _render(TEXT)
    root = reader.trailer["/Root"]
    described = reader.xmp_metadata
    assert described is not None
    xmp = described.rdf_root.toxml()

    assert root["/MarkInfo"]["/Marked"]
    assert root["/Lang"] == "en"
    for claim in ("<pdfaid:part>3", "<pdfaid:conformance>A", "<pdfuaid:part>1"):
        assert claim in xmp
    assert reader.metadata is not None
    assert reader.metadata.title == "Certified AI Prompt Engineer Level 1 – Ada Lovelace"
    assert isinstance(reader.stream, io.BytesIO)
    read = words_of(reader.stream.getvalue())
    for word in ("Ada Lovelace", TEXT.achievement, TEXT.issued, TEXT.valid_until, TEXT.number):
        assert word in read


@pytest.mark.parametrize(
    "text",
    [
        replace(TEXT, holder="Wolfeschlegelsteinhausenbergerdorff-Featherstonehaugh-Cholmondeley, Hubert Blaine the Third"),
        replace(
            TEXT,
            achievement="AI+ Cloud Security Architect Level 2™ for people who work in regulated industries",
            description="Long. " * 90,
            official="Dr. Longname " * 8,
        ),
        replace(TEXT, holder="W" * 120),
        replace(TEXT, revoked="REVOKED 21.11.2026"),
    ],
    ids=["long name", "long title", "one endless word", "revoked"],
)
def test_a_certificate_is_one_page_whatever_it_says(text: CertificateText) -> None:
    reader = _render(text)

    assert len(reader.pages) == 1
    assert isinstance(reader.stream, io.BytesIO)
    assert text.revoked in words_of(reader.stream.getvalue())
    width = float(reader.pages[0].mediabox.width)
    page = pypdfium2.PdfDocument(reader.stream)[0].get_textpage()
    edges = [page.get_rect(number) for number in range(page.count_rects())]
    assert all(left >= 0 and right <= width for left, _bottom, right, _top in edges)


def test_letters_that_no_font_has_are_said_and_not_put_off(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(UnprintableError, match="Print its page instead"):
        _render(replace(TEXT, holder="Ada \U0010fffd"))

    assert TEXT.number in caplog.text
    assert caplog.text.replace("…", "").isascii()  # no letter of the name
    assert "10fffd" not in caplog.text.lower()


def test_the_pdf_is_not_made_again_for_who_has_it_and_is_after_a_revocation(client: FlaskClient, session: Session) -> None:
    credential = make_credential(session)
    session.commit()
    address = f"/credentials/{credential.id}/certificate.pdf"
    first = client.get(address)

    again = client.get(address, headers={"If-None-Match": first.headers["ETag"]})
    revoke(session, credential.id, reason=RevocationReason.HOLDER_REQUEST, note="Why.", actor_id=None, now=clock.now())
    session.commit()
    after = client.get(address, headers={"If-None-Match": first.headers["ETag"]})

    assert (again.status_code, again.data, after.status_code) == (304, b"", 200)
    assert first.headers["Cache-Control"] == "private, max-age=0"
    assert f"REVOKED {clock.now():%d.%m.%Y}" in words_of(after.data)


def test_the_same_certificate_is_the_same_file_and_another_file_is_never_called_the_same() -> None:
    certificate = Certificate(
        text=TEXT, badge=SQUARE, qr=SQUARE, frame=SQUARE, logo=SQUARE, credential="{}", signed_at=datetime(2026, 11, 20, tzinfo=UTC)
    )
    other = SQUARE.replace("8", "9")
    changed = [
        replace(certificate, **change)  # type: ignore[arg-type]
        for change in (
            {"text": replace(TEXT, official="Dr. Helen Marsh")},
            {"text": replace(TEXT, revoked="REVOKED 27.11.2026")},
            *({drawing: other} for drawing in ("badge", "qr", "frame", "logo")),
            {"credential": "{} "},
            {"signed_at": datetime(2026, 11, 21, tzinfo=UTC)},
        )
    ]

    assert edition_of(certificate) == edition_of(replace(certificate))
    assert len({edition_of(one) for one in (certificate, *changed)}) == len(changed) + 1
    assert len({render_certificate(one) for one in (certificate, *changed)}) == len(changed) + 1


def test_what_prints_is_part_of_the_edition(tmp_path: Path) -> None:
    """The template, the typefaces and Typst: with others, the same words make another file."""
    template, face = tmp_path / "sheet.typ", tmp_path / "Serif.ttf"
    template.write_text("one")
    face.write_bytes(b"light")
    first = press(template, faces=[face])
    face.write_bytes(b"bolder")
    second = press(template, faces=[face])
    template.write_text("two")

    assert press(template) == press(template)
    assert len({first, second, press(template, faces=[face]), press(template)}) == 4
    assert press(template, faces=[face], setter="0.1") != press(template, faces=[face])


def test_the_badge_is_a_file_of_its_own(app: Flask, session: Session) -> None:
    with app.test_request_context("/"):
        svg = drawings.badge_svg(make_achievement(session, name="Care & <Caution>"))
    root = ElementTree.fromstring(svg)  # noqa: S314 (our own drawing)

    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text == "Care & <Caution> badge"
    assert "oklch" not in svg


def test_the_badge_is_a_picture_with_a_transparent_ground(app: Flask, session: Session) -> None:
    with app.test_request_context("/"):
        picture = Image.open(io.BytesIO(drawings.badge_png(drawings.badge_svg(make_achievement(session)))))

    assert picture.size == (512, 512)
    assert picture.convert("RGBA").getpixel((0, 0))[3] == 0  # type: ignore[index]
    assert picture.convert("RGBA").getpixel((256, 256))[3] == 255  # type: ignore[index]


@pytest.mark.parametrize(
    ("color", "expected"), [((1, 0, 0), "#ffffff"), ((0, 0, 0), "#000000"), ((0.627955, 0.257683, 29.2339), "#ff0000")]
)
def test_colors_are_those_of_the_page(color: tuple[float, float, float], expected: str) -> None:
    assert artwork.hex_of(*color) == expected


def test_the_frame_on_the_page_is_the_frame_on_paper() -> None:
    assert (FOLDER / "img" / "certificate-frame.svg").read_text() == artwork.frame(72, 72)


@pytest.mark.parametrize("size", [(70, 72), (48, 72), (72, 24)])
def test_a_frame_that_would_not_close_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="multiples"):
        artwork.frame(*size)


def test_a_drawing_is_rendered_once() -> None:
    assert render_png(SQUARE, pixels=64) is render_png(SQUARE, pixels=64)
