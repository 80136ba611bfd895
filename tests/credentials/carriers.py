"""Files as strangers send them: our own documents in every carrier, changed copies of them, and what is meant to do harm."""

import base64
import gzip
import io
import json
import struct
import zlib
from typing import Any

import pypdf
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from sqlalchemy.orm import Session

from laurel.core import clock
from laurel.credentials.models import IssuerKey, KeyPurpose, KeyState
from tests.factories.credentials import ISSUER

PNG = b"\x89PNG\r\n\x1a\n"


def chunk(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content), name) + content + struct.pack(">I", zlib.crc32(name + content))


def png(*chunks: bytes) -> bytes:
    """A picture of one black dot, with these chunks before its end."""
    header = chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
    return PNG + header + chunk(b"IDAT", zlib.compress(b"\0\0")) + b"".join(chunks) + chunk(b"IEND", b"")


def carrier(text: bytes, *, flag: int = 0) -> bytes:
    packed = zlib.compress(text) if flag else text
    return chunk(b"iTXt", b"openbadgecredential\0" + bytes([flag, 0]) + b"\0\0" + packed)


def svg(inside: str, *, before: str = "") -> bytes:
    return f'{before}<svg xmlns="http://www.w3.org/2000/svg">{inside}</svg>'.encode()


def carried(text: str) -> str:
    return f'<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0"><![CDATA[{text}]]></o:credential>'


def in_attribute(text: str) -> str:
    return f'<o:credential xmlns:o="https://purl.imsglobal.org/ob/v3p0" verify="{text}"/>'


def many_attachments(leaves: int, each: int, size: int = 120_000) -> bytes:
    """A PDF with a tree of names: so many leaves with so many credentials each, all of them packed."""
    packed = zlib.compress(b" " * size, 9)
    kids = b" ".join(b"%d 0 R" % (3 + n * (2 * each + 1)) for n in range(leaves))
    parts = [b"<</Type/Catalog/Names<</EmbeddedFiles 2 0 R>>>>", b"<</Kids[" + kids + b"]>>"]
    for leaf in range(leaves):
        first = 4 + leaf * (2 * each + 1)
        parts.append(b"<</Names[" + b" ".join(b"(credential.json) %d 0 R" % (first + 2 * n) for n in range(each)) + b"]>>")
        for n in range(each):
            parts.append(b"<</Type/Filespec/EF<</F %d 0 R>>>>" % (first + 2 * n + 1))
            parts.append(b"<</Filter/FlateDecode/Length %d>>\nstream\n" % len(packed) + packed + b"\nendstream")
    return raw_pdf(parts)


def pdf(*attached: tuple[str, bytes], password: str = "") -> bytes:
    writer = pypdf.PdfWriter()
    writer.add_blank_page(10, 10)
    for name, content in attached:
        writer.add_attachment(name, content)
    if password:
        writer.encrypt(password, algorithm="RC4-128")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def bomb(size: int = 60_000_000) -> bytes:
    """Zeros: 60 MB of them in 60 kB."""
    return zlib.compress(b"0" * size, 9)


def pdf_bomb() -> bytes:
    """A PDF whose attachment unpacks to 60 MB."""
    packed = bomb()
    parts = [
        b"<</Type/Catalog/Names<</EmbeddedFiles<</Names[(credential.json) 2 0 R]>>>>>>",
        b"<</Type/Filespec/F(credential.json)/EF<</F 3 0 R>>>>",
        b"<</Type/EmbeddedFile/Filter/FlateDecode/Length %d>>\nstream\n" % len(packed) + packed + b"\nendstream",
    ]
    return raw_pdf(parts)


def raw_pdf(objects: list[bytes]) -> bytes:
    out, places = b"%PDF-1.7\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(out))
        out += b"%d 0 obj\n" % number + content + b"\nendobj\n"
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    return (
        out
        + b"xref\n0 %d\n0000000000 65535 f \n" % size
        + table
        + b"trailer\n<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n"
        % (
            size,
            len(out),
        )
    )


def gzipped(content: bytes) -> bytes:
    return gzip.compress(content, mtime=0)  # no time: the same at every collection


RSA = generate_private_key(public_exponent=65_537, key_size=2048)
KID = f"{ISSUER.public_url}/keys/jwt-2026-01.jwk"


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def add_token_key(session: Session, *, state: KeyState = KeyState.ACTIVE, did: str = ISSUER.did) -> IssuerKey:
    """`RSA` among the keys of an issuer, else of the house: a new key pair for each test would take longer than the test."""
    numbers = RSA.public_key().public_numbers()
    modulus, exponent = (encoded(value.to_bytes((value.bit_length() + 7) // 8)) for value in (numbers.n, numbers.e))
    key = IssuerKey(
        did=did,
        fragment="jwt-2026-01",
        purpose=KeyPurpose.JWT,
        algorithm="RS256",
        public_key=json.dumps({"kty": "RSA", "n": modulus, "e": exponent, "alg": "RS256"}),
        sealed_private_key=RSA.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption()),
        state=state,
        staged_at=clock.now(),
        active_at=clock.now(),
    )
    session.add(key)
    session.flush()
    return key


def token(document: dict[str, Any], *, key: RSAPrivateKey = RSA, header: dict[str, Any] | None = None, **claims: Any) -> str:
    """The document as a token, as `/credentials/<uuid>.jwt` has it."""
    unsigned = {name: value for name, value in document.items() if name != "proof"}
    payload = {**unsigned, "iss": document["issuer"]["id"], "jti": document["id"], "sub": document["credentialSubject"]["id"], **claims}
    head = header or {"alg": "RS256", "kid": KID, "typ": "JWT"}
    signed = f"{encoded(json.dumps(head).encode())}.{encoded(json.dumps(payload).encode())}"
    return f"{signed}.{encoded(key.sign(signed.encode(), PKCS1v15(), SHA256()))}"
