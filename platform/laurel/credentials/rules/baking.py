"""A credential inside a picture (Open Badges 3.0 §5.3): putting it there, and finding it in pictures of strangers."""

import re
import struct
import zlib
from collections.abc import Iterator
from xml.parsers import expat

from laurel.credentials.rules.foreign import MAX_TEXT, PNG_SIGNATURE, Cause, UnreadableError, as_text

KEYWORD = b"openbadgecredential"
NAMESPACE = "https://purl.imsglobal.org/ob/v3p0"
ELEMENT = f"{NAMESPACE} credential"
MAX_CHUNKS = 4096
MAX_ELEMENTS = 20_000
MAX_DEPTH = 100
BAKED = re.compile(r"<openbadges:credential\b.*?</openbadges:credential>|<openbadges:credential\b[^>]*/>", re.S)
Chunk = tuple[bytes, bytes]


def bake_png(picture: bytes, credential: str) -> bytes:
    """The picture with the credential in exactly one `iTXt` chunk, uncompressed; one that it had before is replaced."""
    kept = [chunk for chunk in _chunks(picture) if not _is_carrier(chunk)]
    baked = (b"iTXt", KEYWORD + b"\0\0\0\0\0" + credential.encode())
    return PNG_SIGNATURE + b"".join(_packed(chunk) for chunk in (*kept[:-1], baked, kept[-1]))


def measure_png(picture: bytes) -> tuple[int, int]:
    """Width and height in pixels; raises UnreadableError for what is no whole PNG."""
    header = _chunks(picture)[0][1]
    if len(header) != 13:
        raise UnreadableError(Cause.PNG_DAMAGED)
    width, height = struct.unpack_from(">II", header)
    return width, height


def bake_svg(drawing: str, credential: str) -> str:
    """The drawing with the credential as its first child; one that it had before is replaced."""
    bare = BAKED.sub("", drawing)
    text = credential.replace("]]>", "]]]]><![CDATA[>")
    element = f'<openbadges:credential xmlns:openbadges="{NAMESPACE}"><![CDATA[{text}]]></openbadges:credential>'
    return re.sub(r"<svg\b[^>]*>", lambda found: found.group() + element, bare, count=1)


def find_in_png(picture: bytes) -> str:
    """The text of the one credential in a picture; raises UnreadableError."""
    found = [content for chunk in _chunks(picture) if _is_carrier(chunk) for content in [chunk[1]]]
    return _only([_text_of(content) for content in found[:2]])


def find_in_svg(drawing: bytes) -> str:
    """The text of the one credential in a drawing; raises UnreadableError. Entities and document types are refused unread."""
    try:
        text = drawing.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise UnreadableError(Cause.NOT_UTF8) from None
    reader = _SvgReader()
    parser = expat.ParserCreate("utf-8", " ")
    parser.StartDoctypeDeclHandler = reader.refuse_doctype
    parser.EntityDeclHandler = reader.refuse_doctype
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.add
    try:
        parser.Parse(text.encode(), True)
    except expat.ExpatError:
        raise UnreadableError(Cause.SVG_DAMAGED) from None
    return _only(reader.found)


class _SvgReader:
    """Listens to the parser and keeps nothing but what credential elements hold."""

    def __init__(self) -> None:
        self.found: list[str] = []
        self.parts: list[str] | None = None
        self.size = self.depth = self.elements = 0

    def refuse_doctype(self, *_declared: object) -> None:
        raise UnreadableError(Cause.SVG_DOCTYPE)

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth, self.elements = self.depth + 1, self.elements + 1
        if self.depth > MAX_DEPTH or self.elements > MAX_ELEMENTS:
            raise UnreadableError(Cause.TOO_DEEP)
        if self.parts is not None or (self.depth == 1 and name != "http://www.w3.org/2000/svg svg"):
            raise UnreadableError(Cause.SVG_DAMAGED)
        if name == ELEMENT:
            self.parts = []
            self.add(attributes.get("verify", ""))

    def add(self, text: str) -> None:
        if self.parts is None:
            return
        self.size += len(text)
        if self.size > MAX_TEXT:
            raise UnreadableError(Cause.TOO_LARGE)
        self.parts.append(text)

    def end(self, _name: str) -> None:
        self.depth -= 1
        if self.parts is not None:
            self.found.append("".join(self.parts).strip())
            self.parts = None


def _only(found: list[str]) -> str:
    if not found:
        raise UnreadableError(Cause.NO_CREDENTIAL)
    if len(found) > 1:
        raise UnreadableError(Cause.SEVERAL_CREDENTIALS)
    return found[0]


def _chunks(picture: bytes) -> list[Chunk]:
    """Every chunk from IHDR to IEND, each with the checksum that it states; raises UnreadableError."""
    chunks = list(_walk(picture))
    if len(chunks) < 2 or chunks[0][0] != b"IHDR" or chunks[-1][0] != b"IEND":
        raise UnreadableError(Cause.PNG_DAMAGED)
    return chunks


def _walk(picture: bytes) -> Iterator[Chunk]:
    if not picture.startswith(PNG_SIGNATURE):
        raise UnreadableError(Cause.PNG_DAMAGED)
    place, name = len(PNG_SIGNATURE), b""
    for _number in range(MAX_CHUNKS):
        if place == len(picture):
            return
        if name == b"IEND" or place + 12 > len(picture):
            raise UnreadableError(Cause.PNG_DAMAGED)
        length, name = struct.unpack_from(">I4s", picture, place)
        content, stated = picture[place + 8 : place + 8 + length], picture[place + 8 + length : place + 12 + length]
        if not name.isalpha() or len(stated) < 4 or stated != _checksum(name, content):
            raise UnreadableError(Cause.PNG_DAMAGED)
        yield name, content
        place += 12 + length
    raise UnreadableError(Cause.PNG_DAMAGED)


def _packed(chunk: Chunk) -> bytes:
    name, content = chunk
    return struct.pack(">I4s", len(content), name) + content + _checksum(name, content)


def _checksum(name: bytes, content: bytes) -> bytes:
    return struct.pack(">I", zlib.crc32(content, zlib.crc32(name)))


def _is_carrier(chunk: Chunk) -> bool:
    return chunk[0] == b"iTXt" and chunk[1].startswith(KEYWORD + b"\0")


def _text_of(content: bytes) -> str:
    """What an `iTXt` chunk says: after its keyword come a compression flag and method, a language, a translated keyword and the text."""
    rest = content[len(KEYWORD) + 1 :]
    parts = rest[2:].split(b"\0", 2)
    if len(parts) != 3 or rest[:1] not in {b"\0", b"\x01"}:
        raise UnreadableError(Cause.PNG_DAMAGED)
    return as_text(_inflated(parts[2]) if rest[0] else parts[2])


def _inflated(packed: bytes) -> bytes:
    inflate = zlib.decompressobj()
    try:
        text = inflate.decompress(packed, MAX_TEXT + 1)
    except zlib.error:
        raise UnreadableError(Cause.PNG_DAMAGED) from None
    if len(text) <= MAX_TEXT and not inflate.eof:
        raise UnreadableError(Cause.PNG_DAMAGED)
    return text
