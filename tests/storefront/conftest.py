"""The application for a real browser, as the tests of quizzes have it."""

from tests.quizzes.conftest import chromium, port, server

__all__ = ["chromium", "port", "server"]
