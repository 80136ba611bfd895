"""Finding the credential that a PDF carries, with `pypdf` held to small limits: whoever sends the PDF may mean harm."""

import io
import logging
from collections.abc import Iterator
from itertools import islice
from typing import Any

from pypdf import PdfReader, apply_configuration
from pypdf.generic import ArrayObject, DictionaryObject, StreamObject

from laurel.credentials.rules.foreign import MAX_TEXT, MAX_UPLOAD, Cause, UnreadableError, as_text

ATTACHMENT = "credential.json"
LIMITS: dict[str, Any] = {
    "maximum_declared_stream_length": MAX_UPLOAD,
    "array_based_stream_maximum_output_length": MAX_UPLOAD,
    "array_maximum_element_count": 20_000,
    "dictionary_maximum_element_count": 20_000,
    "lzw_maximum_output_length": MAX_UPLOAD,
    "run_length_maximum_output_length": MAX_UPLOAD,
    "zlib_maximum_output_length": MAX_UPLOAD,
    "zlib_maximum_recovery_input_length": 0,
    "stream_filters_maximum_length": 2,
    "stream_decoding_work_maximum_length": 4 * MAX_UPLOAD,
    "stream_parsing_work_maximum_count": 100_000,
    "xmp_maximum_input_length": 0,
    "disable_legacy_handling": True,
}
MAX_FILES = 50
MAX_OBJECTS = 20_000

log = logging.getLogger("laurel.credentials")
logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # what is wrong with a stranger's file is their news, not ours


def find_in_pdf(content: bytes) -> str:
    """The text of the one attachment called `credential.json`; raises UnreadableError. Nothing else of the file is looked at."""
    try:
        with apply_configuration(**LIMITS):
            found = _find_attachment(content)
    except UnreadableError:
        raise
    except Exception as error:  # a parser of so old and wide a format fails in many ways, and none of them is a credential
        log.info("A PDF could not be read: %s", type(error).__name__)
        raise UnreadableError(Cause.PDF_DAMAGED) from None
    if found is None:
        raise UnreadableError(Cause.NO_CREDENTIAL)
    return as_text(found)


def _find_attachment(content: bytes) -> bytes | None:
    reader = PdfReader(io.BytesIO(content), strict=True, root_object_recovery_limit=0, xref_stream_maximum_entries=MAX_OBJECTS)
    if reader.is_encrypted:
        raise UnreadableError(Cause.PDF_ENCRYPTED)
    names = _entry(_entry(reader.root_object, "/Names"), "/EmbeddedFiles")
    if not isinstance(names, DictionaryObject):
        return None
    ours = [file for name, file in islice(_list_files(names), MAX_FILES) if str(name.get_object()) == ATTACHMENT]
    if len(ours) > 1:
        raise UnreadableError(Cause.SEVERAL_CREDENTIALS)  # before any is unpacked
    return _content(ours[0].get_object()) if ours else None


def _list_files(names: DictionaryObject) -> Iterator[tuple[Any, Any]]:
    """The attachments by name, not yet unpacked, of a name tree and of the leaves right below it: each lists names and files by turns."""
    kids = _entry(names, "/Kids")
    leaves = [names, *(kids[:MAX_FILES] if isinstance(kids, ArrayObject) else ())]
    for leaf in leaves:
        listed = _entry(leaf.get_object(), "/Names")
        if isinstance(listed, ArrayObject):
            yield from zip(listed[::2], listed[1::2], strict=False)


def _content(file: object) -> bytes:
    embedded = _entry(file, "/EF")
    stream = _entry(embedded, "/UF") or _entry(embedded, "/F")
    if not isinstance(stream, StreamObject):
        raise UnreadableError(Cause.PDF_DAMAGED)
    content = stream.get_data()
    if len(content) > MAX_TEXT:
        raise UnreadableError(Cause.TOO_LARGE)
    return bytes(content)


def _entry(holder: object, name: str) -> object:
    """The entry of a dictionary, its reference followed; None if there is none."""
    found: Any = holder.get(name) if isinstance(holder, DictionaryObject) else None
    return None if found is None else found.get_object()
