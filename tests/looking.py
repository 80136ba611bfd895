"""Looking at a page as its users with and without eyes would: the rules of access that it breaks, and how much too wide it is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
BROKEN = """axe.run({ resultTypes: ['violations'] }).then(found => found.violations.map(
  rule => `${rule.id}: ${rule.nodes.map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' · ')}`
))"""
TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"


def faults_of(page: Page) -> tuple[list[str], int]:
    """The rules of axe that the page breaks, each with what breaks it, and by how many pixels the page is wider than its window.

    A page that is looked at again has axe already.
    """
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    return page.evaluate(BROKEN), page.evaluate(TOO_WIDE)
