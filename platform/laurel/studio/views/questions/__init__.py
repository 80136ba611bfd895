"""Questions of the bank: finding, writing, checking, releasing and retiring them."""

from laurel.studio.views.questions import categories, listing, preview, versions, writing
from laurel.studio.views.questions.blueprint import bp

__all__ = ["bp", "categories", "listing", "preview", "versions", "writing"]
