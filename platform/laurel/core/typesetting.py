"""Typesetting with Typst: what every document of ours has in common. Nothing is fetched from anywhere."""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import typst

from laurel.core import typefaces

QUOTED = re.compile(r"`.*`", re.DOTALL)


class UnsettableError(Exception):
    """The document could not be set: a text may be written in letters that none of our fonts has. Trying again does not help."""


def set_pdf(template: bytes, *, inputs: Mapping[str, str], dated: datetime) -> bytes:
    """PDF/A-3a and PDF/UA-1 in one; the same inputs and date make the same file. Raises UnsettableError."""
    return compile_document(
        template,
        inputs,
        format="pdf",
        pdf_standards=["a-3a", "ua-1"],
        timestamp=dated.replace(microsecond=0),  # a PDF's dates know no smaller part
    )


def compile_document(template: bytes, inputs: Mapping[str, str], **options: Any) -> bytes:
    """What Typst makes of it, in our typefaces, whose names it finds as `sys.inputs.fonts`. Raises UnsettableError.

    The error says nothing of what was written: that may be somebody's name.
    """
    try:
        return bytes(typst.compile(template, font_paths=fonts(), sys_inputs={**inputs, "fonts": json.dumps(typefaces.ORDER)}, **options))
    except typst.TypstError as error:
        raise UnsettableError(QUOTED.sub("…", error.message)) from None


def press(template: Path, *, faces: Iterable[Path] | None = None, setter: str = "") -> str:
    """A digest of all that a document depends on besides its inputs and its date: template, typefaces and their order, Typst, and how
    this file calls it.

    The same inputs on another press may make other bytes. `faces` and `setter`, a version of Typst, are the installed ones unless given.
    """
    parts = [
        _digest(template),
        _digest(Path(__file__), Path(typefaces.__file__)),
        _faces() if faces is None else _digest(*faces),
        setter or version("typst"),
    ]
    return hashlib.sha256(" ".join(parts).encode()).hexdigest()


@cache
def _faces() -> str:
    """Some forty megabytes, read once."""
    found = (file for folder in typefaces.folders() for file in folder.rglob("*") if file.suffix in typefaces.SUFFIXES)
    return _digest(*sorted(found, key=lambda file: file.name))


def _digest(*files: Path) -> str:
    total = hashlib.sha256()
    for file in files:
        with file.open("rb") as opened:
            total.update(hashlib.file_digest(opened, "sha256").digest())
    return total.hexdigest()


@cache
def fonts() -> typst.Fonts:
    """Ours and no others: a document must not depend on the machine that sets it."""
    return typst.Fonts(include_system_fonts=False, include_embedded_fonts=False, font_paths=typefaces.folders())
