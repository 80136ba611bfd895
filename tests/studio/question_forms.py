"""Reading a page's form as a browser would, so that a test changes only what its person changes; and looking at what came of it."""

import re
from html.parser import HTMLParser
from typing import Any

from flask.testing import FlaskClient
from sqlalchemy import func, select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.bank.models import Question
from laurel.bank.rules import QuestionKind

HOME = "/studio/questions"
SLUGS = {kind: kind.value.replace("_", "-") for kind in QuestionKind}


class _Form(HTMLParser):
    """The successful controls of the form that holds the field `marker`."""

    def __init__(self, marker: str) -> None:
        super().__init__()
        self.marker = marker
        self.fields: dict[str, str] = {}
        self.found: dict[str, str] | None = None
        self.textarea = ""
        self.select = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        name, kind = given.get("name", ""), given.get("type", "text")
        if tag == "form":
            self.fields = {}
        elif tag == "textarea":
            self.textarea, self.fields[name] = name, ""
        elif tag == "select":
            self.select = name
        elif tag == "option" and self.select:
            self._choose(given)
        elif tag == "input" and name and (kind not in {"radio", "checkbox"} or "checked" in given):
            self.fields[name] = given.get("value", "y")

    def _choose(self, given: dict[str, str]) -> None:
        if "selected" in given or self.select not in self.fields:
            self.fields[self.select] = given["value"]

    def handle_data(self, data: str) -> None:
        if self.textarea:
            self.fields[self.textarea] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea":
            self.fields[self.textarea] = self.fields[self.textarea].removeprefix("\r").removeprefix("\n")
            self.textarea = ""
        elif tag == "select":
            self.select = ""
        elif tag == "form" and self.marker in self.fields and self.found is None:
            self.found = self.fields


def read_form(page: str, marker: str) -> dict[str, str]:
    """The fields of the page's form that has a field called `marker`, as they would be posted."""
    parser = _Form(marker)
    parser.feed(page)
    assert parser.found is not None, f"no form with {marker} in the page"
    return parser.found


def fill_in(client: FlaskClient, path: str, *, act: str = "save", without: tuple[str, ...] = (), **changes: str) -> TestResponse:
    """Open the question form at `path`, change some fields (`options_0_text` for options-0-text), press a button."""
    fields = read_form(client.get(path).get_data(as_text=True), "stem")
    return send(client, path, fields, act=act, without=without, **changes)


def send(
    client: FlaskClient, path: str, fields: dict[str, str], *, act: str = "save", without: tuple[str, ...] = (), **changes: str
) -> TestResponse:
    """Post fields that were read before, with changes."""
    for name in changes:
        assert name in fields or name in {"right", "answer"} or name.endswith("is_right"), f"the page has no field {name}"
    data = {name: value for name, value in (fields | changes).items() if name not in without}
    return client.post(path, data=data | {"act": act})


def text_of(response: Any) -> str:
    return re.sub(r"\s+", " ", response.get_data(as_text=True))


def count(session: Session, model: type[Any]) -> int:
    session.rollback()
    return session.scalar(select(func.count()).select_from(model)) or 0


def look_again(session: Session, question: Question) -> None:
    """The question as it is in the database now: what this session read before is another snapshot."""
    session.rollback()
    session.refresh(question)


def only_question(session: Session) -> Question:
    session.rollback()
    return session.scalars(select(Question)).one()
