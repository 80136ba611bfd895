"""Typesetting with Typst: what every document of ours has in common. Nothing is fetched from anywhere."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache

import typst


class UnsettableError(Exception):
    """The document could not be set: a text may be written in letters that none of our fonts has. Trying again does not help."""


def set_pdf(template: bytes, *, inputs: Mapping[str, str], dated: datetime) -> bytes:
    """PDF/A-3a and PDF/UA-1 in one; the same inputs and date make the same file. Raises UnsettableError."""
    try:
        pdf = typst.compile(
            template,
            font_paths=fonts(),
            format="pdf",
            sys_inputs=dict(inputs),
            pdf_standards=["a-3a", "ua-1"],
            timestamp=dated.replace(microsecond=0),  # a PDF's dates know no smaller part
        )
    except typst.TypstError as error:
        raise UnsettableError(str(error)) from error
    return bytes(pdf)


@cache
def fonts() -> typst.Fonts:
    """The fonts that come with Typst; those of the system stand in for scripts that they lack."""
    return typst.Fonts(include_system_fonts=True)
