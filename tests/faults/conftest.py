"""One laboratory for all short forms: they run one after the other, in one process of xdist."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright

from tests.faults.lab import Lab


@pytest.fixture(scope="package")
def lab(playwright: Playwright) -> Iterator[Lab]:
    made = Lab()
    made.playwright = playwright
    yield made
    made.close()
