"""Finding the credential that a PDF carries, with `pypdf` held to small limits: whoever sends the PDF may mean harm."""

import io
import logging
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
            found = _attachments(content)
    except UnreadableError:
        raise
    except Exception as error:  # a parser of so old and wide a format fails in many ways, and none of them is a credential
        log.info("A PDF could not be read: %s", type(error).__name__)
        raise UnreadableError(Cause.PDF_DAMAGED) from None
    if not found:
        raise UnreadableError(Cause.NO_CREDENTIAL)
    if len(found) > 1:
        raise UnreadableError(Cause.SEVERAL_CREDENTIALS)
    return as_text(found[0])


def _attachments(content: bytes) -> list[bytes]:
    reader = PdfReader(io.BytesIO(content), strict=True, root_object_recovery_limit=0, xref_stream_maximum_entries=MAX_OBJECTS)
    if reader.is_encrypted:
        raise UnreadableError(Cause.PDF_ENCRYPTED)
    names = _entry(_entry(reader.root_object, "/Names"), "/EmbeddedFiles")
    if not isinstance(names, DictionaryObject):
        return []
    kids = _entry(names, "/Kids")
    leaves = [names, *(kid.get_object() for kid in kids[:MAX_FILES])] if isinstance(kids, ArrayObject) else [names]
    return [found for leaf in leaves for found in _in_leaf(leaf)]


def _in_leaf(leaf: object) -> list[bytes]:
    """What one leaf of the name tree holds under our name: it lists names and files by turns."""
    listed = _entry(leaf, "/Names")
    if not isinstance(listed, ArrayObject):
        return []
    pairs = zip(listed[: 2 * MAX_FILES : 2], listed[1 : 2 * MAX_FILES : 2], strict=False)
    return [_content(file.get_object()) for name, file in pairs if str(name.get_object()) == ATTACHMENT]


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
