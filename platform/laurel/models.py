"""Every table of the product, imported so that the metadata is whole."""

from importlib import import_module
from importlib.util import find_spec

PACKAGES = ("accounts", "approvals", "bank", "quizzes", "catalog", "commerce", "learning", "credentials", "attribution", "ctas", "articles")


def import_all() -> None:
    """Import all models; after this `Base.metadata` has every table."""
    import_module("laurel.core.events")
    import_module("laurel.core.mail")
    import_module("laurel.web.browser_sessions")
    import_module("laurel.web.counters")
    for package in PACKAGES:
        name = f"laurel.{package}.models"
        if find_spec(name) is not None:
            import_module(name)
