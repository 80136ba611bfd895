"""A signed-in buyer with a browser, for tests of the pages."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from laurel.accounts.models import User
from laurel.catalog.models import Course
from laurel.commerce.models import Order
from tests.fakes import FakePayments


@dataclass(frozen=True)
class Shopping:
    """A signed-in buyer in front of a course that costs 195 dollars or 179 euros."""

    client: FlaskClient
    session: Session
    payments: FakePayments
    buyer: User
    course: Course
    csrf: Callable[..., str]

    @property
    def enroll_path(self) -> str:
        return f"/courses/{self.course.slug}/enroll"

    def post(self, path: str, **form: str) -> TestResponse:
        return self.client.post(path, data={"csrf_token": self.csrf("/orders"), **form})

    def buy(self, **form: str) -> TestResponse:
        return self.post(f"/courses/{self.course.slug}/checkout", **form)

    def order(self) -> Order:
        self.session.rollback()
        return self.session.scalars(select(Order)).one()

    def session_id(self) -> str:
        return list(self.payments.checkouts)[-1]


def text(answer: TestResponse) -> str:
    return re.sub(r"\s+", " ", answer.get_data(as_text=True))
