"""The hosted payment page, as a buyer's browser sees it."""
