"""Fixtures for the studio's tests."""

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from laurel.accounts.models import User
from laurel.bank.models import QuestionCategory
from tests.conftest import SignIn
from tests.factories.accounts import make_user
from tests.factories.bank import make_category
from tests.quizzes.conftest import chromium, port, server

__all__ = ["chromium", "port", "server"]


@pytest.fixture
def author(session: Session) -> User:
    return make_user(session, name="Arun Adeyemi", roles=["author"])


@pytest.fixture
def category(session: Session) -> QuestionCategory:
    return make_category(session, slug="basics", title="Basics")


@pytest.fixture
def desk(session: Session, author: User, category: QuestionCategory, sign_in: SignIn) -> FlaskClient:
    """The author's browser; there is one category."""
    return sign_in(author)
