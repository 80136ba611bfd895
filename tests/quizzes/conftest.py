"""What the tests of quizzes start from."""

import pytest
from sqlalchemy.orm import Session

from laurel.quizzes.models import Attempt
from tests.conftest import SignIn
from tests.factories.quizzes import make_attempt, make_quiz
from tests.quizzes.pages import sign_in_as


@pytest.fixture
def my_attempt(session: Session, sign_in: SignIn) -> Attempt:
    """A running attempt, one question of each kind, of the person who is signed in."""
    attempt = make_attempt(session, make_quiz(session))
    sign_in_as(session, sign_in, attempt)
    return attempt
