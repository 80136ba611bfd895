"""Looking at a page as its users with and without eyes would: what is wrong with it, and how much too wide it is."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

AXE = Axe().axe_script
BROKEN = """axe.run({ resultTypes: ['violations'] }).then(found => found.violations.map(
  rule => `${rule.id}: ${rule.nodes.map(node => `${node.html.slice(0, 160)} ${node.failureSummary}`).join(' · ')}`
))"""
SENT_TWICE = """[...document.forms].flatMap(form => {
  const names = [...form.querySelectorAll('input[type=hidden]')].map(field => field.name);
  return names.filter((name, place) => names.indexOf(name) < place).map(name => `${form.action} is sent ${name} twice`);
})"""
"""Such a form is refused, whatever is written in it."""
STILL = """Promise.allSettled(document.getAnimations().filter(change => change instanceof CSSTransition).map(change => change.finished))
  .then(() => undefined)"""
"""A color on its way from one theme to the other is in neither."""
TOO_WIDE = "Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)"


def faults_of(page: Page) -> tuple[list[str], int]:
    """The rules of axe that the page breaks, each with what breaks it, forms that could not be sent, and by how many pixels the page
    is wider than its window.

    A page that is looked at again has axe already. One that is still being written would be blamed for what is yet to come.
    """
    page.wait_for_load_state()
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE)
    page.evaluate(STILL)
    return page.evaluate(BROKEN) + page.evaluate(SENT_TWICE), page.evaluate(TOO_WIDE)
