"""Forms that distrust what they are sent. Every form of the product is a `LaurelForm`.

Text arrives in Unicode NFC, without white space around it and without control characters: what consists of nothing else
is no input. NUL and lone surrogates are refused beside their field; passwords stay exactly as typed. A key sent twice, a
key no browser would send, and JSON are no form at all: 400, 400, 415.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from flask import abort, request
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import DateField, Form, MultipleFileField, PasswordField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import Field, FieldList, FormField

UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
UNSTORABLE_MESSAGE = "This contains a character that cannot be stored. Remove it and try again."
KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,99}\Z")
# Characters that turn the direction of the text around them: in a name they make `exe.gpj` read as `jpg.exe`.
DIRECTIONS = re.compile("[\u202a-\u202e\u2066-\u2069]")
# Letters and symbols by category, yet nothing to be seen: Hangul fillers and the Braille blank.
BLANKS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def clean_line(text: str) -> str:
    """One line of text: NFC, control characters as spaces, none around it; empty if nothing of it could be seen."""
    line = "".join(" " if unicodedata.category(c) == "Cc" else c for c in unicodedata.normalize("NFC", text)).strip()
    return line if any(_is_visible(c) for c in line) else ""


def clean_text(text: str) -> str:
    """Text of several lines: NFC, lines end in \\n, no other control characters but tabs, no white space around it."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").replace("\r", "\n")
    return "".join(c for c in lines if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def clean_name(text: str) -> str:
    """One line that cannot turn the direction of what stands around it, with single spaces."""
    return " ".join(clean_line(DIRECTIONS.sub("", text)).split())


def read_seen(text: str | None) -> int:
    """The number of the version that a page showed and its form sends back; 0, which none has, for what is no number."""
    return int(text) if text and text.isascii() and text.isdigit() and len(text) < 9 else 0


def _is_visible(character: str) -> bool:
    return unicodedata.category(character)[0] not in "CZ" and character not in BLANKS


class NameField(StringField):  # type: ignore[misc]
    """A name of a person or a thing, as others will read it."""


class DayField(DateField):  # type: ignore[misc]
    """A day or none; what is neither is answered in words that say what to do."""

    data: Any

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = None
        try:
            super().process_formdata([text for text in valuelist if text.strip()])
        except ValueError:
            raise ValueError("Enter a day as year, month and day, such as 2026-03-31.") from None


class PartForm(Form):  # type: ignore[misc]
    """A form inside a form (`FormField(PartForm)`): the outer form carries the token and looks after the text."""


class LaurelForm(FlaskForm):  # type: ignore[misc]
    """A form with a CSRF token that reads form bodies only and looks after all its text, that of its parts included.

    `class Meta: only_known = True` refuses (400) keys that are none of its fields.
    """

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        only_known = False

        def wrap_formdata(self, form: Form, formdata: Any) -> Any:
            if not isinstance(formdata, MultiDict | None) and request and request.is_json:
                abort(415)
            data = super().wrap_formdata(form, formdata)
            if data is not None and any(not KEY.match(key) for key in data):
                abort(400)
            return data

    def post_process(self, formdata: Any = None) -> None:
        super().post_process(formdata)
        if self._parent_form is None and formdata is not None:
            for field in _leaves(self):
                _look_after(field)
            if getattr(self.meta, "only_known", False) and set(formdata) - {field.name for field in _leaves(self)}:
                abort(400)


def _leaves(fields: Any) -> Iterator[Field]:
    """All fields that hold a value, those in lists and parts included."""
    for field in fields:
        if isinstance(field, FieldList):
            yield from _leaves(field.entries)
        elif isinstance(field, FormField):
            yield from _leaves(field.form)
        else:
            yield field


def _look_after(field: Field) -> None:
    if len(field.raw_data or ()) > 1 and not isinstance(field, SelectMultipleField | MultipleFileField):
        abort(400)
    if not isinstance(field, StringField) or not field.raw_data or not isinstance(field.data, str):
        return
    if UNSTORABLE.search(field.data):
        field.data = UNSTORABLE.sub("", field.data)
        if UNSTORABLE_MESSAGE not in field.process_errors:
            field.process_errors.append(UNSTORABLE_MESSAGE)
    if isinstance(field, NameField):
        field.data = clean_name(field.data)
    elif isinstance(field, TextAreaField):
        field.data = clean_text(field.data)
    elif not isinstance(field, PasswordField):
        field.data = clean_line(field.data)
    if not field.data:
        field.raw_data = [""]  # by which `InputRequired` goes: nothing that can be seen is no input
