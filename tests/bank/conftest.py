"""Fixtures for the bank's tests."""

import pytest

from tests.conftest import QueryCount


@pytest.fixture
def queries_made(queries: QueryCount) -> QueryCount:
    """`queries` under another name, for tests of the module of that name."""
    return queries
