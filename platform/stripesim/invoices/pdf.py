"""The smallest PDF that can be read: one page of text lines, in Helvetica."""

from collections.abc import Sequence

WIDTH, HEIGHT, MARGIN, LEADING = 595, 842, 56, 18
LONGEST = 90


def write_pdf(title: str, lines: Sequence[str]) -> bytes:
    """A4, the title large, then the lines from top to bottom; what does not fit the page or the letters is left out."""
    fitting = lines[: (HEIGHT - 3 * MARGIN) // LEADING]
    shown = [f"/F1 18 Tf {_text(title)} Tj", "/F1 11 Tf", *(f"T* {_text(line[:LONGEST])} Tj" for line in ["", *fitting])]
    content = "\n".join([f"BT {MARGIN} {HEIGHT - MARGIN} Td {LEADING} TL", *shown, "ET"]).encode("latin-1")
    font = b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    return _file(
        [
            b"<< /Type /Catalog /Pages 2 0 R >>",
            b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Contents 4 0 R" % (WIDTH, HEIGHT)
            + b" /Resources << /Font << /F1 5 0 R >> >> >>",
            b"<< /Length %d >>\nstream\n%s\nendstream" % (len(content), content),
            font,
        ]
    )


def _text(text: str) -> str:
    """A string as PDF writes it, in the letters of Windows-1252."""
    known = text.encode("cp1252", "replace").decode("latin-1")
    for special in "\\()":
        known = known.replace(special, f"\\{special}")
    return f"({known})"


def _file(objects: Sequence[bytes]) -> bytes:
    body, places = b"%PDF-1.4\n", []
    for number, content in enumerate(objects, start=1):
        places.append(len(body))
        body += b"%d 0 obj\n%s\nendobj\n" % (number, content)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    size = len(objects) + 1
    trailer = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (size, len(body))
    return body + b"xref\n0 %d\n0000000000 65535 f \n" % size + table + trailer
