"""A form that failed through no fault of what was written in it (the session was over, the database away): what it sent is
kept on the error page and can be sent once more."""

from collections.abc import Sequence
from dataclasses import dataclass

from flask import request
from flask_wtf.csrf import generate_csrf
from werkzeug.exceptions import HTTPException

from laurel.web.csrf import comes_from_here

SECRET = ("password", "passcode", "code")
FORM_TYPES = frozenset({"application/x-www-form-urlencoded", "multipart/form-data"})
LONG = 80


@dataclass(frozen=True, slots=True)
class KeptForm:
    """What was sent, in order; `texts` is what a person would not want to write again."""

    address: str
    fields: Sequence[tuple[str, str]]
    token: str

    @property
    def texts(self) -> list[str]:
        return [value for _name, value in self.fields if len(value) > LONG or "\n" in value]


def keep_form(*, renew_token: bool) -> KeptForm | None:
    """What the present request sent; None if it was no form, held a secret or a file, or came from another site."""
    if request.method != "POST" or request.mimetype not in FORM_TYPES or not comes_from_here():
        return None
    try:
        fields = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
        if not fields or request.files or any(name.rpartition("-")[2] in SECRET for name, _value in fields):
            return None
        token = generate_csrf() if renew_token else request.form.get("csrf_token", "")
    except HTTPException:  # too large to be read
        return None
    return KeptForm(request.full_path.rstrip("?"), fields, token)
