"""The fake payment provider and a till, as the tests of commerce have them."""

from tests.commerce.conftest import payments, till, transaction

__all__ = ["payments", "till", "transaction"]
