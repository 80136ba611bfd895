"""One laboratory for all short forms: they run one after the other, in one process of xdist."""

from collections.abc import Iterator

import pytest

from tests.faults.lab import Lab


@pytest.fixture(scope="package")
def lab() -> Iterator[Lab]:
    made = Lab()
    yield made
    made.close()
