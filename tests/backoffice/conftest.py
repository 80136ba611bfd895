"""The fake payment provider and a till, as the tests of commerce have them; a real browser, as those of quizzes."""

from tests.commerce.conftest import payments, till, transaction
from tests.quizzes.conftest import chromium, port, server, visit

__all__ = ["chromium", "payments", "port", "server", "till", "transaction", "visit"]
